/* Any other layer of the family, channels last: tiles of output rows, chunks of output channels. Plain, and correct. */
#include "runtime.h"

struct window {
    int32_t top, left, first_row, end_row, first_column, end_column;
};

static struct window window_at(const struct geometry *g, uint32_t y, uint32_t x) {
    struct window w;
    w.top = (int32_t)(y * g->stride_rows) - (int32_t)g->pad_top;
    w.left = (int32_t)(x * g->stride_columns) - (int32_t)g->pad_left;
    w.first_row = w.top < 0 ? -w.top : 0;
    w.first_column = w.left < 0 ? -w.left : 0;
    int32_t rows = (int32_t)g->input_rows - w.top, columns = (int32_t)g->input_columns - w.left;
    w.end_row = rows < (int32_t)g->kernel_rows ? rows : (int32_t)g->kernel_rows;
    w.end_column = columns < (int32_t)g->kernel_columns ? columns : (int32_t)g->kernel_columns;
    return w;
}

static int32_t weighted(const struct general *l, const struct window *w, const int8_t *input, const int8_t *weights,
                        uint32_t channel) {
    const struct geometry *g = l->geometry;
    int32_t sum = 0;
    for (int32_t i = w->first_row; i < w->end_row; i++)
        for (int32_t j = w->first_column; j < w->end_column; j++) {
            const int8_t *codes =
                input + ((uint32_t)(w->top + i) * g->input_columns + (uint32_t)(w->left + j)) * g->inputs;
            const int8_t *taps = weights + ((uint32_t)i * g->kernel_columns + (uint32_t)j) *
                                               (l->operation == ANY_DEPTHWISE ? 1 : g->inputs);
            if (l->operation == ANY_DEPTHWISE)
                sum += (codes[channel / l->multiplier] - g->input_zero_point) * (taps[0] - l->weight_zero_point);
            else
                for (uint32_t k = 0; k < g->inputs; k++)
                    sum += (codes[k] - g->input_zero_point) * (taps[k] - l->weight_zero_point);
        }
    return sum;
}

static int32_t pooled(const struct general *l, const struct window *w, const int8_t *input, uint32_t channel) {
    const struct geometry *g = l->geometry;
    int32_t sum = 0, count = (w->end_row - w->first_row) * (w->end_column - w->first_column), code;
    for (int32_t i = w->first_row; i < w->end_row; i++)
        for (int32_t j = w->first_column; j < w->end_column; j++)
            sum += input[((uint32_t)(w->top + i) * g->input_columns + (uint32_t)(w->left + j)) * g->inputs + channel];
    struct pool p = {.halves_up = l->halves_up,
                     .requantises = l->requantises,
                     .multiplier = l->pool_multiplier,
                     .shift = l->pool_shift,
                     .input_zero_point = g->input_zero_point,
                     .scaling = g->scaling};
    code = mean_code(sum, count, &p);
    return code;
}

/* Rows [top, top + rows) of the output; `input` is where row 0 of the whole input would lie. */
static void tile(uint32_t core, const struct general *l, uint32_t top, uint32_t rows, uint32_t first, uint32_t count,
                 const int8_t *input) {
    const struct geometry *g = l->geometry;
    uint32_t positions = rows * g->columns;
    for (uint32_t p = share_begin(core, positions); p < share_begin(core + 1, positions); p++) {
        struct window w = window_at(g, top + p / g->columns, p % g->columns);
        int8_t *output = (int8_t *)at(l->output) + p * count;
        for (uint32_t c = 0; c < count; c++) {
            uint32_t channel = first + c;
            if (l->operation == ANY_POOL) {
                output[c] = (int8_t)pooled(l, &w, input, channel);
            } else if (l->operation == ANY_LOOKUP) {
                int32_t code = input[((uint32_t)w.top * g->input_columns + (uint32_t)w.left) * g->inputs + channel];
                output[c] = codes_at(l->table)[code + 128];
            } else {
                const int8_t *record = codes_at(l->records + c * l->record_bytes);
                const int32_t *parameters = (const int32_t *)(const void *)(record + l->record_bytes) - 3;
                output[c] = (int8_t)requantise(weighted(l, &w, input, record, channel), parameters, 1, &g->scaling);
            }
        }
    }
}

void run_general(uint32_t core, const struct step *step) {
    const struct general *l = &step->u.general;
    const struct geometry *g = l->geometry;
    uint32_t row_bytes = g->input_columns * g->inputs, transfer = step->first_transfer;
    uint32_t weights = l->operation == ANY_CONVOLUTION || l->operation == ANY_DEPTHWISE;
    for (uint32_t first = 0, chunk = 0; first < l->channels; first += l->chunk_channels, chunk++) {
        uint32_t count = l->channels - first < l->chunk_channels ? l->channels - first : l->chunk_channels;
        if (core == 0 && weights) fetch_wait(transfer + chunk + 1);
        for (uint32_t top = 0; top < g->rows; top += l->tile_rows) {
            uint32_t rows = g->rows - top < l->tile_rows ? g->rows - top : l->tile_rows;
            int32_t begin = (int32_t)(top * g->stride_rows) - (int32_t)g->pad_top;
            int32_t end = begin + (int32_t)((rows - 1) * g->stride_rows + g->kernel_rows);
            if (begin < 0) begin = 0;
            if (end > (int32_t)g->input_rows) end = (int32_t)g->input_rows;
            address source = l->input_l2 + (uint32_t)begin * row_bytes;
            if (core == 0 && end > begin)
                dma_wait(
                    dma_in(l->input, source & ~3u, ((uint32_t)(end - begin) * row_bytes + (source & 3) + 3) & ~3u));
            barrier();
            tile(core, l, top, rows, first, count, codes_at(l->input + (source & 3)) - begin * (int32_t)row_bytes);
            barrier();
            if (core == 0)
                dma_wait(dma_out_lines(l->output, l->output_l2 + top * g->columns * l->channels + first,
                                       rows * g->columns * count, l->channels, count));
            barrier();
        }
    }
    if (core == 0) fetch_until(step->prefetch);
}
