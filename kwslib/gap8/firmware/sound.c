/* The front end: a second of sound becomes the fingerprint that the network reads. */
#include <stddef.h>

#include "runtime.h"

/* A frame of a tile, and the part of its transform that a core computes. */
struct share {
    uint32_t slot, part, parts;
};

static inline struct frame_state *state_of(const struct sound *sound, uint32_t slot) {
    return (struct frame_state *)at(sound->states) + slot;
}
static inline address state_at(const struct sound *sound, uint32_t slot, uint32_t offset) {
    return sound->states + slot * sizeof(struct frame_state) + offset;
}

static NEVER_INLINE void first_pass(uint32_t core, const struct sound *sound, struct share own, address samples) {
    uint32_t *a = arguments[core], places = PLACES / own.parts, skipped = own.part * places * PLACE_BYTES;
    a[0] = samples + skipped;
    a[1] = sound->window + skipped * sound->legs;
    a[2] = sound->scratch + own.slot * sound->scratch_bytes + skipped;
    a[3] = places;
    a[4] = state_at(sound, own.slot, offsetof(struct frame_state, largest[0]) + 4 * own.part);
    sound->passes[0](a, sound->geometry);
}

static NEVER_INLINE void second_pass(uint32_t core, const struct sound *sound, struct share own) {
    uint32_t *a = arguments[core], blocks = sound->radix / own.parts, skipped = own.part * blocks * BLOCK_BYTES;
    a[0] = sound->scratch + own.slot * sound->scratch_bytes + skipped;
    a[1] = sound->second + skipped;
    a[2] = blocks;
    a[3] = state_at(sound, own.slot, offsetof(struct frame_state, largest[0]));
    a[4] = own.parts;
    a[5] = state_at(sound, own.slot, offsetof(struct frame_state, largest[1]) + 4 * own.part);
    a[6] = state_at(sound, own.slot, offsetof(struct frame_state, right));
    sound->passes[1](a, sound->geometry);
}

static NEVER_INLINE void third_pass(uint32_t core, const struct sound *sound, struct share own) {
    uint32_t *a = arguments[core], rows = ROWS / own.parts, skipped = own.part * rows;
    address scratch = sound->scratch + own.slot * sound->scratch_bytes;
    a[0] = scratch + skipped * ROW_BYTES;
    a[1] = scratch + sound->radix * (BLOCK_BYTES + 4 * skipped);
    a[2] = sound->third + skipped * ROW_BYTES;
    a[3] = rows;
    a[4] = state_at(sound, own.slot, offsetof(struct frame_state, largest[1]));
    a[5] = own.parts;
    a[6] = state_at(sound, own.slot, offsetof(struct frame_state, right));
    a[7] = state_at(sound, own.slot, offsetof(struct frame_state, exponent));
    sound->passes[2](a, sound->geometry);
}

/* What a stage cost this core. */
static inline uint32_t account(uint32_t core, uint32_t stage, uint32_t start) {
    uint32_t now = cluster_time();
    inference.stage_shares[core][stage] += now - start;
    return now;
}

/* From the spectrum of a frame to its codes. */
static NEVER_INLINE void finish(uint32_t core, const struct sound *sound, uint32_t slot, address codes) {
    uint32_t *a = arguments[core], start = cluster_time();
    address scratch = sound->scratch + slot * sound->scratch_bytes;
    address entry = sound->exponents + state_of(sound, slot)->exponent * EXPONENT_BYTES;
    a[0] = scratch + sound->first_bin_at;
    a[1] = scratch + sound->mirror_bin_at;
    a[2] = sound->bins;
    a[3] = scratch + sound->energies_at;
    a[4] = entry;
    a[5] = sound->bands;
    sound->add_bands(a, sound->geometry);
    start = account(core, 1, start);
    a[0] = scratch + sound->energies_at + ENERGY_BYTES; /* the first one is no band's */
    a[1] = sound->logarithms;
    a[2] = *(const uint32_t *)at(entry + ENERGY_BYTES);
    a[3] = scratch + sound->logs_at;
    a[4] = sound->bands;
    sound->take_logs(a, sound->geometry);
    start = account(core, 2, start);
    a[0] = scratch + sound->logs_at;
    a[1] = sound->cosines;
    a[2] = codes;
    sound->make_codes(a, sound->geometry);
    account(core, 3, start);
}

/* A frame for each core. */
static NEVER_INLINE void whole_frames(uint32_t core, const struct sound *sound, uint32_t frames, address samples,
                                      address codes) {
    for (uint32_t frame = core; frame < frames; frame += CORES) {
        uint32_t start = cluster_time();
        struct share own = {frame, 0, 1};
        first_pass(core, sound, own, samples + frame * sound->stride_bytes);
        second_pass(core, sound, own);
        third_pass(core, sound, own);
        account(core, 0, start);
        finish(core, sound, frame, codes + frame * sound->frame_bytes);
    }
}

/* Fewer frames than cores: some cores share a frame's transform. */
static NEVER_INLINE void shared_frames(uint32_t core, const struct sound *sound, uint32_t frames, uint32_t parts,
                                       address samples, address codes) {
    struct share own = {core / parts, core % parts, parts};
    uint32_t start = cluster_time(), works = own.slot < frames;
    if (works) first_pass(core, sound, own, samples + own.slot * sound->stride_bytes);
    barrier();
    if (works) second_pass(core, sound, own);
    barrier();
    if (works) third_pass(core, sound, own);
    account(core, 0, start);
    barrier();
    if (works && own.part == 0) finish(core, sound, own.slot, codes + own.slot * sound->frame_bytes);
}

static inline uint32_t tile_bytes(const struct sound *sound, uint32_t frames) {
    return sound->window_bytes + (frames - 1) * sound->stride_bytes;
}

/* Tile by tile; the samples of the next one come meanwhile. */
void run_sound(uint32_t core, const struct step *step) {
    const struct sound *sound = step->work;
    uint32_t left = sound->frames, frames = left < TILE_FRAMES ? left : TILE_FRAMES, received = 0;
    address from = sound->samples_l2, codes = sound->codes;
    if (core == 0) {
        dma_in_now(sound->tiles[0], from, tile_bytes(sound, frames));
        fetch_wait(step->first_transfer + 1);
    }
    for (uint32_t turn = 0; left; turn++) {
        uint32_t more = left - frames, next = more < TILE_FRAMES ? more : TILE_FRAMES;
        uint32_t parts = CORES / frames < sound->radix ? CORES / frames : sound->radix;
        address samples = sound->tiles[turn & 1];
        barrier();
        from += frames * sound->stride_bytes;
        if (core == 0 && next) received = dma_in_begin(sound->tiles[~turn & 1], from, tile_bytes(sound, next));
        if (parts > 1)
            shared_frames(core, sound, frames, parts, samples, codes);
        else
            whole_frames(core, sound, frames, samples, codes);
        if (core == 0 && next) dma_in_end(received);
        codes += frames * sound->frame_bytes;
        left = more;
        frames = next;
    }
    if (core == 0) fetch_until(step->prefetch);
    barrier();
    if (core == 0) {
        uint32_t bytes = (sound->frames * sound->frame_bytes + 3) & ~3u;
        dma_wait(dma_out_lines(sound->codes, sound->codes_l2, bytes, bytes, bytes));
    }
}
