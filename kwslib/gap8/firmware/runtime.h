/* What the steps share: the streams of weights, the state of an inference. */
#pragma once
#include "platform.h"

#include "counts.h" /* generated: STEP_COUNT, LAYER_COUNT, TRANSFER_COUNT */

enum { ARGUMENT_WORDS = 4 * 9 };

struct inference {
    uint32_t stamps[STEP_COUNT + 1];                  /* cluster time at the start of each step, and at the end */
    uint32_t first_share[CORES], second_share[CORES]; /* a fused step's core cycles in its first and second layer */
    uint32_t fused_first, fused_second;               /* their sums over the cores */
    uint32_t checking;                                /* compute checksums: such an inference is not timed */
    uint32_t checksums[CORES][LAYER_COUNT];
};

extern struct inference inference;
extern struct step steps[STEP_COUNT]; /* the network's steps, copied to L1 */
extern uint32_t arguments[CORES][ARGUMENT_WORDS];

void load_tables(void); /* copy steps and geometries to L1, once */
void infer(uint32_t core);

/* Transfers of weights, in their order; core 0 alone calls these. */
void fetch_begin(void);
void fetch_until(uint32_t end); /* start all before `end` that have not been started */
void fetch_ahead(uint32_t end); /* the same, from inside of a layer */
void fetch_wait(uint32_t end);  /* wait for all before `end` */
void fetch_poll(void);          /* keep the flash busy */

void run_front(uint32_t core, const struct step *step);
void run_depthwise(uint32_t core, const struct step *step);
void run_pointwise(uint32_t core, const struct step *step);
void run_pool(uint32_t core, const struct step *step);
void run_linear(uint32_t core, const struct step *step);
void run_softmax(uint32_t core, const struct step *step);
void run_general(uint32_t core, const struct step *step);

void fill_planes(uint32_t core, address planes, uint32_t channels, const struct geometry *geometry, uint32_t origin,
                 uint32_t word);
uint32_t checksum(const struct map *map, uint32_t first_channel, uint32_t channels, uint32_t step);
int32_t requantise(int32_t sum, const int32_t *parameters, uint32_t pitch, const struct scaling *scaling);
int32_t mean_code(int32_t sum, int32_t count, const struct pool *pool);
int32_t scale_once(int32_t sum, int32_t multiplier, int32_t shift);
int32_t scale_twice(int32_t sum, int32_t multiplier, int32_t shift);

enum { LEAD_CHANNELS = 2, LEAD_BLOCKS = 1 }; /* what core 0 computes of a layer before it fetches ahead */

static inline uint32_t share_begin(uint32_t core, uint32_t count) { return core * count / CORES; }

/* Fill words from `target` on; `bytes` is rounded up to whole words. */
static inline void fill_words(address target, uint32_t bytes, uint32_t word) {
    uint32_t *p = at(target);
    for (uint32_t i = 0; i < (bytes + 3) / 4; i++) p[i] = word;
}

static inline uint32_t four_times(int32_t code) { return (uint8_t)code * 0x01010101u; }
