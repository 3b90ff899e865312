// The bursts of the cluster's DMA, 256 bytes each: eight of them under way in each direction, two L1 ports for writing
// and two for reading. A burst's data is moved at once on the far side; its time is what the routers book and what the
// L1 ports take.
#include "bursts.h"

#include <stdlib.h>

#include "core.h"
#include "diagnostics.h"
#include "engine.h"
#include "machine.h"
#include "mchan.h"

enum { BURSTS = 8, BURST = 256, PORTS = 4 };

typedef struct Burst Burst;
struct Burst {
    Burst *next;
    Command *command;
    uint32_t far, near, size, done;
    uint8_t data[BURST];
};

static Command *load_command, *store_command;
static Burst *load_pool, *store_pool, *writes_first, *read_burst;
static int loads_open, stores_open;
static int64_t port_free_at[PORTS];
static Event load_event, store_event, local_event;

static Burst *take(Burst **pool) {
    Burst *burst = *pool;
    *pool = burst->next;
    return burst;
}

static void give(Burst **pool, Burst *burst) {
    burst->next = *pool;
    *pool = burst;
}

// Cut the next burst of at most 256 bytes, and at most a line, off a command.
static Burst *next_burst(Command *c, Burst **pool) {
    uint32_t size = c->twod ? c->line_left : c->to_read;
    if (size > BURST) size = BURST;
    Burst *burst = take(pool);
    burst->command = c;
    burst->far = c->far;
    burst->near = c->near & 0xFFFFF;
    burst->size = size;
    burst->done = 0;
    c->far += size;
    c->near += size;
    c->to_read -= size;
    if (c->twod) {
        c->line_left -= size;
        if (c->line_left == 0) {
            c->line_left = c->length;
            c->far = c->chunk = c->chunk + c->stride;
        }
    }
    return burst;
}

static void move_far(Burst *burst, bool write) {
    Request r = {.addr = burst->far, .size = burst->size, .data = burst->data, .write = write};
    if (cluster_bus(&r) != ACCESS_OK) fault("DMA", "burst of %u bytes at %#010x failed", burst->size, burst->far);
}

static void load_step(Event *event) {
    (void)event;
    if (!load_command) load_command = mchan_next(false);
    if (load_command && loads_open < BURSTS) {
        loads_open++;
        Burst *burst = next_burst(load_command, &load_pool);
        if (load_command->to_read == 0) load_command = NULL;
        move_far(burst, false);
        Burst **link = &writes_first;
        while (*link) link = &(*link)->next;
        burst->next = NULL;
        *link = burst;
    }
    mchan_check();
}

static void store_step(Event *event) {
    (void)event;
    if (!store_command) store_command = mchan_next(true);
    if (store_command && stores_open < BURSTS && !read_burst) {
        stores_open++;
        read_burst = next_burst(store_command, &store_pool);
        if (store_command->to_read == 0) store_command = NULL;
    }
    mchan_check();
}

static int64_t l1_port(uint32_t offset, uint8_t *data, uint32_t size, bool write) {
    int64_t now = m.cluster.cycles;
    int64_t *bank = &m.bank_free_at[(offset >> 2) & (BANKS - 1)];
    int64_t wait = *bank > now ? *bank - now : 0;
    *bank = now + wait + 1;
    if (write) {
        memcpy(m.l1 + offset, data, size);
        if (m.check_uninitialised) mark_written(L1_BASE + offset, size);
    } else {
        memcpy(data, m.l1 + offset, size);
    }
    return wait;
}

static void local_step(Event *event) {
    (void)event;
    int64_t now = m.cluster.cycles;
    for (int port = 0; port < PORTS; port++) {
        bool write = port < PORTS / 2;
        Burst *burst = write ? writes_first : read_burst;
        if (port_free_at[port] > now || !burst) continue;
        uint32_t left = burst->size - burst->done, offset = burst->near + burst->done;
        uint32_t size = 4 - (offset & 3);
        if (size > left) size = left;
        port_free_at[port] = now + 1 + l1_port(offset, burst->data + burst->done, size, write);
        burst->done += size;
        if (write) {
            Command *c = burst->command;
            c->to_write -= size;
            bool ended = c->to_write == 0, through = left == size;
            mchan_moved(c, size);
            if (through) {
                writes_first = burst->next;
                give(&load_pool, burst);
                loads_open--;
            }
            if (ended) free(c);
        } else if (left == size) {
            Command *c = burst->command;
            read_burst = NULL;
            move_far(burst, true);
            c->to_write -= burst->size;
            bool ended = c->to_write == 0;
            give(&store_pool, burst);
            stores_open--;
            mchan_moved(c, burst->size);
            if (ended) free(c);
        }
    }
    mchan_check();
}

void bursts_check(void) {
    if (((mchan_waits(false) && !load_command) || (load_command && loads_open < BURSTS)) && !load_event.queued)
        schedule(&load_event, 1);
    if (((mchan_waits(true) && !store_command) || (store_command && stores_open < BURSTS && !read_burst)) &&
        !store_event.queued)
        schedule(&store_event, 1);
    if ((writes_first || read_burst) && !local_event.queued) {
        int64_t now = m.cluster.cycles, earliest = port_free_at[0];
        for (int port = 1; port < PORTS; port++)
            if (port_free_at[port] < earliest) earliest = port_free_at[port];
        schedule(&local_event, earliest <= now ? 1 : earliest - now);
    }
}

void bursts_init(void) {
    static Burst bursts[2 * BURSTS];
    for (int i = 0; i < BURSTS; i++) {
        give(&load_pool, &bursts[i]);
        give(&store_pool, &bursts[BURSTS + i]);
    }
    event_init(&load_event, &m.cluster, load_step, NULL);
    event_init(&store_event, &m.cluster, store_step, NULL);
    event_init(&local_event, &m.cluster, local_step, NULL);
}
