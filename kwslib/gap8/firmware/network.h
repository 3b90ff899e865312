/* What a planned network is made of. The tables (steps, transfers, layers) are generated from the plan; the addresses
   in them are GAP8's, on the host too, where `at` finds them in two arrays. */
#pragma once
#include <stdint.h>
/* Comments are aligned by hand. */
/* clang-format off */

typedef uint32_t address;

enum { SHARES = 8 }; /* cores that the plan shares work among */

enum { L1_BASE = 0x10000000, L1_BYTES = 64 * 1024, L2_BASE = 0x1C000000, L2_BYTES = 512 * 1024 };

enum requantisation {
    /* Forms of the kernels, which the planner proves: clip((y + B + 2^(n-1)) >> n, low, high), see
       kernels/rounding.py. */
    SHORT,  /* y = acc * q; parameters q, B, n */
    LONG,   /* y = acc * hi + ((acc * lo) >> before); hi, lo, B, n */
    SPLIT,  /* y of LONG, + k if acc <= Z; hi, lo, Z, k, B, n */
    HIGH,   /* y = ((acc << before) * m) >> 32; m, B, n */
    SIGNED, /* z = the y of HIGH + B', y = z < 0 ? z - k : z; m, B', k, B, n */
    /* The reference's own arithmetic, then the zero point and the clamp; parameters multiplier, bias, shift. */
    WIDE,  /* (acc + bias) * q, rounded half up at n, in 64 bits; q, bias, n */
    TWICE, /* 31-bit multiplier, rounded at 31 bits and at the shift */
    ONCE   /* 31-bit multiplier, rounded once */
};

/* How a layer's accumulators become codes. */
struct scaling {
    uint32_t form, before;
    int32_t zero_point; /* of the output */
    int32_t low, high;  /* clamp */
};

/* The fixed parameters of a kernel for its portable twin. Assembly kernels have them built in. */
struct geometry {
    uint32_t rows, columns;             /* of the output, or of a plane that is added up */
    uint32_t kernel_rows, kernel_columns, stride_rows, stride_columns;
    uint32_t inputs;                    /* channels of the input, in whole words */
    uint32_t codes_signed;              /* the network's own input; stored codes are unsigned */
    uint32_t pixel_bytes;               /* channels last: from one position of the input to the next */
    uint32_t plane_bytes, row_bytes;    /* planes: from one channel of the input, from one row, to the next */
    uint32_t left;                      /* pool: byte of column 0 in a row of a plane */
    uint32_t out_column_bytes, out_row_bytes, out_channel_bytes;
    uint32_t block_positions, block_in_bytes, block_bytes; /* pointwise: of a block; to the next one, in and out */
    uint32_t record_bytes;
    uint32_t by_channel;                /* pointwise: weights of one channel behind another's, not step by step */
    uint32_t tap_words, tap_word;       /* depthwise: words for each kernel row, and where its taps begin */
    uint32_t wide, sums;                /* second term: more taps behind the first ones; accumulators start from sums */
    struct scaling scaling;
};

/* A kernel works on one core's share; what `arguments` holds stands with each of them in kernels/portable.c. */
typedef void kernel_function(const uint32_t *arguments, const struct geometry *geometry);

/* A whole map in memory. */
struct map {
    address base;               /* of row 0, column 0, channel 0 */
    uint32_t rows, columns, channels;
    uint32_t row_bytes, column_bytes, channel_bytes;
    uint32_t is_signed;         /* its bytes are core codes; otherwise core code = unsigned byte + lowest */
    int32_t lowest;
};

/* Weights on their way to L1. From L2: source is an address. From the external flash: source is an offset, and `slot`
   the place in L2 that it passes through. */
struct transfer {
    address target, slot;
    uint32_t source, bytes;
    uint32_t after;             /* from the flash: transfers before this one must have left the slot */
    uint32_t next;              /* the next one from the flash */
};

enum step_kind { SOUND, FRONT, DEPTHWISE, POINTWISE, POOL, LINEAR, SOFTMAX, GENERAL };

/* Padding of planes, written before what is inside of them: of each plane the bytes before `head` and from `tail` on. */
struct fill {
    uint32_t planes, plane_bytes, head, tail;
    uint32_t word;              /* four times what is stored for 0 */
    uint32_t unread;            /* 1: no kernel reads it, but portable ones do, on the host */
};

/* Where a step that works channel by channel writes: the whole map in L1, or two tiles on their way to L2. */
struct sink {
    address tiles[2], l2;       /* l2 0: tiles[0] is the whole map */
    uint32_t channel_bytes;     /* from one channel to the next in the map: a plane, or 1 */
    uint32_t plane_bytes;       /* of a channel in a tile; 0: channels last */
    uint32_t tile_channels, pixel_bytes, positions; /* channels last: of a tile, of the map, of both */
    uint32_t origin;            /* byte of row 0, column 0 in a plane, or of a tile */
    struct fill fill;           /* of the map in L1, or of each tile */
};

struct front {                  /* first convolution, alone or with the depthwise layer behind it */
    address input_l2, input;    /* the codes; four bytes around `input` are readable */
    uint32_t input_bytes, input_rows, input_columns, pad_top, stride_rows, kernel_rows;
    int32_t start, column_step; /* first column that the first output column sees; from one to the next */
    uint32_t rows, columns, padded_rows, channel_bytes; /* of the output; from one channel to the next one */
    address words;              /* words of four inputs, by output column and padded row */
    uint32_t padding;           /* four times the input's zero point */
    uint32_t padding_is_read;   /* above and below the input; a portable kernel reads it always */
    address sums;               /* 0, or the second term of each output, by column and row */
    uint32_t sums_mask;
    int32_t sums_factor;
    kernel_function *convolve, *depthwise;
    const struct geometry *first, *second;
    uint32_t channels, tile_channels;
    address records[2];         /* of a tile: those of the convolution, then of the depthwise layer */
    uint32_t record_bytes, second_record_bytes;
    address plane;              /* fused: one plane for each core */
    uint32_t plane_bytes, plane_origin, plane_row_bytes, plane_fill;
    int32_t plane_lowest;
    struct sink out;
};

struct depthwise {
    kernel_function *kernel;
    const struct geometry *geometry;
    uint32_t channels, tile_channels, record_bytes;
    address records[2];
    address input[2], input_l2; /* planes: the whole map in L1, or two tiles of it */
    uint32_t plane_bytes;
    /* Rows of a channel in parts, which cores share: the last part ends with the map and may begin in the one before. */
    uint32_t parts, part_rows, last_top, row_in_bytes, row_out_bytes; /* bytes: from one output row to the next */
    struct sink out;
};

/* Blocks of one size, of which each line of a tile has as many, and each core's share of them: for each core so many
   words, batches of runs. A batch is the number of its runs, and for each run where the record, the input, the output
   begin, how many blocks it has (and where its sums begin); a batch of no runs is the end. */
struct blocks {
    kernel_function *kernel;    /* 0: no such blocks */
    const struct geometry *geometry;
    const uint32_t *shares[4];  /* of a tile; for the last chunk; of the first tile; of it for the last chunk */
    uint32_t pitches[4];        /* of them */
    address sums;               /* 0, or the second term of each position */
};

/* Windows of a convolution, gathered: a kernel row of all channels is a run of words. */
struct gather {
    address columns;            /* a window for each output position of a tile */
    uint32_t input_rows, input_columns, pixel_bytes;
    uint32_t kernel_rows, kernel_columns, stride_rows, stride_columns, output_columns;
    int32_t pad_top, pad_left;
    uint32_t row_bytes, window_bytes; /* of a kernel row, of a window */
    uint32_t padding;           /* four times what is stored for 0 */
    address laid_out;           /* the network's input with its padding beside the columns; 0: another map is read */
    address raw, raw_l2;        /* where its codes come from, and a place for them in L1 */
    uint32_t raw_bytes, raw_columns, raw_left; /* raw_columns, raw_left: bytes of a row, and of padding in front */
    uint32_t raw_row, raw_column; /* from one row, one byte of a row, to the next one */
    /* Strips, 0: none. Windows are runs of a strip, which has `pieces` pieces: a piece of each input row, or where rows
       and columns have changed places, of each column. */
    uint32_t strips, strip_bytes, strip_stride, pieces, piece;
    uint32_t across;            /* a strip for each output row, not for each column */
};

/* The second term of a tile's positions: the sum of the inputs times a factor. */
struct second_term {
    uint32_t words, last_mask;  /* of a position */
    int32_t factor;
    uint32_t is_signed;
    struct lines {              /* of the blocks of each size: lines of a tile, blocks of a line, and how they lie */
        uint32_t lines, count, in, line_in, block_in, position_in, positions;
    } lines[2];
};

struct pool {
    kernel_function *sum;       /* arguments: planes, sums (int32), channels */
    const struct geometry *geometry;
    address sums;               /* a word for each channel of the map, or of a tile */
    uint32_t channels, tile_channels, plane_bytes, origin;
    address tiles[2], input_l2; /* input_l2 0: tiles[0] is the whole map */
    address ahead_sums;         /* in L2: of the first channels, which the fabric controller adds up one step ahead */
    uint32_t ahead;             /* how many */
    address output;
    int32_t parameters[6];      /* of the requantisation of a sum of stored codes */
    struct scaling scaling;
};

struct pointwise {
    struct blocks blocks[2];    /* of the second size there may be none */
    uint32_t plain;             /* 1: whole maps in L1, one chunk, nothing to gather or to add up */
    uint32_t groups, chunk_groups, chunks;
    address records[2];         /* the same twice: one buffer, which the next chunk waits for */
    /* The second tile begins after so many rows: of the first one only these are wanted. What it has of other rows is
       written again. */
    uint32_t tile_rows, first_rows, tiles;
    address input[2], input_l2; /* channels last; rows follow one another */
    uint32_t input_row_bytes;
    address output[2], output_l2; /* in L1: output[0] is channel 0 of row 0 in the whole map */
    uint32_t channel_bytes, tile_origin; /* of a tile or of the map in L1 */
    uint32_t out_row_bytes;     /* from one row of the map to the next, in L1 or L2 */
    uint32_t out_group_bytes;   /* to L2: from one group of four channels to the next */
    uint32_t out_lines, out_line_bytes, out_stride; /* to L2: lines of a tile, 0: one for each channel */
    address fill_base;          /* the map in L1, or the first tile; the second one is filled as well */
    struct fill fill;
    const struct gather *gather; /* 0: none */
    const struct second_term *second; /* 0: none */
    uint32_t tile_sums;         /* bytes of the sums of a tile */
    const struct pool *pool;    /* 0, or behind it: the fabric controller adds up the planes of the chunk before */
};

struct linear {
    address input, input_l2;    /* input_l2 0: it lies in L1 */
    uint32_t input_bytes, is_signed;
    address records[2], output;
    uint32_t words, outputs, chunk, record_bytes, wide;
    struct scaling scaling;
};

struct softmax {
    address input, output, table; /* table: 256 words in L2 */
    address powers;             /* a word for each class */
    uint32_t classes;
};

/* Any layer, code by code, between maps of any layout: nothing special is made of it. */
enum operation { ANY_CONVOLUTION, ANY_DEPTHWISE, ANY_AVERAGE, ANY_MAXIMUM, ANY_LOOKUP, ANY_SUM };
struct general {
    uint32_t operation;
    struct map input, second, output;
    uint32_t kernel_rows, kernel_columns, stride_rows, stride_columns, pad_top, pad_left;
    uint32_t multiplier;        /* depthwise: outputs for each input channel */
    uint32_t chunk_channels, record_bytes;
    address records;            /* weights as in the file, then bias and factors; raw zero points are taken off here */
    int32_t input_zero_point, weight_zero_point;
    uint32_t halves_up, requantises;
    int32_t multiplier_31, shift;
    address tables[2];          /* a lookup's codes; a sum's scaled values, by core code + 128 */
    address fill_base;
    struct fill fill;
    struct scaling scaling;
};

struct step {
    uint32_t kind, first_layer;
    uint32_t first_transfer;    /* index of the step's first transfer */
    uint32_t ready;             /* transfers before this index must have ended when it starts */
    uint32_t prefetch;          /* transfers before this index may start inside of it */
    const void *work;           /* the structure of its kind */
};

/* A stage of the front end: a row of the layer profile. */
struct stage {
    const char *name;
    uint32_t operations;
};

struct layer {
    const char *name;
    uint32_t operations_low, operations_high;
    uint32_t second;            /* 1: this layer shares the cycles of its step with the layer before */
    struct map output;          /* rows 0: no map of it exists, its step adds the checksum up channel by channel */
};

/* The head of the weights' image: options, then the codes, or a second of sound in int16 for a program that begins with
   the front end. To run a program on another clip, replace these bytes in its file. */
extern struct input {
    uint32_t warm_runs, check;
    int8_t codes[];
} network_input;

extern const char network_name[];
extern const uint32_t class_count;
extern const struct geometry geometries[];
extern const struct gather gathers[];
extern const struct second_term second_terms[];
extern const struct transfer network_transfers[];
extern const uint32_t first_flash_transfer;      /* TRANSFER_COUNT: none */
extern const struct layer network_layers[];
extern const struct stage network_stages[]; /* STAGE_COUNT: 0 where the input is a fingerprint */
extern const struct map network_fingerprint; /* rows 0: the same */
extern const address output_codes, logits_codes; /* int8, in L1 */
extern const uint32_t input_bytes;
extern const address image_begin;                /* of the weights' image in L2 */
extern const uint32_t output_offset;             /* 128 where the file's codes are uint8 */
/* Planes in L2 that are filled at the start, for their padding; the last one has no bytes. */
extern const struct pad_fill {
    address base;
    uint32_t bytes, fill;
} pad_fills[];
extern const char *const class_names[];
/* clang-format on */
