/* Windows of a convolution, gathered from a map with channels last, so that a pointwise kernel can compute it. */
#include "runtime.h"

/* Lay the network's input out with its padding beside the columns: every window is a run of bytes then. */
void gather_begin(uint32_t core, const struct gather *g) {
    if (core == 0) dma_in_now(g->raw, g->raw_l2, g->raw_bytes);
    barrier();
    uint32_t rows = g->input_rows, left = g->raw_left, columns = g->raw_columns, row_step = g->raw_row, step = g->raw_column;
    uint32_t all = g->input_columns * g->pixel_bytes;
    uint8_t padding = (uint8_t)g->padding;
    address raw = g->raw, laid_out = g->laid_out;
    for (uint32_t row = core; row < rows; row += CORES) {
        const uint8_t *source = (const uint8_t *)at(raw) + row * row_step;
        uint8_t *target = (uint8_t *)at(laid_out) + row * all;
        uint32_t i = 0;
        for (; i < left; i++) *target++ = padding;
        for (i = 0; i < columns && left + i < all; i++, source += step) *target++ = *source;
        for (i += left; i < all; i++) *target++ = padding;
    }
    barrier();
}

/* Words from any address, or of padding. */
static inline uint32_t *copy_words(uint32_t *target, const uint8_t *source, uint32_t words) {
    for (; words; words--, source += 4) *target++ = word_at(source);
    return target;
}
static inline uint32_t *pad_words(uint32_t *target, uint32_t padding, uint32_t words) {
    for (; words; words--) *target++ = padding;
    return target;
}

/* A run of a kernel row at the edge of the map, position by position: whole words each. */
static NEVER_INLINE uint32_t *edge_run(const struct gather *g, const uint8_t *row, int32_t column, uint32_t *target) {
    uint32_t words = g->pixel_bytes / 4;
    for (uint32_t j = 0; j < g->kernel_columns; j++, column++)
        if (column >= 0 && column < (int32_t)g->input_columns)
            target = copy_words(target, row + (uint32_t)column * g->pixel_bytes, words);
        else
            target = pad_words(target, g->padding, words);
    return target;
}

static inline void copy_halves(uint16_t *target, const uint8_t *source, uint32_t halves) {
    for (; halves; halves--, source += 2) *target++ = half_at(source);
}
static inline void pad_halves(uint16_t *target, uint32_t padding, uint32_t halves) {
    for (; halves; halves--) *target++ = (uint16_t)padding;
}

/* Strips that the windows of `rows` output rows from `top` on are runs of: the cores share the pieces. */
static NEVER_INLINE void gather_strips(uint32_t core, const struct gather *g, const uint8_t *input, uint32_t top, uint32_t rows) {
    /* the original lies in L2 */
    uint32_t strips = g->across ? rows : g->strips, piece = g->piece, input_columns = g->input_columns;
    uint32_t input_rows = g->input_rows, stride = g->strip_stride, strip_bytes = g->strip_bytes, padding = g->padding;
    uint32_t all = g->pieces * strips, unit = share_begin(core, all), end = share_begin(core + 1, all);
    int32_t begin = (g->across ? 0 : (int32_t)(top * g->stride_rows)) - g->pad_top;
    uint32_t words = piece & 3 ? 0 : piece / 4, halves = piece / 2;
    uint8_t *windows = at(g->columns);
    if (g->across) input += top * stride;
    for (uint32_t i = unit / strips, s = unit - i * strips; unit < end; i++, s = 0) {
        uint32_t run = strips - s < end - unit ? strips - s : end - unit;
        int32_t row = begin + (int32_t)i;
        const uint8_t *source = input + row * (int32_t)input_columns + s * stride;
        uint8_t *target = windows + s * strip_bytes + i * piece;
        uint32_t inside = (uint32_t)row < input_rows;
        unit += run;
        for (; run; run--, source += stride, target += strip_bytes) {
            uint32_t *as_words = (uint32_t *)(void *)target;
            uint16_t *as_halves = (uint16_t *)(void *)target;
            if (words && inside) copy_words(as_words, source, words);
            else if (words) pad_words(as_words, padding, words);
            else if (inside) copy_halves(as_halves, source, halves);
            else pad_halves(as_halves, padding, halves);
        }
    }
}

/* Windows of `rows` output rows from `top` on; `input` is where row 0 of the whole input would lie. */
void gather_windows(uint32_t core, const struct gather *g, const uint8_t *input, uint32_t top, uint32_t rows) {
    if (g->strips) {
        gather_strips(core, g, input, top, rows);
        return;
    }
    struct gather own = *g; /* the original lies in L2 */
    uint32_t row_bytes = own.input_columns * own.pixel_bytes, columns = own.output_columns, words = own.row_bytes / 4;
    uint32_t y = core / columns, x = core - y * columns;
    int32_t last = (int32_t)own.input_columns - (int32_t)own.kernel_columns;
    for (uint32_t p = core; y < rows; p += CORES) {
        int32_t row = (int32_t)((top + y) * own.stride_rows) - own.pad_top;
        int32_t column = (int32_t)(x * own.stride_columns) - own.pad_left, inside = column >= 0 && column <= last;
        const uint8_t *source = input + row * (int32_t)row_bytes;
        uint32_t *target = (uint32_t *)at(own.columns) + p * (own.window_bytes / 4);
        for (uint32_t i = 0; i < own.kernel_rows; i++, row++, source += row_bytes)
            if (row < 0 || row >= (int32_t)own.input_rows)
                target = pad_words(target, own.padding, words);
            else if (inside)
                target = copy_words(target, source + column * (int32_t)own.pixel_bytes, words);
            else
                target = edge_run(&own, source, column, target);
        for (x += CORES; x >= columns; x -= columns) y++;
    }
}
