// ELF files, symbols, the content of the flash.
#ifndef LOADER_H
#define LOADER_H
#include "sim.h"

typedef struct {
    uint32_t addr, size;  // size 0: not known
    uint32_t end;         // it names addresses from `addr` up to this one
    bool function;        // false: a label
    const char *name;
} Symbol;

void load_elf(const char *path);
void load_flash(const char *path);
#endif
