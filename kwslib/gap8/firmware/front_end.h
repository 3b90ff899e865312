/* The integer front end: from samples to the codes that the network reads, frame by frame. */
#pragma once
#include "platform.h"

struct front_end;

/* A kernel of the front end. Assembly ones have its parameters built in; what `arguments` holds stands with the portable
   ones in kernels/front_end.c. */
typedef void front_end_kernel(const uint32_t *arguments, const struct front_end *front_end);

/* Addresses are in L1. */
struct front_end {
    uint32_t first_radix, legs; /* points of the transform / 128; of the first pass's legs those with samples */
    uint32_t stride_bytes;      /* from one frame to the next */
    uint32_t first_bin, weight_bits, bands;
    uint32_t coefficients, code_shift;
    int32_t zero_point;                                                          /* of the codes, which are signed */
    address window, second, third, bins, logarithms, exponents, cosines, shares; /* the parts of the constants */
    address scratch;        /* FRONT_END_SCRATCH(first_radix, bands) bytes for each core, */
    uint32_t scratch_bytes; /* so many apart */
    address shared;         /* FRONT_END_SHARED(bands) bytes */
    address times;          /* core 0 adds the cycles of each stage to a word; 0: it does not */
    front_end_kernel *first_pass, *second_pass, *third_pass, *make_bands, *make_logs, *make_codes;
};

/* What `times` holds: waiting for the other cores counts for the stage behind which it waits. */
enum front_end_stage { FRONT_END_TRANSFORM, FRONT_END_BANDS, FRONT_END_LOGARITHMS, FRONT_END_CODES, FRONT_END_STAGES };

enum { FRONT_END_PLACES = 64, FRONT_END_ROWS = 8, FRONT_END_GROUP = 5 };
#define FRONT_END_LOGS(bands) (((bands) + 1) / 2 * 4)
#define FRONT_END_SCRATCH(radix, bands) (512 * (radix) + 16 + FRONT_END_LOGS(bands))
#define FRONT_END_SHARED(bands) (4 * (2 * CORES + 2) + FRONT_END_LOGS(bands))

extern front_end_kernel portable_front_end_first, portable_front_end_second, portable_front_end_third,
    portable_front_end_bands, portable_front_end_logs, portable_front_end_codes;

/* Compute `frames` frames; every core calls it. The first one's samples are at a whole word, as are the others'. The
   last frame's are followed by 126 more, of any value, that may be read. A frame's codes follow those of the one before.
   Where fewer frames than cores are left, the cores share each. The caller needs a barrier before (for the samples) and
   behind it (for the codes). */
void front_end_run(uint32_t core, const struct front_end *front_end, address samples, uint32_t frames, address codes);
