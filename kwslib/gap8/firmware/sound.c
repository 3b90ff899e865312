/* The front end: a second of sound, or what is new of it, becomes the fingerprint that the network reads. */
#include "runtime.h"

/* What a stage cost this core. */
static inline uint32_t account_stage(uint32_t core, uint32_t stage, uint32_t start) {
    uint32_t now = cluster_time();
    inference.stage_shares[core][stage] += now - start;
    return now;
}

/* A frame, on one core: four kernels, in its own scratch memory. */
static void run_frame(uint32_t core, const struct sound *sound, address samples, address codes) {
    uint32_t *a = arguments[core], start = cluster_time();
    address scratch = sound->scratch + core * sound->scratch_bytes, energies = scratch + sound->energies_at;
    address logs = scratch + sound->logs_at, exponent = scratch + sound->exponent_at;
    a[0] = samples;
    a[1] = scratch;
    a[2] = sound->window;
    a[3] = exponent;
    sound->transform(a, sound->geometry);
    start = account_stage(core, 0, start);
    address entry = sound->exponents + *(const uint32_t *)at(exponent) * EXPONENT_BYTES;
    a[0] = scratch + sound->first_bin_at;
    a[1] = scratch + sound->mirror_bin_at;
    a[2] = sound->bins;
    a[3] = energies;
    a[4] = entry;
    a[5] = sound->bands;
    sound->add_bands(a, sound->geometry);
    start = account_stage(core, 1, start);
    a[0] = energies + ENERGY_BYTES; /* the first one is no band's */
    a[1] = sound->logarithms;
    a[2] = *(const uint32_t *)at(entry + ENERGY_BYTES);
    a[3] = logs;
    a[4] = sound->bands;
    sound->take_logs(a, sound->geometry);
    start = account_stage(core, 2, start);
    a[0] = logs;
    a[1] = sound->cosines;
    a[2] = codes;
    sound->make_codes(a, sound->geometry);
    account_stage(core, 3, start);
}

/* Bytes of the samples of `frames` frames in a row. */
static inline uint32_t tile_bytes(const struct sound *sound, uint32_t frames) {
    return sound->window_bytes + (frames - 1) * sound->stride_bytes;
}

/* Cores take frames in turn; the samples of the next ones come while those of a tile are worked on. */
void run_sound(uint32_t core, const struct step *step) {
    const struct sound *sound = step->work;
    uint32_t left = sound->frames, frames = left < TILE_FRAMES ? left : TILE_FRAMES, turn = 0;
    address from = sound->samples_l2, codes = sound->codes;
    if (core == 0) {
        dma_in_now(sound->tiles[0], from, tile_bytes(sound, frames));
        fetch_wait(step->first_transfer + 1);
    }
    while (left) {
        uint32_t more = left - frames, next = more < TILE_FRAMES ? more : TILE_FRAMES, received = 0;
        barrier();
        from += frames * sound->stride_bytes;
        if (core == 0 && next) received = dma_in_begin(sound->tiles[~turn & 1], from, tile_bytes(sound, next));
        for (uint32_t frame = core; frame < frames; frame += CORES)
            run_frame(core, sound, sound->tiles[turn & 1] + frame * sound->stride_bytes, codes + frame * sound->frame_bytes);
        codes += frames * sound->frame_bytes;
        if (core == 0 && next) dma_in_end(received);
        left = more;
        frames = next;
        turn++;
    }
    if (core == 0) fetch_until(step->prefetch);
    barrier();
    if (core == 0) {
        uint32_t bytes = (sound->frames * sound->frame_bytes + 3) & ~3u;
        dma_wait(dma_out_lines(sound->codes, sound->codes_l2, bytes, bytes, bytes));
    }
}
