// Faults, warnings, reads of bytes that nobody wrote.
#ifndef DIAGNOSTICS_H
#define DIAGNOSTICS_H
#include "sim.h"

// Stop with a message that says where every core is. `warn_once` compares keys by address: give a literal.
_Noreturn void fault(const char *kind, const char *format, ...) __attribute__((format(printf, 2, 3)));
void warn_once(const char *key, const char *format, ...) __attribute__((format(printf, 2, 3)));
void print_cores(FILE *file);

void note_uninitialised(const char *memory, uint32_t addr, uint32_t size);
void mark_written(uint32_t addr, uint32_t size);
bool was_written(uint32_t addr, uint32_t size);
#endif
