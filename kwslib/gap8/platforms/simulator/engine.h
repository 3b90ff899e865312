// Events and clock domains.
#ifndef ENGINE_H
#define ENGINE_H
#include "sim.h"

typedef struct Domain Domain;
typedef struct Event Event;
struct Event {
    Event *next;
    int64_t cycle;
    void (*run)(Event *);
    void *owner;
    Domain *domain;
    bool queued;
};

// A clock domain. Events of one cycle run last-scheduled-first.
struct Domain {
    Event *slot[SLOTS];
    Event *delayed;
    Domain *next;
    int64_t cycles;
    int64_t period_ps, stop_ps, next_ps;
    int index;
    int queued;
    bool running, flush, enqueued;
};

void schedule_far(Event *event, int64_t delay);
void domain_sync(Domain *domain);
void event_cancel(Event *event);
void event_bring_forward(Event *event, int64_t delay);
void event_init(Event *event, Domain *domain, void (*run)(Event *), void *owner);
extern Domain *engine_first;  // of the domains that do not run just now, the one with the next event
void engine_start(void);
void engine_run(void);

static inline void schedule(Event *event, int64_t delay) {
    Domain *d = event->domain;
    if (LIKELY(d->running && delay < SLOTS)) {
        Event **slot = &d->slot[(d->index + delay) & (SLOTS - 1)];
        event->queued = true;
        event->next = *slot;
        event->cycle = d->cycles + delay;
        *slot = event;
        d->queued++;
    } else {
        schedule_far(event, delay);
    }
}

// The same for the next instruction of a core that is just running: nobody asks for its cycle.
ALWAYS_INLINE void schedule_step(Event *event, Domain *d, int delay) {
    if (LIKELY(delay < SLOTS)) {
        Event **slot = &d->slot[(d->index + delay) & (SLOTS - 1)];
        event->queued = true;
        event->next = *slot;
        *slot = event;
        d->queued++;
    } else {
        schedule_far(event, delay);
    }
}
#endif
