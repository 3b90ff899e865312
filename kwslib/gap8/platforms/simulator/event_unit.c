// Event units of the cluster (eight cores) and of the fabric controller (one): masks, waits, barriers, dispatcher,
// mutex.
#include "event_unit.h"

#include "bus.h"
#include "core.h"

enum {
    SLEEP_LATENCY = 6,  // cycles from the release of a sleeping core to its next instruction, less one
    AWAKE_LATENCY = 2,  // more of them if the event was there already
    EVENT_BARRIER = 16,
    EVENT_MUTEX = 17,
    EVENT_DISPATCH = 18,
    EVENT_FIFO = 27,
};

void eu_init(EventUnit *eu, int cores, Core *first) {
    memset(eu, 0, sizeof *eu);
    eu->cores = cores;
    for (int i = 0; i < cores; i++) {
        eu->core[i].core = first + i;
        eu->core[i].awake = true;
        eu->core[i].synced_irq = -1;
    }
}

static void check_state(EventUnit *eu, EventCore *c);

static void fifo_check(EventUnit *eu) {
    if (eu->fifo_used) eu_events(eu, 1u << EVENT_FIFO, 0xFFFFFFFF);
}

static void clear_status(EventUnit *eu, EventCore *c, uint32_t mask) {
    c->status &= ~mask;
    fifo_check(eu);
}

static void clear_after_wait(EventUnit *eu, EventCore *c) {
    uint32_t mask = c->clear_mask;
    c->clear_mask = 0;  // first: what waits in the FIFO sets its event again, which would come back here without end
    if (mask) clear_status(eu, c, mask);
}

static void wake(EventUnit *eu, EventCore *c) {
    c->awake = true;
    if (c->has_request) {
        c->has_request = false;
        core_resume(c->core, c->latency, true);
    }
    check_state(eu, c);
}

static void check_state(EventUnit *eu, EventCore *c) {
    uint32_t irqs = c->status & c->irq_mask, events = c->status & c->mask;
    int irq = irqs ? 31 - __builtin_clz(irqs) : -1;
    if (c->awake && irq != c->synced_irq) {
        c->synced_irq = irq;
        core_request_irq(c->core, irq);
    }
    if (events && c->interrupted) {
        c->state = WAITS_SKIP;
        clear_after_wait(eu, c);
        return;
    }
    if (c->awake) return;
    if (irqs && !events) {  // awake for the handler alone: the wait is repeated afterwards
        c->interrupted = true;
        c->awake = true;
        c->has_request = false;
        check_state(eu, c);
        c->synced_irq = -1;
    } else if (events && (c->state == WAITS_EVENT || c->state == WAITS_BARRIER)) {
        c->state = WAITS_NOT;
        clear_after_wait(eu, c);
        wake(eu, c);
    }
}

void eu_event(EventUnit *eu, int core, uint32_t mask) {
    eu->core[core].status |= mask;
    check_state(eu, &eu->core[core]);
}

// `cores` 0 means all of them.
void eu_events(EventUnit *eu, uint32_t mask, uint32_t cores) {
    for (int i = 0; i < eu->cores; i++)
        if (cores == 0 || (cores >> i) & 1) eu_event(eu, i, mask);
}

// A timer's wire goes to core 0 last.
void eu_timer_event(EventUnit *eu, uint32_t mask) {
    for (int i = 1; i <= eu->cores; i++) eu_event(eu, i % eu->cores, mask);
}

void eu_irq_ack(EventUnit *eu, int core, int irq) {
    EventCore *c = &eu->core[core];
    clear_status(eu, c, 1u << irq);
    c->synced_irq = -1;
    check_state(eu, c);
}

void eu_soc_event(EventUnit *eu, int event) {
    if (eu->fifo_used == 8) return;
    eu->fifo[eu->fifo_head] = event;
    eu->fifo_head = (eu->fifo_head + 1) & 7;
    eu->fifo_used++;
    fifo_check(eu);
}

static Access sleep(EventCore *c, Request *r, WaitState state) {
    c->state = state;
    c->awake = false;
    c->has_request = true;
    c->latency = r->latency;
    return ACCESS_PENDING;
}

static Access wait_event(EventUnit *eu, EventCore *c, Request *r, WaitState state) {
    r->latency += SLEEP_LATENCY;
    if (c->mask & c->status) {
        clear_after_wait(eu, c);
        r->latency += AWAKE_LATENCY;
        wake(eu, c);
        return ACCESS_OK;
    }
    return sleep(c, r, state);
}

static void put(Request *r, uint32_t value) { memcpy(r->data, &value, 4); }

static Access core_registers(EventUnit *eu, int id, uint32_t offset, Request *r) {
    EventCore *c = &eu->core[id];
    uint32_t value;
    memcpy(&value, r->data, 4);
    Access result = ACCESS_OK;
    uint32_t *mask = offset < 0x0C ? &c->mask : &c->irq_mask;
    switch (offset) {
    case 0x00:
    case 0x0C:
        if (!r->write) {
            put(r, *mask);
            return ACCESS_OK;
        }
        *mask = value;
        break;
    case 0x04:
    case 0x10:
        if (!r->write) return ACCESS_INVALID;
        *mask &= ~value;
        break;
    case 0x08:
    case 0x14:
        if (!r->write) return ACCESS_INVALID;
        *mask |= value;
        break;
    case 0x1C:
    case 0x20:
    case 0x24:
        if (r->write) return ACCESS_INVALID;
        put(r, offset == 0x1C ? c->status : c->status & (offset == 0x20 ? c->mask : c->irq_mask));
        return ACCESS_OK;
    case 0x28:
        if (!r->write) return ACCESS_INVALID;
        clear_status(eu, c, value);
        break;
    case 0x38:
    case 0x3C:
        if (r->write) return ACCESS_INVALID;
        if (offset == 0x3C) c->clear_mask = c->mask;
        result = wait_event(eu, c, r, WAITS_EVENT);
        put(r, c->mask & c->status);
        c->core->wait_value = c->mask & c->status;
        return result;
    default: return ACCESS_INVALID;
    }
    check_state(eu, c);
    return ACCESS_OK;
}

static void barrier_check(EventUnit *eu, Barrier *b) {
    if (b->status != b->trigger) return;
    b->status = 0;
    eu_events(eu, 1u << EVENT_BARRIER, b->target);
}

static Access barrier_registers(EventUnit *eu, int id, uint32_t offset, Request *r) {
    Barrier *b = &eu->barrier[(offset >> 5) & 7];
    if (offset >> 5 >= 8) return ACCESS_INVALID;
    EventCore *c = &eu->core[id];
    uint32_t value;
    memcpy(&value, r->data, 4);
    switch (offset & 0x1F) {
    case 0x00:
    case 0x04:
    case 0x0C: {
        uint32_t *reg = (offset & 0x1F) == 0 ? &b->trigger : (offset & 0x1F) == 4 ? &b->status : &b->target;
        if (!r->write) {
            put(r, *reg);
            return ACCESS_OK;
        }
        *reg = value;
        break;
    }
    case 0x08: {
        if (r->write) return ACCESS_INVALID;
        uint32_t summary = 0;
        for (int i = 1; i < 8; i++) summary |= eu->barrier[i].status;
        put(r, summary);
        return ACCESS_OK;
    }
    case 0x10:
        if (!r->write) return ACCESS_INVALID;
        b->status |= value;
        break;
    case 0x14: b->status |= 1u << id; break;
    case 0x18:
    case 0x1C:
        if (c->state != WAITS_BARRIER) b->status |= 1u << id;  // else: repeated after an interrupt
        if ((offset & 0x1F) == 0x1C) c->clear_mask = c->mask;
        barrier_check(eu, b);
        return wait_event(eu, c, r, WAITS_BARRIER);
    }
    barrier_check(eu, b);
    return ACCESS_OK;
}

static Access software_events(EventUnit *eu, uint32_t offset, Request *r) {
    uint32_t cores;
    memcpy(&cores, r->data, 4);
    if (offset >= 0x40 || !r->write) return ACCESS_INVALID;
    eu_events(eu, 1u << (offset >> 2), cores);
    return ACCESS_OK;
}

static Access mutex(EventUnit *eu, int id, Request *r) {
    EventCore *c = &eu->core[id];
    if (!r->write) {
        if (!eu->mutex_locked) {
            eu->mutex_locked = true;
            return ACCESS_OK;
        }
        eu->mutex_waiting |= 1u << id;
        c->clear_mask = 1u << EVENT_MUTEX;
        return wait_event(eu, c, r, WAITS_EVENT);
    }
    memcpy(&eu->mutex_value, r->data, 4);
    if (!eu->mutex_waiting) {
        eu->mutex_locked = false;
        return ACCESS_OK;
    }
    int next = __builtin_ctz(eu->mutex_waiting);
    eu->mutex_waiting &= eu->mutex_waiting - 1;
    if (eu->core[next].interrupted)
        eu->core[next].interrupt_value = eu->mutex_value;
    else
        eu->core[next].core->wait_value = eu->mutex_value;
    eu_event(eu, next, 1u << EVENT_MUTEX);
    return ACCESS_OK;
}

static void dispatch_push(EventUnit *eu, uint32_t value) {
    Dispatch *d = &eu->dispatch[eu->dispatch_head];
    eu->dispatch_head = (eu->dispatch_head + 1) & 7;
    d->config = eu->dispatch_config;
    d->value = value;
    d->ready = 0xFFFFFFFF;
    uint32_t waiting = d->waiting;
    for (int i = 0; i < eu->cores; i++) {
        if (!((waiting >> i) & 1)) continue;
        d->ready &= ~(1u << i);
        d->waiting &= ~(1u << i);
        eu->dispatch_tail[i] = (eu->dispatch_tail[i] + 1) & 7;
        if ((d->config >> i) & 1) {
            if (eu->core[i].interrupted)
                eu->core[i].interrupt_value = value;
            else
                eu->core[i].core->wait_value = value;
            eu_event(eu, i, 1u << EVENT_DISPATCH);
        } else {  // not of this team: it sleeps on for the next value
            eu->dispatch[eu->dispatch_tail[i]].waiting |= 1u << i;
            eu->core[i].clear_mask = 1u << EVENT_DISPATCH;
        }
    }
}

static Access dispatch(EventUnit *eu, int id, uint32_t offset, Request *r) {
    uint32_t value;
    memcpy(&value, r->data, 4);
    if (offset == 4) {
        eu->dispatch_config = value;
        return ACCESS_OK;
    }
    if (offset != 0) return ACCESS_INVALID;
    if (r->write) {
        dispatch_push(eu, value);
        return ACCESS_OK;
    }
    int *tail = &eu->dispatch_tail[id];
    Dispatch *d = &eu->dispatch[*tail];
    while ((d->ready >> id) & 1 && !((d->config >> id) & 1)) {
        d->ready &= ~(1u << id);
        *tail = (*tail + 1) & 7;
        d = &eu->dispatch[*tail];
    }
    if ((d->ready >> id) & 1) {
        put(r, d->value);
        d->ready &= ~(1u << id);
        *tail = (*tail + 1) & 7;
        return ACCESS_OK;
    }
    d->waiting |= 1u << id;
    eu->core[id].clear_mask = 1u << EVENT_DISPATCH;
    return wait_event(eu, &eu->core[id], r, WAITS_EVENT);
}

Access eu_demux(EventUnit *eu, int core, uint32_t offset, Request *r) {
    EventCore *c = &eu->core[core];
    c->interrupted = false;
    if (r->size != 4) return ACCESS_INVALID;
    if (!r->write) memset(r->data, 0, 4);
    c->core->wait_value = 0;
    if (c->state == WAITS_SKIP) {
        c->state = WAITS_NOT;
        put(r, c->interrupt_value);
        return ACCESS_OK;
    }
    if (offset < 0x40) return core_registers(eu, core, offset, r);
    if (offset >= 0x80 && offset < 0xC0) return dispatch(eu, core, offset - 0x80, r);
    if (offset == 0xC0) return mutex(eu, core, r);
    if (offset >= 0x100 && offset < 0x200) return software_events(eu, offset - 0x100, r);
    if (offset >= 0x200 && offset < 0x400) return barrier_registers(eu, core, offset - 0x200, r);
    return ACCESS_INVALID;
}

Access eu_bus(EventUnit *eu, uint32_t offset, Request *r) {
    if (r->size != 4) return ACCESS_INVALID;
    if (offset < 0x400) {
        if ((int)(offset >> 6) >= eu->cores) return ACCESS_INVALID;
        uint32_t reg = offset & 0x3F;
        if (reg == 0x38 || reg == 0x3C) return ACCESS_INVALID;  // waiting is for the core itself
        return core_registers(eu, (int)(offset >> 6), reg, r);
    }
    if (offset >= 0x600 && offset < 0x700) return software_events(eu, offset - 0x600, r);
    if (offset == 0x700 && !r->write) {
        uint32_t value = 0;
        if (eu->fifo_used) {
            value = 0x80000000u | (uint32_t)eu->fifo[eu->fifo_tail];
            eu->fifo_tail = (eu->fifo_tail + 1) & 7;
            eu->fifo_used--;
            fifo_check(eu);
        }
        put(r, value);
        return ACCESS_OK;
    }
    return ACCESS_INVALID;
}
