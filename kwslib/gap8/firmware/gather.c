/* Windows of a convolution, gathered from a map with channels last, so that a pointwise kernel can compute it. */
#include "runtime.h"

/* Lay the network's input out with its padding beside the columns: every window is a run of bytes then. */
void gather_begin(uint32_t core, const struct gather *g) {
    if (core == 0) dma_in_now(g->raw, g->raw_l2, g->raw_bytes);
    barrier();
    for (uint32_t row = core; row < g->input_rows; row += CORES) {
        const uint8_t *source = (const uint8_t *)at(g->raw) + row * g->raw_columns;
        uint8_t *target = (uint8_t *)at(g->laid_out) + row * g->input_columns * g->pixel_bytes, padding = (uint8_t)g->padding;
        uint32_t left = g->raw_left, columns = g->raw_columns, i = 0;
        uint32_t all = g->input_columns * g->pixel_bytes;
        for (; i < left; i++) *target++ = padding;
        for (i = 0; i < columns && left + i < all; i++) *target++ = *source++;
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

/* Windows of `rows` output rows from `top` on; `input` is where row 0 of the whole input would lie. */
void gather_windows(uint32_t core, const struct gather *g, const uint8_t *input, uint32_t top, uint32_t rows) {
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
