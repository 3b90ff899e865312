/* What a program prints when the network has run: the same text on the device and on the host. */
#include "print.h"
#include "runtime.h"

static void print_rows(const char *lead, const struct table *table) {
    uint64_t operations = 0, front_end = 0;
    for (uint32_t i = 0; i < STAGE_COUNT; i++) {
        print_row(lead, network_stages[i].name, table->stages[i], network_stages[i].operations);
        front_end += network_stages[i].operations;
    }
    if (STAGE_COUNT) print_row(lead, "FrontEnd", table->front_end, front_end);
    for (uint32_t i = 0; i < LAYER_COUNT; i++) {
        uint64_t own = (uint64_t)network_layers[i].operations_high << 32 | network_layers[i].operations_low;
        print_row(lead, network_layers[i].name, table->layers[i], own);
        operations += own;
    }
    print_row(lead, "Total", table->total, operations);
    if (STAGE_COUNT) print_row(lead, "SoundToLabel", table->front_end + table->total, front_end + operations);
}

static void print_checksum(const char *name, uint32_t index) {
    uint32_t sum = 0;
    for (uint32_t core = 0; core < CORES; core++) sum += inference.checksums[core][index];
    print("Checksum ");
    print(name);
    print(": ");
    print_hex(sum);
    print("\n");
}

void report(const struct table *cold, const struct table *warm) {
    print("Network: ");
    print(network_name);
    print("\n");
    if (cold) print_rows("", cold);
    if (warm) print_rows("Warm ", warm);
    if (inference.checking) {
        if (STAGE_COUNT) print_checksum("Fingerprint", LAYER_COUNT);
        for (uint32_t i = 0; i < LAYER_COUNT; i++) print_checksum(network_layers[i].name, i);
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
