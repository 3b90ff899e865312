// One core: its state, and what others do to it.
#ifndef CORE_H
#define CORE_H
#include "bus.h"
#include "cache.h"
#include "decode.h"
#include "engine.h"
#include "report.h"

struct Core {
    Event step;
    uint32_t regs[33];
    uint32_t pc;
    uint32_t line;     // address of the 16 bytes in the prefetch buffer; 1: none
    Uop *uops;         // those of `table`
    CodeTable *table;
    uint8_t *flags;    // per halfword: 0 not decoded, else 1 + stall cycles; bit 7: end of a hardware loop
    uint8_t *pending;  // per halfword: 1 + register that the instruction before delivers late
    int fetch_cycles;
    int cycles;      // of the instruction that is waiting for its access
    bool slow;       // this instruction is counted if the counters are on after it
    bool check_next;  // the instruction behind the one that is scheduled is slow
    bool unsettled;  // `slow` is not `counting`, or an interrupt is due: the step has to look closer
    bool counting, active, fetch_enable, wfi;
    int stalled;
    int64_t wakeup_latency;
    uint32_t lp_start[2], lp_end[2], lp_count[2];
    uint32_t lp_unused;    // CSR 0x7B3 between the two loops' registers
    uint32_t fcsr, frm, fprec;  // CSRs of the floating-point unit that the chip lacks
    uint32_t lp_mark[2];  // 1 + index of the halfword that is marked as the end of a loop; 0: none
    uint32_t second_won;  // by half: all ones where the last pv.vitop.max took rs2's
    uint32_t pcer;         // CSR: enabled performance counters, a bit each
    uint32_t pcmr;         // CSR: bit 0 switches all of them on
    uint32_t mask;         // counters that count now: `pcer` if they are switched on, else 0
    uint32_t pccr[32];     // their values
    uint32_t external[5];  // loads, stores, load cycles, store cycles outside L1; L1 conflict cycles
    int id;
    uint32_t hartid;
    bool is_fc;
    Event second_half;
    struct {             // an access across two words, between its two halves
        uint32_t addr;   // of the second half
        uint8_t reg;     // register that is stored or loaded
        uint8_t size0;   // bytes of the first half
        uint8_t size;    // bytes of the whole access
        uint8_t write;   // 1: a store
        uint8_t sign;    // 1: a load that extends the sign
    } split;
    uint8_t wait_rd;
    uint32_t wait_value;
    // interrupts and traps
    uint32_t boot_addr, mstatus, mepc, mcause, mtvec, mscratch;
    uint32_t vectors;  // address of the first: set by the boot address, and by a write to mtvec
    bool irq_enable, saved_irq_enable, irq_due;
    Cache *cache;
    int irq_req;   // to be taken; -1: none
    int irq_line;  // the last one that was raised, taken or not: wfi does not sleep on it
    bool elw_waiting;
    uint32_t elw_pc;
    bool elw_interrupted;
    Event irq_event;
    int irq_value;
    uint32_t last[LAST_PCS];
    uint64_t instructions;
    int64_t sleep_since;
    Costs *costs;        // by function, of the section that runs, when profiling
    Costs *first_costs;  // those of section 0; the other sections' follow
    Port demux_eu, demux_dma, tas, demux_eu_alias, demux_dma_alias, tas_alias, out;
};

void core_init(Core *core, int id, Domain *domain);
void core_resume(Core *core, int64_t latency, bool write_rd);
void core_check_state(Core *core);
void core_set_boot(Core *core, uint32_t addr);
void core_fetch_enable(Core *core, bool enable);
void core_request_irq(Core *core, int irq);
void core_update_irq(Core *core);
void core_flush_code(Core *first, int cores);
void core_flush_acknowledged(Core *core);
#endif
