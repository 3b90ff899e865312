// The decoder and the disassembler, both driven by the table that isa.py writes into isa_table.h.
#include "decode.h"

#include <stdlib.h>

#include "core.h"
#include "diagnostics.h"
#include "machine.h"

#define ISA_TABLE_DATA
#include "isa_table.h"

// The bytes at a program address, and the index of its halfword in `code`.
const uint8_t *code_bytes(uint32_t pc, uint32_t *index) {
    if (pc - L2_BASE < L2_SIZE) {
        *index = (pc - L2_BASE) / 2;
        return m.l2 + (pc - L2_BASE);
    }
    if (pc - L1_BASE < L1_SIZE) {
        *index = (L2_SIZE + pc - L1_BASE) / 2;
        return m.l1 + (pc - L1_BASE);
    }
    if (pc - TCDM_BASE < TCDM_SIZE) {
        *index = (L2_SIZE + L1_SIZE + pc - TCDM_BASE) / 2;
        return m.tcdm + (pc - TCDM_BASE);
    }
    return NULL;
}

uint32_t code_word(uint32_t pc) {
    uint32_t index, word = 0;
    const uint8_t *bytes = code_bytes(pc, &index);
    if (bytes) memcpy(&word, bytes, (bytes[0] & 3) == 3 ? 4 : 2);
    return word;
}

static int32_t field_value(const IsaField *f, uint32_t word) {
    uint32_t value = 0;
    for (int i = 0; i < f->pieces; i++)
        value |= ((word >> f->piece[i].from) & ((1u << f->piece[i].width) - 1)) << f->piece[i].to;
    if (f->sign && value >> (f->bits - 1)) value |= ~((1u << (f->bits - 1)) - 1);
    return (int32_t)value + f->base;
}

bool decode_word(uint32_t word, Uop *uop) {
    int size = (word & 3) == 3 ? 4 : 2;
    if (size == 2) word &= 0xFFFF;
    for (int i = 0; i < ISA_FORMS; i++) {
        const IsaForm *form = &isa_forms[i];
        if (form->size != size || (word & form->mask) != form->match) continue;
        const IsaFormat *format = &isa_formats[form->format];
        int32_t value[5];
        for (int slot = 0; slot < 5; slot++) value[slot] = field_value(&format->field[slot], word);
        if (form->forbidden_slot >= 0 && value[form->forbidden_slot] == form->forbidden_value) continue;
        *uop = (Uop){.op = form->op,
                     .size = (uint8_t)size,
                     .rd = (uint8_t)value[0],
                     .rs1 = (uint8_t)value[1],
                     .rs2 = (uint8_t)value[2],
                     .imm = value[3],
                     .imm2 = (int8_t)value[4],
                     .compressed = size == 2,
                     .form = (uint16_t)i,
                     .rd_named = (uint8_t)value[0]};
        if (uop->rd == 0 && format->writes) {
            if (format->reads & 4) uop->op = OP_nop;  // accumulates into x0
            uop->rd = 32;
        }
        return true;
    }
    return false;
}

unsigned decode_reads(const Uop *uop, uint8_t regs[3]) {
    const IsaFormat *format = &isa_formats[isa_forms[uop->form].format];
    unsigned n = 0;
    if (format->reads & 1) regs[n++] = uop->rs1;
    if (format->reads & 2) regs[n++] = uop->rs2;
    if (format->reads & 4) regs[n++] = uop->rd_named;
    return n;
}

int decode_timing(const Uop *uop) { return isa_forms[uop->form].timing; }

void decode_touch(CodeTable *table, uint32_t index) {
    if (index < table->low) table->low = index;
    if (index > table->high) table->high = index;
}

// Decode for one core. Stalls are decided here: they depend on the instruction in front, and on whether that one had
// been decoded by then.
uint8_t decode_for_core(Core *core, uint32_t index, uint32_t pc) {
    Uop *uop = &core->uops[index];
    decode_touch(core->table, index);
    if (uop->op == 0) {
        uint32_t word = code_word(pc);
        if (!decode_word(word, uop)) {
            m.current = core;
            fault("illegal instruction", "0x%0*x is not an instruction of GAP8", (word & 3) == 3 ? 8 : 4, word);
        }
    }
    int timing = decode_timing(uop), stall = timing == ISA_MULH ? 4 : 0;
    if (core->pending[index]) {
        uint8_t regs[3];
        unsigned n = decode_reads(uop, regs);
        for (unsigned i = 0; i < n; i++)
            if (regs[i] == core->pending[index] - 1) {
                stall += timing == ISA_MULH ? 2 : 1;
                break;
            }
    }
    if (timing == ISA_LOAD || timing == ISA_MUL) core->pending[index + uop->size / 2] = (uint8_t)(uop->rd_named + 1);
    uint8_t flags = (uint8_t)((core->flags[index] & 0x80) | (1 + stall));
    core->flags[index] = flags;
    return flags;
}

static const char *const abi[32] = {"zero", "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "s0", "s1", "a0",
                                    "a1",   "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5",
                                    "s6",   "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6"};

void disassemble(uint32_t pc, uint32_t word, char *text, size_t size) {
    Uop uop;
    if (!decode_word(word, &uop)) {
        if ((word & 3) == 3)
            snprintf(text, size, ".word 0x%08x", word);
        else
            snprintf(text, size, ".half 0x%04x", word & 0xFFFF);
        return;
    }
    const IsaForm *form = &isa_forms[uop.form];
    const IsaFormat *format = &isa_formats[form->format];
    const int32_t value[5] = {uop.rd_named, uop.rs1, uop.rs2, uop.imm, uop.imm2};
    size_t n = (size_t)snprintf(text, size, "%s ", form->name);
    for (const char *p = format->syntax; *p && n + 1 < size; p++) {
        if (*p < '0' || *p > '4') {  // literal; the digits stand for operand slots
            text[n++] = *p;
            continue;
        }
        int slot = *p - '0';
        bool target = slot == format->target;
        if (format->field[slot].reg)
            n += (size_t)snprintf(text + n, size - n, "%s", abi[value[slot] & 31]);
        else if (target)
            n += (size_t)snprintf(text + n, size - n, "0x%x", pc + (uint32_t)value[slot]);
        else if ((form->op == OP_lui || form->op == OP_auipc) && slot == 3)
            n += (size_t)snprintf(text + n, size - n, "0x%x", (uint32_t)value[slot] >> 12);
        else if (format->csr && slot == 3)
            n += (size_t)snprintf(text + n, size - n, "0x%x", value[slot]);
        else
            n += (size_t)snprintf(text + n, size - n, "%d", value[slot]);
    }
    if (n >= size) n = size - 1;
    while (n && text[n - 1] == ' ') n--;
    text[n] = 0;
}
