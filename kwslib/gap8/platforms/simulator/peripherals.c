// Timers, SoC control (cluster power, exit), SoC event unit, standard output.
#include "peripherals.h"

#include "bus.h"
#include "diagnostics.h"
#include "engine.h"
#include "event_unit.h"
#include "machine.h"

// ---- timer: two counters of 32 bits, or one of 64 ----
enum { CFG_ENABLE = 1, CFG_RESET = 2, CFG_IRQ = 4, CFG_CLEAR = 1 << 4, CFG_ONE_SHOT = 1 << 5, CFG_PRESCALER = 1 << 6,
       CFG_REF_CLOCK = 1 << 7 };
#define CFG_CASCADE 0x80000000u
#define LOOK_AGAIN (1ull << 40)  // cycles: four hours of the chip
#define CFG_KEPT 0xFFF5u

static void timer_sync(Timer *t) {
    uint64_t passed = (uint64_t)(t->domain->cycles - t->synced_at);
    t->synced_at = t->domain->cycles;
    if (t->wide && t->enabled[0]) {
        uint64_t value = (t->value[0] | (uint64_t)t->value[1] << 32) + passed;
        t->value[0] = (uint32_t)value;
        t->value[1] = (uint32_t)(value >> 32);
        return;
    }
    for (int i = 0; i < 2; i++)
        if (t->enabled[i] && !(t->config[i] & CFG_REF_CLOCK)) t->value[i] += (uint32_t)passed;
}

static void timer_check_one(Timer *t, int i) {
    bool wide = t->wide;
    uint64_t value = wide ? t->value[0] | (uint64_t)t->value[1] << 32 : t->value[i];
    uint64_t compare = wide ? t->compare[0] | (uint64_t)t->compare[1] << 32 : t->compare[i];
    uint32_t config = t->config[i];
    if (t->enabled[i] && value == compare) {
        if (config & CFG_CLEAR) {
            t->value[i] = 0;
            if (wide) t->value[1] = 0;
            value = 0;
        }
        if (config & CFG_IRQ) eu_timer_event(t->eu, 1u << (10 + i));
        if (config & CFG_ONE_SHOT) t->enabled[i] = false;
    }
    if (t->enabled[i] && !(config & CFG_REF_CLOCK) && config & (CFG_IRQ | CFG_CLEAR)) {
        uint64_t left = wide ? compare - value : (uint32_t)(compare - value);
        if (left == 0) left = wide ? 0 : 0x100000000u;
        if (left > LOOK_AGAIN) left = LOOK_AGAIN;  // and find no match then
        // GVSOC looks later where a prescaler is set, but counts on as fast: it finds a match only by chance.
        if (config & CFG_PRESCALER) left *= (config >> 8 & 0xFF) + 1;
        if (left) event_bring_forward(&t->event, (int64_t)left);
    }
}

static void timer_check(Timer *t) {
    timer_check_one(t, 0);
    if (!t->wide) timer_check_one(t, 1);
}

static void timer_event(Event *event) {
    Timer *t = event->owner;
    timer_sync(t);
    timer_check(t);
}

void timer_reference_edge(Timer *t) {
    bool counted = false;
    for (int i = 0; i < 2; i++)
        if (t->config[i] & CFG_REF_CLOCK) {
            t->value[i]++;
            counted = true;
        }
    if (!counted) return;
    domain_sync(t->domain);
    timer_sync(t);
    timer_check(t);
}

void timer_init(Timer *t, Domain *domain, EventUnit *eu) {
    memset(t, 0, sizeof *t);
    t->domain = domain;
    t->eu = eu;
    event_init(&t->event, domain, timer_event, t);
}

static void timer_configure(Timer *t, int i, uint32_t config) {
    t->enabled[i] = config & CFG_ENABLE;
    if (i == 0) t->wide = config & CFG_CASCADE;
    if (config & CFG_RESET) {
        t->value[i] = 0;
        if (t->wide) t->value[1] = 0;
    }
    t->config[i] = config & (i == 0 ? CFG_KEPT | CFG_CASCADE : CFG_KEPT);
    timer_check(t);
}

Access timer_access(Timer *t, uint32_t offset, Request *r) {
    uint32_t value = 0;
    if (r->size != 4) return ACCESS_INVALID;
    memcpy(&value, r->data, 4);
    timer_sync(t);
    int i = (offset >> 2) & 1;
    uint32_t *reg;
    switch (offset >> 3) {
    case 0:
        if (r->write) {
            timer_configure(t, i, value);
            return ACCESS_OK;
        }
        value = (t->config[i] & ~1u) | t->enabled[i];
        memcpy(r->data, &value, 4);
        return ACCESS_OK;
    case 1: reg = &t->value[i]; break;
    case 2: reg = &t->compare[i]; break;
    case 3: timer_configure(t, i, t->config[i] | CFG_ENABLE); return ACCESS_OK;
    case 4: timer_configure(t, i, t->config[i] | CFG_RESET); return ACCESS_OK;
    default: return ACCESS_OK;
    }
    if (r->write) {
        *reg = value;
        timer_check(t);
    } else {
        memcpy(r->data, reg, 4);
    }
    return ACCESS_OK;
}

// ---- SoC control ----
static struct {
    uint32_t bypass, status;
    bool powered, reset, gated;
} soc;
static uint32_t event_masks[6];  // MSB and LSB for FC, cluster, peripherals: a one blocks

enum { POWER_EVENT = 31, CLOCK_GATE_EVENT = 35, REF_CLOCK_EVENT = 56 };

void soc_init(void) {
    memset(&soc, 0, sizeof soc);
    soc.reset = true;
    memset(event_masks, 0xFF, sizeof event_masks);
}

void soc_event(int event) {
    int word = event >> 5, bit = event & 31;
    if (!((event_masks[1 - word] >> bit) & 1)) eu_soc_event(&m.fc_eu, event);
}

// Both edges of the reference clock are events.
void soc_reference_edge(void) {
    eu_event(&m.fc_eu, 0, 1u << EVENT_REF_CLOCK);
    soc_event(REF_CLOCK_EVENT);
}

static void set_bypass(uint32_t value) {
    soc.bypass = value;
    bool power = (value >> 3) & 1, reset = (value >> 13) & 1, gate = (value >> 10) & 1;
    if (soc.reset != reset && soc.powered != reset) soc.reset = reset;
    if (soc.powered != power) {
        soc_event(POWER_EVENT);
        eu_event(&m.fc_eu, 0, 1u << 22);
    }
    if (soc.gated != gate) {
        soc_event(CLOCK_GATE_EVENT);
        eu_event(&m.fc_eu, 0, 1u << 23);
    }
    soc.powered = power;
    soc.gated = gate;
}

Access soc_control(uint32_t offset, Request *r) {
    uint32_t value = 0;
    if (r->size != 4) return ACCESS_INVALID;
    memcpy(&value, r->data, 4);
    if (!r->write) {
        value = offset == 0xA0 ? soc.status : offset == 0x70 ? soc.bypass : 0;
        memcpy(r->data, &value, 4);
    } else if (offset == 0xA0) {
        soc.status = value;
        if (value >> 31) {
            m.exit_status = value & 0x7FFFFFFF;
            m.exited = m.stop = true;
        }
    } else if (offset == 0x70) {
        set_bypass(value);
    }
    return ACCESS_OK;
}

Access soc_eu_access(uint32_t offset, Request *r) {
    uint32_t value;
    if (r->size != 4) return ACCESS_INVALID;
    memcpy(&value, r->data, 4);
    if (offset == 0) {
        if (!r->write) return ACCESS_INVALID;
        for (int i = 0; i < 8; i++)
            if ((value >> i) & 1) soc_event(48 + i);
        return ACCESS_OK;
    }
    if (offset > 0x18 || offset & 3) return ACCESS_INVALID;
    uint32_t *mask = &event_masks[offset / 4 - 1];
    if (r->write)
        *mask = value;
    else
        memcpy(r->data, mask, 4);
    return ACCESS_OK;
}

// ---- standard output: one line buffer for each core ----
enum { LINE = 1023, CHANNELS = 64 * 16 };
static char lines[CHANNELS][LINE + 1];
static int fill[CHANNELS];
static uint64_t printed;

Access stdout_access(uint32_t offset, Request *r) {
    int channel = (int)(offset >> 7 & 0x3F) * 16 + (int)(offset >> 3 & 0xF);
    if (!r->write) return ACCESS_INVALID;
    if (printed++ == m.max_output)
        fault("output", "the program prints more than %llu bytes", (unsigned long long)m.max_output);
    char c = (char)r->data[0];
    lines[channel][fill[channel]++] = c;
    if (c == '\n' || fill[channel] == LINE) {
        fwrite(lines[channel], 1, (size_t)fill[channel], stdout);
        fill[channel] = 0;
    }
    return ACCESS_OK;
}

// Unfinished lines are shown when a run ends by a fault; the chip's own exit drops them.
void stdout_flush_partial(void) {
    for (int i = 0; i < CHANNELS; i++)
        if (fill[i]) {
            fwrite(lines[i], 1, (size_t)fill[i], stdout);
            fputc('\n', stdout);
            fill[i] = 0;
        }
}
