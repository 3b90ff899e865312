// Decoded instructions, and the way to them.
#ifndef DECODE_H
#define DECODE_H
#include "sim.h"

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

// Decoded instructions. The cores of the cluster share a table, since their code is flushed together.
typedef struct {
    Uop uops[CODE_HALFWORDS + 2];
    uint32_t low, high;  // indices of the first halfword in use and of the last one
} CodeTable;

bool decode_word(uint32_t word, Uop *uop);
unsigned decode_reads(const Uop *uop, uint8_t regs[3]);
int decode_timing(const Uop *uop);
void disassemble(uint32_t pc, uint32_t word, char *text, size_t size);
const uint8_t *code_bytes(uint32_t pc, uint32_t *index);
uint32_t code_word(uint32_t pc);
void decode_touch(CodeTable *table, uint32_t index);
uint8_t decode_for_core(Core *core, uint32_t index, uint32_t pc);
#endif
