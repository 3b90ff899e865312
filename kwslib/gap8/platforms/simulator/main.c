// gap8sim: reads its options, starts the machine, runs it. sim.h says how to call it.
#include "machine.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "bus.h"
#include "cache.h"
#include "core.h"
#include "csr.h"
#include "diagnostics.h"
#include "engine.h"
#include "event_unit.h"
#include "loader.h"
#include "mchan.h"
#include "peripherals.h"
#include "report.h"
#include "udma.h"

// The fabric controller's first instruction, and the time of cycle 0.
enum { BOOT_CYCLE = 764, SETTLE_CYCLES = 4, RESET_PS = 4666823 };
#define MOST_CYCLES 0x1FFFFFFFFFFFF  // whose picoseconds fit 63 bits
enum { MOST_SECTIONS = 1000 };

Machine m;

typedef struct {
    const char *program, *report, *trace, *flash;
} Files;

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

// The fabric controller's first fetch happens while the clocks settle: it costs no cycle and delays nothing.
static void boot(void) {
    int64_t start = BOOT_CYCLE - 1 - SETTLE_CYCLES;
    m.now_ps = start * PERIOD_PS + RESET_PS;
    m.soc.period_ps = m.cluster.period_ps = PERIOD_PS;
    m.soc.stop_ps = m.now_ps;
    m.soc.cycles = start;
    engine_start();
    Core *fc = &m.core[FC];
    core_set_boot(fc, L2_BASE);
    fc->wakeup_latency = SETTLE_CYCLES;
    fc->pccr[COUNT_CYCLES] = (uint32_t)-SETTLE_CYCLES;
    core_fetch_enable(fc, true);
}

int64_t cycle_now(void) { return (m.now_ps - RESET_PS) / PERIOD_PS; }

static uint64_t number(const char *text, uint64_t most) {
    char *end;
    errno = 0;
    uint64_t value = strtoull(text, &end, 0);
    if (!*text || *end || *text == '-' || errno || value > most) {
        fprintf(stderr, "error: '%s' is not a number from 0 to %llu\n", text, (unsigned long long)most);
        exit(EXIT_USAGE);
    }
    return value;
}

// ADDRESS:COUNT; a profile goes with it.
static void take_sections(const char *text) {
    char address[16] = "";
    const char *colon = strchr(text, ':');
    if (colon) snprintf(address, sizeof address, "%.*s", (int)(colon - text), text);
    m.profile = true;
    m.section_words = (uint32_t)number(address, UINT32_MAX);
    m.sections = (uint32_t)number(colon ? colon + 1 : "", MOST_SECTIONS);
}

// Take an option that has a value; false if there is no such option.
static bool take_option(const char *option, const char *value, Files *files) {
    if (strcmp(option, "--max-cycles") == 0)
        m.limit_ps = (int64_t)number(value, MOST_CYCLES) * PERIOD_PS + RESET_PS;
    else if (strcmp(option, "--max-output") == 0)
        m.max_output = number(value, UINT64_MAX);
    else if (strcmp(option, "--report") == 0)
        files->report = value;
    else if (strcmp(option, "--flash") == 0)
        files->flash = value;
    else if (strcmp(option, "--trace") == 0)
        files->trace = value;
    else if (strcmp(option, "--trace-cores") == 0)
        m.trace_cores = (uint32_t)number(value, 0x1FF);
    else if (strcmp(option, "--trace-from") == 0)
        m.trace_from = (uint32_t)number(value, UINT32_MAX);
    else if (strcmp(option, "--trace-to") == 0)
        m.trace_to = (uint32_t)number(value, UINT32_MAX);
    else if (strcmp(option, "--sections") == 0)
        take_sections(value);
    else
        return false;
    return true;
}

static Files read_options(int argc, char **argv) {
    Files files = {0};
    m.limit_ps = INT64_MAX - 1;
    m.max_output = 64 << 20;
    m.trace_cores = 0x1FF;
    m.trace_to = 0xFFFFFFFF;
    for (int i = 1; i < argc; i++) {
        const char *a = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(a, "--profile") == 0) {
            m.profile = true;
        } else if (strcmp(a, "--check-uninitialised") == 0) {
            m.check_uninitialised = true;
        } else if (a[0] != '-' && !files.program) {
            files.program = a;
        } else if (!value) {
            fprintf(stderr, "error: unknown option or missing value: %s\n", a);
            exit(EXIT_USAGE);
        } else if (take_option(a, value, &files)) {
            i++;
        } else {
            fprintf(stderr, "error: unknown option %s\n", a);
            exit(EXIT_USAGE);
        }
    }
    if (!files.program) {
        fprintf(stderr, "error: no program given\n");
        exit(EXIT_USAGE);
    }
    return files;
}

// Read the program and whatever goes with it, and set the machine up.
static void prepare(const Files *files) {
    if (files->trace) signal(SIGPIPE, SIG_IGN);  // a reader that goes away is an error of its own, see close_trace
    if (files->trace && !(m.trace = strcmp(files->trace, "-") ? fopen(files->trace, "w") : stderr)) {
        fprintf(stderr, "error: cannot write the trace %s\n", files->trace);
        exit(EXIT_USAGE);
    }
    if (m.check_uninitialised) {
        m.l1_written = calloc(L1_SIZE, 1);
        m.l2_written = calloc(L2_SIZE, 1);
        if (!m.l1_written || !m.l2_written) abort();
    }
    load_elf(files->program);
    if (files->flash) load_flash(files->flash);
    machine_init();
    if (m.profile) profile_init();
}

// Say why a program did not exit, and where its cores are.
static void print_no_exit(void) {
    stdout_flush_partial();
    fflush(stdout);
    if (m.now_ps > m.limit_ps)
        fprintf(stderr, "error: no exit within %lld cycles\n", (long long)((m.limit_ps - RESET_PS) / PERIOD_PS));
    else
        fprintf(stderr, "error: no exit: every core sleeps and nothing can wake one (cycle %lld)\n",
                (long long)cycle_now());
    print_cores(stderr);
}

// A trace that broke off is an error, whatever the program did: its disk is full, or its reader has gone.
static void close_trace(const char *name) {
    if (!m.trace || m.trace == stderr) return;
    bool broke_off = ferror(m.trace);
    if (fclose(m.trace) || broke_off) {
        fprintf(stderr, "error: the trace %s broke off: its disk is full, or nobody reads it any more\n", name);
        exit(EXIT_USAGE);
    }
}

int main(int argc, char **argv) {
    Files files = read_options(argc, argv);
    prepare(&files);
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    boot();
    engine_run();
    clock_gettime(CLOCK_MONOTONIC, &end);
    double wall_s = (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);
    if (!m.exited) print_no_exit();
    fflush(stdout);
    close_trace(files.trace);
    if (files.report) report_write(files.report, wall_s);
    if (!m.exited) return EXIT_LIMIT;
    return (int)(m.exit_status & 0xFF);
}
