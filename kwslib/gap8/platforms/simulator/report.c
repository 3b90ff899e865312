// Profile by function and core, trace, and the report of a run as JSON.
#include "report.h"

#include <stdlib.h>

#include "core.h"
#include "decode.h"
#include "isa_table.h"
#include "loader.h"
#include "machine.h"

// Index of the symbol that names `pc`, the nearest one below; symbol_count: none.
int symbol_index(uint32_t pc) {
    int low = 0, high = m.symbol_count;
    while (low < high) {
        int middle = (low + high) / 2;
        if (m.symbols[middle].addr <= pc)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0) return m.symbol_count;
    return pc < m.symbols[low - 1].end ? low - 1 : m.symbol_count;
}

const char *symbol_at(uint32_t pc) {
    int i = symbol_index(pc);
    return i < m.symbol_count ? m.symbols[i].name : "?";
}

void profile_init(void) {
    static const uint32_t base[3] = {L2_BASE, L1_BASE, TCDM_BASE}, size[3] = {L2_SIZE, L1_SIZE, TCDM_SIZE};
    m.function_of = malloc(sizeof *m.function_of * CODE_HALFWORDS);
    if (!m.function_of) abort();
    int n = 0;
    for (int region = 0; region < 3; region++)
        for (uint32_t o = 0; o < size[region]; o += 2) m.function_of[n++] = (uint32_t)symbol_index(base[region] + o);
    if (!m.sections) m.sections = 1;
    for (int i = 0; i < CORES; i++) {
        m.core[i].costs = m.core[i].first_costs = calloc(m.sections * ((size_t)m.symbol_count + 1), sizeof(Costs));
        if (!m.core[i].costs) abort();
    }
}

// The core has slept until `until`, which is accounted to the function that sent it to sleep.
void profile_sleep(Core *c, int64_t until) {
    if (until <= c->sleep_since) return;
    c->costs[symbol_index(c->last[(c->instructions - 1) % LAST_PCS])].sleep += (uint64_t)(until - c->sleep_since);
    c->sleep_since = until;
}

static bool stores_word(const Uop *u) {
    return u->op == OP_sw || u->op == OP_p_sw_r || u->op == OP_p_sw_post || u->op == OP_p_sw_rpost;
}

// From now on the cluster's cores account to another section.
static void section_begin(uint32_t section) {
    for (int i = 0; i < CLUSTER_CORES; i++) {
        Core *c = &m.core[i];
        if (c->sleep_since >= 0) profile_sleep(c, m.cluster.cycles);
        c->costs = c->first_costs + section * ((size_t)m.symbol_count + 1);
    }
}

static void add_costs(Costs *sum, const Costs *part) {
    uint64_t *to = (uint64_t *)sum;
    const uint64_t *from = (const uint64_t *)part;
    for (size_t i = 0; i < sizeof *sum / sizeof *to; i++) to[i] += from[i];
}

// Split the cycles of one instruction into one of its own and stalls by kind.
void profile_instruction(Core *c, uint32_t index, const Uop *u, int cycles, int fetched, int stalled, bool taken,
                         uint32_t addr) {
    Costs *costs = &c->costs[m.function_of[index]];
    int rest = cycles - 1 - fetched - stalled, jump = 0;
    costs->instructions++;
    costs->cycles += (uint64_t)cycles;
    costs->fetch += (uint64_t)fetched;
    if (stalled >= 4) {  // high half of a product
        costs->multicycle += 4;
        stalled -= 4;
    }
    costs->dependency += (uint64_t)stalled;
    switch (u->op) {
    case OP_jal:
    case OP_jalr: jump = 1; break;
    case OP_beq:
    case OP_bne:
    case OP_blt:
    case OP_bge:
    case OP_bltu:
    case OP_bgeu:
    case OP_p_beqimm:
    case OP_p_bneimm: jump = taken && rest >= 2 ? 2 : 0; break;
    case OP_div:
    case OP_divu:
    case OP_rem:
    case OP_remu:
    case OP_mret: costs->multicycle += (uint64_t)rest; return;
    default: break;
    }
    costs->branch += (uint64_t)jump;
    rest -= jump;
    if (rest > 0) {
        bool conflict = !c->is_fc && (addr - L1_BASE < 0x200000 || addr < L1_SIZE);
        *(conflict ? &costs->tcdm : &costs->memory) += (uint64_t)rest;
    }
    uint32_t word = (addr - m.section_words) / 4;
    if (UNLIKELY(word < m.sections) && m.sections > 1 && !c->is_fc && stores_word(u))
        section_begin((word + 1) % m.sections);
}

void trace_instruction(Core *c, uint32_t pc) {
    if (!((m.trace_cores >> c->id) & 1) || pc < m.trace_from || pc >= m.trace_to) return;
    char text[96];
    uint32_t word = code_word(pc);
    disassemble(pc, word, text, sizeof text);
    fprintf(m.trace, "%10lld %s%c %08x %0*x%*s %-36s %s\n", (long long)cycle_now(), c->is_fc ? "fc" : "pe",
            c->is_fc ? ' ' : '0' + c->id, pc, (word & 3) == 3 ? 8 : 4, word, (word & 3) == 3 ? 0 : 4, "", text,
            symbol_at(pc));
}

static void json_string(FILE *f, const char *s) {
    fputc('"', f);
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            fprintf(f, "\\%c", *s);
        else if ((unsigned char)*s < 0x20)
            fprintf(f, "\\u%04x", (unsigned char)*s);
        else
            fputc(*s, f);
    }
    fputc('"', f);
}

static void write_core(FILE *f, int core) {
    fprintf(f, "\"core\": \"%s%.*d\"", core == FC ? "fc" : "pe", core != FC, core % FC);
}

static void write_costs(FILE *f, const Costs *k) {
    static const char *const names[] = {"instructions",  "cycles",        "dependency_cycles", "branch_cycles",
                                        "tcdm_cycles",   "memory_cycles", "fetch_cycles",      "multicycle_cycles",
                                        "sleep_cycles"};
    const uint64_t *counts = (const uint64_t *)k;
    for (size_t i = 0; i < sizeof *k / sizeof *counts; i++)
        fprintf(f, ", \"%s\": %llu", names[i], (unsigned long long)counts[i]);
    fputc('}', f);
}

// A row for each core and function, of all sections together.
static void write_functions(FILE *f) {
    size_t functions = (size_t)m.symbol_count + 1;
    const char *lead = "";
    for (int i = 0; i < CORES; i++)
        for (size_t s = 0; s < functions; s++) {
            Costs sum = {0};
            for (uint32_t section = 0; section < m.sections; section++)
                add_costs(&sum, &m.core[i].first_costs[section * functions + s]);
            if (!sum.instructions && !sum.sleep) continue;
            fprintf(f, "%s\n{", lead);
            write_core(f, i);
            fprintf(f, ", \"function\": ");
            json_string(f, s < functions - 1 ? m.symbols[s].name : "?");
            write_costs(f, &sum);
            lead = ",";
        }
}

// A row for each section and core of the cluster, of all functions together.
static void write_sections(FILE *f) {
    size_t functions = (size_t)m.symbol_count + 1;
    const char *lead = "";
    for (uint32_t section = 0; section < m.sections; section++)
        for (int i = 0; i < CLUSTER_CORES; i++) {
            Costs sum = {0};
            for (size_t s = 0; s < functions; s++) add_costs(&sum, &m.core[i].first_costs[section * functions + s]);
            fprintf(f, "%s\n{\"section\": %u, ", lead, section);
            write_core(f, i);
            write_costs(f, &sum);
            lead = ",";
        }
}

void report_write(const char *path, double wall_s) {
    FILE *f = fopen(path, "w");
    if (!f) {
        fprintf(stderr, "error: cannot write the report %s\n", path);
        exit(125);
    }
    uint64_t instructions = 0;
    for (int i = 0; i < CORES; i++) instructions += m.core[i].instructions;
    fprintf(f, "{\"exit_status\": %u, \"exited\": %s, \"cycles\": %lld, \"instructions\": %llu, \"wall_s\": %.6f, ",
            m.exit_status, m.exited ? "true" : "false", (long long)cycle_now(), (unsigned long long)instructions,
            wall_s);
    fprintf(f, "\"cluster_cache_misses\": %llu, \"fc_cache_misses\": %llu, \"uninitialised_reads\": %llu, \"cores\": [",
            (unsigned long long)m.cluster_cache.misses, (unsigned long long)m.fc_cache.misses,
            (unsigned long long)m.uninitialised);
    for (int i = 0; i < CORES; i++) {
        fputs(i ? ", {" : "{", f);
        write_core(f, i);
        fprintf(f, ", \"instructions\": %llu, \"pc\": %u}", (unsigned long long)m.core[i].instructions, m.core[i].pc);
    }
    fprintf(f, "], \"profile\": [");
    if (m.profile) write_functions(f);
    fprintf(f, "], \"sections\": [");
    if (m.sections > 1) write_sections(f);
    fprintf(f, "]}\n");
    if (fclose(f)) {
        fprintf(stderr, "error: cannot write the report %s\n", path);
        exit(125);
    }
}
