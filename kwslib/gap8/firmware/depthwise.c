/* Depthwise layer: channel planes to channels last. The whole map lies in L1, or tiles of channels pass through it. */
#include "runtime.h"

static void resident(uint32_t core, const struct step *step) {
    const struct depthwise *d = &step->u.depthwise;
    uint32_t *a = arguments[core];
    uint32_t begin = share_begin(core, d->channels), end = share_begin(core + 1, d->channels);
    uint32_t count = core == 0 && end - begin > LEAD_CHANNELS ? LEAD_CHANNELS : end - begin;
    a[0] = d->input[0] + begin * d->geometry->plane_bytes;
    a[1] = d->records[0] + begin * d->record_bytes;
    a[2] = d->output[0] + begin;
    for (uint32_t part = 0; begin < end; part++) {
        if (part) fetch_ahead(step->prefetch); /* what follows is in the instruction cache by now */
        a[3] = count;
        d->kernel(a, d->geometry);
        begin += count;
        a[0] += count * d->geometry->plane_bytes;
        a[1] += count * d->record_bytes;
        a[2] += count;
        count = end - begin;
    }
    if (core == 0) fetch_until(step->prefetch);
}

static void tiled(uint32_t core, const struct step *step) {
    const struct depthwise *d = &step->u.depthwise;
    const struct geometry *g = d->geometry;
    uint32_t *a = arguments[core], transfer = step->first_transfer, received = 0, sent[2] = {0, 0};
    uint32_t positions = g->rows * g->columns, plane = g->plane_bytes;
    uint32_t tiles = (d->channels + d->tile_channels - 1) / d->tile_channels;
    if (core == 0) {
        uint32_t count = d->channels < d->tile_channels ? d->channels : d->tile_channels;
        received = dma_in(d->input[0], d->input_l2, count * plane);
    }
    for (uint32_t tile = 0; tile < tiles; tile++) {
        uint32_t first = tile * d->tile_channels, count = d->channels - first;
        if (count > d->tile_channels) count = d->tile_channels;
        if (core == 0) {
            fetch_wait(transfer + tile + 1);
            fetch_poll();
            dma_wait(received);
            if (tile >= 2) dma_wait(sent[tile & 1]);
        }
        barrier();
        uint32_t begin = share_begin(core, count), end = share_begin(core + 1, count);
        address output = d->output[tile & 1];
        a[0] = d->input[tile & 1] + begin * plane;
        a[1] = d->records[tile & 1] + begin * d->record_bytes;
        a[2] = output + begin;
        uint32_t part_channels = core == 0 && end > begin ? 1 : end - begin;
        for (uint32_t part = 0; part == 0 || begin < end; part++) {
            if (core == 0 && (part || end - begin <= 1)) { /* what follows is in the instruction cache by now */
                uint32_t next = d->channels - first - count;
                if (next > d->tile_channels) next = d->tile_channels;
                fetch_ahead(tile + 1 < tiles ? transfer + tile + 2 : step->prefetch);
                if (next)
                    received = dma_in(d->input[(tile + 1) & 1], d->input_l2 + (first + count) * plane, next * plane);
            }
            a[3] = part_channels;
            if (a[3]) d->kernel(a, g);
            begin += part_channels;
            a[0] += part_channels * plane;
            a[1] += part_channels * d->record_bytes;
            a[2] += part_channels;
            part_channels = end - begin;
        }
        barrier();
        if (count == d->tile_channels) {
            if (core == 0)
                sent[tile & 1] = dma_out_lines(output, d->output_l2 + first, positions * count, d->output_pixel, count);
        } else {
            for (uint32_t p = core; p < positions; p += CORES)
                for (uint32_t c = 0; c < count; c++)
                    ((int8_t *)at(d->output_l2))[p * d->output_pixel + first + c] =
                        codes_at(output)[p * d->tile_channels + c];
        }
    }
    if (core == 0)
        for (uint32_t i = 0; i < 2; i++)
            if (i < d->channels / d->tile_channels) dma_wait(sent[i]);
}

void run_depthwise(uint32_t core, const struct step *step) {
    if (step->u.depthwise.input_l2)
        tiled(core, step);
    else
        resident(core, step);
}
