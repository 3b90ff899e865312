/* The first convolution, of one input channel: alone, or with the depthwise layer behind it, channel by channel. */
#include "runtime.h"

/* Spread the input into words: for every output column and padded row the four inputs that the kernel sees there. */
static void spread(uint32_t core, const struct front *front) {
    const struct geometry *g = front->convolution;
    uint32_t columns = g->columns, input_columns = g->input_columns, pad_top = g->pad_top, rows = g->input_rows;
    uint32_t padding = four_times(g->input_zero_point), padded = front->padded_rows;
    int32_t start = -(int32_t)g->pad_left;
    for (uint32_t column = 0; column < columns; column++, start += (int32_t)g->stride_columns) {
        uint32_t inside = 0; /* ones in the bytes that lie inside of a row */
        for (uint32_t i = 0; i < 4; i++)
            if (start + (int32_t)i >= 0 && start + (int32_t)i < (int32_t)input_columns) inside |= 0xFFu << 8 * i;
        uint32_t outside = padding & ~inside;
        uint32_t *target = (uint32_t *)at(front->columns) + column * padded;
        uint32_t row = core;
        for (; row < pad_top; row += CORES) target[row] = padding;
        const uint8_t *source = (const uint8_t *)at(front->input) + start + (int32_t)((row - pad_top) * input_columns);
        for (; row < pad_top + rows && row < padded; row += CORES, source += CORES * input_columns)
            target[row] = (word_at(source) & inside) | outside;
        for (; row < padded; row += CORES) target[row] = padding;
    }
}

static void check_plane(uint32_t core, uint32_t layer, const struct geometry *g, const struct front *front,
                        address plane, uint32_t channel) {
    /* the plane as one channel of the whole map: places count from its channel on */
    struct map map = {plane - channel * front->plane_bytes,
                      g->rows,
                      g->columns,
                      front->channels,
                      front->row_bytes,
                      1,
                      front->plane_bytes};
    inference.checksums[core][layer] += checksum(&map, channel, channel + 1, 1);
}

/* Convolution and depthwise layer, channel by channel, through a plane of the core's own. */
static void fused(uint32_t core, const struct step *step) {
    const struct front *front = &step->u.front;
    uint32_t *a = arguments[core], transfer = step->first_transfer;
    uint32_t sent[2] = {0, 0}, position_count = front->second->rows * front->second->columns;
    address plane = front->planes + core * front->plane_bytes;
    uint32_t tiles = (front->channels + front->tile_channels - 1) / front->tile_channels;
    for (uint32_t tile = 0; tile < tiles; tile++) {
        uint32_t first = tile * front->tile_channels, count = front->channels - first;
        if (count > front->tile_channels) count = front->tile_channels;
        address records = front->records[tile & 1], output = front->output[tile & 1];
        if (core == 0) {
            fetch_wait(transfer + tile + 1);
            fetch_poll();
            if (front->output_l2 && tile >= 2) dma_wait(sent[tile & 1]);
        }
        barrier();
        uint32_t warm = 0;
        for (uint32_t channel = core; channel < count; channel += CORES) {
            uint32_t start = cluster_time();
            a[0] = front->columns;
            a[1] = records + channel * front->record_bytes;
            a[2] = plane + front->origin;
            a[3] = 1;
            front->convolve(a, front->convolution);
            uint32_t middle = cluster_time();
            inference.first_share[core] += middle - start;
            if (inference.checking)
                check_plane(core, step->first_layer, front->convolution, front, plane + front->origin, first + channel);
            if (core == 0 && ++warm == 2) fetch_ahead(tile + 1 < tiles ? transfer + tile + 2 : step->prefetch);
            middle = cluster_time();
            a[0] = plane;
            a[1] = records + count * front->record_bytes + channel * front->second_record_bytes;
            a[2] = output + channel;
            a[3] = 1;
            front->depthwise(a, front->second);
            inference.second_share[core] += cluster_time() - middle;
        }
        if (core == 0) fetch_until(tile + 1 < tiles ? transfer + tile + 2 : step->prefetch);
        barrier();
        if (!front->output_l2) continue;
        if (count == front->tile_channels) {
            if (core == 0)
                sent[tile & 1] =
                    dma_out_lines(output, front->output_l2 + first, position_count * count, front->output_pixel, count);
        } else {
            /* a last tile of fewer channels: its lines are not contiguous in L1 */
            for (uint32_t p = core; p < position_count; p += CORES)
                for (uint32_t c = 0; c < count; c++)
                    ((int8_t *)at(front->output_l2))[p * front->output_pixel + first + c] =
                        codes_at(output)[p * front->tile_channels + c];
        }
    }
    if (core == 0 && front->output_l2)
        for (uint32_t i = 0; i < 2; i++)
            if (i < front->channels / front->tile_channels) dma_wait(sent[i]);
    if (core == 0) {
        /* the other cores have passed the last barrier, or their shares are complete but for the copy just made */
        inference.fused_first = inference.fused_second = 0;
        for (uint32_t i = 0; i < CORES; i++) {
            inference.fused_first += inference.first_share[i];
            inference.fused_second += inference.second_share[i];
        }
    }
}

static void alone(uint32_t core, const struct step *step) {
    const struct front *front = &step->u.front;
    uint32_t *a = arguments[core], transfer = step->first_transfer;
    uint32_t begin = share_begin(core, front->channels), end = share_begin(core + 1, front->channels);
    if (core == 0) fetch_wait(transfer + 1);
    barrier();
    a[0] = front->columns;
    a[1] = front->records[0] + begin * front->record_bytes;
    a[2] = front->planes + front->origin + begin * front->plane_bytes;
    uint32_t count = core == 0 && end - begin > LEAD_CHANNELS ? LEAD_CHANNELS : end - begin;
    for (uint32_t part = 0; begin < end; part++) {
        if (part) fetch_ahead(step->prefetch); /* what follows is in the instruction cache by now */
        a[3] = count;
        front->convolve(a, front->convolution);
        begin += count;
        a[1] += count * front->record_bytes;
        a[2] += count * front->plane_bytes;
        count = end - begin;
    }
    if (core == 0) fetch_until(step->prefetch);
}

void run_front(uint32_t core, const struct step *step) {
    const struct front *front = &step->u.front;
    if (core == 0) dma_wait(dma_in(front->input, front->input_l2, (front->input_bytes + 3) & ~3u));
    barrier();
    spread(core, front);
    /* the records come while the padding is written: before, instructions of `spread` would wait behind them */
    if (core == 0) fetch_ahead(step->first_transfer + 1);
    uint32_t padding = four_times(front->convolution->scaling.zero_point);
    if (front->depthwise) {
        fill_words(front->planes + core * front->plane_bytes, front->plane_bytes, padding);
        fused(core, step);
    } else {
        fill_planes(core, front->planes, front->channels, front->convolution, front->origin, padding);
        alone(core, step);
    }
}
