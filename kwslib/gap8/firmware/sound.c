/* The front end: a second of sound, or what is new of it, into the fingerprint that the network reads. */
#include "runtime.h"

/* A frame on one core, stage by stage. */
static void run_frame(uint32_t core, const struct sound *sound, address samples, address codes) {
    uint32_t *a = arguments[core], *shares = inference.stage_shares[core], start = cluster_time();
    for (uint32_t stage = 0; stage < STAGE_COUNT; stage++) {
        a[0] = sound->scratch + core * sound->scratch_bytes;
        a[1] = sound->tables[stage];
        a[2] = samples;
        a[3] = codes;
        sound->stages[stage](a, sound->geometry);
        uint32_t now = cluster_time();
        shares[stage] += now - start;
        start = now;
    }
}

/* Frames take turns among the cores; the samples of eight of them come while those before are worked on. */
void run_sound(uint32_t core, const struct step *step) {
    const struct sound *sound = step->work;
    uint32_t first = inference.kept_frames, received = 0, tile = 0;
    address from = sound->samples_l2;
    if (core == 0) {
        if (first) dma_in_now(sound->codes, sound->codes_l2 + (sound->frames - first) * sound->frame_bytes,
                              aligned_up(first * sound->frame_bytes));
        received = dma_in_begin(sound->tiles[0], from, sound->tile_bytes);
        fetch_wait(step->first_transfer + 1);
    }
}
