// The whole chip, the options of its run, and the time.
#ifndef MACHINE_H
#define MACHINE_H
#include "cache.h"
#include "core.h"
#include "decode.h"
#include "engine.h"
#include "event_unit.h"
#include "loader.h"
#include "peripherals.h"

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

int64_t cycle_now(void);
#endif
