/* The kernels in portable C: what the assembly ones compute, on a host. Arguments are addresses and counts, as for the
   assembly. */
#include "kernels.h"

/* Add the dot product of four codes, signed or not, and four weights. */
static int32_t add_product(int32_t sum, uint32_t codes, uint32_t weights, uint32_t codes_signed) {
    return codes_signed ? dot(sum, codes, weights) : dot_unsigned(sum, codes, weights);
}

/* Arguments: column words, records, output, channels, and sums if the geometry says so. Record: a word of four taps for
   each kernel row, parameters. Sums: what the accumulator of an output starts from, column by column. */
void portable_first_convolution(const uint32_t *a, const struct geometry *g) {
    uint32_t padded = (g->rows - 1) * g->stride_rows + g->kernel_rows, taps = g->kernel_rows;
    for (uint32_t c = 0; c < a[3]; c++) {
        const uint32_t *record = at(a[1] + c * g->record_bytes);
        for (uint32_t y = 0; y < g->rows; y++)
            for (uint32_t x = 0; x < g->columns; x++) {
                const uint32_t *words = (const uint32_t *)at(a[0]) + x * padded + y * g->stride_rows;
                int32_t sum = g->sums ? ((const int32_t *)at(a[4]))[x * g->rows + y] : 0;
                for (uint32_t i = 0; i < taps; i++) sum = add_product(sum, words[i], record[i], g->codes_signed);
                uint8_t *output = at(a[2] + c * g->out_channel_bytes + y * g->out_row_bytes + x * g->out_column_bytes);
                *output = (uint8_t)requantise(sum, (const int32_t *)record + taps, 1, &g->scaling);
            }
    }
}

static int32_t row_sums[L1_BYTES]; /* of a row of outputs, whose plane lies in L1 */

/* Add a tap's products to the sums of a row: for output x the code at row[x * stride]. */
static void add_tap(int32_t *sums, const uint8_t *row, uint32_t count, uint32_t stride, int32_t tap, uint32_t flip) {
    if (stride == 1) /* which a compiler turns into vectors */
        for (uint32_t x = 0; x < count; x++) sums[x] += (int32_t)((row[x] ^ flip) - flip) * tap;
    else
        for (uint32_t x = 0; x < count; x++) sums[x] += (int32_t)((row[x * stride] ^ flip) - flip) * tap;
}

/* Arguments: planes, records, output, channels. Record: `tap_words` words a kernel row, whose taps begin at one of them
   and go on in the next; for a second term the same again; parameters. A plane holds its padding; with `left` it has none
   beside the columns, and what would be read there is zero. */
void portable_depthwise(const uint32_t *a, const struct geometry *g) {
    uint32_t words = g->kernel_rows * g->tap_words, flip = g->codes_signed ? 0x80 : 0, columns = g->columns;
    for (uint32_t c = 0; c < a[3]; c++) {
        const uint32_t *record = at(a[1] + c * g->record_bytes);
        const int32_t *parameters = (const int32_t *)record + (g->wide ? 2 : 1) * words;
        const uint8_t *plane = (const uint8_t *)at(a[0] + c * g->plane_bytes);
        uint8_t *output = at(a[2] + c * g->out_channel_bytes);
        for (uint32_t y = 0; y < g->rows; y++) {
            __builtin_memset(row_sums, 0, columns * sizeof *row_sums);
            for (uint32_t i = 0; i < g->kernel_rows; i++) {
                const int8_t *taps = (const int8_t *)(record + i * g->tap_words + g->tap_word);
                const uint8_t *row = plane + (y * g->stride_rows + i) * g->row_bytes;
                for (uint32_t j = 0; j < g->kernel_columns; j++) {
                    int32_t tap = taps[j] + (g->wide ? taps[4 * words + j] : 0);
                    uint32_t first = g->left && j == 0, end = g->left && j > 1 ? columns + 1 - j : columns;
                    const uint8_t *codes = row + first * g->stride_columns + j - (g->left ? 1 : 0);
                    if (first < end) add_tap(row_sums + first, codes, end - first, g->stride_columns, tap, flip);
                }
            }
            for (uint32_t x = 0; x < columns; x++)
                output[y * g->out_row_bytes + x * g->out_column_bytes] =
                    (uint8_t)requantise(row_sums[x], parameters, 1, &g->scaling);
        }
    }
}

#ifdef KWS_HOST
enum { LARGEST_INPUTS = L1_BYTES / 4 };              /* a record of four channels lies in L1 */
static int8_t weights_by_channel[4][LARGEST_INPUTS]; /* so that the compiler can use the host's vectors */
#endif

/* Arguments: segments, then for each: record of four channels, activations, output, blocks, and sums if the geometry
   says so. Record: for every four inputs the weights of channels 0 to 3, or the weights of channel 0, then of 1, 2, 3;
   then each parameter of channels 0 to 3. Sums: what the accumulators of a position start from. */
void portable_pointwise(const uint32_t *a, const struct geometry *g) {
    uint32_t steps = g->inputs / 4, positions = g->block_positions, words = g->sums ? 5 : 4;
    uint32_t step_words = g->by_channel ? 1 : 4, channel_words = g->by_channel ? steps : 1;
    for (uint32_t s = 0; s < a[0]; s++) {
        const uint32_t *segment = a + 1 + words * s, *record = at(segment[0]);
        const int32_t *parameters = (const int32_t *)record + g->inputs;
        const int32_t *starts = g->sums ? at(segment[4]) : 0;
#ifdef KWS_HOST
        uint8_t flip = g->codes_signed ? 0x80 : 0;
        for (uint32_t k = 0; k < steps; k++)
            for (uint32_t c = 0; c < 4; c++)
                __builtin_memcpy(&weights_by_channel[c][4 * k], &record[k * step_words + c * channel_words], 4);
#endif
        for (uint32_t b = 0; b < segment[3]; b++)
            for (uint32_t p = 0; p < positions; p++) {
                const uint8_t *codes = at(segment[1] + b * g->block_in_bytes + p * g->pixel_bytes);
                int32_t start = starts ? starts[b * positions + p] : 0, sums[4] = {start, start, start, start};
#ifdef KWS_HOST
                for (uint32_t c = 0; c < 4; c++)
                    for (uint32_t i = 0; i < g->inputs; i++)
                        sums[c] += ((codes[i] ^ flip) - flip) * weights_by_channel[c][i];
#else
                for (uint32_t k = 0; k < steps; k++) {
                    uint32_t word = ((const uint32_t *)codes)[k];
                    for (uint32_t c = 0; c < 4; c++)
                        sums[c] = add_product(sums[c], word, record[k * step_words + c * channel_words], g->codes_signed);
                }
#endif
                uint8_t *output = at(segment[2] + b * g->block_bytes + p * g->out_column_bytes);
                for (uint32_t c = 0; c < 4; c++)
                    output[c * g->out_channel_bytes] = (uint8_t)requantise(sums[c], parameters + c, 4, &g->scaling);
            }
    }
}

/* Arguments: planes (their first whole row), sums, channels. */
void portable_plane_sums(const uint32_t *a, const struct geometry *g) {
    int32_t *sums = at(a[1]);
    for (uint32_t c = 0; c < a[2]; c++) {
        const uint8_t *row = at(a[0] + c * g->plane_bytes + g->left);
        int32_t sum = 0;
        for (uint32_t y = 0; y < g->rows; y++, row += g->row_bytes)
            for (uint32_t x = 0; x < g->columns; x++) sum += row[x];
        sums[c] = sum;
    }
}
