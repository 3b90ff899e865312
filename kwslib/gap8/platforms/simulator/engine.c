// Two clock domains of one frequency (SoC and cluster), each a ring of event lists, and the reference clock; time is in
// picoseconds. The order of events is part of the model, since conflicts depend on it:
//  * within one cycle of a domain the event scheduled last runs first;
//  * an event that lies 32 cycles or more ahead waits in a sorted list and enters the ring at a multiple of 32;
//  * of two domains with the same time, the one that ran last goes first;
//  * at every rising edge of the reference clock the frequency generators set their frequency again, and with it the
//    phase: each domain's next event comes a part of a cycle earlier, and a domain that sleeps loses step by that much.
#include "engine.h"

#include "machine.h"
#include "peripherals.h"

enum { REF_EDGE_PS = 15258789 };  // from one edge of the reference clock (32768 Hz) to the next

Domain *engine_first;
static Event edge;

void event_init(Event *event, Domain *domain, void (*run)(Event *), void *owner) {
    *event = (Event){.run = run, .domain = domain, .owner = owner};
}

static void remove_domain(Domain *d) {
    Domain **link = &engine_first;
    while (*link != d) link = &(*link)->next;
    *link = d->next;
    d->enqueued = false;
}

static void enqueue_domain(Domain *d, int64_t delay) {
    int64_t time = m.now_ps + delay * d->period_ps;
    if (d->running) return;
    if (d->enqueued) {
        if (d->next_ps <= time) return;
        remove_domain(d);
    }
    d->enqueued = true;
    d->next_ps = time;
    Domain **link = &engine_first;
    while (*link && (*link)->next_ps < time) link = &(*link)->next;
    d->next = *link;
    *link = d;
}

void domain_sync(Domain *d) {
    if (d->running || d->queued) return;
    int64_t passed = m.now_ps - d->stop_ps;
    if (passed > 0) {
        int64_t cycles = (passed + d->period_ps - 1) / d->period_ps;
        d->stop_ps += cycles * d->period_ps;
        d->cycles += cycles;
    }
}

static void to_slot(Domain *d, Event *event, int64_t delay) {
    Event **slot = &d->slot[(d->index + delay) & (SLOTS - 1)];
    event->next = *slot;
    *slot = event;
    event->cycle = d->cycles + delay;
    d->queued++;
}

void schedule_far(Event *event, int64_t delay) {
    Domain *d = event->domain;
    event->queued = true;
    if (!d->running) domain_sync(d);
    d->flush = true;
    enqueue_domain(d, delay);
    int64_t cycle = d->cycles + delay;
    Event **link = &d->delayed;
    while (*link && (*link)->cycle < cycle) link = &(*link)->next;
    event->next = *link;
    *link = event;
    event->cycle = cycle;
}

void event_cancel(Event *event) {
    Domain *d = event->domain;
    if (!event->queued) return;
    event->queued = false;
    for (Event **link = &d->delayed; *link; link = &(*link)->next)
        if (*link == event) {
            *link = event->next;
            return;
        }
    for (int i = 0; i < SLOTS; i++)
        for (Event **link = &d->slot[i]; *link; link = &(*link)->next)
            if (*link == event) {
                *link = event->next;
                d->queued--;
                return;
            }
}

// Schedule, unless the event is already due by then.
void event_bring_forward(Event *event, int64_t delay) {
    domain_sync(event->domain);
    if (event->queued) {
        if (event->domain->cycles + delay >= event->cycle) return;
        event_cancel(event);
    }
    schedule(event, delay);
}

static void flush_delayed(Domain *d) {
    d->flush = false;
    while (d->delayed) {
        Event *event = d->delayed;
        if (d->queued == 0) d->cycles = event->cycle;
        int64_t delay = event->cycle - d->cycles;
        if (delay >= SLOTS) break;
        d->delayed = event->next;
        to_slot(d, event, delay);
    }
}

// Run a cycle, and more of them if the steps of cores follow each other. Return the cycles to the domain's next event,
// or -1 if there is none.
static int64_t domain_run(Domain *d) {
    if (UNLIKELY(d->flush)) flush_delayed(d);
    Event *event;
    while ((event = d->slot[d->index]) != NULL) {  // a core may have moved the index on
        d->slot[d->index] = event->next;
        event->queued = false;
        d->queued--;
        event->run(event);
    }
    if (LIKELY(d->queued)) {
        d->cycles++;
        d->index = (d->index + 1) & (SLOTS - 1);
        if (d->index == 0) d->flush = true;
        return 1;
    }
    d->flush = true;
    d->stop_ps = m.now_ps;
    return d->delayed ? d->delayed->cycle - d->cycles : -1;
}

static void set_phase(Domain *d) {
    if (!d->enqueued) return;
    int64_t cycles = (d->next_ps - m.now_ps) / d->period_ps;
    remove_domain(d);
    enqueue_domain(d, cycles);
}

static void reference_edge(Event *event) {
    static bool rising;
    rising = !rising;
    schedule(event, 1);
    if (!rising) {
        soc_reference_edge();
        return;
    }
    set_phase(&m.cluster);
    set_phase(&m.soc);
    timer_reference_edge(&m.fc_timer);
    soc_reference_edge();
    timer_reference_edge(&m.cluster_timer);
    bool ticking = m.fc_timer.enabled[0] || m.fc_timer.enabled[1] || m.cluster_timer.enabled[0] ||
                   m.cluster_timer.enabled[1] ||
                   (m.fc_eu.core[0].mask | m.fc_eu.core[0].irq_mask) >> EVENT_REF_CLOCK & 1;
    if (!m.soc.enqueued && !m.cluster.enqueued && !ticking) event_cancel(event);  // nothing will ever happen again
}

void engine_start(void) {
    static Domain reference;
    reference.period_ps = REF_EDGE_PS;
    event_init(&edge, &reference, reference_edge, NULL);
    edge.queued = true;
    reference.delayed = &edge;
    reference.next_ps = 2 * REF_EDGE_PS;  // the first rising one after the start
    reference.enqueued = reference.flush = true;
    engine_first = &reference;
    m.fc_eu.core[0].status |= 1u << EVENT_REF_CLOCK;  // of the edge at the start
}

void engine_run(void) {
    while (engine_first && !m.stop) {
        Domain *d = engine_first;
        engine_first = d->next;
        d->enqueued = false;
        m.now_ps = d->next_ps;
        d->running = true;
        int64_t delay;
        for (;;) {
            delay = domain_run(d);
            if (UNLIKELY(m.stop)) return;
            if (UNLIKELY(m.now_ps > m.limit_ps)) return;
            delay *= d->period_ps;
            if (delay <= 0 || (engine_first && engine_first->next_ps < m.now_ps + delay)) break;
            m.now_ps += delay;
        }
        if (delay > 0) {  // the next domain is earlier: go behind it, before others of the same time
            d->next_ps = m.now_ps + delay;
            Domain **link = &engine_first->next;
            while (*link && (*link)->next_ps < d->next_ps) link = &(*link)->next;
            d->next = *link;
            *link = d;
            d->enqueued = true;
        }
        d->running = false;
    }
}
