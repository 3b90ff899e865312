// gap8sim: run a bare-metal ELF file on a model of GAP8 (rev C). The Python door is kwslib.gap8.simulator.
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include "sim.h"

enum { EXIT_LIMIT = 122, EXIT_FAULT = 123, EXIT_BAD_ELF = 124, EXIT_USAGE = 125 };
// The fabric controller's first instruction, and the time of cycle 0.
enum { BOOT_CYCLE = 764, SETTLE_CYCLES = 4, RESET_PS = 4666823 };

Machine m;

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
        fprintf(file, "  %-3s pc %#010x in %s, %s, %llu instructions; last:\n", name_of(c, name), c->pc, symbol_at(c->pc),
                state_of(c), (unsigned long long)c->instructions);
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
    if (m.current) fprintf(stderr, " (core %s, pc %#010x in %s)", name_of(m.current, name), m.current->pc, symbol_at(m.current->pc));
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
    fprintf(stderr, "uninitialised: read of %u byte%s at %#010x in %s that were never written (core %s, pc %#010x in %s, cycle %lld)\n",
            size, size > 1 ? "s" : "", addr, memory, m.current ? name_of(m.current, name) : "dma", pc, symbol_at(pc), (long long)cycle_now());
}

// ---- start ----
static void machine_init(void) {
    for (int i = 0; i < CORES; i++) {
        m.core[i].flags = calloc(CODE_HALFWORDS + 2, 1);
        m.core[i].pending = calloc(CODE_HALFWORDS + 2, 1);
        if (!m.core[i].flags || !m.core[i].pending) abort();
        core_init(&m.core[i], i, i == FC ? &m.soc : &m.cluster);
    }
    cache_init(&m.cluster_cache, 64, &m.cluster, cluster_bus);
    cache_init(&m.fc_cache, 16, &m.soc, fc_fetch_bus);
    eu_init(&m.cluster_eu, CLUSTER_CORES, &m.core[0]);
    eu_init(&m.fc_eu, 1, &m.core[FC]);
    timer_init(&m.cluster_timer, &m.cluster, &m.cluster_eu);
    timer_init(&m.fc_timer, &m.soc, &m.fc_eu);
    mchan_init();
    udma_init();
    soc_init();
}

// The fabric controller's first fetch is made while the clocks settle: it costs its core nothing, and is in nobody's way.
static void boot(void) {
    int64_t start = BOOT_CYCLE - 1 - SETTLE_CYCLES;
    m.now_ps = start * PERIOD_PS + RESET_PS;
    m.soc.period_ps = m.cluster.period_ps = PERIOD_PS;
    m.soc.stop_ps = m.now_ps;
    m.soc.cycles = start;
    engine_start();
    Core *fc = &m.core[FC];
    fc->boot_addr = L2_BASE;
    fc->wakeup_latency = SETTLE_CYCLES;
    fc->pccr[COUNT_CYCLES] = (uint32_t)-SETTLE_CYCLES;
    core_fetch_enable(fc, true);
}

int64_t cycle_now(void) { return (m.now_ps - RESET_PS) / PERIOD_PS; }

static uint64_t number(const char *text) {
    char *end;
    uint64_t value = strtoull(text, &end, 0);
    if (!*text || *end) {
        fprintf(stderr, "error: '%s' is not a number\n", text);
        exit(EXIT_USAGE);
    }
    return value;
}

int main(int argc, char **argv) {
    const char *program = NULL, *report = NULL, *trace = NULL, *flash = NULL;
    m.limit_ps = INT64_MAX - 1;
    m.trace_cores = 0x1FF;
    m.trace_to = 0xFFFFFFFF;
    for (int i = 1; i < argc; i++) {
        const char *a = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(a, "--profile") == 0)
            m.profile = true;
        else if (strcmp(a, "--check-uninitialised") == 0)
            m.check_uninitialised = true;
        else if (a[0] != '-' && !program)
            program = a;
        else if (!value) {
            fprintf(stderr, "error: unknown option or missing value: %s\n", a);
            return EXIT_USAGE;
        } else {
            i++;
            if (strcmp(a, "--max-cycles") == 0)
                m.limit_ps = (int64_t)(number(value) & 0x1FFFFFFFFFFFF) * PERIOD_PS + RESET_PS;
            else if (strcmp(a, "--report") == 0)
                report = value;
            else if (strcmp(a, "--flash") == 0)
                flash = value;
            else if (strcmp(a, "--trace") == 0)
                trace = value;
            else if (strcmp(a, "--trace-cores") == 0)
                m.trace_cores = (uint32_t)number(value);
            else if (strcmp(a, "--trace-from") == 0)
                m.trace_from = (uint32_t)number(value);
            else if (strcmp(a, "--trace-to") == 0)
                m.trace_to = (uint32_t)number(value);
            else {
                fprintf(stderr, "error: unknown option %s\n", a);
                return EXIT_USAGE;
            }
        }
    }
    if (!program) {
        fprintf(stderr, "error: no program given\n");
        return EXIT_USAGE;
    }
    if (trace && !(m.trace = strcmp(trace, "-") ? fopen(trace, "w") : stderr)) {
        fprintf(stderr, "error: cannot write the trace %s\n", trace);
        return EXIT_USAGE;
    }
    if (m.check_uninitialised) {
        m.l1_written = calloc(L1_SIZE, 1);
        m.l2_written = calloc(L2_SIZE, 1);
        if (!m.l1_written || !m.l2_written) abort();
    }
    load_elf(program);
    if (flash) load_flash(flash);
    machine_init();
    if (m.profile) profile_init();
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    boot();
    engine_run();
    clock_gettime(CLOCK_MONOTONIC, &end);
    double wall_s = (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);
    if (!m.exited) {
        stdout_flush_partial();
        fflush(stdout);
        if (m.now_ps > m.limit_ps)
            fprintf(stderr, "error: no exit within %lld cycles\n", (long long)((m.limit_ps - RESET_PS) / PERIOD_PS));
        else
            fprintf(stderr, "error: no exit: every core sleeps and nothing can wake one (cycle %lld)\n", (long long)cycle_now());
        print_cores(stderr);
    }
    if (m.trace && m.trace != stderr) fclose(m.trace);
    fflush(stdout);
    if (report) report_write(report, wall_s);
    if (!m.exited) return EXIT_LIMIT;
    return (int)(m.exit_status & 0xFF);
}
