/* Depthwise layer: channel planes to a map of either layout. The maps lie in L1, or tiles of channels pass through it. */
#include "runtime.h"

/* Channels from `planes` on, `count` of them in all: a run of them for each core, or where they come in parts, a run of
   the first parts, then of the second ones, and so on. */
static HOT NEVER_INLINE void compute(uint32_t core, const struct depthwise *d, address planes, address records, address output,
                        uint32_t step, uint32_t count) {
    uint32_t *a = arguments[core], parts = d->parts;
    uint32_t begin = share_begin(core, count * parts), end = share_begin(core + 1, count * parts), top = 0;
    while (begin < end) {
        uint32_t part = parts == 1 ? 0 : begin / count, first = begin - part * count, run = count - first;
        if (run > end - begin) run = end - begin;
        if (parts > 1) top = part + 1 == parts ? d->last_top : part * d->part_rows;
        a[0] = planes + first * d->plane_bytes + top * d->row_in_bytes;
        a[1] = records + first * d->record_bytes;
        a[2] = output + first * step + top * d->row_out_bytes;
        a[3] = run;
        d->kernel(a, d->geometry);
        begin += run;
    }
}

static HOT void resident(uint32_t core, const struct step *step, const struct depthwise *d) {
    if (core == 0) fetch_until(step->prefetch);
    if (d->parts > 1) {
        compute(core, d, d->input[0], d->records[0], sink_at(&d->out, 0, 0), d->out.channel_bytes, d->channels);
        return;
    }
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

static NEVER_INLINE void tiled(uint32_t core, const struct step *step, const struct depthwise *d) {
    uint32_t transfer = step->first_transfer, received = 0, sent[2] = {0, 0}, tile = 0;
    uint32_t out_step = d->out.plane_bytes ? d->out.plane_bytes : d->out.l2 ? 1 : d->out.channel_bytes;
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
        address planes = d->input_l2 ? d->input[tile & 1] : d->input[0] + first * d->plane_bytes;
        compute(core, d, planes, d->records[tile & 1], sink_at(&d->out, tile, first), out_step, count);
        barrier();
        if (core == 0 && d->out.l2) sent[tile & 1] = sink_send(&d->out, tile, first, count);
    }
    if (core == 0 && d->out.l2)
        for (uint32_t i = 0; i < 2 && i < tile; i++) dma_wait(sent[i]);
}

HOT void run_depthwise(uint32_t core, const struct step *step) {
    const struct depthwise *d = step->work;
    if (is_filled(&d->out.fill)) {
        sink_fill(core, &d->out);
        barrier();
    }
    if (d->input_l2 || d->out.l2)
        tiled(core, step, d);
    else
        resident(core, step, d);
}
