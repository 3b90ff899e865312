/* The front end's kernels in portable C: what the assembly ones compute, on a host, bit for bit. */
#include "front_end.h"

struct complex {
    int32_t re, im;
};

enum { LEGS = 8, SHIFT_MOST = 8, ROOT_16 = 46341, ROOT_15 = 23170 };

static struct complex add(struct complex x, struct complex y) { return (struct complex){x.re + y.re, x.im + y.im}; }
static struct complex sub(struct complex x, struct complex y) { return (struct complex){x.re - y.re, x.im - y.im}; }
/* -j (x - y) */
static struct complex turned(struct complex x, struct complex y) { return (struct complex){x.im - y.im, y.re - x.re}; }
static struct complex right(struct complex x, uint32_t shift) { return (struct complex){x.re >> shift, x.im >> shift}; }
static struct complex half(struct complex x) { return right(x, 1); }
static struct complex plus(struct complex x, int32_t both) { return (struct complex){x.re + both, x.im + both}; }
static struct complex times(struct complex x, struct complex w, uint32_t shift) {
    return (struct complex){(x.re * w.re - x.im * w.im) >> shift, (x.re * w.im + x.im * w.re) >> shift};
}

static struct complex unpacked(uint32_t word) { return (struct complex){(int16_t)word, (int16_t)(word >> 16)}; }
static uint32_t packed(struct complex x) { return (uint32_t)(x.re & 0xFFFF) | (uint32_t)x.im << 16; }
static int32_t size(int32_t x) { return x < 0 ? -x : x; }
static int32_t largest(int32_t so_far, struct complex x) { return larger(larger(so_far, size(x.re)), size(x.im)); }

/* Bits of the largest of some words, 1 at least. */
static int32_t bits(int32_t value) { return 32 - __builtin_clz((uint32_t)value | 1); }
static int32_t largest_of(address words, uint32_t count) {
    const int32_t *word = at(words);
    int32_t most = 0;
    for (uint32_t i = 0; i < count; i++) most = larger(most, word[i]);
    return most;
}

static void exact_dft4(struct complex *x, uint32_t apart) {
    struct complex even = add(x[0], x[2 * apart]), odd = add(x[apart], x[3 * apart]);
    struct complex less = sub(x[0], x[2 * apart]), turn = turned(x[apart], x[3 * apart]);
    x[0] = add(even, odd);
    x[apart] = add(less, turn);
    x[2 * apart] = sub(even, odd);
    x[3 * apart] = sub(less, turn);
}

static int32_t by_root(int32_t x) { return (int32_t)((int64_t)x * ROOT_16 >> 16); }
static struct complex both_by_root(struct complex x) { return (struct complex){by_root(x.re), by_root(x.im)}; }

static void exact_dft8(struct complex *x) {
    struct complex first = sub(x[0], x[4]), turn = turned(x[2], x[6]), one = sub(x[1], x[5]), three = sub(x[7], x[3]);
    struct complex p = both_by_root(add(one, three)), q = both_by_root(turned(one, three));
    struct complex c0 = add(first, turn), c1 = add(p, q), c2 = sub(first, turn), c3 = sub(q, p);
    struct complex even[] = {add(x[0], x[4]), add(x[1], x[5]), add(x[2], x[6]), add(x[3], x[7])};
    exact_dft4(even, 1);
    for (uint32_t i = 0; i < 4; i++) x[2 * i] = even[i];
    x[1] = add(c0, c1);
    x[3] = add(c2, c3);
    x[5] = sub(c0, c1);
    x[7] = sub(c2, c3);
}

/* A quarter of the transform. */
static void halved_dft8(struct complex *x) {
    struct complex first = half(sub(x[0], x[4])), one = half(sub(x[1], x[5])), three = half(sub(x[7], x[3]));
    struct complex turn = half(turned(x[2], x[6])), sums[4];
    for (uint32_t i = 0; i < 4; i++) sums[i] = half(add(x[i], x[i + 4]));
    struct complex e0 = half(add(sums[0], sums[2])), e1 = half(sub(sums[0], sums[2]));
    struct complex e2 = half(add(sums[1], sums[3])), e3 = half(turned(sums[1], sums[3]));
    struct complex root = {ROOT_15, 0};
    struct complex p = times(add(one, three), root, 16), q = times(turned(one, three), root, 16);
    struct complex c0 = half(add(first, turn)), c2 = half(sub(first, turn)), c1 = plus(add(p, q), 1), c3 = sub(q, p);
    x[0] = plus(add(e0, e2), 2);
    x[1] = add(c0, c1);
    x[2] = add(e1, e3);
    x[3] = add(c2, c3);
    x[4] = sub(e0, e2);
    x[5] = sub(c0, c1);
    x[6] = sub(e1, e3);
    x[7] = sub(c2, c3);
}

/* Arguments: samples, window, scratch, places, largest; see FrontEndFirst in kernels/front_end_transform.py. */
void portable_front_end_first(const uint32_t *a, const struct front_end *f) {
    const uint32_t *samples = at(a[0]), *window = at(a[1]);
    int32_t *re = at(a[2]), *im = re + FRONT_END_PLACES * f->first_radix, most = 0;
    for (uint32_t n = 0; n < a[3]; n++) {
        struct complex x[LEGS] = {{0, 0}};
        for (uint32_t i = 0; i < f->legs; i++) {
            struct complex pair = unpacked(samples[n + FRONT_END_PLACES * i]), w = unpacked(window[f->legs * n + i]);
            x[i] = (struct complex){pair.re * w.re >> 2, pair.im * w.im >> 2};
        }
        if (f->first_radix == 8) {
            exact_dft8(x);
        } else if (f->first_radix == 4) {
            exact_dft4(x, 1);
        } else {
            struct complex less = sub(x[0], x[1]);
            x[0] = add(x[0], x[1]);
            x[1] = less;
        }
        for (uint32_t i = 0; i < f->first_radix; i++) {
            most = largest(most, x[i]);
            re[n + FRONT_END_PLACES * i] = x[i].re;
            im[n + FRONT_END_PLACES * i] = x[i].im;
        }
    }
    *(int32_t *)at(a[4]) = most;
}

/* Arguments: scratch, twiddles, blocks, found, parts, largest, right; see FrontEndSecond. */
void portable_front_end_second(const uint32_t *a, const struct front_end *f) {
    int32_t found = largest_of(a[3], a[4]), most = 0, shift = larger(bits(found + (found >> 15)) - 15, 1);
    const uint32_t *twiddle = at(a[1]);
    for (uint32_t block = 0; block < a[2]; block++) {
        int32_t *re = (int32_t *)at(a[0]) + FRONT_END_PLACES * block, *im = re + FRONT_END_PLACES * f->first_radix;
        for (uint32_t n = 0; n < LEGS; n++) {
            struct complex x[LEGS];
            for (uint32_t i = 0; i < LEGS; i++) {
                struct complex wide = plus((struct complex){re[n + LEGS * i], im[n + LEGS * i]}, 1 << (shift - 1));
                x[i] = times(right(wide, (uint32_t)shift), unpacked(*twiddle++), 17);
            }
            halved_dft8(x);
            for (uint32_t i = 0; i < LEGS; i++) {
                most = largest(most, x[i]);
                ((uint32_t *)re)[n + LEGS * i] = packed(x[i]);
            }
        }
    }
    *(int32_t *)at(a[5]) = most;
    *(int32_t *)at(a[6]) = shift;
}

/* Arguments: source, target, twiddles, rows, found, parts, right, exponent; see FrontEndThird. */
void portable_front_end_third(const uint32_t *a, const struct front_end *f) {
    int32_t left = 15 - bits(largest_of(a[4], a[5]));
    if (left > SHIFT_MOST) left = SHIFT_MOST;
    for (uint32_t row = 0; row < a[3]; row++)
        for (uint32_t k = 0; k < f->first_radix; k++) {
            const uint32_t *source = (const uint32_t *)at(a[0]) + LEGS * row + FRONT_END_PLACES * k;
            const uint32_t *twiddle = (const uint32_t *)at(a[2]) + LEGS * row;
            uint32_t *target = (uint32_t *)at(a[1]) + f->first_radix * row + k;
            struct complex x[LEGS];
            for (uint32_t i = 0; i < LEGS; i++) {
                struct complex z = unpacked(source[i]);
                x[i] = times((struct complex){z.re * (1 << left), z.im * (1 << left)}, unpacked(twiddle[i]), 17);
            }
            halved_dft8(x);
            for (uint32_t i = 0; i < LEGS; i++) target[LEGS * f->first_radix * i] = packed(x[i]);
        }
    *(int32_t *)at(a[7]) = *(const int32_t *)at(a[6]) - left + 8;
}

/* Arguments: spectrum of the first bin, of its mirror bin, bins, energies, offset, bands; see FrontEndBands. */
void portable_front_end_bands(const uint32_t *a, const struct front_end *f) {
    const uint32_t *up = at(a[0]), *down = at(a[1]), *table = at(a[2]), *offset = at(a[4]);
    uint32_t *energies = at(a[3]);
    uint64_t before = 0, more = ((uint64_t)offset[0] << 16) + offset[1];
    for (uint32_t segment = 0; segment <= a[5]; segment++) {
        uint64_t risen = 0, whole = 0;
        for (uint32_t count = *table++; count > 0; count--, table += 3) {
            struct complex z = unpacked(*up++), mirror = unpacked(*down--), pq = unpacked(table[0]);
            int32_t p = pq.re, q = pq.im, r = unpacked(table[1]).re;
            int32_t re = p * z.re + q * z.im + (r * mirror.re + q * mirror.im);
            int32_t im = p * z.im - q * z.re + (q * mirror.re - r * mirror.im);
            re = (re + (1 << 14)) >> 15;
            im = (im + (1 << 14)) >> 15;
            uint64_t power = (uint32_t)(re * re + im * im);
            risen += power * (table[2] & 0xFFFF);
            whole += power << f->weight_bits;
        }
        uint64_t energy = before + whole - risen + more;
        energies[2 * segment] = (uint32_t)(energy >> 16);
        energies[2 * segment + 1] = (uint32_t)(energy & 0xFFFF);
        before = risen;
    }
}

/* Arguments: energies, table, base, logarithms, bands; see FrontEndLogs. */
void portable_front_end_logs(const uint32_t *a, const struct front_end *f) {
    const uint32_t *energies = at(a[0]), *table = at(a[1]);
    int16_t *logs = at(a[3]);
    (void)f;
    for (uint32_t band = 0; band < a[4]; band++) {
        uint64_t energy = ((uint64_t)energies[2 * band] << 16) + energies[2 * band + 1];
        uint32_t base = energy >> 31 ? 16 : 0, value = (uint32_t)(energy >> base);
        uint32_t lead = 31 - (uint32_t)__builtin_clz(value), normal = value << (31 - lead);
        uint32_t entry = table[normal >> 25 & 63];
        uint32_t sum = ((lead + base) << 16) + (entry >> 16) + ((entry & 0xFFFF) * (normal >> 9 & 0xFFFF) >> 16);
        logs[band] = (int16_t)((int32_t)(sum + a[2]) >> 6);
    }
}

/* Arguments: logarithms, cosines, codes, whole groups, whether the rest too; see FrontEndCodes. */
void portable_front_end_codes(const uint32_t *a, const struct front_end *f) {
    const int16_t *logs = at(a[0]), *cosines = at(a[1]);
    int8_t *codes = at(a[2]);
    uint32_t rest = a[4] ? f->coefficients % FRONT_END_GROUP : 0;
    for (uint32_t group = 0; group < a[3] + (rest > 0); group++) {
        uint32_t width = group < a[3] ? FRONT_END_GROUP : rest;
        for (uint32_t k = 0; k < width; k++) {
            int32_t sum = 1 << (f->code_shift - 1);
            for (uint32_t band = 0; band < f->bands; band++)
                sum += logs[band] * cosines[2 * (band / 2 * width + k) + band % 2];
            sum = (sum >> f->code_shift) + f->zero_point;
            *codes++ = (int8_t)(sum < -128 ? -128 : sum > 127 ? 127 : sum);
        }
        cosines += 2 * width * ((f->bands + 1) / 2);
    }
}
