/* The first convolution, of one input channel: alone, or with the depthwise layer behind it, channel by channel. */
#include "runtime.h"

/* Numbers first, first + CORES, ... below `end`. */
static inline uint32_t every(uint32_t first, uint32_t end) { return first < end ? (end - first + CORES - 1) / CORES : 0; }

/* Ones in the bytes of a word that begins in column `start` of a row. */
static inline uint32_t inside_of(int32_t start, int32_t columns) {
    uint32_t before = start < 0 ? (uint32_t)-start : 0, behind = start + 4 > columns ? (uint32_t)(start + 4 - columns) : 0;
    return before + behind > 3 ? 0 : ~0u >> 8 * (before + behind) << 8 * before;
}

/* Spread the input into words: for every output column and padded row the four inputs that the kernel sees there. Each
   core has the same rows of every column. */
static void spread(uint32_t core, const struct front *front) {
    uint32_t padding = front->padding, padded = front->padded_rows, top = front->pad_top, end = top + front->input_rows;
    uint32_t first = core + every(core, top < padded ? top : padded) * CORES;
    uint32_t rows = every(first, end < padded ? end : padded);
    uint32_t *target = (uint32_t *)at(front->words) + first;
    int32_t start = front->start, step = front->column_step, input_columns = (int32_t)front->input_columns;
    const uint8_t *origin = (const uint8_t *)at(front->input) + ((int32_t)(first - top)) * input_columns;
    for (uint32_t column = front->columns; column; column--, start += step, target += padded) {
        uint32_t inside = inside_of(start, input_columns), outside = padding & ~inside;
        const uint8_t *source = origin + start;
        spread_words(target, source, rows, CORES * (uint32_t)input_columns, inside, outside);
    }
}

/* The padding above and below, which mostly no kernel but a portable one reads. */
static NEVER_INLINE void spread_padding(uint32_t core, const struct front *front) {
    uint32_t padded = front->padded_rows, end = front->pad_top + front->input_rows;
    uint32_t *words = at(front->words);
    for (uint32_t column = 0; column < front->columns; column++, words += padded)
        for (uint32_t row = core; row < padded; row += CORES)
            if (row < front->pad_top || row >= end) words[row] = front->padding;
}

/* The second term of every output: the sum of its inputs, times a factor. */
static NEVER_INLINE void add_up(uint32_t core, const struct front *front) {
    uint32_t mask = front->sums_mask;
    int32_t *sums = at(front->sums);
    for (uint32_t column = core; column < front->columns; column += CORES)
        for (uint32_t row = 0; row < front->rows; row++) {
            const uint32_t *words = (const uint32_t *)at(front->words) + column * front->padded_rows;
            int32_t sum = 0;
            for (uint32_t i = 0; i < front->kernel_rows; i++) sum = dot(sum, words[row * front->stride_rows + i], mask);
            sums[column * front->rows + row] = sum * front->sums_factor;
        }
}

static NEVER_INLINE void check_plane(uint32_t core, uint32_t layer, const struct front *front, uint32_t channel) {
    /* the core's plane as one channel of the whole map: places count from its channel on */
    address plane = front->plane + core * front->plane_bytes + front->plane_origin;
    struct map map = {.base = plane - channel * front->plane_bytes,
                      .rows = front->rows,
                      .columns = front->columns,
                      .channels = front->channels,
                      .row_bytes = front->plane_row_bytes,
                      .column_bytes = 1,
                      .channel_bytes = front->plane_bytes,
                      .lowest = front->plane_lowest};
    inference.checksums[core][layer] += checksum(&map, channel, channel + 1, 1);
}

/* A core's channels of a tile: the convolution into the core's plane, and the depthwise layer from there. */
static HOT NEVER_INLINE void fused(uint32_t core, const struct step *step, const struct front *front, address records,
                                   uint32_t count, uint32_t first, address output) {
    const struct sink *out = &front->out;
    uint32_t *a = arguments[core], output_step = CORES * (out->plane_bytes ? out->plane_bytes : front->channel_bytes);
    uint32_t first_step = CORES * front->record_bytes, second_step = CORES * front->second_record_bytes;
    address plane = front->plane + core * front->plane_bytes, origin = plane + front->plane_origin, words = front->words;
    address second = records + count * front->record_bytes + core * front->second_record_bytes;
    uint32_t start = cluster_time(), middle, begin = start, convolving = 0;
    records += core * front->record_bytes;
    output += core * (output_step / CORES);
    a[3] = 1;
    a[4] = front->sums;
    for (uint32_t channel = core; channel < count; channel += CORES) {
        a[0] = words;
        a[1] = records;
        a[2] = origin;
        front->convolve(a, front->first);
        middle = cluster_time();
        convolving += middle - start;
        if (inference.checking) check_plane(core, step->first_layer, front, first + channel);
        a[0] = plane;
        a[1] = second;
        a[2] = output;
        front->depthwise(a, front->second);
        records += first_step;
        second += second_step;
        output += output_step;
        start = cluster_time();
    }
    inference.first_share[core] += convolving;
    inference.second_share[core] += start - begin - convolving;
}

/* Channels alone: a run of them for each core. */
static HOT void alone(uint32_t core, const struct front *front, address records, uint32_t count, address output) {
    uint32_t *a = arguments[core], begin = share_begin(core, count), end = share_begin(core + 1, count);
    if (begin == end) return;
    a[0] = front->words;
    a[1] = records + begin * front->record_bytes;
    a[2] = output + begin * front->channel_bytes;
    a[3] = end - begin;
    a[4] = front->sums;
    front->convolve(a, front->first);
}

static NEVER_INLINE void run_tiles(uint32_t core, const struct step *step, const struct front *front) {
    const struct sink *out = &front->out;
    uint32_t transfer = step->first_transfer, sent[2] = {0, 0}, tile = 0;
    for (uint32_t first = 0; first < front->channels; first += front->tile_channels, tile++) {
        uint32_t count = front->channels - first;
        if (count > front->tile_channels) count = front->tile_channels;
        if (core == 0) {
            fetch_wait(transfer + tile + 1);
            if (out->l2 && tile >= 2) dma_wait(sent[tile & 1]);
        }
        barrier();
        address records = front->records[tile & 1], output = sink_at(out, tile, first);
        if (core == 0) fetch_until(first + count < front->channels ? transfer + tile + 2 : step->prefetch);
        if (front->depthwise)
            fused(core, step, front, records, count, first, output);
        else
            alone(core, front, records, count, output);
        if (!out->l2) continue;
        barrier();
        if (core == 0) sent[tile & 1] = sink_send(out, tile, first, count);
    }
    if (core == 0 && out->l2)
        for (uint32_t i = 0; i < 2 && i < tile; i++) dma_wait(sent[i]);
}

static NEVER_INLINE void add_shares(void) {
    inference.fused_first = inference.fused_second = 0;
    for (uint32_t i = 0; i < CORES; i++) {
        inference.fused_first += inference.first_share[i];
        inference.fused_second += inference.second_share[i];
    }
}

HOT void run_front(uint32_t core, const struct step *step) {
    const struct front *front = step->work;
    uint32_t received = 0;
    if (core == 0) {
        if (front->input_l2) received = dma_in_begin(front->input, front->input_l2, (front->input_bytes + 3) & ~3u);
        fetch_now(step->first_transfer + 1); /* the records come while the input is spread */
    }
    if (front->depthwise) fill_words(front->plane + core * front->plane_bytes, front->plane_bytes, front->plane_fill);
    sink_fill(core, &front->out);
    if (front->input_l2) {
        if (core == 0) dma_in_end(received);
        barrier();
    }
    spread(core, front);
#ifndef KWS_HOST
    if (front->padding_is_read)
#endif
        spread_padding(core, front);
    if (front->sums) {
        barrier();
        add_up(core, front);
    }
    if (front->depthwise || front->out.l2 || front->tile_channels < front->channels) {
        run_tiles(core, step, front); /* which begins with a barrier */
        if (!front->depthwise) return;
        barrier();
        if (core == 0) add_shares();
        return;
    }
    if (core == 0) {
        fetch_wait(step->first_transfer + 1);
        fetch_until(step->prefetch);
    }
    barrier();
    alone(core, front, front->records[0], front->channels, sink_at(&front->out, 0, 0));
}
