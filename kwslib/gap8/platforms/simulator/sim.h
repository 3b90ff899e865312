// gap8sim: runs a bare-metal GAP8 program and counts its cycles as GVSOC's model of GAP8 rev C does.
//
//   gap8sim program.elf                  run it: its output goes to stdout, its exit status is gap8sim's
//     --report file.json                 write cycles, instructions and each core's state
//     --profile                          add cycles and stalls by core and function to the report
//     --sections ADDRESS:COUNT           the same, and by section: a cluster core's store to word i of COUNT begins
//                                        section i + 1; before the first, and from the last one on, it is section 0
//     --max-cycles N                     give up after N cycles: exit status 122, and where each core is
//     --max-output N                     give up behind N bytes of output; 64 MiB by default
//     --flash file                       content of the external flash, instead of the ELF's section .flash
//     --trace file                       write every instruction; "-" is stderr
//     --trace-cores MASK                 only these cores: bits 0 to 7 the cluster, bit 8 the fabric controller
//     --trace-from A, --trace-to B       only addresses from A up to B
//     --check-uninitialised              report reads of L1 and L2 bytes that were never written
//
// Exit statuses 122 to 125 are gap8sim's own (EXIT_LIMIT and so on, below). The Python package
// kwslib.gap8.platforms.simulator compiles the .c files of this folder together with isa_table.h, which it generates;
// its docstring describes what is modelled.
//
// All state is in one Machine `m` (machine.h). Each part of the chip has a file of its own, with a header beside it:
// main.c         options, reset, run       core.c, execute.h      cores: state, step
// engine.c       events, clock domains     instructions.h         what each instruction does (vector.h: SIMD)
// bus.c          routers, address maps     csr.c                  CSRs, counters, hardware loops
// loader.c       ELF files, symbols        decode.c               decoder, disassembler, pipeline hazards
// report.c       report, profile, trace    cache.c                instruction caches
// diagnostics.c  faults and warnings       event_unit.c           barriers, mutexes, sleep and wake-up
// peripherals.c  timers, chip control,     mchan.c, bursts.c      cluster DMA: commands, and their data
//                output                    udma.c                 HyperFlash and HyperRAM
//
// This header holds what all of them share: sizes, addresses, exit statuses.
#ifndef SIM_H
#define SIM_H
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define ALWAYS_INLINE static inline __attribute__((always_inline))

enum {
    CLUSTER_CORES = 8,
    FC = 8,  // index of the fabric controller among the cores
    CORES = 9,
    BANKS = 16,
    SLOTS = 32,  // cycles that the ring of events covers; later events wait in a sorted list
    L1_SIZE = 0x10000,
    L2_SIZE = 0x80000,
    TCDM_SIZE = 0x10000,
    CODE_HALFWORDS = (L2_SIZE + L1_SIZE + TCDM_SIZE) / 2,
    LAST_PCS = 8,
    PERIOD_PS = 13882,     // of SoC and cluster: 72.03 MHz, what the frequency generators start with
    EVENT_REF_CLOCK = 14,  // of the fabric controller
};
enum { EXIT_LIMIT = 122, EXIT_FAULT = 123, EXIT_BAD_ELF = 124, EXIT_USAGE = 125 };  // beside the program's own status
#define L1_BASE 0x10000000u
#define L1_TAS_BASE 0x10100000u
#define L2_BASE 0x1C000000u
#define TCDM_BASE 0x1B000000u

typedef struct Core Core;
#endif
