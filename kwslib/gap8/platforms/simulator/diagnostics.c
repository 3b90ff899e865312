// What the simulator says about a program that goes wrong: faults, warnings, reads of bytes that nobody wrote.
#include "diagnostics.h"

#include <stdarg.h>
#include <stdlib.h>

#include "core.h"
#include "decode.h"
#include "machine.h"
#include "peripherals.h"
#include "report.h"

static const char *name_of(const Core *c, char text[8]) {
    if (c->is_fc)
        snprintf(text, 8, "fc");
    else
        snprintf(text, 8, "pe%d", c->id);
    return text;
}

static const char *state_of(const Core *c) {
    if (!c->fetch_enable) return "not started";
    if (c->stalled) return c->elw_waiting ? "asleep, waits for an event" : "waits for an access";
    if (c->wfi) return "asleep (wfi)";
    return "running";
}

void print_cores(FILE *file) {
    char name[8], text[96];
    for (int n = 0; n < CORES; n++) {
        const Core *c = &m.core[(n + FC) % CORES];
        if (!c->fetch_enable) continue;
        fprintf(file, "  %-3s pc %#010x in %s, %s, %llu instructions; last:\n", name_of(c, name), c->pc,
                symbol_at(c->pc), state_of(c), (unsigned long long)c->instructions);
        uint64_t from = c->instructions > 4 ? c->instructions - 4 : 0;
        for (uint64_t i = from; i < c->instructions; i++) {
            uint32_t pc = c->last[i % LAST_PCS];
            disassemble(pc, code_word(pc), text, sizeof text);
            fprintf(file, "        %08x %s\n", pc, text);
        }
    }
}

_Noreturn void fault(const char *kind, const char *format, ...) {
    char name[8], text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    stdout_flush_partial();
    fflush(stdout);
    if (m.current)
        fprintf(stderr, "error: %s: %s (core %s, pc %#010x in %s, cycle %lld)\n", kind, text, name_of(m.current, name),
                m.current->pc, symbol_at(m.current->pc), (long long)cycle_now());
    else
        fprintf(stderr, "error: %s: %s (cycle %lld)\n", kind, text, (long long)cycle_now());
    print_cores(stderr);
    exit(EXIT_FAULT);
}

void warn_once(const char *key, const char *format, ...) {
    static const char *seen[16];
    for (int i = 0; i < 16; i++) {
        if (seen[i] == key) return;
        if (!seen[i]) {
            seen[i] = key;
            break;
        }
    }
    char name[8];
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "warning: ");
    vfprintf(stderr, format, arguments);
    if (m.current)
        fprintf(stderr, " (core %s, pc %#010x in %s)", name_of(m.current, name), m.current->pc,
                symbol_at(m.current->pc));
    fputc('\n', stderr);
    va_end(arguments);
}

// ---- reads of bytes that nobody wrote ----
static uint8_t *written_map(uint32_t addr, uint32_t *offset) {
    *offset = addr - L1_BASE;
    if (*offset < L1_SIZE) return m.l1_written;
    *offset = addr - L2_BASE;
    return *offset < L2_SIZE ? m.l2_written : NULL;
}

void mark_written(uint32_t addr, uint32_t size) {
    uint32_t offset;
    uint8_t *map = written_map(addr, &offset);
    if (map) memset(map + offset, 1, size);
}

bool was_written(uint32_t addr, uint32_t size) {
    uint32_t offset;
    const uint8_t *map = written_map(addr, &offset);
    for (uint32_t i = 0; map && i < size; i++)
        if (!map[offset + i]) return false;
    return true;
}

void note_uninitialised(const char *memory, uint32_t addr, uint32_t size) {
    enum { SITES = 32 };
    static uint32_t sites[SITES];
    static int site_count;
    char name[8];
    m.uninitialised++;
    uint32_t pc = m.current ? m.current->pc : 0;
    for (int i = 0; i < site_count; i++)
        if (sites[i] == pc) return;
    if (site_count == SITES) return;
    sites[site_count++] = pc;
    fprintf(stderr,
            "uninitialised: read of %u byte%s at %#010x in %s that were never written "
            "(core %s, pc %#010x in %s, cycle %lld)\n",
            size, size > 1 ? "s" : "", addr, memory, m.current ? name_of(m.current, name) : "dma", pc, symbol_at(pc),
            (long long)cycle_now());
}
