/* Depthwise layer: channel planes to a map of either layout. The maps lie in L1, or tiles of channels pass through it. */
#include "runtime.h"

static HOT NEVER_INLINE void resident(uint32_t core, const struct step *step, const struct depthwise *d) {
    uint32_t *a = arguments[core];
    uint32_t begin = share_begin(core, d->channels), end = share_begin(core + 1, d->channels);
    uint32_t lead = core == 0 && d->leads;
    uint32_t count = lead && end - begin > LEAD_CHANNELS ? LEAD_CHANNELS : end - begin;
    a[0] = d->input[0] + begin * d->plane_bytes;
    a[1] = d->records[0] + begin * d->record_bytes;
    a[2] = sink_at(&d->out, 0, begin);
    for (uint32_t part = 0; begin < end; part++) {
        if (part) fetch_ahead(step->prefetch); /* what follows is in the instruction cache by now */
        a[3] = count;
        d->kernel(a, d->geometry);
        begin += count;
        a[0] += count * d->plane_bytes;
        a[1] += count * d->record_bytes;
        a[2] += count * d->out.channel_bytes;
        count = end - begin;
    }
    if (lead) fetch_until(step->prefetch);
}

static uint32_t receive(const struct depthwise *d, uint32_t tile, uint32_t first) {
    uint32_t count = d->channels - first < d->tile_channels ? d->channels - first : d->tile_channels;
    return dma_in(d->input[tile & 1], d->input_l2 + first * d->plane_bytes, count * d->plane_bytes);
}

/* A tile's channels, a run of them for each core; core 0 starts the next transfers when its code is warm. */
static uint32_t compute(uint32_t core, const struct depthwise *d, uint32_t tile, uint32_t first, uint32_t count,
                        uint32_t fetch) {
    uint32_t *a = arguments[core], begin = share_begin(core, count), end = share_begin(core + 1, count), received = 0;
    uint32_t step = d->out.plane_bytes ? d->out.plane_bytes : d->out.l2 ? 1 : d->out.channel_bytes;
    a[0] = (d->input_l2 ? d->input[tile & 1] : d->input[0] + first * d->plane_bytes) + begin * d->plane_bytes;
    a[1] = d->records[tile & 1] + begin * d->record_bytes;
    a[2] = sink_at(&d->out, tile, first) + begin * step;
    uint32_t part = core == 0 && end > begin ? 1 : end - begin;
    for (uint32_t number = 0; number == 0 || begin < end; number++) {
        if (core == 0 && (number || end - begin <= 1)) { /* what follows is in the instruction cache by now */
            fetch_ahead(fetch);
            if (d->input_l2 && first + count < d->channels) received = receive(d, tile + 1, first + count);
        }
        a[3] = part;
        if (part) d->kernel(a, d->geometry);
        begin += part;
        a[0] += part * d->plane_bytes;
        a[1] += part * d->record_bytes;
        a[2] += part * step;
        part = end - begin;
    }
    return received;
}

static NEVER_INLINE void tiled(uint32_t core, const struct step *step, const struct depthwise *d) {
    uint32_t transfer = step->first_transfer, received = 0, sent[2] = {0, 0}, tile = 0;
    if (core == 0 && d->input_l2) received = receive(d, 0, 0);
    for (uint32_t first = 0; first < d->channels; first += d->tile_channels, tile++) {
        uint32_t count = d->channels - first;
        if (count > d->tile_channels) count = d->tile_channels;
        if (core == 0) {
            fetch_wait(transfer + tile + 1);
            fetch_poll();
            if (d->input_l2) dma_wait(received);
            if (d->out.l2 && tile >= 2) dma_wait(sent[tile & 1]);
        }
        barrier();
        uint32_t fetch = first + count < d->channels ? transfer + tile + 2 : step->prefetch;
        received = compute(core, d, tile, first, count, fetch);
        barrier();
        if (core == 0 && d->out.l2) sent[tile & 1] = sink_send(&d->out, tile, first, count);
    }
    if (core == 0 && d->out.l2)
        for (uint32_t i = 0; i < 2 && i < tile; i++) dma_wait(sent[i]);
}

HOT void run_depthwise(uint32_t core, const struct step *step) {
    const struct depthwise *d = step->work;
    if (d->out.fill.planes) {
        sink_fill(core, &d->out);
        barrier();
    }
    if (d->input_l2 || d->out.l2)
        tiled(core, step, d);
    else
        resident(core, step, d);
}
