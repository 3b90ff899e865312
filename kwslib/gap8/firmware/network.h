/* What a planned network is made of. The tables (steps, transfers, layers) are generated from the plan; the addresses
   in them are GAP8's, on the host too, where `at` finds them in two arrays. */
#pragma once
#include <stdint.h>
/* Comments are aligned by hand. */
/* clang-format off */

typedef uint32_t address;

enum { L1_BASE = 0x10000000, L1_BYTES = 64 * 1024, L2_BASE = 0x1C000000, L2_BYTES = 512 * 1024 };

enum requantisation {
    SHORT,  /* y = acc * q; a channel's parameters: q, B, n */
    LONG,   /* y = acc * hi + ((acc * lo) >> before); hi, lo, B, n */
    HIGH,   /* y = ((acc << before) * m) >> 32; m, B, n */
    SIGNED, /* z = HIGH's y + B', y = z < 0 ? z - kappa : z; m, B', kappa, B, n */
    WIDE,   /* ((acc + bias) * q + 2^(n - 1)) >> n in 64 bits; q, bias, n */
    TWICE,  /* 31-bit multiplier, rounded at 31 bits and at the shift; multiplier, bias, shift */
    ONCE    /* 31-bit multiplier, rounded once; multiplier, bias, shift */
};

/* How a layer's accumulators become codes. The first four forms: (y + B + 2^(n - 1)) >> n in 32 bits, for stored codes;
   their zero point is 0. */
struct scaling {
    uint32_t form;
    uint32_t before;    /* bits, for the forms that name it */
    int32_t zero_point; /* of the output */
    int32_t low, high;  /* clamp */
};

/* The fixed parameters of a kernel. Assembly kernels have them built in, the portable ones read them here. */
struct geometry {
    uint32_t rows, columns;             /* of the output */
    uint32_t input_rows, input_columns;
    uint32_t kernel_rows, kernel_columns, stride_rows, stride_columns, pad_top, pad_left;
    uint32_t inputs;                    /* channels of the input */
    uint32_t pixel_bytes;               /* from one position to the next, channels last */
    uint32_t plane_bytes, row_bytes;    /* from one channel's plane, from one row to the next */
    uint32_t left;                      /* byte of column 0 in a row of a plane */
    uint32_t block_positions, block_bytes; /* pointwise: positions of a block, and from one to the next in the output */
    uint32_t record_bytes, tap_words, tap_word; /* depthwise: words for each kernel row, and which holds [w0 w1 w2 0] */
    int32_t input_zero_point;
    struct scaling scaling;
};

/* A kernel works on one core's share; what `arguments` holds stands with each of them in kernels/portable.c. */
typedef void kernel_function(const uint32_t *arguments, const struct geometry *geometry);

/* A whole map in memory, for checksums. */
struct map {
    address base;               /* of row 0, column 0, channel 0 */
    uint32_t rows, columns, channels;
    uint32_t row_bytes, column_bytes, channel_bytes;
};

/* Weights on their way to L1. From L2: source is an address. From the external flash: source is an offset, and `slot`
   the place in L2 that it passes through. */
struct transfer {
    address target, slot;
    uint32_t source, bytes;
    uint32_t after;             /* from the flash: transfers before this one must have left the slot */
    uint32_t next;              /* the next one from the flash */
};

enum step_kind { FRONT, DEPTHWISE, POINTWISE, POOL, LINEAR, SOFTMAX, GENERAL };

struct front {                  /* first convolution, alone or with the depthwise layer behind it */
    address input_l2, input;    /* the codes; four bytes around `input` are readable */
    uint32_t input_bytes, padded_rows;
    address columns;            /* words of four inputs, by output column and padded row */
    kernel_function *convolve, *depthwise;
    const struct geometry *convolution, *second;
    uint32_t channels, tile_channels;
    address records[2];         /* of a tile: those of the convolution, then of the depthwise layer */
    uint32_t record_bytes, second_record_bytes;
    address planes;             /* the layer's output, or one plane for each core */
    uint32_t plane_rows, plane_bytes, row_bytes, origin;
    address output[2];          /* channels last: the whole map in L1, or two tiles on their way to `output_l2` */
    address output_l2;
    uint32_t output_pixel;      /* bytes from one position to the next there */
};

struct depthwise {
    kernel_function *kernel;
    const struct geometry *geometry;
    uint32_t channels, tile_channels, record_bytes;
    address input[2], input_l2; /* planes: the whole map in L1, or two tiles of it */
    address records[2];
    address output[2], output_l2;
    uint32_t output_pixel;
};

struct pointwise {
    kernel_function *kernel;
    const struct geometry *geometry;
    uint32_t groups, chunk_groups, group_bytes;
    address records[2];
    uint32_t rows, tile_rows, row_blocks; /* blocks of positions in a row; one row is one line of blocks */
    uint32_t last_start;        /* the last block of a row starts there, over the one before if need be */
    address input[2], input_l2; /* channels last */
    address output[2], output_l2;
    uint32_t tile_plane_bytes, plane_bytes, row_bytes, plane_rows, origin;
    uint32_t fill;              /* clear the padding of the planes */
};

struct pool {
    kernel_function *sum;       /* arguments: planes, sums (int32), channels */
    const struct geometry *geometry;
    address sums;               /* a word for each channel of the map, or of a tile */
    struct map input;           /* in L1, or where tiles of it go */
    address tiles[2], input_l2;
    uint32_t tile_channels;
    address output;
    uint32_t halves_up;
    uint32_t requantises;       /* a MEAN with its own scale */
    int32_t multiplier, shift;
    int32_t input_zero_point;
    struct scaling scaling;
};

struct linear {
    address input, records, output;
    uint32_t inputs, outputs, record_bytes;
    struct scaling scaling;
};

struct softmax {
    address input, output, table; /* table: 256 words in L2 */
    uint32_t classes;
};

/* Any layer of the family, channels last, a tile of output rows at a time: nothing special is made of it. */
enum operation { ANY_CONVOLUTION, ANY_DEPTHWISE, ANY_POOL, ANY_LOOKUP };
struct general {
    uint32_t operation;
    const struct geometry *geometry;
    uint32_t channels;          /* of the output */
    uint32_t multiplier;        /* depthwise: outputs for each input channel */
    uint32_t chunk_channels, record_bytes, tile_rows;
    address records;            /* weights as in the file, then bias and factors; raw zero points are taken off here */
    address input, input_l2, output, output_l2;
    uint32_t halves_up, requantises;
    int32_t pool_multiplier, pool_shift, weight_zero_point;
    address table;
};

struct step {
    uint32_t kind, first_layer;
    uint32_t first_transfer;    /* index of the step's first transfer */
    uint32_t ready;             /* transfers before this index must have ended when it starts */
    uint32_t prefetch;          /* transfers before this index are started inside of it */
    union {
        struct front front;
        struct depthwise depthwise;
        struct pointwise pointwise;
        struct pool pool;
        struct linear linear;
        struct softmax softmax;
        struct general general;
    } u;
};

struct layer {
    const char *name;
    uint32_t operations_low, operations_high;
    uint32_t second;            /* 1: this layer shares the cycles of its step with the layer before */
    struct map output;          /* rows 0: no map of it exists, its step adds the checksum up tile by tile */
};

/* The head of the weights' image: options, then the codes. To run a program on another clip, replace these bytes in its
   file. */
extern struct input {
    uint32_t warm_runs, check;
    int8_t codes[];
} network_input;

extern const char network_name[];
extern const uint32_t class_count;
extern const struct step network_steps[];
extern const struct geometry network_geometries[];
extern struct geometry geometries[];             /* the same in L1 */
extern const struct transfer network_transfers[];
extern const uint32_t first_flash_transfer;      /* TRANSFER_COUNT: none */
extern const struct layer network_layers[];
extern const address output_codes, logits_codes; /* int8, in L1 */
extern const uint32_t input_bytes;
extern const address image_begin;                /* of the weights' image in L2 */
extern const uint32_t output_offset;             /* 128 where the file's codes are uint8 */
extern const address pad_fill;                   /* planes in L2 that are filled at the start, for their padding */
extern const uint32_t pad_fill_bytes, pad_value;
extern const char *const class_names[];
/* clang-format on */
