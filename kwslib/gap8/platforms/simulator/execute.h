// The step of a core, for one value of INSTRUMENTED: it fetches, executes one instruction, and goes on with the core
// that is next. Included by core.c alone.
#if INSTRUMENTED
#define NAME(x) x##_instrumented
#else
#define NAME(x) x##_plain
#endif

static void NAME(step)(Event *event) {
next_core:;
    Core *c = (Core *)event;  // its first member
    Domain *d = event->domain;
    uint32_t pc = c->pc;
    bool slow = c->slow;
    uint32_t mask = c->mask;
    if (UNLIKELY(c->unsettled)) {
        c->slow = (slow & c->counting) | c->check_next;
        c->check_next = false;
        if (c->irq_due && slow) {
            take_irq(c);
            pc = c->pc;
        }
        c->unsettled = c->slow != c->counting || c->irq_due;
        if (!slow) mask = 0;
    }
    uint32_t index = LIKELY(pc - L2_BASE < L2_SIZE) ? (pc - L2_BASE) / 2 : code_index(c, pc);
    uint32_t flags = c->flags[index];
    if (UNLIKELY(flags != 1)) {
        if (!(flags & 0x7F)) flags = decode_for_core(c, index, pc);
        if ((flags & 0x7F) > 1) count(c, mask, COUNT_LOAD_STALLS, 1);
    }
    const Uop *u = &c->uops[index];
    int cycles = (int)(flags & 0x7F) + c->fetch_cycles;
    uint32_t next = pc + u->size, addr = 0xFFFFFFFF, increment;
    Outcome outcome = DONE;
    c->last[c->instructions++ % LAST_PCS] = pc;
#if INSTRUMENTED
    int fetched = c->fetch_cycles;
    if (m.trace) trace_instruction(c, pc);
#endif
    c->fetch_cycles = 0;
    if (UNLIKELY(mask > 3)) count(c, mask, COUNT_COMPRESSED, u->compressed);

    switch (u->op) {
#include "instructions.h"
    default: __builtin_unreachable();
    }

    if (flags & 0x80) next = loop_back(c, pc, next);
    c->pc = next;
    if (UNLIKELY(outcome != DONE)) c->cycles = cycles;  // for what ends the access
    fetch(c, next);
    if (slow) {  // by the mask that the instruction itself may have set
        if (LIKELY(c->mask & 1)) c->pccr[COUNT_CYCLES] += (uint32_t)cycles;
        if (LIKELY(c->mask & 2)) c->pccr[COUNT_INSTRUCTIONS]++;
    }
#if INSTRUMENTED
    if (m.profile)
        profile_instruction(c, index, u, cycles, fetched, (int)(flags & 0x7F) - 1, next != pc + u->size, addr);
    if (!c->active || outcome == WAIT) c->sleep_since = c->step.domain->cycles + (outcome == WAIT ? 0 : cycles);
#endif
    if (LIKELY(outcome == DONE)) {
        if (LIKELY(c->active)) schedule_step(&c->step, d, cycles);
    } else if (outcome == WAIT) {
        c->active = false;
    }
    // Mostly another core is next, in this cycle or a later one, or this one itself: go on without a detour through
    // the engine.
    event = d->slot[d->index];
    if (!event) {
        if (d->queued == 1 && cycles < SLOTS && d->slot[(d->index + cycles) & (SLOTS - 1)] == &c->step) {
            if (!pass_cycles(d, cycles)) return;
            event = &c->step;  // known without a look at the slot
            d->slot[d->index] = NULL;
            event->queued = false;
            d->queued = 0;
            goto next_core;
        }
        event = next_event(d);
    }
    if (LIKELY(event && event->run == NAME(step))) {
        d->slot[d->index] = event->next;
        event->queued = false;
        d->queued--;
        goto next_core;
    }
}

#undef NAME
