/* The integer front end on one or eight cores: which core computes what. */
#include "front_end.h"

/* A frame's places in memory. */
struct place {
    address scratch, logs;             /* 512 * first_radix bytes; a half for each band */
    address found_first, found_second; /* largest results of the first and the second pass, a word a part */
    address right, exponent;
};

/* What of a frame a core computes. */
struct part {
    uint32_t number, parts;
};

/* Add the cycles since `begun` to a stage; return the time. */
static uint32_t stamp(uint32_t core, const struct front_end *f, enum front_end_stage stage, uint32_t begun) {
    if (core != 0 || !f->times) return 0;
    uint32_t now = cluster_time();
    ((uint32_t *)at(f->times))[stage] += now - begun;
    return now;
}

static uint32_t begin(const struct part *part, uint32_t count) { return part->number * count / part->parts; }
static uint32_t share(const struct part *part, uint32_t count) {
    return (part->number + 1) * count / part->parts - begin(part, count);
}

static void first_pass(const struct front_end *f, const struct place *p, const struct part *part, address samples) {
    uint32_t n = begin(part, FRONT_END_PLACES);
    uint32_t a[] = {samples + 4 * n, f->window + 4 * f->legs * n, p->scratch + 4 * n, share(part, FRONT_END_PLACES),
                    p->found_first + 4 * part->number};
    f->first_pass(a, f);
}

static void second_pass(const struct front_end *f, const struct place *p, const struct part *part) {
    uint32_t block = 256 * begin(part, f->first_radix), blocks = share(part, f->first_radix);
    address found = p->found_second + 4 * part->number;
    uint32_t a[] = {p->scratch + block, f->second + block, blocks, p->found_first, part->parts, found, p->right};
    if (blocks)
        f->second_pass(a, f);
    else
        *(uint32_t *)at(found) = 0;
}

static void third_pass(const struct front_end *f, const struct place *p, const struct part *part) {
    uint32_t row = begin(part, FRONT_END_ROWS), radix = f->first_radix;
    uint32_t a[] = {p->scratch + 32 * row,
                    p->scratch + 256 * radix + 4 * radix * row,
                    f->third + 32 * row,
                    share(part, FRONT_END_ROWS),
                    p->found_second,
                    part->parts,
                    p->right,
                    p->exponent};
    f->third_pass(a, f);
}

static address exponent_of(const struct front_end *f, const struct place *p) {
    return f->exponents + 12 * *(uint32_t *)at(p->exponent);
}

/* `share` is of a row of the shares: first band, bands, the bin of its first segment, and where its constants begin. */
static void bands(const struct front_end *f, const struct place *p, address energies, const uint32_t *share) {
    address spectrum = p->scratch + 256 * f->first_radix;
    uint32_t k = f->first_bin + share[2], mirror = 64 * f->first_radix - k;
    uint32_t a[] = {spectrum + 4 * k, spectrum + 4 * mirror, f->bins + share[3], energies, exponent_of(f, p), share[1]};
    f->make_bands(a, f);
}

static void logs(const struct front_end *f, const struct place *p, address energies, const uint32_t *share) {
    uint32_t base = *(uint32_t *)at(exponent_of(f, p) + 8);
    uint32_t a[] = {energies + 8, f->logarithms, base, p->logs + 2 * share[0], share[1]};
    f->make_logs(a, f);
}

static void codes(const struct front_end *f, const struct place *p, address target, const struct part *part) {
    uint32_t groups = f->coefficients / FRONT_END_GROUP, first = begin(part, groups);
    uint32_t pairs = (f->bands + 1) / 2, last = part->number == part->parts - 1;
    uint32_t a[] = {p->logs, f->cosines + 4 * FRONT_END_GROUP * pairs * first, target + FRONT_END_GROUP * first,
                    share(part, groups), last};
    f->make_codes(a, f);
}

HOT static void own_frame(uint32_t core, const struct front_end *f, address samples, address target) {
    address scratch = f->scratch + core * f->scratch_bytes, state = scratch + 512 * f->first_radix;
    struct place p = {scratch, state + 16, state, state + 4, state + 8, state + 12};
    struct part whole = {0, 1};
    uint32_t all[] = {0, f->bands, 0, 0}, time = cluster_time();
    first_pass(f, &p, &whole, samples);
    second_pass(f, &p, &whole);
    third_pass(f, &p, &whole);
    time = stamp(core, f, FRONT_END_TRANSFORM, time);
    bands(f, &p, scratch, all); /* the lower half of the scratch memory is free */
    time = stamp(core, f, FRONT_END_BANDS, time);
    logs(f, &p, scratch, all);
    time = stamp(core, f, FRONT_END_LOGARITHMS, time);
    codes(f, &p, target, &whole);
    stamp(core, f, FRONT_END_CODES, time);
}

HOT static void shared_frame(uint32_t core, const struct front_end *f, address samples, address target) {
    address state = f->shared, words = state + 8 * CORES;
    struct place p = {f->scratch, words + 8, state, state + 4 * CORES, words, words + 4};
    struct part part = {core, CORES};
    const uint32_t *own = (const uint32_t *)at(f->shares) + 4 * core;
    address energies = f->scratch + core * f->scratch_bytes;
    uint32_t time = cluster_time();
    first_pass(f, &p, &part, samples);
    barrier();
    second_pass(f, &p, &part);
    barrier();
    third_pass(f, &p, &part);
    barrier();
    time = stamp(core, f, FRONT_END_TRANSFORM, time);
    if (own[1]) bands(f, &p, energies, own);
    time = stamp(core, f, FRONT_END_BANDS, time);
    if (own[1]) logs(f, &p, energies, own);
    barrier();
    time = stamp(core, f, FRONT_END_LOGARITHMS, time);
    codes(f, &p, target, &part);
    stamp(core, f, FRONT_END_CODES, time);
}

void front_end_run(uint32_t core, const struct front_end *f, address samples, uint32_t frames, address target) {
    uint32_t whole = frames / CORES * CORES;
    if (frames - whole + 1 >= CORES) whole = frames; /* sharing seven of eight would take longer */
    for (uint32_t frame = core; frame < whole; frame += CORES)
        own_frame(core, f, samples + frame * f->stride_bytes, target + frame * f->coefficients);
    if (whole < frames) barrier();
    for (uint32_t frame = whole; frame < frames; frame++)
        shared_frame(core, f, samples + frame * f->stride_bytes, target + frame * f->coefficients);
}
