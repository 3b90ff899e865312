#pragma once
#include <stdint.h>

void print(const char *text);
void print_number(uint32_t value);
void print_hex(uint32_t value);
/* "name: Cycles: n, Operations: n, Operations/Cycle: n.nnnnnn", in the baseline's columns */
void print_row(const char *lead, const char *name, uint32_t cycles, uint64_t operations);
void print_codes(const char *name, const int8_t *codes, uint32_t count, int32_t offset);
