/* The kernels in portable C: what the assembly ones compute, on a host. Arguments are addresses and counts, as for the
   assembly. Codes and weights are widened to 16 bits first: a compiler turns sums of such products into vectors. */
#include "kernels.h"
#include "requantise.h"

enum { LANES = 16, MOST_CODES = L1_BYTES, RUN = 64 }; /* of a vector; whole maps and records lie in L1 */

/* The code that a byte of memory holds: `flip` is 0x80 for signed codes. */
static int16_t code_in(uint8_t byte, uint8_t flip) { return (int16_t)((byte ^ flip) - flip); }

static void widen_codes(int16_t *restrict codes, const uint8_t *restrict bytes, uint32_t count, uint8_t flip) {
    for (uint32_t i = 0; i < count; i++) codes[i] = code_in(bytes[i], flip);
}

static void widen_weights(int16_t *restrict weights, const int8_t *restrict bytes, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) weights[i] = bytes[i];
}

typedef int16_t halves __attribute__((vector_size(2 * LANES), aligned(2)));
typedef int32_t products __attribute__((vector_size(4 * LANES), aligned(4)));
typedef int32_t pairs __attribute__((vector_size(2 * LANES)));

/* Add products to a vector of sums, two to each. */
static ALWAYS_INLINE void add_products(pairs *sums, const halves *codes, const halves *weights) {
    products all = __builtin_convertvector(*codes, products) * __builtin_convertvector(*weights, products);
    *sums += __builtin_shufflevector(all, all, 0, 2, 4, 6, 8, 10, 12, 14) +
             __builtin_shufflevector(all, all, 1, 3, 5, 7, 9, 11, 13, 15);
}

/* Four sums of `count` products, whole vectors, of runs of codes and of weights that lie so far apart. */
static ALWAYS_INLINE void four_sums(int32_t *sums, const int16_t *codes, uint32_t codes_apart, const int16_t *weights,
                                    uint32_t weights_apart, uint32_t count) {
    pairs sum[4] = {0};
    for (uint32_t i = 0; i < count; i += LANES)
        for (uint32_t n = 0; n < 4; n++)
            add_products(sum + n, (const halves *)(codes + n * codes_apart + i),
                         (const halves *)(weights + n * weights_apart + i));
    pairs low = __builtin_shufflevector(sum[0], sum[1], 0, 8, 2, 10, 4, 12, 6, 14) +
                __builtin_shufflevector(sum[0], sum[1], 1, 9, 3, 11, 5, 13, 7, 15);
    pairs high = __builtin_shufflevector(sum[2], sum[3], 0, 8, 2, 10, 4, 12, 6, 14) +
                 __builtin_shufflevector(sum[2], sum[3], 1, 9, 3, 11, 5, 13, 7, 15);
    pairs both = __builtin_shufflevector(low, high, 0, 1, 8, 9, 4, 5, 12, 13) +
                 __builtin_shufflevector(low, high, 2, 3, 10, 11, 6, 7, 14, 15);
    for (uint32_t n = 0; n < 4; n++) sums[n] = both[n] + both[n + 4];
}

static uint32_t in_vectors(uint32_t count) { return (count + LANES - 1) & ~(uint32_t)(LANES - 1); }

/* Codes of accumulators that have the same parameters. The form is a constant in each loop: vectors can do it. */
static void requantise_run(const int32_t *sums, uint8_t *restrict codes, uint32_t count, const int32_t *parameters,
                           uint32_t pitch, const struct scaling *scaling) {
    struct scaling own = *scaling;
#define FORM(form_)                                                                                   \
    case form_:                                                                                       \
        own.form = form_;                                                                             \
        for (uint32_t i = 0; i < count; i++) codes[i] = (uint8_t)code_of(sums[i], parameters, pitch, &own); \
        break
    switch (scaling->form) {
        FORM(SHORT);
        FORM(LONG);
        FORM(SPLIT);
        FORM(HIGH);
        FORM(SIGNED);
    default:
        for (uint32_t i = 0; i < count; i++) codes[i] = (uint8_t)code_of(sums[i], parameters, pitch, &own);
    }
#undef FORM
}

static int32_t sums_of_plane[MOST_CODES + 4];
static uint8_t codes_of_plane[MOST_CODES];

/* Arguments: column words, records, output, channels, and sums if the geometry says so. Record: a word of four taps for
   each kernel row, parameters. Sums: what the accumulator of an output starts from, column by column. */
void portable_first_convolution(const uint32_t *a, const struct geometry *g) {
    static int16_t codes[5 * MOST_CODES], taps[4 * MOST_CODES];
    uint32_t padded = (g->rows - 1) * g->stride_rows + g->kernel_rows, count = 4 * g->kernel_rows;
    uint32_t outputs = g->rows * g->columns;
    uint8_t flip = g->codes_signed ? 0x80 : 0;
    widen_codes(codes, at(a[0]), 4 * padded * g->columns, flip);
    __builtin_memset(taps + count, 0, (in_vectors(count) - count) * sizeof *taps);
    for (uint32_t c = 0; c < a[3]; c++) {
        const int8_t *record = at(a[1] + c * g->record_bytes);
        widen_weights(taps, record, count);
        for (uint32_t x = 0; x < g->columns; x++)
            for (uint32_t y = 0; y < g->rows; y += 4) /* what it computes behind the last row is overwritten */
                four_sums(sums_of_plane + x * g->rows + y, codes + 4 * (x * padded + y * g->stride_rows),
                          4 * g->stride_rows, taps, 0, in_vectors(count));
        for (uint32_t i = 0; g->sums && i < outputs; i++) sums_of_plane[i] += ((const int32_t *)at(a[4]))[i];
        requantise_run(sums_of_plane, codes_of_plane, outputs, (const int32_t *)(record + count), 1, &g->scaling);
        uint8_t *output = at(a[2] + c * g->out_channel_bytes);
        for (uint32_t x = 0; x < g->columns; x++)
            for (uint32_t y = 0; y < g->rows; y++)
                output[y * g->out_row_bytes + x * g->out_column_bytes] = codes_of_plane[x * g->rows + y];
    }
}

/* A plane in which every output's window is a run of each row: `pitch` codes a row. */
struct plane {
    const int16_t *codes;
    uint32_t pitch;
};

/* Widen a plane of a depthwise layer; one without padding beside its columns gets zeros there. */
static struct plane widen(const uint8_t *bytes, const struct geometry *g) {
    static int16_t codes[4 * MOST_CODES];
    uint32_t rows = (g->rows - 1) * g->stride_rows + g->kernel_rows, left = g->left ? 1 : 0;
    uint32_t read = (g->columns - 1) * g->stride_columns + g->kernel_columns; /* of a row, with what lies beside it */
    uint8_t flip = g->codes_signed ? 0x80 : 0;
    if (!left) {
        widen_codes(codes, bytes, (rows - 1) * g->row_bytes + read, flip);
        return (struct plane){codes, g->row_bytes};
    }
    for (uint32_t y = 0; y < rows; y++, bytes += g->row_bytes) {
        int16_t *row = codes + y * read;
        row[0] = row[read - 1] = 0;
        widen_codes(row + 1, bytes, read - 2, flip);
    }
    return (struct plane){codes, read};
}

/* Add a tap's products to sums: for each the code at codes[i * stride]. */
static void add_tap(int32_t *sums, const int16_t *codes, uint32_t count, uint32_t stride, int32_t tap) {
    if (stride == 1) /* which a compiler turns into vectors */
        for (uint32_t i = 0; i < count; i++) sums[i] += codes[i] * tap;
    else
        for (uint32_t i = 0; i < count; i++) sums[i] += codes[i * stride] * tap;
}

/* Arguments: planes, records, output, channels. Record: `tap_words` words a kernel row, whose taps begin at one of them
   and go on in the next; for a second term the same again; parameters. A plane holds its padding; with `left` it has none
   beside the columns, and what would be read there is zero. */
void portable_depthwise(const uint32_t *a, const struct geometry *g) {
    uint32_t words = g->kernel_rows * g->tap_words, whole = g->stride_rows == 1 && g->stride_columns == 1;
    for (uint32_t c = 0; c < a[3]; c++) {
        const int8_t *record = at(a[1] + c * g->record_bytes);
        const int32_t *parameters = (const int32_t *)record + (g->wide ? 2 : 1) * words;
        struct plane plane = widen(at(a[0] + c * g->plane_bytes), g);
        uint8_t *output = at(a[2] + c * g->out_channel_bytes);
        /* without strides all rows are one run: what it computes between two rows is left */
        uint32_t runs = whole ? 1 : g->rows, count = whole ? (g->rows - 1) * plane.pitch + g->columns : g->columns;
        uint32_t pitch = whole ? plane.pitch : g->columns;
        __builtin_memset(sums_of_plane, 0, runs * count * sizeof *sums_of_plane);
        for (uint32_t i = 0; i < g->kernel_rows; i++)
            for (uint32_t j = 0; j < g->kernel_columns; j++) {
                uint32_t tap = 4 * (i * g->tap_words + g->tap_word) + j;
                int32_t weight = record[tap] + (g->wide ? record[tap + 4 * words] : 0);
                for (uint32_t y = 0; y < runs; y++)
                    add_tap(sums_of_plane + y * count, plane.codes + (y * g->stride_rows + i) * plane.pitch + j, count,
                            g->stride_columns, weight);
            }
        requantise_run(sums_of_plane, codes_of_plane, runs * count, parameters, 1, &g->scaling);
        for (uint32_t y = 0; y < g->rows; y++)
            for (uint32_t x = 0; x < g->columns; x++)
                output[y * g->out_row_bytes + x * g->out_column_bytes] = codes_of_plane[y * pitch + x];
    }
}

/* Positions of a segment of a pointwise layer, and how far one is from the next. */
struct places {
    uint32_t first, count, in_block, block_bytes, step_bytes;
};

static inline uint32_t offset_of(const struct places *p, uint32_t n) {
    uint32_t block = (p->first + n) / p->in_block;
    return block * p->block_bytes + (p->first + n - block * p->in_block) * p->step_bytes;
}

/* Weights of four channels: of each a run of `pitch`, as many as fill vectors. */
static void widen_four(int16_t *weights, const uint32_t *record, uint32_t pitch, const struct geometry *g) {
    static uint32_t words[MOST_CODES / 4];
    for (uint32_t c = 0; c < 4; c++, weights += pitch) {
        const uint32_t *own = record + c * (g->inputs / 4);
        for (uint32_t k = 0; !g->by_channel && k < g->inputs / 4; k++) words[k] = record[4 * k + c];
        widen_weights(weights, (const int8_t *)(g->by_channel ? own : words), g->inputs);
        for (uint32_t i = g->inputs; i < pitch; i++) weights[i] = 0;
    }
}

/* The codes of four channels at some positions. */
static void four_channels(const uint32_t *segment, const struct places *out, const int16_t *codes, uint32_t inputs,
                          const int16_t *weights, const struct geometry *g) {
    static int32_t sums[4][RUN];
    static uint8_t found[RUN];
    const int32_t *starts = g->sums ? (const int32_t *)at(segment[4]) + out->first : 0;
    for (uint32_t n = 0; n < out->count; n++) {
        int32_t four[4];
        four_sums(four, codes + n * inputs, 0, weights, inputs, inputs);
        for (uint32_t c = 0; c < 4; c++) sums[c][n] = four[c];
    }
    for (uint32_t c = 0; c < 4; c++) {
        const int32_t *parameters = (const int32_t *)at(segment[0]) + g->inputs + c;
        for (uint32_t n = 0; starts && n < out->count; n++) sums[c][n] += starts[n];
        requantise_run(sums[c], found, out->count, parameters, 4, &g->scaling);
        uint8_t *output = at(segment[2] + c * g->out_channel_bytes);
        for (uint32_t n = 0; n < out->count; n++) output[offset_of(out, n)] = found[n];
    }
}

/* Arguments: segments, then for each: record of four channels, activations, output, blocks, and sums if the geometry
   says so. Record: for every four inputs the weights of channels 0 to 3, or the weights of channel 0, then of 1, 2, 3;
   then each parameter of channels 0 to 3. Sums: what the accumulators of a position start from. */
void portable_pointwise(const uint32_t *a, const struct geometry *g) {
    static int16_t codes[RUN * MOST_CODES / 4], weights[MOST_CODES]; /* a record of four channels lies in L1 */
    uint32_t inputs = in_vectors(g->inputs), positions = g->block_positions, widened = 0;
    for (uint32_t s = 0; s < a[0]; s++) {
        const uint32_t *segment = a + 1 + (g->sums ? 5 : 4) * s;
        uint32_t all = segment[3] * positions;
        widen_four(weights, at(segment[0]), inputs, g);
        for (uint32_t first = 0; first < all; first += RUN) {
            uint32_t count = all - first < RUN ? all - first : RUN;
            struct places in = {first, count, positions, g->block_in_bytes, g->pixel_bytes};
            struct places out = {first, count, positions, g->block_bytes, g->out_column_bytes};
            const uint8_t *bytes = at(segment[1]);
            for (uint32_t n = widened == segment[1] ? count : 0; n < count; n++) {
                widen_codes(codes + n * inputs, bytes + offset_of(&in, n), g->inputs, g->codes_signed ? 0x80 : 0);
                for (uint32_t i = g->inputs; i < inputs; i++) codes[n * inputs + i] = 0;
            }
            four_channels(segment, &out, codes, inputs, weights, g);
        }
        widened = all <= RUN ? segment[1] : 0; /* the next segment's positions are often the same */
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
