// Profile by function, core and section; trace; the report of a run.
#ifndef REPORT_H
#define REPORT_H
#include "decode.h"

typedef struct {  // where the cycles of one core in one function went
    uint64_t instructions, cycles, dependency, branch, tcdm, memory, fetch, multicycle, sleep;
} Costs;

const char *symbol_at(uint32_t pc);
int symbol_index(uint32_t pc);
void profile_init(void);
void profile_sleep(Core *core, int64_t until);
void profile_instruction(Core *core, uint32_t index, const Uop *uop, int cycles, int fetched, int stalled, bool taken,
                         uint32_t addr);
void report_write(const char *path, double wall_s);
void trace_instruction(Core *core, uint32_t pc);
#endif
