/* The program: the fabric controller starts the cluster, which runs the network on the input that lies in the image,
   cold, warm, and once more with checksums; then everything is printed. */
#include "program.h"

static volatile uint32_t cluster_ready, cluster_done;
static struct table cold, warm;

void cluster_main(uint32_t core) {
    REG32(EVENTS + 8) = 1u << 16; /* barriers alone: the DMA's event would release one early */
    if (core == 0) {
        barrier_set();
        cluster_time_start();
        load_tables();
        cluster_ready = 1;
    } else {
        while (!cluster_ready) {}
    }
    if (core == 0) inference.checking = 0;
    barrier();
    infer(core);
    if (core == 0) account(&cold);
    for (uint32_t i = 0; i < network_input.warm_runs; i++) {
        barrier();
        infer(core);
        if (core == 0) account(&warm);
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

void program_fault(void) {
    print("Fault\n");
    leave(0x7F);
}

void fc_main(void) {
    start_cluster();
    while (!cluster_done) {
        for (uint32_t i = 0; i < 20; i++) relax(); /* leave L2 to the cluster */
        fetch_serve();
    }
    report(&cold, network_input.warm_runs ? &warm : 0);
    leave(0);
}
