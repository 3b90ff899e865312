/* Runs kernels on the eight cluster cores: fills L1 from an image, calls, times, prints the output bytes. */
#include "probe.h"

enum { PASSES = 3 }; /* the first one is cold */
struct trial {
    void (*kernel)(const uint32_t *arguments);
    const uint32_t *image;
    uint32_t image_words, output, output_bytes;
    uint32_t arguments[CORES]; /* address in L1; 0: this core does nothing */
};
extern const struct trial trials[];
extern const uint32_t trial_count;
IN_L1 uint32_t arena[15 * 1024];

static void dump(const volatile uint8_t *bytes, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        put("0123456789abcdef"[bytes[i] >> 4]);
        put("0123456789abcdef"[bytes[i] & 15]);
    }
    put('\n');
}

void cluster_main(uint32_t core) {
    uint32_t begin = 0, elapsed[PASSES];
    cluster_join(core);
    REG32(EVENTS + 4) = 1u << 8; /* no DMA event: a barrier waits for the barrier alone */
    for (uint32_t t = 0; t < trial_count; t++) {
        const struct trial *trial = &trials[t];
        for (uint32_t i = core; i < trial->image_words; i += CORES) arena[i] = trial->image[i];
        _Pragma("clang loop unroll(disable)") for (uint32_t pass = 0; pass < PASSES; pass++) {
            barrier(0);
            if (core == 0) begin = cluster_time();
            if (trial->arguments[core]) trial->kernel((const uint32_t *)(uintptr_t)trial->arguments[core]);
            barrier(0);
            if (core == 0) elapsed[pass] = cluster_time() - begin;
        }
        if (core == 0) {
            for (uint32_t pass = 0; pass < PASSES; pass++) {
                print_number(elapsed[pass]);
                put(' ');
            }
            dump((const volatile uint8_t *)(uintptr_t)trial->output, trial->output_bytes);
        }
        barrier(0);
    }
    if (core == 0) leave(0);
    for (;;) barrier(1);
}

void fc_main(void) { cluster_start(); }
