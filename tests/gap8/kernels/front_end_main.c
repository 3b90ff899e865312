/* Runs the front end on the eight cores: frames in rounds of eight, whose samples a DMA brings while the last round is
   computed; prints cycles and codes. */
#include "probe.h"

enum { PASSES = 3, HEAD = 32, STAGES = 4 };
extern const uint32_t front_end_words[], front_end_word_count, constants[], constant_words, frame_count;
extern const uint32_t stride_bytes, read_bytes, coefficients, constants_at, samples_at, codes_at;
extern const uint8_t sound[];
void front_end_run(uint32_t core, const void *front_end, uint32_t samples, uint32_t frames, uint32_t codes);
/* From the start of L1 on, as the test has it: struct front_end, the stages' cycles, everything else. */
IN_L1 struct {
    uint32_t front_end[HEAD];
    volatile uint32_t times[16];
    uint32_t arena[ARENA_BYTES / 4];
} l1;

static uint32_t round_frames(uint32_t first) { return frame_count - first < CORES ? frame_count - first : CORES; }

static uint32_t bring(uint32_t first) {
    uint32_t bytes = (round_frames(first) - 1) * stride_bytes + read_bytes;
    return dma_start(samples_at + first / CORES % 2 * ((CORES - 1) * stride_bytes + read_bytes),
                     (uint32_t)(uintptr_t)sound + first * stride_bytes, bytes, DMA_TO_L1);
}

static void ended(uint32_t id) {
    while (REG32(DMA + 4) >> id & 1) {}
    REG32(DMA + 4) = 1u << id;
}

void cluster_main(uint32_t core) {
    uint32_t begin = 0, elapsed[PASSES], cold[STAGES];
    cluster_join(core);
    REG32(EVENTS + 4) = 1u << 8;
    for (uint32_t i = core; i < front_end_word_count; i += CORES) l1.front_end[i] = front_end_words[i];
    for (uint32_t i = core; i < STAGES; i += CORES) l1.times[i] = 0;
    for (uint32_t i = core; i < constant_words; i += CORES)
        ((volatile uint32_t *)(uintptr_t)constants_at)[i] = constants[i];
    _Pragma("clang loop unroll(disable)") for (uint32_t pass = 0; pass < PASSES; pass++) {
        uint32_t id = 0;
        barrier(0);
        if (core == 0) {
            begin = cluster_time();
            id = bring(0);
        }
        for (uint32_t first = 0; first < frame_count; first += CORES) {
            if (core == 0) {
                ended(id);
                if (first + CORES < frame_count) id = bring(first + CORES);
            }
            barrier(0);
            front_end_run(core, l1.front_end,
                          samples_at + first / CORES % 2 * ((CORES - 1) * stride_bytes + read_bytes),
                          round_frames(first), codes_at + first * coefficients);
            barrier(0);
        }
        if (core == 0) elapsed[pass] = cluster_time() - begin;
        if (core == 0 && pass == 0)
            for (uint32_t stage = 0; stage < STAGES; stage++) cold[stage] = l1.times[stage];
    }
    if (core == 0) {
        for (uint32_t pass = 0; pass < PASSES; pass++) {
            print_number(elapsed[pass]);
            put(' ');
        }
        for (uint32_t stage = 0; stage < STAGES; stage++) {
            print_number(cold[stage]);
            put(' ');
        }
        for (uint32_t i = 0; i < frame_count * coefficients; i++) {
            uint8_t code = ((volatile uint8_t *)(uintptr_t)codes_at)[i];
            put("0123456789abcdef"[code >> 4]);
            put("0123456789abcdef"[code & 15]);
        }
        put('\n');
        leave(0);
    }
    for (;;) barrier(1);
}

void fc_main(void) { cluster_start(); }
