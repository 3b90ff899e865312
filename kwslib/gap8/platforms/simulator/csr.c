// Control and status registers: performance counters, the registers of hardware loops, traps and interrupts.
#include "csr.h"

#include "core.h"
#include "decode.h"
#include "diagnostics.h"
#include "machine.h"

enum { PCCR = 0x780, PCCR_ALL = 0x79F, PCER = 0x7A0, PCMR = 0x7A1, LOOP = 0x7B0 };

static void sync_external(Core *c, int counter, uint32_t pcer, uint32_t pcmr) {
    uint32_t *value = &c->external[counter - COUNT_LOADS_EXT];
    if ((pcer >> counter) & pcmr & 1) c->pccr[counter] += *value;
    *value = 0;
}

static void sync_all_external(Core *c, uint32_t pcer, uint32_t pcmr) {
    for (int i = COUNT_LOADS_EXT; i <= COUNT_TCDM_STALLS; i++) sync_external(c, i, pcer, pcmr);
}

uint32_t csr_read(Core *c, uint32_t csr) {
    if (csr >= PCCR && csr < PCCR_ALL) {
        int i = (int)(csr - PCCR);
        if (i >= COUNT_LOADS_EXT && i <= COUNT_TCDM_STALLS) sync_external(c, i, c->pcer, c->pcmr);
        return c->pccr[i];
    }
    switch (csr) {
    case 0x001: return c->fcsr & 31;
    case 0x002: return c->frm;
    case 0x003: return c->fcsr;
    case 0x006: return c->fprec;
    case 0xF14:
    case 0x014: return c->hartid;
    case 0x300: return c->mstatus | (uint32_t)c->irq_enable << 3 | (uint32_t)c->saved_irq_enable << 7;
    case 0x305: return c->mtvec;
    case 0x340: return c->mscratch;
    case 0x341: return c->mepc;
    case 0x342: return c->mcause;
    case PCER: return c->pcer;
    case PCMR: return c->pcmr;
    case LOOP:
    case LOOP + 4: return c->lp_start[(csr - LOOP) / 4];
    case LOOP + 1:
    case LOOP + 5: return c->lp_end[(csr - LOOP) / 4];
    case LOOP + 2:
    case LOOP + 6: return c->lp_count[(csr - LOOP) / 4];
    case LOOP + 3: return c->lp_unused;
    case 0xC10: return 3;  // machine mode
    default: return 0;
    }
}

void set_loop_end(Core *c, int loop, uint32_t end) {
    uint32_t index;
    c->lp_end[loop] = end;
    m.current = c;
    if (!code_bytes(end, &index)) fault("hardware loop", "its end %#010x is outside of memory", end);
    c->lp_mark[loop] = index + 1;
    c->flags[index] |= 0x80;
    decode_touch(c->table, index);
}

void csr_write(Core *c, uint32_t csr, uint32_t value) {
    uint32_t before;
    switch (csr) {
    case 0x001: c->fcsr = (c->fcsr & ~31u) | (value & 31); break;
    case 0x002: c->frm = value & 7; break;
    case 0x003: c->fcsr = value & 0xFF; break;
    case 0x006: c->fprec = value & 31; break;
    case 0x300:
        c->irq_enable = (value >> 3) & 1;
        core_update_irq(c);
        c->saved_irq_enable = (value >> 7) & 1;
        break;
    case 0x340: c->mscratch = value; break;
    case 0x305: c->mtvec = c->vectors = value; break;
    case 0x341: c->mepc = value & ~1u; break;
    case 0x342: c->mcause = value; break;
    case PCER:
        before = c->pcer;
        c->pcer = value & 0x7FFFFFFF;
        sync_all_external(c, before, c->pcmr);
        break;
    case PCMR:
        before = c->pcmr;
        c->pcmr = value;
        sync_all_external(c, c->pcer, before);
        break;
    case LOOP:
    case LOOP + 4: c->lp_start[(csr - LOOP) / 4] = value; break;
    case LOOP + 1:
    case LOOP + 5: c->lp_end[(csr - LOOP) / 4] = value; break;  // no instruction is marked: it does not loop
    case LOOP + 2:
    case LOOP + 6: c->lp_count[(csr - LOOP) / 4] = value; break;
    case LOOP + 3: c->lp_unused = value; break;
    case PCCR_ALL:
        for (int i = 0; i < 31; i++) c->pccr[i] = value;
        memset(c->external, 0, sizeof c->external);
        break;
    default:
        if (csr >= PCCR && csr < PCCR_ALL) {
            int i = (int)(csr - PCCR);
            if (i >= COUNT_LOADS_EXT && i <= COUNT_TCDM_STALLS) sync_external(c, i, c->pcer, c->pcmr);
            if (i < COUNT_LOADS_EXT) c->pccr[i] = value;  // to the others a write is dropped
        }
    }
    c->counting = c->pcmr & 1;
    c->mask = c->counting ? c->pcer : 0;
    c->unsettled = true;
}
