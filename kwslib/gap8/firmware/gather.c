/* Windows of a convolution, gathered from a map with channels last, so that a pointwise kernel can compute it. */
#include "runtime.h"

/* A run of a kernel row: copied by words where it lies inside of the map, byte by byte at its edges. */
static void copy_run(const struct gather *g, const uint8_t *row, int32_t column, uint8_t *target) {
    uint32_t pixel = g->pixel_bytes, length = g->kernel_columns * pixel;
    if (column >= 0 && column + (int32_t)g->kernel_columns <= (int32_t)g->input_columns) {
        const uint8_t *source = row + (uint32_t)column * pixel;
        for (uint32_t i = 0; i < length; i += 4) *(uint32_t *)(target + i) = word_at(source + i);
        return;
    }
    for (uint32_t j = 0; j < g->kernel_columns; j++, column++)
        for (uint32_t i = 0; i < pixel; i++)
            *target++ = column >= 0 && column < (int32_t)g->input_columns ? row[(uint32_t)column * pixel + i]
                                                                          : (uint8_t)g->padding;
}

/* Windows of `rows` output rows from `top` on; `input` is where row 0 of the whole input would lie. */
void gather_windows(uint32_t core, const struct gather *g, const uint8_t *input, uint32_t top, uint32_t rows) {
    struct gather own = *g; /* the original lies in L2 */
    uint32_t row_bytes = own.input_columns * own.pixel_bytes, positions = rows * own.output_columns;
    for (uint32_t p = core; p < positions; p += CORES) {
        uint32_t y = p / own.output_columns, x = p - y * own.output_columns;
        int32_t row = (int32_t)((top + y) * own.stride_rows) - own.pad_top;
        int32_t column = (int32_t)(x * own.stride_columns) - own.pad_left;
        uint8_t *target = (uint8_t *)at(own.columns) + p * own.window_bytes;
        for (uint32_t i = 0; i < own.kernel_rows; i++, row++, target += own.row_bytes)
            if (row >= 0 && row < (int32_t)own.input_rows)
                copy_run(&own, input + (uint32_t)row * row_bytes, column, target);
            else
                for (uint32_t k = 0; k < own.row_bytes; k += 4) *(uint32_t *)(target + k) = own.padding;
    }
}
