// One core: fetch timing, memory access, traps and the cost of every instruction. What an instruction computes is in
// execute.h, which is compiled here twice: plain, and with profile and trace.
#include "core.h"

#include "bus.h"
#include "cache.h"
#include "csr.h"
#include "decode.h"
#include "diagnostics.h"
#include "engine.h"
#include "event_unit.h"
#include "isa_table.h"
#include "machine.h"
#include "report.h"
#include "vector.h"

enum { PREFETCH = 16, NO_LINE = 0x40000001, ELW_CYCLES = 2, MRET_CYCLES = 4 };

// Return the cycles that the fetch of the 16 bytes at `line` adds to the next instruction.
ALWAYS_INLINE int64_t cache_fetch(Cache *cache, Core *core, uint32_t line) {
    uint32_t tag = line >> 4, set = tag & (uint32_t)(cache->sets - 1), slot = 4 * set + cache->recent[set];
    if (LIKELY(cache->enabled && cache->tag[slot] == tag)) {
        int64_t wait = cache->ready_at[slot] - cache->domain->cycles;
        return wait > 0 ? wait : 0;
    }
    m.current = core;
    return cache_fetch_slow(cache, line);
}

// Bring the instruction at `pc` into the prefetch buffer. Four bytes are asked for even where two would do, and of two
// lines only the second one's time counts. Inline: every fourth instruction comes here.
ALWAYS_INLINE void fetch_line(Core *c, uint32_t pc) {
    uint32_t offset = pc - c->line;
    if (offset >= PREFETCH) {
        c->line = pc & ~(uint32_t)(PREFETCH - 1);
        c->fetch_cycles = (int)cache_fetch(c->cache, c, c->line);
    }
    if (pc - c->line > PREFETCH - 4) {
        c->line += PREFETCH;
        c->fetch_cycles = (int)cache_fetch(c->cache, c, c->line);
    }
}

ALWAYS_INLINE void fetch(Core *c, uint32_t pc) {
    if (UNLIKELY(pc - c->line > PREFETCH - 4)) fetch_line(c, pc);
}

ALWAYS_INLINE void count(Core *c, uint32_t mask, int event, uint32_t amount) {
    if (UNLIKELY((mask >> event) & 1)) c->pccr[event] += amount;
}

ALWAYS_INLINE bool in_l1(const Core *c, uint32_t addr, uint32_t *offset) {
    uint32_t o = addr - L1_BASE;
    if (o >= L1_SIZE) o = addr;  // the cluster's cores see L1 at 0 too
    *offset = o;
    return o < L1_SIZE && !c->is_fc;
}

ALWAYS_INLINE int l1_bank(Core *c, uint32_t offset) {
    int64_t now = m.cluster.cycles;
    int64_t *bank = &m.bank_free_at[(offset >> 2) & (BANKS - 1)];
    int64_t wait = *bank - now;
    if (wait < 0) wait = 0;
    *bank = now + wait + 1;
    c->external[4] += (uint32_t)wait;
    return (int)wait;
}

ALWAYS_INLINE uint32_t extend(uint32_t value, int size, bool sign) {
    if (size == 1) return sign ? (uint32_t)(int8_t)value : (uint8_t)value;
    if (size == 2) return sign ? (uint32_t)(int16_t)value : (uint16_t)value;
    return value;
}

typedef enum { DONE, SPLIT, WAIT } Outcome;

// Pass empty cycles as the engine would, but only where it has nothing else to do on the way.
ALWAYS_INLINE bool pass_cycles(Domain *d, int count) {
    int64_t next_ps = m.now_ps + count * d->period_ps;
    if (UNLIKELY(d->delayed || m.stop || engine_first->next_ps < next_ps || m.limit_ps < next_ps)) return false;
    m.now_ps = next_ps;
    d->cycles += count;
    d->index = (d->index + count) & (SLOTS - 1);
    return true;
}

// Go on to the next cycle that has events and return the first one of them; NULL: that is for the engine to do.
ALWAYS_INLINE Event *next_event(Domain *d) {
    if (!d->queued) return NULL;
    int ahead = 1;
    while (!d->slot[(d->index + ahead) & (SLOTS - 1)]) ahead++;
    return pass_cycles(d, ahead) ? d->slot[d->index] : NULL;
}

// Part of an access that lies within one word.
static Access access_word(Core *c, uint32_t addr, uint8_t *data, int size, bool write, int *cycles) {
    uint32_t offset;
    if (in_l1(c, addr, &offset)) {
        *cycles += l1_bank(c, offset);
        if (write)
            memcpy(m.l1 + offset, data, (size_t)size);
        else
            memcpy(data, m.l1 + offset, (size_t)size);
        if (m.check_uninitialised) {
            m.current = c;
            if (write)
                mark_written(L1_BASE + offset, (uint32_t)size);
            else if (!was_written(L1_BASE + offset, (uint32_t)size))
                note_uninitialised("L1", L1_BASE + offset, (uint32_t)size);
        }
        return ACCESS_OK;
    }
    Request r = {.addr = addr, .size = (uint32_t)size, .data = data, .write = write};
    m.current = c;
    Access result = core_bus(c, &r);
    if (result == ACCESS_INVALID)
        fault("memory access", "%s of %d byte%s at %#010x, where %s", write ? "store" : "load", size,
              size > 1 ? "s" : "", addr,
              addr >= L2_BASE && addr < 0x20000000 ? "L2 has ended" : "there is no memory or register of that size");
    if (result == ACCESS_OK) *cycles += (int)r.latency;
    return result;
}

// The first half of an access across a word. Each half is moved from or to the register itself, as GVSOC does it: if that
// is the base too, an increment falls between the halves.
static Outcome split_access(Core *c, uint32_t addr, int size, uint8_t reg, bool write, bool sign, int *cycles) {
    int first = 4 - (int)(addr & 3), before = *cycles;
    if (c->mask & (1u << COUNT_MISALIGNED)) c->pccr[COUNT_MISALIGNED]++;
    if (access_word(c, addr, (uint8_t *)&c->regs[reg], first, write, cycles) != ACCESS_OK)
        fault("memory access", "%s across a word at %#010x %s a device", write ? "store" : "load", addr,
              write ? "to" : "from");
    c->split.addr = addr + (uint32_t)first;
    c->split.reg = reg;
    c->split.size0 = (uint8_t)first;
    c->split.size = (uint8_t)size;
    c->split.sign = sign;
    c->split.write = write;
    c->stalled++;
    schedule(&c->second_half, *cycles - before + 1);
    return SPLIT;
}

static Outcome load_slow(Core *c, uint32_t addr, int size, bool sign, uint8_t rd, int *cycles) {
    uint32_t value = 0;
    c->cycles = *cycles;
    if ((addr & 3) + (uint32_t)size > 4) {
        if (!sign) c->regs[rd] = 0;
        return split_access(c, addr, size, rd, false, sign, cycles);
    }
    if (access_word(c, addr, (uint8_t *)&value, size, false, cycles) == ACCESS_PENDING) {
        c->wait_rd = rd;
        c->stalled++;
        return WAIT;
    }
    c->regs[rd] = extend(value, size, sign);
    return DONE;
}

static Outcome store_slow(Core *c, uint32_t addr, uint8_t rs2, int size, int *cycles) {
    c->cycles = *cycles;
    uint32_t value = c->regs[rs2];
    if ((addr & 3) + (uint32_t)size > 4) return split_access(c, addr, size, rs2, true, false, cycles);
    if (access_word(c, addr, (uint8_t *)&value, size, true, cycles) == ACCESS_PENDING) {
        c->stalled++;
        return WAIT;
    }
    return DONE;
}

ALWAYS_INLINE Outcome load(Core *c, uint32_t addr, int size, bool sign, uint8_t rd, int *cycles) {
    uint32_t offset;
    if (LIKELY(in_l1(c, addr, &offset) && (offset & 3) + (uint32_t)size <= 4 && !m.check_uninitialised)) {
        *cycles += l1_bank(c, offset);
        uint32_t value = 0;
        memcpy(&value, m.l1 + offset, (size_t)size);
        c->regs[rd] = extend(value, size, sign);
        return DONE;
    }
    return load_slow(c, addr, size, sign, rd, cycles);
}

// A load whose base is its destination: the base that was computed before it stays.
static Outcome load_into_base(Core *c, uint32_t addr, int size, bool sign, uint8_t rd, uint32_t base, int *cycles) {
    Outcome outcome = load_slow(c, addr, size, sign, rd, cycles);
    c->regs[rd] = base;
    return outcome;
}

ALWAYS_INLINE Outcome store(Core *c, uint32_t addr, uint32_t value, int size, uint8_t rs2, int *cycles) {
    uint32_t offset;
    if (LIKELY(in_l1(c, addr, &offset) && (offset & 3) + (uint32_t)size <= 4 && !m.check_uninitialised)) {
        *cycles += l1_bank(c, offset);
        memcpy(m.l1 + offset, &value, (size_t)size);
        return DONE;
    }
    return store_slow(c, addr, rs2, size, cycles);
}

// The second half of an access across a word, a cycle after the first.
static void second_half(Event *event) {
    Core *c = event->owner;
    int cycles = 0, rest = c->split.size - c->split.size0;
    c->stalled--;
    c->cycles++;
    if (c->mask & (1u << COUNT_LOADS)) c->pccr[COUNT_LOADS]++;
    uint32_t *reg = &c->regs[c->split.reg];
    if (access_word(c, c->split.addr, (uint8_t *)reg + c->split.size0, rest, c->split.write, &cycles) != ACCESS_OK)
        fault("memory access", "access across a word at %#010x to a device", c->split.addr);
    if (c->split.sign) *reg = extend(*reg, c->split.size, true);
    c->cycles += cycles;
    if (c->mask & 1) c->pccr[COUNT_CYCLES] += (uint32_t)c->cycles;
    schedule(&c->step, cycles + 1);
}

void core_resume(Core *c, int64_t latency, bool write_rd) {
    c->stalled--;
    c->wakeup_latency = latency;
    if (write_rd) c->regs[c->wait_rd] = c->wait_value;
    c->elw_waiting = false;
    if (c->mask & 1) c->pccr[COUNT_CYCLES] += (uint32_t)c->cycles;
    core_check_state(c);
}

// Look for interrupts before the next instruction, or before the one behind it if that is scheduled already.
static void check_soon(Core *c) {
    if (c->step.queued)
        c->check_next = true;
    else
        c->slow = true;
    c->unsettled = true;
}

void core_check_state(Core *c) {
    check_soon(c);
    if (c->active || c->step.queued || !c->fetch_enable || c->stalled || (c->wfi && c->irq_line < 0)) return;
    fetch(c, c->pc);
    c->wfi = false;
    c->active = true;
    if (c->mask & 1) c->pccr[COUNT_CYCLES] += (uint32_t)(1 + c->wakeup_latency);
    if (c->costs && c->sleep_since >= 0) {
        profile_sleep(c, c->step.domain->cycles + 1 + c->wakeup_latency);
        c->sleep_since = -1;
    }
    schedule(&c->step, 1 + c->wakeup_latency);
    c->wakeup_latency = 0;
}

void core_set_boot(Core *c, uint32_t addr) {
    c->boot_addr = addr;
    c->vectors = addr & ~0xFFu;
}

void core_fetch_enable(Core *c, bool enable) {
    bool start = enable && !c->fetch_enable;
    c->fetch_enable = enable;
    if (start) {
        if (c->active && !c->step.queued)  // it is just executing, or between the halves of an access
            fault("fetch enable", "core %d is started again in the middle of its own instruction", c->id);
        c->pc = c->boot_addr + 0x80;
        if (c->active) {
            event_cancel(&c->step);
            c->active = false;
        }
    }
    core_check_state(c);
}

// ---- interrupts ------------------------------------------------------------------------------------------------
void core_update_irq(Core *c) {
    c->irq_due = c->irq_req >= 0 && c->irq_enable;
    c->unsettled = true;
}

static void irq_event(Event *event) {
    Core *c = event->owner;
    c->irq_line = c->irq_req = c->irq_value;
    core_update_irq(c);
    check_soon(c);
    if (c->elw_waiting && c->stalled && c->irq_req >= 0) {
        c->elw_waiting = false;
        c->elw_interrupted = true;
        c->stalled--;
    }
    c->wfi = false;
    core_check_state(c);
}

void core_request_irq(Core *c, int irq) {
    c->irq_value = irq;
    if (!c->irq_event.queued) {
        domain_sync(c->irq_event.domain);
        schedule(&c->irq_event, 0);
    }
}

static void take_irq(Core *c) {
    int irq = c->irq_req;
    if (c->elw_interrupted) c->pc = c->elw_pc;
    c->mepc = c->pc;
    c->saved_irq_enable = c->irq_enable;
    c->irq_enable = false;
    c->irq_req = -1;
    core_update_irq(c);
    c->mcause = 0x80000000u | (uint32_t)irq;
    c->pc = c->vectors + 4 * (uint32_t)irq;
    eu_irq_ack(c->is_fc ? &m.fc_eu : &m.cluster_eu, c->is_fc ? 0 : c->id, irq);
    fetch(c, c->pc);
}

// Forget what the cores of one table have decoded, all but the instruction that each of them is about to execute or is
// just executing: that is decoded again at once, from the word that was fetched.
void core_flush_code(Core *first, int cores) {
    CodeTable *table = first->table;
    Uop current[CLUSTER_CORES];
    uint32_t at[CLUSTER_CORES], low = table->low, used = table->high + 1 - low;
    for (int i = 0; i < cores; i++) {
        Core *c = first + i;
        c->line = NO_LINE;
        if (!code_bytes(c->pc, &at[i]) || !(c->flags[at[i]] & 0x7F)) at[i] = CODE_HALFWORDS;
        current[i] = c->uops[at[i]];
        if (low > table->high) continue;
        memset(c->flags + low, 0, used);
        memset(c->pending + low, 0, used + 2);
        for (int loop = 0; loop < 2; loop++)
            if (c->lp_mark[loop]) c->flags[c->lp_mark[loop] - 1] |= 0x80;
    }
    if (low <= table->high) memset(table->uops + low, 0, used * sizeof *table->uops);
    for (int i = 0; i < cores; i++) {
        if (at[i] == CODE_HALFWORDS) continue;
        first[i].uops[at[i]] = current[i];
        decode_for_core(&first[i], at[i], first[i].pc);
    }
}

// The fabric controller's cache tells it that it was flushed: GVSOC's core counts its instruction's cycles once more.
void core_flush_acknowledged(Core *c) {
    if (c->mask & 1) c->pccr[COUNT_CYCLES] += (uint32_t)c->cycles;
    core_check_state(c);
}

// ---- instructions ----------------------------------------------------------------------------------------------
static uint32_t loop_back(Core *c, uint32_t pc, uint32_t next) {
    if (c->elw_interrupted) return next;
    for (int loop = 0; loop < 2; loop++)
        if (c->lp_count[loop] && c->lp_end[loop] == pc && --c->lp_count[loop]) return c->lp_start[loop];
    return next;
}

static uint32_t code_index(Core *c, uint32_t pc) {
    uint32_t index;
    m.current = c;
    if (pc & 1 || !code_bytes(pc, &index)) fault("fetch", "program counter %#010x is outside of memory", pc);
    return index;
}

#define INSTRUMENTED 0
#include "execute.h"
#undef INSTRUMENTED
#define INSTRUMENTED 1
#include "execute.h"

void core_init(Core *c, int id, Domain *domain) {
    c->id = id;
    c->is_fc = id == FC;
    c->table = &m.code[c->is_fc];
    c->uops = c->table->uops;
    c->table->low = CODE_HALFWORDS;
    c->cache = c->is_fc ? &m.fc_cache : &m.cluster_cache;
    c->hartid = c->is_fc ? 32u << 5 : (uint32_t)id;
    bool instrumented = m.profile || m.trace;
    event_init(&c->step, domain, instrumented ? step_instrumented : step_plain, c);
    event_init(&c->second_half, domain, second_half, c);
    event_init(&c->irq_event, domain, irq_event, c);
    for (int i = 1; i < 32; i++) c->regs[i] = 0x57575757;
    c->line = NO_LINE;
    c->pcmr = c->pcer = c->mask = 3;  // cycles and instructions are counted from reset
    c->counting = true;
    c->irq_req = c->irq_line = -1;
    c->mstatus = 3u << 11;
    c->sleep_since = -1;
}
