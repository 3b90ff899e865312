/* The samples of a stream between two decisions. Frames and codes are computed by run_sound (sound.c). */
#include "listen.h"

#include "runtime.h"

const struct listening *listening;
static struct {
    struct event_state *events;
    uint32_t received, hops; /* samples of the hop at hand; hops that were decided */
} state;

/* Where the front end reads: the place of a clip in the image. */
static int16_t *sound(void) { return at(image_begin + 8); }

static void copy(int16_t *to, const int16_t *from, uint32_t count) {
    for (; count >= 2; count -= 2, to += 2, from += 2) {
        uint32_t pair = word_at(from);
#ifdef KWS_HOST
        __builtin_memcpy(to, &pair, 4);
#else
        *(uint32_t *)to = pair;
#endif
    }
    if (count) *to = *from;
}

void listen_begin(const struct listening *hop, struct event_state *events) {
    const struct map *map = &network_fingerprint;
    int8_t *codes = at(map->base);
    uint32_t bytes = map->rows * map->columns * map->channels;
    uint32_t frame_bytes = (bytes - hop->kept_bytes) / hop->frames;
    listening = hop;
    state.events = events;
    state.received = state.hops = 0;
    for (uint32_t i = 0; i < bytes; i += frame_bytes)
        for (uint32_t k = 0; k < frame_bytes; k++) codes[i + k] = hop->silence[k];
    for (uint32_t i = 0; i < hop->span_samples; i++) sound()[i] = 0;
    events_clear(&hop->rules, events);
}

int16_t *listen_place(uint32_t *count) {
    /* the hop's samples end where the span does; where a hop is longer, its first ones are in no frame */
    uint32_t wanted = listening->hop_samples - state.received;
    if (wanted <= listening->span_samples) {
        *count = wanted;
        return sound() + listening->span_samples - wanted;
    }
    *count = wanted - listening->span_samples;
    return sound();
}

void listen_took(uint32_t count) { state.received += count; }

uint32_t listen_push(const int16_t *samples, uint32_t count) {
    uint32_t taken = 0, room;
    while (taken < count && !listen_full()) {
        int16_t *place = listen_place(&room);
        if (room > count - taken) room = count - taken;
        copy(place, samples + taken, room);
        listen_took(room);
        taken += room;
    }
    return taken;
}

uint32_t listen_full(void) { return state.received == listening->hop_samples; }

int32_t listen_decide(void) {
    if (listening->span_samples > listening->hop_samples) /* the next frames begin before the next samples */
        copy(sound(), sound() + listening->hop_samples, listening->span_samples - listening->hop_samples);
    state.received = 0;
    state.hops++;
    return events_step(&listening->rules, state.events, codes_at(output_codes));
}

uint32_t listen_hops(void) { return state.hops; }
