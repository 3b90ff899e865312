/* From accumulators to codes. */
#pragma once
#include "runtime.h"

int32_t requantise_exactly(int32_t sum, const int32_t *parameters, uint32_t pitch, uint32_t form);

static inline int32_t rounded(uint32_t y, int32_t offset, int32_t n) {
    return (int32_t)(y + (uint32_t)offset + (1u << (n - 1))) >> n;
}

static inline int32_t high_product(int32_t sum, int32_t multiplier, uint32_t before) {
    return (int32_t)(((int64_t)(int32_t)((uint32_t)sum << before) * multiplier) >> 32);
}

static inline int32_t clamp(int32_t code, int32_t low, int32_t high) { return code < low ? low : code > high ? high : code; }

/* The code of an accumulator; `parameters` are `pitch` words apart. */
static ALWAYS_INLINE int32_t code_of(int32_t sum, const int32_t *parameters, uint32_t pitch, const struct scaling *scaling) {
    int32_t first = parameters[0], second = parameters[pitch], third = parameters[2 * pitch], code;
    if (scaling->form == SHORT) {
        code = rounded((uint32_t)sum * (uint32_t)first, second, third);
    } else if (scaling->form == LONG) {
        code = (int32_t)((uint32_t)sum * (uint32_t)second) >> scaling->before;
        code = rounded((uint32_t)sum * (uint32_t)first + (uint32_t)code, third, parameters[3 * pitch]);
    } else if (scaling->form == SPLIT) {
        code = (int32_t)((uint32_t)sum * (uint32_t)second) >> scaling->before;
        code = (int32_t)((uint32_t)sum * (uint32_t)first + (uint32_t)code + (uint32_t)(sum <= third ? parameters[3 * pitch] : 0));
        code = rounded((uint32_t)code, parameters[4 * pitch], parameters[5 * pitch]);
    } else if (scaling->form == HIGH) {
        code = rounded((uint32_t)high_product(sum, first, scaling->before), second, third);
    } else if (scaling->form == SIGNED) {
        code = high_product(sum, first, scaling->before) + second;
        code = rounded((uint32_t)(code < 0 ? code - third : code), parameters[3 * pitch], parameters[4 * pitch]);
    } else {
        code = requantise_exactly(sum, parameters, pitch, scaling->form);
    }
    return clamp(code + scaling->zero_point, scaling->low, scaling->high);
}
