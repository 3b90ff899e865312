/* The event detector: integers only, no library, the same on device and host. */
#include "events.h"

void events_clear(const struct event_rules *rules, struct event_state *state) {
    for (uint32_t i = 0; i < rules->smoothing * rules->classes; i++) state->history[i] = 0;
    for (uint32_t k = 0; k < rules->classes; k++) {
        state->armed[k] = 1;
        state->sums[k] = 0;
        state->timers[k] = 0;
    }
    state->oldest = 0;
    state->timer = 0;
}

int32_t events_step(const struct event_rules *rules, struct event_state *state, const int8_t *codes) {
    uint8_t *old = state->history + state->oldest * rules->classes;
    int32_t fires = -1;
    if (++state->oldest == rules->smoothing) state->oldest = 0;
    if (state->timer) state->timer--;
    for (uint32_t k = 0; k < rules->classes; k++) {
        uint8_t level = (uint8_t)(codes[k] + 128);
        state->sums[k] = (uint16_t)(state->sums[k] + level - old[k]);
        old[k] = level;
        if (state->timers[k]) state->timers[k]--;
        if (state->sums[k] < rules->thresholds[k])
            state->armed[k] = 1;
        else if (state->armed[k] && !state->timers[k] && !state->timer &&
                 (fires < 0 || state->sums[k] > state->sums[fires]))
            fires = (int32_t)k;
    }
    if (fires >= 0) {
        state->armed[fires] = 0;
        state->timers[fires] = rules->refractory[fires];
        state->timer = rules->suppression;
    }
    return fires;
}
