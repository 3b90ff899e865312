// Control and status registers: performance counters, hardware loops, traps.
#ifndef CSR_H
#define CSR_H
#include "sim.h"

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

uint32_t csr_read(Core *core, uint32_t csr);
void csr_write(Core *core, uint32_t csr, uint32_t value);
void set_loop_end(Core *core, int loop, uint32_t end);
#endif
