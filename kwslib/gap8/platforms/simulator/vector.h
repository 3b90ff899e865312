// What the packed and the bit-manipulation instructions compute (RI5CY user manual).
#ifndef VECTOR_H
#define VECTOR_H
#include <stdint.h>

#include "sim.h"

// x, y: lanes sign extended; ux, uy: zero extended; BITS: width of a lane.
#define LANES(prefix, name, width, count, type, utype, EXPR)                                                           \
    ALWAYS_INLINE uint32_t prefix##name(uint32_t a, uint32_t b) {                                                      \
        uint32_t out = 0;                                                                                              \
        enum { BITS = width };                                                                                         \
        for (int i = 0; i < count; i++) {                                                                              \
            int32_t x = (type)(a >> (i * BITS)), y = (type)(b >> (i * BITS));                                          \
            uint32_t ux = (utype)x, uy = (utype)y;                                                                     \
            (void)x, (void)y, (void)ux, (void)uy;                                                                      \
            out |= (uint32_t)(utype)(EXPR) << (i * BITS);                                                              \
        }                                                                                                              \
        return out;                                                                                                    \
    }
#define VECTOR(name, EXPR)                                                                                             \
    LANES(vh_, name, 16, 2, int16_t, uint16_t, EXPR)                                                                   \
    LANES(vb_, name, 8, 4, int8_t, uint8_t, EXPR)

VECTOR(add, x + y)
VECTOR(sub, x - y)
// The sum is cut to the lane's width before it is halved.
VECTOR(avg, (int32_t)((uint32_t)(x + y) << (32 - BITS)) >> (33 - BITS))
VECTOR(avgu, ((ux + uy) & (0xFFFFFFFFu >> (32 - BITS))) >> 1)
VECTOR(min, x < y ? x : y)
VECTOR(minu, ux < uy ? ux : uy)
VECTOR(max, x > y ? x : y)
VECTOR(maxu, ux > uy ? ux : uy)
VECTOR(srl, ux >> (uy & (BITS - 1)))
VECTOR(sra, x >> (uy & (BITS - 1)))
VECTOR(sll, ux << (uy & (BITS - 1)))
VECTOR(or, x | y)
VECTOR(xor, x ^ y)
VECTOR(and, (x & y))
VECTOR(abs, x < 0 ? -x : x)
VECTOR(cmpeq, -(x == y))
VECTOR(cmpne, -(x != y))
VECTOR(cmpgt, -(x > y))
VECTOR(cmpge, -(x >= y))
VECTOR(cmplt, -(x < y))
VECTOR(cmple, -(x <= y))
VECTOR(cmpgtu, -(ux > uy))
VECTOR(cmpgeu, -(ux >= uy))
VECTOR(cmpltu, -(ux < uy))
VECTOR(cmpleu, -(ux <= uy))

// Xgap8: cut to the lane's width, then shifted.
#define CUT(sum) ((int32_t)((uint32_t)(sum) << (32 - BITS)) >> (32 - BITS))
VECTOR(add_div2, CUT(x + y) >> 1)
VECTOR(add_div4, CUT(x + y) >> 2)
VECTOR(sub_div2, CUT(x - y) >> 1)
VECTOR(sub_div4, CUT(x - y) >> 2)

#define DOT(name, TA, TB, width, count)                                                                                \
    ALWAYS_INLINE uint32_t name(uint32_t a, uint32_t b) {                                                              \
        uint32_t sum = 0;                                                                                              \
        for (int i = 0; i < count; i++)                                                                                \
            sum += (uint32_t)((int32_t)(TA)(a >> (i * width)) * (int32_t)(TB)(b >> (i * width)));                      \
        return sum;                                                                                                    \
    }
ALWAYS_INLINE uint32_t vh_dotup(uint32_t a, uint32_t b) {  // the products of halves need 32 unsigned bits
    return (uint32_t)(uint16_t)a * (uint16_t)b + (a >> 16) * (b >> 16);
}
typedef int8_t SignedBytes __attribute__((vector_size(4)));
typedef uint8_t Bytes __attribute__((vector_size(4)));
typedef int32_t Products __attribute__((vector_size(16)));
#define DOT_BYTES(name, TA, TB)                                                                                        \
    ALWAYS_INLINE uint32_t name(uint32_t a, uint32_t b) {                                                              \
        Products p = __builtin_convertvector((TA)a, Products) * __builtin_convertvector((TB)b, Products);              \
        return (uint32_t)(p[0] + p[1] + p[2] + p[3]);                                                                  \
    }
DOT_BYTES(vb_dotup, Bytes, Bytes)
DOT_BYTES(vb_dotusp, Bytes, SignedBytes)
DOT_BYTES(vb_dotsp, SignedBytes, SignedBytes)
DOT(vh_dotusp, uint16_t, int16_t, 16, 2)
DOT(vh_dotsp, int16_t, int16_t, 16, 2)

ALWAYS_INLINE uint32_t replicate_h(uint32_t v) { return (v & 0xFFFF) * 0x00010001u; }
ALWAYS_INLINE uint32_t replicate_b(uint32_t v) { return (v & 0xFF) * 0x01010101u; }

// Selectors: one of the lanes of `b` (or of `low`, where the lane's next bit is zero) goes to each lane.
ALWAYS_INLINE uint32_t shuffle2_h(uint32_t a, uint32_t b, uint32_t low) {
    uint32_t out = 0;
    for (int i = 0; i < 2; i++) {
        uint32_t s = b >> (16 * i), from = s & 2 ? a : low;
        out |= ((from >> (16 * (s & 1))) & 0xFFFF) << (16 * i);
    }
    return out;
}
ALWAYS_INLINE uint32_t shuffle2_b(uint32_t a, uint32_t b, uint32_t low) {
    uint32_t out = 0;
    for (int i = 0; i < 4; i++) {
        uint32_t s = b >> (8 * i), from = s & 4 ? a : low;
        out |= ((from >> (8 * (s & 3))) & 0xFF) << (8 * i);
    }
    return out;
}
ALWAYS_INLINE uint32_t shuffle_i_h(uint32_t a, uint32_t imm) {
    return ((a >> (16 * (imm & 1))) & 0xFFFF) | ((a >> (16 * (imm >> 1 & 1))) & 0xFFFF) << 16;
}
ALWAYS_INLINE uint32_t shuffle_i_b(uint32_t a, uint32_t imm, int top) {
    uint32_t out = (a >> (8 * top) & 0xFF) << 24;
    for (int i = 0; i < 3; i++) out |= ((a >> (8 * (imm >> (2 * i) & 3))) & 0xFF) << (8 * i);
    return out;
}

// ---- complex numbers: the real part in the low half, the imaginary part in the high half ----
ALWAYS_INLINE uint32_t complex_word(uint32_t re, uint32_t im) { return im << 16 | (re & 0xFFFF); }
ALWAYS_INLINE uint32_t complex_product(uint32_t a, uint32_t b, unsigned shift) {
    int64_t re_a = (int16_t)a, im_a = (int16_t)(a >> 16), re_b = (int16_t)b, im_b = (int16_t)(b >> 16);
    return complex_word((uint32_t)((re_a * re_b - im_a * im_b) >> shift),
                        (uint32_t)((im_a * re_b + re_a * im_b) >> shift));
}
// The real part is not cut to its half: its sign runs over the imaginary part.
ALWAYS_INLINE uint32_t complex_by_scalar(uint32_t a, uint32_t factor) {
    uint32_t re = (uint32_t)(int16_t)a * factor, im = (uint32_t)(int16_t)(a >> 16) * factor;
    return (uint32_t)((int32_t)(im + re) >> 15) << 16 | (uint32_t)((int32_t)(re - im) >> 15);
}
ALWAYS_INLINE uint32_t subtract_rotated(uint32_t a, uint32_t b, unsigned shift) {
    int16_t re = (int16_t)((a >> 16) - (b >> 16)), im = (int16_t)(b - a);
    return complex_word((uint32_t)(re >> shift), (uint32_t)(im >> shift));
}
// `second`: by half, all ones to take b's.
ALWAYS_INLINE uint32_t viterbi_select(uint32_t a, uint32_t b, uint32_t second) {
    uint32_t chosen = (b & second) | (a & ~second);
    return (chosen << 1 & 0xFFFEFFFE) | (second & 0x00010001);
}

// ---- scalar ----
ALWAYS_INLINE uint32_t bit_mask(unsigned width, unsigned shift) { return (uint32_t)(((1ull << width) - 1) << shift); }
ALWAYS_INLINE uint32_t extract(uint32_t v, unsigned width, unsigned shift) {
    if (width + shift > 32) width = 32 - shift;
    return (uint32_t)((int32_t)(v << (32 - width - shift)) >> (32 - width));
}
ALWAYS_INLINE uint32_t extractu(uint32_t v, unsigned width, unsigned shift) {
    return (v & bit_mask(width, shift)) >> shift;
}
ALWAYS_INLINE uint32_t insert(uint32_t v, uint32_t into, unsigned width, unsigned shift) {
    uint32_t mask = bit_mask(width, shift);
    return (into & ~mask) | ((v << shift) & mask);
}
ALWAYS_INLINE uint32_t clip(int32_t v, int32_t low, int32_t high) {
    return (uint32_t)(v < low ? low : v > high ? high : v);
}
ALWAYS_INLINE uint32_t clipu(int32_t v, int32_t high) { return (uint32_t)(v > high ? high : v <= 0 ? 0 : v); }
ALWAYS_INLINE uint32_t rounding(unsigned n) { return n ? 1u << (n - 1) : 0; }
ALWAYS_INLINE uint32_t norm(uint32_t v, unsigned n) { return (uint32_t)((int32_t)v >> n); }
ALWAYS_INLINE uint32_t mul_s(uint32_t a, uint32_t b) { return (uint32_t)((int32_t)(int16_t)a * (int16_t)b); }
ALWAYS_INLINE uint32_t mul_u(uint32_t a, uint32_t b) { return (uint32_t)(uint16_t)a * (uint16_t)b; }
ALWAYS_INLINE uint32_t divide(int32_t a, int32_t b) {
    return b == 0 ? 0xFFFFFFFFu : b == -1 ? 0u - (uint32_t)a : (uint32_t)(a / b);
}
ALWAYS_INLINE uint32_t remainder_of(int32_t a, int32_t b) {
    return b == 0 ? (uint32_t)a : b == -1 ? 0 : (uint32_t)(a % b);
}
ALWAYS_INLINE int leading_zeros(uint32_t v) { return v ? __builtin_clz(v) : 32; }
// Cycles of a division: by the divisor's leading zeros. By zero GVSOC's C leaves open; its builds take 34.
ALWAYS_INLINE int divide_cycles(uint32_t divisor) { return (divisor ? __builtin_clz(divisor) : 31) + 3; }
ALWAYS_INLINE int divide_cycles_signed(int32_t divisor) {
    return divisor < 0 ? divide_cycles(0u - (uint32_t)divisor) - 1 : divide_cycles((uint32_t)divisor);
}
#endif
