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

/* `code` is still without its zero point. */
static inline int32_t within(int32_t code, const struct scaling *scaling) {
    return smaller(larger(code + scaling->zero_point, scaling->low), scaling->high);
}

/* The code of an accumulator where the form is known to be SHORT: no call, no cold code. */
static inline int32_t short_code(int32_t sum, const int32_t *parameters, uint32_t pitch, const struct scaling *scaling) {
    return within(rounded((uint32_t)sum * (uint32_t)parameters[0], parameters[pitch], parameters[2 * pitch]), scaling);
}

/* The code of an accumulator; `parameters` are `pitch` words apart. */
static ALWAYS_INLINE int32_t code_of(int32_t sum, const int32_t *parameters, uint32_t pitch,
                                     const struct scaling *scaling) {
    int32_t first = parameters[0], second = parameters[pitch], third = parameters[2 * pitch], code;
    if (scaling->form == SHORT) return short_code(sum, parameters, pitch, scaling);
    if (scaling->form == LONG) {
        code = (int32_t)((uint32_t)sum * (uint32_t)second) >> scaling->before;
        code = rounded((uint32_t)sum * (uint32_t)first + (uint32_t)code, third, parameters[3 * pitch]);
    } else if (scaling->form == SPLIT) {
        uint32_t more = (uint32_t)(sum <= third ? parameters[3 * pitch] : 0);
        code = (int32_t)((uint32_t)sum * (uint32_t)second) >> scaling->before;
        code = rounded((uint32_t)sum * (uint32_t)first + (uint32_t)code + more, parameters[4 * pitch], parameters[5 * pitch]);
    } else if (scaling->form == HIGH) {
        code = rounded((uint32_t)high_product(sum, first, scaling->before), second, third);
    } else if (scaling->form == SIGNED) {
        code = high_product(sum, first, scaling->before) + second;
        code = rounded((uint32_t)(code < 0 ? code - third : code), parameters[3 * pitch], parameters[4 * pitch]);
    } else {
        code = requantise_exactly(sum, parameters, pitch, scaling->form);
    }
    return within(code, scaling);
}
