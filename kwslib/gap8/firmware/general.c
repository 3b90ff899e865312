/* Any layer, between maps of any layout and in any memory, code by code. Plain, and correct. */
#include "runtime.h"

struct window {
    int32_t top, left, first_row, end_row, first_column, end_column;
};

static struct window window_at(const struct general *l, uint32_t y, uint32_t x) {
    struct window w;
    w.top = (int32_t)(y * l->stride_rows) - (int32_t)l->pad_top;
    w.left = (int32_t)(x * l->stride_columns) - (int32_t)l->pad_left;
    w.first_row = w.top < 0 ? -w.top : 0;
    w.first_column = w.left < 0 ? -w.left : 0;
    int32_t rows = (int32_t)l->input.rows - w.top, columns = (int32_t)l->input.columns - w.left;
    w.end_row = rows < (int32_t)l->kernel_rows ? rows : (int32_t)l->kernel_rows;
    w.end_column = columns < (int32_t)l->kernel_columns ? columns : (int32_t)l->kernel_columns;
    return w;
}

static int32_t code_at(const struct map *m, uint32_t row, uint32_t column, uint32_t channel) {
    const uint8_t *byte = at(m->base + row * m->row_bytes + column * m->column_bytes + channel * m->channel_bytes);
    return m->is_signed ? (int8_t)*byte : (int32_t)*byte + m->lowest;
}

static int32_t weighted(const struct general *l, const struct window *w, const int8_t *weights, uint32_t channel) {
    uint32_t depthwise = l->operation == ANY_DEPTHWISE, inputs = depthwise ? 1 : l->input.channels;
    uint32_t first = depthwise ? channel / l->multiplier : 0;
    int32_t sum = 0;
    for (int32_t i = w->first_row; i < w->end_row; i++)
        for (int32_t j = w->first_column; j < w->end_column; j++) {
            const int8_t *taps = weights + ((uint32_t)i * l->kernel_columns + (uint32_t)j) * inputs;
            for (uint32_t k = 0; k < inputs; k++)
                sum += (code_at(&l->input, (uint32_t)(w->top + i), (uint32_t)(w->left + j), first + k) -
                        l->input_zero_point) *
                       (taps[k] - l->weight_zero_point);
        }
    return sum;
}

/* A mean as the reference rounds it. */
static int32_t mean_code(int32_t sum, int32_t count, const struct general *l) {
    int32_t code;
    if (l->requantises) {
        code = scale_twice(sum - l->input_zero_point * count, l->multiplier_31, l->shift) + l->scaling.zero_point;
    } else if (l->halves_up) {
        int32_t rounded = sum + count / 2;
        code = rounded / count - (rounded % count < 0); /* the division rounds to zero */
    } else {
        code = sum < 0 ? -((-sum + count / 2) / count) : (sum + count / 2) / count;
    }
    return code < l->scaling.low ? l->scaling.low : code > l->scaling.high ? l->scaling.high : code;
}

static int32_t pooled(const struct general *l, const struct window *w, uint32_t channel) {
    int32_t sum = 0, largest = -128, count = (w->end_row - w->first_row) * (w->end_column - w->first_column);
    for (int32_t i = w->first_row; i < w->end_row; i++)
        for (int32_t j = w->first_column; j < w->end_column; j++) {
            int32_t code = code_at(&l->input, (uint32_t)(w->top + i), (uint32_t)(w->left + j), channel);
            sum += code;
            if (code > largest) largest = code;
        }
    if (l->operation == ANY_MAXIMUM)
        return largest < l->scaling.low ? l->scaling.low : largest > l->scaling.high ? l->scaling.high : largest;
    return mean_code(sum, count, l);
}

static int32_t looked_up(const struct general *l, uint32_t y, uint32_t x, uint32_t channel) {
    int32_t code = code_at(&l->input, y, x, channel) + 128;
    if (l->operation == ANY_LOOKUP) return codes_at(l->tables[0])[code];
    const int32_t *scaled = at(l->tables[0]), *others = at(l->tables[1]);
    const int32_t parameters[] = {l->multiplier_31, 0, l->shift};
    return requantise(scaled[code] + others[code_at(&l->second, y, x, channel) + 128], parameters, 1, &l->scaling);
}

static int32_t output_code(const struct general *l, uint32_t y, uint32_t x, uint32_t channel, uint32_t in_chunk) {
    if (l->operation == ANY_LOOKUP || l->operation == ANY_SUM) return looked_up(l, y, x, channel);
    struct window w = window_at(l, y, x);
    if (l->operation == ANY_AVERAGE || l->operation == ANY_MAXIMUM) return pooled(l, &w, channel);
    const int8_t *record = codes_at(l->records + in_chunk * l->record_bytes);
    const int32_t *parameters = (const int32_t *)(const void *)(record + l->record_bytes) - 3;
    return requantise(weighted(l, &w, record, channel), parameters, 1, &l->scaling);
}

void run_general(uint32_t core, const struct step *step) {
    const struct general *l = step->work;
    const struct map *out = &l->output;
    uint32_t transfer = step->first_transfer, positions = out->rows * out->columns;
    uint32_t weights = l->operation == ANY_CONVOLUTION || l->operation == ANY_DEPTHWISE;
    if (l->fill.planes) fill_planes(core, &l->fill, l->fill_base);
    for (uint32_t first = 0, chunk = 0; first < out->channels; first += l->chunk_channels, chunk++) {
        uint32_t count = out->channels - first < l->chunk_channels ? out->channels - first : l->chunk_channels;
        if (core == 0 && weights) fetch_wait(transfer + chunk + 1);
        barrier();
        for (uint32_t i = share_begin(core, positions * count); i < share_begin(core + 1, positions * count); i++) {
            uint32_t c = i / positions, p = i - c * positions, y = p / out->columns, x = p - y * out->columns;
            int32_t code = output_code(l, y, x, first + c, c);
            *(uint8_t *)at(out->base + y * out->row_bytes + x * out->column_bytes + (first + c) * out->channel_bytes) =
                (uint8_t)(out->is_signed ? code : code - out->lowest);
        }
        barrier();
    }
    if (core == 0) fetch_until(step->prefetch);
}
