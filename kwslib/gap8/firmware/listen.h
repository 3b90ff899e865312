/* A stream of sound: each new frame is computed once, the network runs once a hop, spoken words come out as events.
   The fabric controller (on a host: the one thread) calls these functions, and lets every core run `infer`. */
#ifndef LISTEN_H
#define LISTEN_H

#include "events.h"

/* Generated for a network and a hop; kwslib/gap8/program/listening.py explains it. */
struct listening {
    uint32_t hop_ms, hop_samples; /* from one decision to the next */
    uint32_t frames;              /* of the fingerprint that a hop brings */
    uint32_t span_samples;        /* what those frames see: the last ones that came */
    uint32_t kept_bytes;          /* codes of the other frames of the fingerprint */
    uint32_t tail_samples;        /* zeros behind the end of a recording, so that no word is cut off */
    const int8_t *silence;        /* the codes of a frame of digital silence */
    struct event_rules rules;
};

/* Those of an exported project: listening.c. */
extern const struct listening network_listening;
extern struct event_state network_events;

/* What the front end needs to know; null: it computes a whole second. */
extern const struct listening *listening;

/* Begin a stream: digital silence lies before it. Both structures must stay. */
void listen_begin(const struct listening *hop, struct event_state *events);

/* Where the next samples go, and how many of them: for a DMA that writes there. `listen_took` says that they came. */
int16_t *listen_place(uint32_t *count);
void listen_took(uint32_t count);

/* The same for samples that lie elsewhere: copy as many as the hop at hand still wants. Returns how many. */
uint32_t listen_push(const int16_t *samples, uint32_t count);

/* Whether the hop is complete. Then call `listen_ahead`, let every core run infer(core), and call `listen_decide`. */
uint32_t listen_full(void);

/* Move the front end's constants and the first samples to L1, which the inference before has left. */
void listen_ahead(void);

/* The class that was heard, or -1; its sum of levels is in the event state. The next hop begins. */
int32_t listen_decide(void);

/* Hops that were decided. */
uint32_t listen_hops(void);

#endif
