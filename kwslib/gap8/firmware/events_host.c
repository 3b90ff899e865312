/* The event detector as a library of the host: whole streams at once. */
#include "events.h"

/* Feed `hops` times `classes` codes. `hops_out` and `labels` get an entry for each event, at most `most`; returns how many
   events there were. */
uint32_t events_run(const struct event_rules *rules, struct event_state *state, const int8_t *codes, uint32_t hops,
                    uint32_t *hops_out, uint16_t *labels, uint16_t *sums, uint32_t most) {
    uint32_t events = 0;
    for (uint32_t hop = 0; hop < hops; hop++, codes += rules->classes) {
        int32_t fires = events_step(rules, state, codes);
        if (fires < 0) continue;
        if (events < most) {
            hops_out[events] = hop;
            labels[events] = (uint16_t)fires;
            sums[events] = state->sums[fires];
        }
        events++;
    }
    return events;
}
