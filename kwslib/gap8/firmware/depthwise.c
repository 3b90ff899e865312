/* Depthwise layer: channel planes to a map of either layout. The maps lie in L1, or tiles of channels pass through it. */
#include "runtime.h"

static HOT void resident(uint32_t core, const struct step *step, const struct depthwise *d) {
    if (core == 0) fetch_until(step->prefetch);
    uint32_t *a = arguments[core], begin = share_begin(core, d->channels), end = share_begin(core + 1, d->channels);
    if (begin == end) return;
    a[0] = d->input[0] + begin * d->plane_bytes;
    a[1] = d->records[0] + begin * d->record_bytes;
    a[2] = sink_at(&d->out, 0, begin);
    a[3] = end - begin;
    d->kernel(a, d->geometry);
}

static uint32_t receive(const struct depthwise *d, uint32_t tile, uint32_t first) {
    uint32_t count = d->channels - first < d->tile_channels ? d->channels - first : d->tile_channels;
    return dma_in(d->input[tile & 1], d->input_l2 + first * d->plane_bytes, count * d->plane_bytes);
}

/* A tile's channels, a run of them for each core. */
static void compute(uint32_t core, const struct depthwise *d, uint32_t tile, uint32_t first, uint32_t count) {
    uint32_t *a = arguments[core], begin = share_begin(core, count), end = share_begin(core + 1, count);
    uint32_t step = d->out.plane_bytes ? d->out.plane_bytes : d->out.l2 ? 1 : d->out.channel_bytes;
    if (begin == end) return;
    a[0] = (d->input_l2 ? d->input[tile & 1] : d->input[0] + first * d->plane_bytes) + begin * d->plane_bytes;
    a[1] = d->records[tile & 1] + begin * d->record_bytes;
    a[2] = sink_at(&d->out, tile, first) + begin * step;
    a[3] = end - begin;
    d->kernel(a, d->geometry);
}

static NEVER_INLINE void tiled(uint32_t core, const struct step *step, const struct depthwise *d) {
    uint32_t transfer = step->first_transfer, received = 0, sent[2] = {0, 0}, tile = 0;
    if (core == 0 && d->input_l2) received = receive(d, 0, 0);
    for (uint32_t first = 0; first < d->channels; first += d->tile_channels, tile++) {
        uint32_t count = d->channels - first;
        if (count > d->tile_channels) count = d->tile_channels;
        if (core == 0) {
            fetch_wait(transfer + tile + 1);
            if (d->input_l2) dma_wait(received);
            if (d->out.l2 && tile >= 2) dma_wait(sent[tile & 1]);
        }
        barrier();
        if (core == 0) {
            uint32_t more = first + count < d->channels;
            fetch_until(more ? transfer + tile + 2 : step->prefetch);
            if (more && d->input_l2) received = receive(d, tile + 1, first + count);
        }
        compute(core, d, tile, first, count);
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
