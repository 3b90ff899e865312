/* The program that listens: a recording in the external flash comes piece by piece, as from a microphone. The fabric
   controller lets a DMA write the samples where the front end reads them, and decides. The cluster sleeps between hops.
   Every hop is printed, then the cycles of the first and of the last one by layer. */
#include "listen.h"
#include "program.h"

enum { PIECE_SAMPLES = 512, WAKE = 0 /* a software event */, WAIT_AND_CLEAR = 0x3C, CLUSTER_EVENTS = 0x10200E00 };

extern const uint32_t recording_offset; /* in the flash: how many samples, a word; then the samples */

static volatile uint32_t cluster_ready, cluster_done;
static struct table first, last;
static uint32_t events;

void cluster_main(uint32_t core) {
    REG32(EVENTS + 8) = 1u << 16 | 1u << WAKE;
    if (core == 0) {
        barrier_set();
        cluster_time_start();
        load_tables();
        inference.checking = inference.fused_first = inference.fused_second = 0;
        cluster_ready = 1;
    } else {
        while (!cluster_ready) {}
    }
    for (;;) {
        wait_load(EVENTS + WAIT_AND_CLEAR);
        infer(core);
        if (core == 0) cluster_done = 1;
    }
}

void program_fault(void) {
    print("Fault\n");
    leave(0x7F);
}

static void run_cluster(void) {
    cluster_done = 0;
    REG32(CLUSTER_EVENTS + 4 * WAKE) = (1u << CORES) - 1;
    while (!cluster_done) {
        for (uint32_t i = 0; i < 20; i++) relax(); /* leave L2 to the cluster */
        fetch_serve();
    }
}

static void print_named(const char *name, uint32_t value) {
    print(name);
    print_number(value);
}

static void print_sum(const char *name, address codes) {
    struct map map = {codes, 1, 1, class_count, class_count, class_count, 1, 1, 0};
    print(name);
    print_hex(checksum(codes ? &map : &network_fingerprint, 0, codes ? class_count : network_fingerprint.channels, 1));
}

static void print_event(uint32_t hop, uint32_t heard) {
    print_named("Event: hop ", hop);
    print_named(", class ", heard);
    print_named(", sum ", network_events.sums[heard]);
    print(", ");
    print(class_names[heard]);
    print("\n");
    events++;
}

/* The samples are there: run the network, decide, print. */
static void hear_hop(void) {
    uint32_t hop = listen_hops(), begun = cluster_time();
    listen_ahead();
    run_cluster();
    int32_t heard = listen_decide();
    uint32_t cycles = cluster_time() - begun;
    struct table *table = hop ? &last : &first;
    account(table);
    print_named("Hop ", hop);
    print_named(": ", cycles);
    print_named(" cycles, front end ", table->front_end);
    print_named(", network ", table->total);
    print_sum("; fingerprint ", 0);
    print_sum(", logits ", logits_codes);
    print_sum(", output ", output_codes);
    print("\n");
    if (heard >= 0) print_event(hop, (uint32_t)heard);
}

/* The next samples come from the flash, or are zeros behind its end. */
static uint32_t receive(uint32_t offset, uint32_t left, uint32_t from_flash) {
    uint32_t count;
    int16_t *place = listen_place(&count);
    if (count > left) count = left;
    if (count > PIECE_SAMPLES) count = PIECE_SAMPLES;
    if (from_flash) {
        flash_start((address)place, offset, (2 * count + 3) & ~3u);
        while (flash_busy()) {}
    } else {
        for (uint32_t i = 0; i < count; i++) place[i] = 0;
    }
    listen_took(count);
    if (listen_full()) hear_hop();
    return count;
}

static uint32_t recording_samples(void) {
    static volatile uint32_t samples;
    flash_start((address)&samples, recording_offset, 4);
    while (flash_busy()) {}
    return samples;
}

void fc_main(void) {
    start_cluster();
    listen_begin(&network_listening, &network_events);
    while (!cluster_ready) {}
    uint32_t samples = recording_samples(), offset = recording_offset + 4, count;
    for (uint32_t left = samples; left; left -= count, offset += 2 * count) count = receive(offset, left, 1);
    for (uint32_t left = network_listening.tail_samples; left; left -= count) count = receive(0, left, 0);
    print_named("Stream: ", samples);
    print_named(" samples, ", listen_hops());
    print_named(" hops, ", events);
    print(" events\n");
    report(&first, listen_hops() > 1 ? &last : 0);
    leave(0);
}
