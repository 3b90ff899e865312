/* From the decisions about a stream to one event for a spoken word; kwslib/integer/events.py specifies it. */
#ifndef EVENTS_H
#define EVENTS_H

#include <stdint.h>

struct event_rules {
    uint32_t classes;
    uint32_t smoothing;         /* hops that are summed */
    uint32_t suppression;       /* hops from an event to the next one of any class */
    const uint16_t *thresholds; /* least sum of each class */
    const uint16_t *refractory; /* hops from an event of each class to its next one */
};

/* Arrays of `classes` entries, and `history` of smoothing * classes; `events_clear` sets them. */
struct event_state {
    uint8_t *history, *armed;
    uint16_t *sums, *timers;
    uint32_t oldest, timer;
};

void events_clear(const struct event_rules *rules, struct event_state *state);

/* Take the codes of one hop; returns the class that fires, or -1. Its sum is in state->sums. */
int32_t events_step(const struct event_rules *rules, struct event_state *state, const int8_t *codes);

#endif
