/* The front end as a step: a second of sound becomes the fingerprint that the network reads. In a program that listens
   to a stream (KWS_LISTEN), a hop's new frames go behind those that are known. */
#include "front_end.h"
#include "runtime.h"

static inline uint32_t tile_bytes(const struct sound *sound, uint32_t frames) {
    return sound->window_bytes + (frames - 1) * sound->front_end.stride_bytes;
}

#ifdef KWS_LISTEN
#include "listen.h"

static inline uint32_t new_frames(const struct sound *sound) { return listening ? listening->frames : sound->frames; }
/* Core 0 fetches the codes of the frames that are known; returns where the new ones go. */
static inline address recall(uint32_t core, const struct sound *sound) {
    uint32_t kept = listening ? listening->kept_bytes : 0;
    if (core == 0 && kept)
        dma_in_now(sound->codes, sound->codes_l2 + listening->frames * sound->front_end.coefficients, kept);
    return sound->codes + kept;
}
static inline void first_tile(const struct sound *sound, address from, uint32_t frames) {
    if (!listening) dma_in_now(sound->tiles[0], from, tile_bytes(sound, frames));
}
static inline void store(const struct sound *sound, uint32_t bytes) {
    dma_out_now(sound->codes, sound->codes_l2, bytes);
}

void listen_ahead(void) {
    const struct sound *sound = tables.steps[0].work;
    uint32_t frames = new_frames(sound);
    fetch_ahead();
    weights_move(sound->tiles[0], sound->samples_l2, tile_bytes(sound, frames < TILE_FRAMES ? frames : TILE_FRAMES));
}
#else
static inline uint32_t new_frames(const struct sound *sound) { return sound->frames; }
static inline address recall(uint32_t core, const struct sound *sound) {
    (void)core;
    return sound->codes;
}
static inline void first_tile(const struct sound *sound, address from, uint32_t frames) {
    dma_in_now(sound->tiles[0], from, tile_bytes(sound, frames));
}
static inline void store(const struct sound *sound, uint32_t bytes) {
    dma_wait(dma_out_lines(sound->codes, sound->codes_l2, bytes, bytes, bytes));
}
#endif

/* Tile by tile; the samples of the next one come meanwhile. */
void run_sound(uint32_t core, const struct step *step) {
    const struct sound *sound = step->work;
    const struct front_end *front_end = &sound->front_end;
    uint32_t left = new_frames(sound), frames = left < TILE_FRAMES ? left : TILE_FRAMES, received = 0;
    address from = sound->samples_l2, codes = recall(core, sound);
    if (core == 0) {
        uint32_t *times = at(front_end->times);
        for (uint32_t stage = 0; stage < FRONT_END_STAGES; stage++) times[stage] = 0;
        first_tile(sound, from, frames);
        fetch_wait(step->first_transfer + 1);
    }
    for (uint32_t turn = 0; left; turn++) {
        uint32_t more = left - frames, next = more < TILE_FRAMES ? more : TILE_FRAMES;
        barrier();
        from += frames * front_end->stride_bytes;
        if (core == 0 && next) received = dma_in_begin(sound->tiles[~turn & 1], from, tile_bytes(sound, next));
        if (core == 0 && !next && !(turn & 1)) fetch_until(step->prefetch); /* to the second tile, which is free */
        front_end_run(core, front_end, sound->tiles[turn & 1], frames, codes);
        if (core == 0 && next) dma_in_end(received);
        codes += frames * front_end->coefficients;
        left = more;
        frames = next;
    }
    if (core == 0) fetch_until(step->prefetch);
    barrier();
    if (core == 0) {
        for (uint32_t stage = 0; stage != STAGE_COUNT; stage++)
            inference.stages[stage] = ((const uint32_t *)at(front_end->times))[stage];
        uint32_t bytes = (sound->frames * front_end->coefficients + 3) & ~3u;
        store(sound, bytes);
    }
}
