/* The program: the fabric controller starts the cluster, which runs the network on the input that lies in the image,
   cold, warm, and once more with checksums; then everything is printed. */
#include "print.h"
#include "runtime.h"

/* Replaced in the program file by whoever runs it on another clip: options, then the codes. */
extern struct input {
    uint32_t warm_runs, check;
    int8_t codes[];
} network_input;

static volatile uint32_t cluster_ready, cluster_done;
static uint32_t cold[LAYER_COUNT], warm[LAYER_COUNT], totals[2];

/* Cycles of each layer from the stamps of the steps; a fused step's are shared out as its core cycles were. */
static void account(uint32_t *cycles, uint32_t *total) {
    for (uint32_t i = 0; i < STEP_COUNT; i++) {
        uint32_t layer = steps[i].first_layer, spent = inference.stamps[i + 1] - inference.stamps[i];
        cycles[layer] = spent;
        if (layer + 1 < LAYER_COUNT && network_layers[layer + 1].second) {
            uint32_t first = inference.fused_first >> 8, second = inference.fused_second >> 8;
            cycles[layer] = (uint32_t)((uint64_t)spent * first / (first + second));
            cycles[layer + 1] = spent - cycles[layer];
        }
    }
    *total = inference.stamps[STEP_COUNT] - inference.stamps[0];
}

void cluster_main(uint32_t core) {
    REG32(EVENTS + 8) = 1u << 16; /* barriers alone: the DMA's event would release one early */
    if (core == 0) {
        barrier_set();
        cluster_time_start();
        for (uint32_t i = 0; i < sizeof steps / 4; i++) ((uint32_t *)steps)[i] = ((const uint32_t *)network_steps)[i];
        cluster_ready = 1;
    } else {
        while (!cluster_ready) {
        }
    }
    if (core == 0) inference.checking = 0;
    barrier();
    infer(core);
    if (core == 0) account(cold, &totals[0]);
    for (uint32_t i = 0; i < network_input.warm_runs; i++) {
        barrier();
        infer(core);
        if (core == 0) account(warm, &totals[1]);
    }
    barrier();
    if (network_input.check) {
        if (core == 0) inference.checking = 1;
        barrier();
        infer(core);
    }
    barrier();
    if (core == 0) cluster_done = 1;
}

static void print_rows(const char *lead, const uint32_t *cycles, uint32_t total) {
    uint64_t operations = 0;
    for (uint32_t i = 0; i < LAYER_COUNT; i++) {
        uint64_t own = (uint64_t)network_layers[i].operations_high << 32 | network_layers[i].operations_low;
        print_row(lead, network_layers[i].name, cycles[i], own);
        operations += own;
    }
    print_row(lead, "Total", total, operations);
}

static void report(void) {
    print("Network: ");
    print(network_name);
    print("\n");
    print_rows("", cold, totals[0]);
    if (network_input.warm_runs) print_rows("Warm ", warm, totals[1]);
    if (network_input.check)
        for (uint32_t i = 0; i < LAYER_COUNT; i++) {
            uint32_t sum = 0;
            for (uint32_t core = 0; core < CORES; core++) sum += inference.checksums[core][i];
            print("Checksum ");
            print(network_layers[i].name);
            print(": ");
            print_hex(sum);
            print("\n");
        }
    print_codes("Logits", codes_at(logits_codes), class_count, 0);
    print_codes("Output", codes_at(output_codes), class_count, (int32_t)output_offset);
    uint32_t winner = 0;
    for (uint32_t i = 1; i < class_count; i++)
        if (codes_at(logits_codes)[i] > codes_at(logits_codes)[winner]) winner = i;
    print("Class: ");
    print_number(winner);
    print(" ");
    print(class_names[winner]);
    print("\n");
}

static void leave(uint32_t status) {
    REG32(SOC_EXIT) = 0x80000000u | status;
    for (;;) __asm__ volatile("wfi");
}

void program_fault(void) {
    print("Fault\n");
    leave(0x7F);
}

/* Padding of the maps that stay in L2: nothing writes there again. */
static void clear_padding(void) {
    if (pad_fill_bytes) fill_words(pad_fill, pad_fill_bytes, four_times((int32_t)pad_value));
}

void fc_main(void) {
    REG32(FC_ICACHE) = 1;
    clear_padding();
    flash_open();
    REG32(SOC_CLUSTER_POWER) = 8;
    REG32(SOC_CLUSTER_POWER) = 8; /* the second write releases the reset */
    REG32(CLUSTER_ICACHE) = 1;
    for (uint32_t core = 0; core < CORES; core++) REG32(CLUSTER_BOOT + 4 * core) = L2_BASE + BOOT_OFFSET;
    REG32(CLUSTER_FETCH_ENABLE) = (1u << CORES) - 1;
    while (!cluster_done) {
        for (uint32_t i = 0; i < 64; i++) __asm__ volatile("nop"); /* leave L2 to the cluster */
    }
    report();
    leave(0);
}
