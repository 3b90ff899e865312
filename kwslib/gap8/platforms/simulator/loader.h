// ELF files, symbols, the content of the flash.
#ifndef LOADER_H
#define LOADER_H
#include "sim.h"

typedef struct {
    uint32_t addr, size;
    const char *name;
} Symbol;

void load_elf(const char *path);
void load_flash(const char *path);
#endif
