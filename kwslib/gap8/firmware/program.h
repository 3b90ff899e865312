/* What the programs for the device have in common: accounts of cycles, the start and the end. */
#pragma once
#include "print.h"
#include "runtime.h"

/* whole * part / all, without the library's division of 64 bits; part <= all < 2^31. */
static uint32_t share_of(uint32_t whole, uint32_t part, uint32_t all) {
    uint64_t product = (uint64_t)whole * part;
    uint32_t quotient = 0, rest = 0;
    for (uint32_t i = 0; i < 64; i++) {
        rest = rest << 1 | (uint32_t)(product >> 63);
        product <<= 1;
        quotient <<= 1;
        if (rest >= all) rest -= all, quotient |= 1;
    }
    return quotient;
}

/* Cycles of the front end's stages: those of its step, shared out as core 0's were. */
static void account_stages(struct table *table) {
    if (!STAGE_COUNT) return;
    const uint32_t *times = inference.stages;
    uint32_t all = 0, left = table->front_end;
    for (uint32_t stage = 0; stage < STAGE_COUNT; stage++) all += times[stage];
    for (uint32_t stage = 0; stage + 1 < STAGE_COUNT; stage++) {
        table->stages[stage] = share_of(table->front_end, times[stage], all);
        left -= table->stages[stage];
    }
    table->stages[STAGE_COUNT ? STAGE_COUNT - 1 : 0] = left;
}

/* Cycles of each layer from the stamps of the steps; a fused step's are shared out as its core cycles were. */
static void account(struct table *table) {
    uint32_t *cycles = table->layers, first_step = STAGE_COUNT ? 1 : 0;
    for (uint32_t i = first_step; i < STEP_COUNT; i++) {
        uint32_t layer = tables.steps[i].first_layer, spent = inference.stamps[i + 1] - inference.stamps[i];
        cycles[layer] = spent;
        if (layer + 1 < LAYER_COUNT && network_layers[layer + 1].second) {
            uint32_t first = inference.fused_first >> 8, second = inference.fused_second >> 8;
            cycles[layer] = share_of(spent, first, first + second);
            cycles[layer + 1] = spent - cycles[layer];
        }
    }
    table->total = inference.stamps[STEP_COUNT] - inference.stamps[first_step];
    table->front_end = inference.stamps[first_step] - inference.stamps[0];
    account_stages(table);
}

static void leave(uint32_t status) {
    REG32(SOC_EXIT) = 0x80000000u | status;
    for (;;) __asm__ volatile("wfi");
}

/* Padding of the maps that stay in L2: nothing writes there again. */
static void clear_padding(void) {
    for (const struct pad_fill *pad = pad_fills; pad->bytes; pad++) fill_words(pad->base, pad->bytes, pad->fill);
}

/* The fabric controller starts the cluster, whose cores call cluster_main. */
static void start_cluster(void) {
    REG32(FC_ICACHE) = 1;
    clear_padding();
    flash_open();
    REG32(SOC_CLUSTER_POWER) = 8;
    REG32(SOC_CLUSTER_POWER) = 8; /* the second write releases the reset */
    REG32(CLUSTER_ICACHE) = 1;
    for (uint32_t core = 0; core < CORES; core++) REG32(CLUSTER_BOOT + 4 * core) = L2_BASE + BOOT_OFFSET;
    REG32(CLUSTER_FETCH_ENABLE) = (1u << CORES) - 1;
}
