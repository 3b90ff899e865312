// gap8sim: runs a bare-metal GAP8 program and counts its cycles as GVSOC's model of GAP8 rev C does.
//
//   gap8sim program.elf                  run it: its output goes to stdout, its exit status is gap8sim's
//     --report file.json                 write cycles, instructions and each core's state
//     --profile                          add cycles and stalls by core and function to the report
//     --sections ADDRESS:COUNT           the same, and by section: a cluster core's store to word i of COUNT begins
//                                        section i + 1; before the first, and from the last one on, it is section 0
//     --max-cycles N                     give up after N cycles: exit status 122, and where each core is
//     --max-output N                     give up behind N bytes of output; 64 MiB by default
//     --flash file                       content of the external flash, instead of the ELF's section .flash
//     --trace file                       write every instruction; "-" is stderr
//     --trace-cores MASK                 only these cores: bits 0 to 7 the cluster, bit 8 the fabric controller
//     --trace-from A, --trace-to B       only addresses from A up to B
//     --check-uninitialised              report reads of L1 and L2 bytes that were never written
//
// Exit statuses 122 to 125 are gap8sim's own (EXIT_LIMIT and so on, below). The Python package
// kwslib.gap8.platforms.simulator compiles the .c files of this folder together with isa_table.h, which it generates;
// its docstring describes what is modelled.
//
// This header holds the shared types. All state is in one Machine `m`. Each part of the chip has a file of its own:
// main.c       options, reset, run        core.c, execute.h, vector.h   cores: state, instructions, SIMD
// engine.c     events and clock domains   decode.c      decoder, disassembler, pipeline hazards
// bus.c        routers, address maps      cache.c       instruction caches
// loader.c     ELF files, symbols         event_unit.c  barriers, mutexes, sleep and wake-up
// mchan.c      cluster DMA                peripherals.c timers, chip control, output
// report.c     report, profile, trace     udma.c        HyperFlash and HyperRAM
// diagnostics.c  faults and warnings
#ifndef SIM_H
#define SIM_H
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define ALWAYS_INLINE static inline __attribute__((always_inline))

enum {
    CLUSTER_CORES = 8,
    FC = 8,  // index of the fabric controller among the cores
    CORES = 9,
    BANKS = 16,
    SLOTS = 32,  // cycles that the ring of events covers; later events wait in a sorted list
    L1_SIZE = 0x10000,
    L2_SIZE = 0x80000,
    TCDM_SIZE = 0x10000,
    CODE_HALFWORDS = (L2_SIZE + L1_SIZE + TCDM_SIZE) / 2,
    LAST_PCS = 8,
    PERIOD_PS = 13882,     // of SoC and cluster: 72.03 MHz, what the frequency generators start with
    EVENT_REF_CLOCK = 14,  // of the fabric controller
};
enum { EXIT_LIMIT = 122, EXIT_FAULT = 123, EXIT_BAD_ELF = 124, EXIT_USAGE = 125 };  // beside the program's own status
#define L1_BASE 0x10000000u
#define L1_TAS_BASE 0x10100000u
#define L2_BASE 0x1C000000u
#define TCDM_BASE 0x1B000000u

// ---- events ----------------------------------------------------------------------------------------------------
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
int64_t cycle_now(void);

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

// ---- routers ---------------------------------------------------------------------------------------------------
// One target of a router: it moves four bytes a cycle, and a request waits until earlier ones are through.
typedef struct {
    int64_t free_at;
} Port;

typedef struct {
    uint32_t addr;
    uint32_t size;
    uint8_t *data;
    bool write;
    int64_t latency;
    int64_t duration;
} Request;

typedef enum { ACCESS_OK, ACCESS_PENDING, ACCESS_INVALID } Access;

static inline void port_pass(Port *port, Request *r, int64_t now, int64_t latency) {
    int64_t duration = (r->size + 3) / 4;
    int64_t wait = port->free_at - now;
    if (duration > r->duration) r->duration = duration;
    if (wait > r->latency) r->latency = wait;
    r->latency += latency;
    port->free_at = (wait > 0 ? port->free_at : now) + duration;
}

// ---- instruction caches ----------------------------------------------------------------------------------------
typedef struct {
    uint32_t *tag;    // sets * 4; 0xFFFFFFFF: empty
    uint8_t *recent;  // the way of each set that was hit last
    int64_t *ready_at;
    int sets;
    uint8_t lfsr;
    bool enabled;
    int64_t refill_until;
    Domain *domain;
    Access (*refill)(Request *r);
    uint64_t misses;
} Cache;
void cache_init(Cache *cache, int sets, Domain *domain, Access (*refill)(Request *));
int64_t cache_fetch_slow(Cache *cache, uint32_t line);

void cache_flush(Cache *cache);

// ---- cores -----------------------------------------------------------------------------------------------------
typedef struct {
    uint16_t op;
    uint8_t size;
    uint8_t rd;  // 32 is a register that nobody reads: the target of writes to x0
    uint8_t rs1, rs2;
    int8_t imm2;
    uint8_t compressed;
    int32_t imm;
    uint16_t form;
    uint8_t rd_named;
    uint8_t pad;
} Uop;

// Performance counters: indices of `pccr`, and bits of `pcer`. EXT: outside of L1.
enum {
    COUNT_CYCLES,
    COUNT_INSTRUCTIONS,
    COUNT_LOAD_STALLS,
    COUNT_JUMP_STALLS,
    COUNT_FETCH_MISSES,
    COUNT_LOADS,
    COUNT_STORES,
    COUNT_JUMPS,
    COUNT_BRANCHES,
    COUNT_TAKEN,
    COUNT_COMPRESSED,
    COUNT_LOADS_EXT,
    COUNT_STORES_EXT,
    COUNT_LOAD_EXT_CYCLES,
    COUNT_STORE_EXT_CYCLES,
    COUNT_TCDM_STALLS,
    COUNT_MISALIGNED = 29,
};

// Decoded instructions. The cores of the cluster share a table, since their code is flushed together.
typedef struct {
    Uop uops[CODE_HALFWORDS + 2];
    uint32_t low, high;  // indices of the first halfword in use and of the last one
} CodeTable;

typedef struct {  // where the cycles of one core in one function went
    uint64_t instructions, cycles, dependency, branch, tcdm, memory, fetch, multicycle, sleep;
} Costs;

typedef struct Core Core;
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
    uint32_t loop_next;
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
void core_step(Event *event);
void core_resume(Core *core, int64_t latency, bool write_rd);
void core_check_state(Core *core);
void core_set_boot(Core *core, uint32_t addr);
void core_fetch_enable(Core *core, bool enable);
void core_request_irq(Core *core, int irq);
void core_flush_code(Core *first, int cores);
void core_flush_acknowledged(Core *core);
uint32_t csr_read(Core *core, uint32_t csr);
void csr_write(Core *core, uint32_t csr, uint32_t value);
Access core_bus(Core *core, Request *r);

// ---- decoder ---------------------------------------------------------------------------------------------------
bool decode_word(uint32_t word, Uop *uop);
unsigned decode_reads(const Uop *uop, uint8_t regs[3]);
int decode_timing(const Uop *uop);
void disassemble(uint32_t pc, uint32_t word, char *text, size_t size);
const uint8_t *code_bytes(uint32_t pc, uint32_t *index);
uint32_t code_word(uint32_t pc);
void decode_touch(CodeTable *table, uint32_t index);
uint8_t decode_for_core(Core *core, uint32_t index, uint32_t pc);

// ---- event units -----------------------------------------------------------------------------------------------
typedef enum { WAITS_NOT, WAITS_EVENT, WAITS_BARRIER, WAITS_SKIP } WaitState;
typedef struct {
    uint32_t status, mask, irq_mask, clear_mask;
    int synced_irq;
    bool awake, has_request, interrupted;
    uint32_t interrupt_value;
    WaitState state;
    int64_t latency;
    Core *core;
} EventCore;
typedef struct {
    uint32_t trigger, status, target;
} Barrier;
typedef struct {
    uint32_t value, ready, config, waiting;
} Dispatch;
typedef struct {
    int cores;
    EventCore core[CLUSTER_CORES];
    Barrier barrier[8];
    Dispatch dispatch[8];
    int dispatch_head, dispatch_tail[CLUSTER_CORES];
    uint32_t dispatch_config;
    bool mutex_locked;
    uint32_t mutex_waiting, mutex_value;
    int fifo[8], fifo_head, fifo_tail, fifo_used;
} EventUnit;
void eu_init(EventUnit *eu, int cores, Core *first);
void eu_event(EventUnit *eu, int core, uint32_t mask);
void eu_events(EventUnit *eu, uint32_t mask, uint32_t cores);
void eu_timer_event(EventUnit *eu, uint32_t mask);
void eu_soc_event(EventUnit *eu, int event);
void eu_irq_ack(EventUnit *eu, int core, int irq);
Access eu_demux(EventUnit *eu, int core, uint32_t offset, Request *r);
Access eu_bus(EventUnit *eu, uint32_t offset, Request *r);

// ---- devices ---------------------------------------------------------------------------------------------------
typedef struct {
    uint32_t value[2], config[2], compare[2];
    bool enabled[2], wide;
    int64_t synced_at;
    Domain *domain;
    Event event;
    EventUnit *eu;
} Timer;
void timer_init(Timer *timer, Domain *domain, EventUnit *eu);
void timer_reference_edge(Timer *timer);
Access timer_access(Timer *timer, uint32_t offset, Request *r);

void mchan_init(void);
Access mchan_access(int channel, uint32_t offset, Request *r, Core *core);
bool mchan_busy(void);
void udma_init(void);
Access udma_access(uint32_t offset, Request *r);
void soc_init(void);
Access soc_control(uint32_t offset, Request *r);
Access soc_eu_access(uint32_t offset, Request *r);
void soc_event(int event);
void soc_reference_edge(void);
Access stdout_access(uint32_t offset, Request *r);
void stdout_flush_partial(void);

Access cluster_bus(Request *r);  // cluster_ico: from cores, instruction refills, DMA; in cluster cycles
Access cluster_from_soc(Request *r);
Access soc_bus(Request *r);  // ll_ico; in SoC cycles
Access fc_fetch_bus(Request *r);
Access fc_data_bus(Request *r);
Access udma_l2_bus(Request *r);

// ---- the machine -----------------------------------------------------------------------------------------------
typedef struct {
    uint32_t addr, size;
    const char *name;
} Symbol;

typedef struct {
    uint8_t l1[L1_SIZE + 4], l2[L2_SIZE + 4], tcdm[TCDM_SIZE + 4];
    int64_t bank_free_at[BANKS];
    CodeTable code[2];  // of the cluster, of the fabric controller
    Core core[CORES];
    Domain soc, cluster;
    int64_t now_ps, limit_ps;
    Cache cluster_cache, fc_cache;
    EventUnit cluster_eu, fc_eu;
    Timer cluster_timer, fc_timer;
    uint8_t *flash, *ram;
    uint32_t flash_size;
    Core *current;  // the core whose access is being served, for messages; may be NULL
    bool stop;
    uint32_t exit_status;
    bool exited;
    // options
    bool profile, check_uninitialised;
    FILE *trace;
    uint32_t trace_cores, trace_from, trace_to;
    uint64_t max_output;  // bytes
    uint8_t *l1_written, *l2_written;
    uint64_t uninitialised;
    Symbol *symbols;
    int symbol_count;
    uint32_t *function_of;  // per code halfword, when profiling
    uint32_t section_words, sections;  // address and number of the words whose stores begin sections
} Machine;
extern Machine m;

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

// ---- diagnostics -----------------------------------------------------------------------------------------------
// Stop with a message that says where every core is. `warn_once` compares keys by address: give a literal.
_Noreturn void fault(const char *kind, const char *format, ...) __attribute__((format(printf, 2, 3)));
void warn_once(const char *key, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *symbol_at(uint32_t pc);
int symbol_index(uint32_t pc);
void load_elf(const char *path);
void load_flash(const char *path);
void note_uninitialised(const char *memory, uint32_t addr, uint32_t size);
void mark_written(uint32_t addr, uint32_t size);
bool was_written(uint32_t addr, uint32_t size);
void profile_init(void);
void profile_sleep(Core *core, int64_t until);
void profile_instruction(Core *core, uint32_t index, const Uop *uop, int cycles, int fetched, int stalled, bool taken,
                         uint32_t addr);
void report_write(const char *path, double wall_s);
void trace_instruction(Core *core, uint32_t pc);
void print_cores(FILE *file);
#endif
