/* The integer front end of kwslib/integer/front_end.py for up to 16 frames at once, bit for bit.
 *
 * A vector holds the same value of several frames, one in each lane, so that no frame knows of another. It fills one
 * register: GCC makes slow code of longer ones. Capitals without a definition here are constants of the specification;
 * kwslib/speech/front_end_library.py tells the compiler their values. Nothing is kept between calls. */
#include <stdint.h>
#include <string.h>

#if defined __AVX512F__
#define LANES 16
#elif defined __AVX2__
#define LANES 8
#else
#define LANES 4
#endif
typedef int32_t lanes __attribute__((vector_size(4 * LANES)));
typedef uint32_t naturals __attribute__((vector_size(4 * LANES)));
typedef int64_t wide __attribute__((vector_size(8 * LANES)));
#define INLINE static inline __attribute__((always_inline))

enum { LEGS = 8, MOST_POINTS = LEGS * BLOCK, MOST_BANDS = 32 * LEGS, SPLIT_SHIFT = 15 };

/* `Tables` of kwslib/integer/front_end_tables.py. */
struct tables {
    int32_t first_radix, legs, window_samples, stride_samples, first_bin, bins;
    int32_t bands, coefficients, weight_bits, code_shift;
    const int32_t *window, *second, *third, *split, *segments, *rising, *logarithms, *log_bases, *cosines;
    const int64_t *offsets;
};

struct point {
    lanes re, im;
};

INLINE struct point add(struct point x, struct point y) { return (struct point){x.re + y.re, x.im + y.im}; }
INLINE struct point sub(struct point x, struct point y) { return (struct point){x.re - y.re, x.im - y.im}; }
/* -j (x - y) */
INLINE struct point turned(struct point x, struct point y) { return (struct point){x.im - y.im, y.re - x.re}; }
INLINE struct point half(struct point x) { return (struct point){x.re >> 1, x.im >> 1}; }
INLINE struct point plus(struct point x, int32_t both) { return (struct point){x.re + both, x.im + both}; }
INLINE struct point by_root_15(struct point x) {
    return (struct point){x.re * HALF_ROOT_15 >> 16, x.im * HALF_ROOT_15 >> 16};
}
INLINE struct point twiddled(struct point x, int32_t re, int32_t im) {
    return (struct point){(x.re * re - x.im * im) >> TWIDDLE_SHIFT, (x.re * im + x.im * re) >> TWIDDLE_SHIFT};
}

INLINE lanes choose(lanes mask, lanes yes, lanes no) { return (yes & mask) | (no & ~mask); }
INLINE lanes larger(lanes x, lanes y) { return choose(x > y, x, y); }
INLINE lanes smaller(lanes x, lanes y) { return choose(x < y, x, y); }
INLINE lanes size(lanes x) { return larger(x, -x); }
INLINE lanes largest(lanes so_far, struct point x) { return larger(larger(so_far, size(x.re)), size(x.im)); }
INLINE lanes filled(int32_t value) { return (lanes){0} + value; }

/* Bits of numbers below 2^31: 0 for 0, 1 for 1, 2 for 2 and 3. */
static lanes bits(lanes values) {
    lanes found;
    for (int i = 0; i < LANES; i++) found[i] = values[i] ? 32 - __builtin_clz((uint32_t)values[i]) : 0;
    return found;
}

/* The product with 46341 >> 16, of which 32 bits are kept: those of the upper and of the lower half are added up. */
INLINE lanes by_root(lanes x) {
    return (x >> 16) * HALF_ROOT_16 + (lanes)(((naturals)x & 0xFFFF) * (uint32_t)HALF_ROOT_16 >> 16);
}
INLINE struct point by_root_16(struct point x) { return (struct point){by_root(x.re), by_root(x.im)}; }

INLINE void exact_dft2(struct point *x) {
    struct point less = sub(x[0], x[1]);
    x[0] = add(x[0], x[1]);
    x[1] = less;
}

INLINE void exact_dft4(struct point *x) {
    struct point even = add(x[0], x[2]), odd = add(x[1], x[3]), less = sub(x[0], x[2]), turn = turned(x[1], x[3]);
    x[0] = add(even, odd);
    x[1] = add(less, turn);
    x[2] = sub(even, odd);
    x[3] = sub(less, turn);
}

INLINE void exact_dft8(struct point *x) {
    struct point first = sub(x[0], x[4]), turn = turned(x[2], x[6]), one = sub(x[1], x[5]), three = sub(x[7], x[3]);
    struct point p = by_root_16(add(one, three)), q = by_root_16(turned(one, three));
    struct point c0 = add(first, turn), c1 = add(p, q), c2 = sub(first, turn), c3 = sub(q, p);
    struct point even[] = {add(x[0], x[4]), add(x[1], x[5]), add(x[2], x[6]), add(x[3], x[7])};
    exact_dft4(even);
    for (int i = 0; i < 4; i++) x[2 * i] = even[i];
    x[1] = add(c0, c1);
    x[3] = add(c2, c3);
    x[5] = sub(c0, c1);
    x[7] = sub(c2, c3);
}

/* A quarter of the transform of 8 legs. */
INLINE void divided_dft8(struct point *x) {
    struct point first = half(sub(x[0], x[4])), one = half(sub(x[1], x[5])), three = half(sub(x[7], x[3]));
    struct point turn = half(turned(x[2], x[6])), sums[4];
    for (int i = 0; i < 4; i++) sums[i] = half(add(x[i], x[i + 4]));
    struct point e0 = half(add(sums[0], sums[2])), e1 = half(sub(sums[0], sums[2]));
    struct point e2 = half(add(sums[1], sums[3])), e3 = half(turned(sums[1], sums[3]));
    struct point p = by_root_15(add(one, three)), q = by_root_15(turned(one, three));
    struct point c0 = half(add(first, turn)), c2 = half(sub(first, turn));
    struct point c1 = plus(add(p, q), ODD_LIFT), c3 = sub(q, p);
    x[0] = plus(add(e0, e2), DC_LIFT);
    x[1] = add(c0, c1);
    x[2] = add(e1, e3);
    x[3] = add(c2, c3);
    x[4] = sub(e0, e2);
    x[5] = sub(c0, c1);
    x[6] = sub(e1, e3);
    x[7] = sub(c2, c3);
}

/* Pairs of samples of the frames side by side, zeros behind them up to whole legs. */
static void gather(const struct tables *t, const int16_t *const *frames, lanes *pairs) {
    int count = t->window_samples / 2;
    memset(pairs + count, 0, (size_t)(BLOCK * t->legs - count) * sizeof *pairs);
    for (int lane = 0; lane < LANES; lane++)
        for (int n = 0; n < count; n++) memcpy((int32_t *)&pairs[n] + lane, frames[lane] + 2 * n, sizeof(int32_t));
}

/* Window and first pass, exact; returns the largest component. `radix` is a constant wherever this is inlined. */
INLINE lanes first_pass(const struct tables *t, int radix, const lanes *pairs, struct point *z) {
    lanes most = {0};
    for (int n = 0; n < BLOCK; n++) {
        struct point x[LEGS];
        for (int i = 0; i < radix; i++) {
            x[i] = (struct point){{0}, {0}};
            if (i < t->legs) {
                lanes pair = pairs[n + BLOCK * i], re = (lanes)((naturals)pair << 16) >> 16, im = pair >> 16;
                const int32_t *w = t->window + 2 * (n + BLOCK * i);
                x[i] = (struct point){re * w[0] >> WINDOW_SHIFT, im * w[1] >> WINDOW_SHIFT};
            }
        }
        if (radix == 8) exact_dft8(x);
        if (radix == 4) exact_dft4(x);
        if (radix == 2) exact_dft2(x);
        for (int i = 0; i < radix; i++) {
            most = largest(most, x[i]);
            z[n + BLOCK * i] = x[i];
        }
    }
    return most;
}

/* Divide by 2^right, halves up, and make the second pass in place; returns the largest component. */
static lanes second_pass(const struct tables *t, lanes right, struct point *z) {
    lanes most = {0}, round = filled(1) << (right - 1);
    const int32_t *re = t->second, *im = re + BLOCK * t->first_radix;
    for (int block = 0; block < t->first_radix; block++, z += BLOCK, re += BLOCK, im += BLOCK)
        for (int n = 0; n < RADIX; n++) {
            struct point x[LEGS];
            for (int i = 0; i < LEGS; i++) {
                int at = n + RADIX * i;
                struct point shifted = {(z[at].re + round) >> right, (z[at].im + round) >> right};
                x[i] = twiddled(shifted, re[at], im[at]);
            }
            divided_dft8(x);
            for (int i = 0; i < LEGS; i++) {
                most = largest(most, x[i]);
                z[n + RADIX * i] = x[i];
            }
        }
    return most;
}

/* Multiply by 2^left, and make the third pass in place. */
static void third_pass(const struct tables *t, lanes left, struct point *z) {
    for (int row = 0; row < RADIX * t->first_radix; row++, z += RADIX) {
        const int32_t *re = t->third + RADIX * (row % RADIX), *im = re + BLOCK;
        struct point x[LEGS];
        for (int i = 0; i < LEGS; i++) {
            struct point shifted = {(lanes)((naturals)z[i].re << left), (lanes)((naturals)z[i].im << left)};
            x[i] = twiddled(shifted, re[i], im[i]);
        }
        divided_dft8(x);
        for (int i = 0; i < LEGS; i++) z[i] = x[i];
    }
}

/* Returns the exponents of the frames; `place` says where which point lies. */
static lanes transform(const struct tables *t, const int16_t *const *frames, struct point *z) {
    lanes pairs[MOST_POINTS], most;
    gather(t, frames, pairs);
    if (t->first_radix == 8)
        most = first_pass(t, 8, pairs, z);
    else if (t->first_radix == 4)
        most = first_pass(t, 4, pairs, z);
    else
        most = first_pass(t, 2, pairs, z);
    lanes right = larger(bits(most + (most >> 15)) - 15, filled(1));
    lanes left = smaller(15 - bits(second_pass(t, right, z)), filled(MOST_LEFT));
    third_pass(t, left, z);
    return right - left + 2 * PASS_SHIFT;
}

/* Where the passes leave point k: its digits in reverse order. */
INLINE int place(const struct tables *t, int k) {
    int first = k & (t->first_radix - 1), rest = k >> __builtin_ctz((uint32_t)t->first_radix);
    return BLOCK * first + RADIX * (rest % RADIX) + rest / RADIX;
}

INLINE naturals power_of(const struct tables *t, const struct point *z, int bin) {
    const int32_t *split = t->split + bin;
    int32_t p = split[0], q = split[t->bins], r = split[2 * t->bins];
    int k = t->first_bin + bin;
    struct point x = z[place(t, k)], mirror = z[place(t, BLOCK * t->first_radix - k)];
    lanes re = p * x.re + q * x.im + (r * mirror.re + q * mirror.im);
    lanes im = p * x.im - q * x.re + (q * mirror.re - r * mirror.im);
    re = (re + (1 << (SPLIT_SHIFT - 1))) >> SPLIT_SHIFT;
    im = (im + (1 << (SPLIT_SHIFT - 1))) >> SPLIT_SHIFT;
    return (naturals)(re * re + im * im);
}

/* The upper and the lower 16 bits of the powers are added up in two words of 32 bits, which never overflow. */
static void find_energies(const struct tables *t, const struct point *z, lanes exponents, wide *energies) {
    naturals before_high = {0}, before_low = {0};
    wide offsets;
    for (int i = 0; i < LANES; i++) offsets[i] = t->offsets[exponents[i]];
    for (int segment = 0, bin = 0; segment <= t->bands; segment++) {
        naturals risen_high = {0}, risen_low = {0}, high = {0}, low = {0};
        for (int end = bin + t->segments[segment]; bin < end; bin++) {
            naturals power = power_of(t, z, bin), upper = power >> 16, lower = power & 0xFFFF;
            high += upper;
            low += lower;
            risen_high += upper * (uint32_t)t->rising[bin];
            risen_low += lower * (uint32_t)t->rising[bin];
        }
        before_high += (high << t->weight_bits) - risen_high;
        before_low += (low << t->weight_bits) - risen_low;
        if (segment > 0)
            energies[segment - 1] = (__builtin_convertvector(before_high, wide) << 16) +
                                    __builtin_convertvector(before_low, wide) + offsets;
        before_high = risen_high;
        before_low = risen_low;
    }
}

static void find_logarithms(const struct tables *t, const wide *energies, lanes exponents, lanes *logs) {
    for (int band = 0; band < t->bands; band++)
        for (int i = 0; i < LANES; i++) {
            uint64_t energy = (uint64_t)energies[band][i];
            int32_t base = energy >> 31 ? 16 : 0;
            uint64_t value = energy >> base;
            int32_t lead = 63 - __builtin_clzll(value);
            uint32_t normal = (uint32_t)value << (31 - lead);
            const int32_t *entry = t->logarithms + 2 * (normal >> 25 & 63);
            int32_t part = (int32_t)((uint32_t)entry[1] * (normal >> 9 & 0xFFFF) >> 16);
            int32_t sum = (lead + base) * (1 << LOG_TABLE_BITS) + entry[0] + part + t->log_bases[exponents[i]];
            logs[band][i] = sum >> (LOG_TABLE_BITS - LOG_BITS);
        }
}

/* Write the codes of the first `count` lanes. */
static void write_codes(const struct tables *t, const lanes *logs, int32_t zero_point, int count, uint8_t *codes) {
    for (int k = 0; k < t->coefficients; k++) {
        lanes sum = filled(1 << (t->code_shift - 1));
        for (int band = 0; band < t->bands; band++) sum += logs[band] * t->cosines[band * t->coefficients + k];
        lanes code = smaller(larger((sum >> t->code_shift) + zero_point, filled(0)), filled(255));
        for (int i = 0; i < count; i++) codes[i * t->coefficients + k] = (uint8_t)code[i];
    }
}

/* Codes, uint8 (clips, frames, coefficients), of audio (clips, samples). */
void front_end_codes(const struct tables *t, const int16_t *audio, int64_t clips, int64_t samples, int64_t frames,
                     int32_t zero_point, uint8_t *codes) {
    int64_t total = clips * frames;
    for (int64_t start = 0; start < total; start += LANES) {
        const int16_t *from[LANES];
        int count = total - start < LANES ? (int)(total - start) : LANES;
        for (int i = 0; i < LANES; i++) {
            int64_t frame = start + (i < count ? i : 0);  // lanes behind the last frame compute the first one again
            from[i] = audio + frame / frames * samples + frame % frames * t->stride_samples;
        }
        struct point z[MOST_POINTS];
        wide energies[MOST_BANDS];
        lanes logs[MOST_BANDS], exponents = transform(t, from, z);
        find_energies(t, z, exponents, energies);
        find_logarithms(t, energies, exponents, logs);
        write_codes(t, logs, zero_point, count, codes + start * t->coefficients);
    }
}
