/* A stream on the host; see listen.h. */
#pragma once
#include "listen.h"

/* What became of a hop: its number, the class that was heard or -1, checksums as of layers' outputs. */
struct heard {
    uint32_t hop;
    int32_t label;
    uint32_t fingerprint, logits, output;
};

/* Take samples until a hop is complete, and run it. Returns 0 when they are used up before. */
uint32_t host_listen(const int16_t **samples, uint32_t *count, struct heard *heard);

/* Take all samples. `heard` and `sums` get an entry a hop (the sum of the class that was heard), `outputs` class_count
   codes a hop. Returns how many hops there were. */
uint32_t host_listen_all(const int16_t *samples, uint32_t count, const struct event_state *events, struct heard *heard,
                         int8_t *outputs, uint16_t *sums);
