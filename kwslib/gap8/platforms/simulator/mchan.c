// The commands of the cluster's DMA engine (mchan version 6): sixteen counters, a queue of two commands a core, two
// global queues of eight. bursts.c moves their data.
#include "mchan.h"

#include <stdlib.h>

#include "bursts.h"
#include "core.h"
#include "diagnostics.h"
#include "engine.h"
#include "event_unit.h"
#include "machine.h"

enum { COUNTERS = 16, CHANNELS = CLUSTER_CORES + 1, CORE_QUEUE = 2, GLOBAL_QUEUE = 8 };
enum { EVENT_DMA = 8, EVENT_DMA_IRQ = 9, EVENT_DMA_EXT = 22 };

typedef struct {
    Command *first;
    int count;
} Queue;

static struct {
    Command *current;  // being written word by word
    Queue queue;
    int counter;    // allocated last
    int pending;    // commands in the queue
    Core *stalled;  // a core whose write waits for room
    uint32_t stalled_word;
    int64_t stalled_latency;
} channel[CHANNELS];

static int32_t pending_bytes[COUNTERS];
static uint32_t free_counters;
static Core *alloc_waiting[CORES];
static int64_t alloc_latency[CORES];
static int alloc_count;
static int loads_queued, stores_queued, next_channel;
static Queue load_queue, store_queue;
static Event queue_event;

static void push(Queue *queue, Command *command) {
    Command **link = &queue->first;
    while (*link) link = &(*link)->next;
    command->next = NULL;
    *link = command;
    queue->count++;
}

Command *mchan_next(bool store) {
    Queue *queue = store ? &store_queue : &load_queue;
    Command *command = queue->first;
    if (command) {
        queue->first = command->next;
        queue->count--;
    }
    return command;
}

bool mchan_waits(bool store) { return (store ? store_queue : load_queue).count > 0; }

static Command *pop_direction(Queue *queue, bool store) {
    for (Command **link = &queue->first; *link; link = &(*link)->next)
        if ((*link)->store == store) {
            Command *command = *link;
            *link = command->next;
            queue->count--;
            return command;
        }
    return NULL;
}

static void check_command(Command *c) {
    if (c->size == 0) fault("DMA", "transfer of 0 bytes never ends");
    uint32_t far_end = c->far + c->size;
    if (c->twod) {
        if (c->length == 0 || c->size % c->length)
            fault("DMA", "2D transfer of %u bytes in lines of %u: the size must be a multiple of the line", c->size,
                  c->length);
        far_end = c->far + (c->size / c->length - 1) * c->stride + c->length;
    }
    uint32_t near = c->near & 0xFFFFF;  // 20 address bits reach L1
    if (near + c->size > L1_SIZE) fault("DMA", "%u bytes at L1 %#010x lie outside of L1 (64 KB)", c->size, c->near);
    bool l2 = c->far >= L2_BASE && far_end <= L2_BASE + L2_SIZE && far_end > c->far;
    bool tcdm = c->far >= TCDM_BASE && far_end <= TCDM_BASE + TCDM_SIZE && far_end > c->far;
    if (!l2 && !tcdm) fault("DMA", "%#010x..%#010x is not in L2", c->far, far_end);
}

static void write_word(int id, uint32_t value) {
    Command *c = channel[id].current;
    if (!c) {
        c = channel[id].current = calloc(1, sizeof *c);
        if (!c) abort();
    }
    c->word[c->step++] = value;
    if (c->step == 1) {
        c->size = c->to_read = c->to_write = value & 0xFFFF;
        c->store = !((value >> 16) & 1);
        c->increment = (value >> 17) & 1;
        c->twod = (value >> 18) & 1;
        c->event = (value >> 19) & 1;
        c->irq = (value >> 20) & 1;
        c->broadcast = (value >> 21) & 1;
        c->counter = channel[id].counter;
        c->channel = id;
        return;
    }
    if (c->step == 3) {
        c->near = c->word[1];
        c->far = c->chunk = c->word[2];
        if (c->twod) return;
    } else if (c->step == 4) {
        c->stride = value >> 16;
        c->length = c->line_left = value & 0xFFFF;
    } else {
        return;
    }
    check_command(c);
    channel[id].current = NULL;
    channel[id].pending++;
    pending_bytes[c->counter] += (int32_t)c->size;
    push(&channel[id].queue, c);
    if (c->store)
        stores_queued++;
    else
        loads_queued++;
    mchan_check();
}

static int allocate(int id) {
    int counter = __builtin_ctz(free_counters);
    free_counters &= free_counters - 1;
    channel[id].counter = counter;
    return counter;
}

Access mchan_access(int id, uint32_t offset, Request *r, Core *core) {
    if (r->size != 4 || (offset != 0 && offset != 4)) return ACCESS_INVALID;
    uint32_t value;
    memcpy(&value, r->data, 4);
    if (offset == 4) {
        if (r->write) {
            if (value & free_counters & 0xFFFF)
                warn_once("counter", "DMA counters are freed that are not in use (mask %#x)", value);
            free_counters |= value & 0xFFFF;
            if (alloc_count && free_counters) {
                Core *waiting = alloc_waiting[0];
                int64_t latency = alloc_latency[0];
                alloc_count--;
                memmove(alloc_waiting, alloc_waiting + 1, sizeof *alloc_waiting * (size_t)alloc_count);
                memmove(alloc_latency, alloc_latency + 1, sizeof *alloc_latency * (size_t)alloc_count);
                waiting->wait_value = (uint32_t)allocate(waiting->id);
                core_resume(waiting, latency, true);
            }
            return ACCESS_OK;
        }
        value = (~free_counters & 0xFFFF) << 16;
        for (int i = 0; i < COUNTERS; i++) value |= (uint32_t)(pending_bytes[i] != 0) << i;
        memcpy(r->data, &value, 4);
        return ACCESS_OK;
    }
    if (!r->write) {
        if (!free_counters) {
            if (!core) fault("DMA", "all 16 counters are in use");
            if (alloc_count == CORES) fault("DMA", "a core waits for a counter while it waits for one");
            alloc_waiting[alloc_count] = core;
            alloc_latency[alloc_count++] = r->latency;
            return ACCESS_PENDING;
        }
        value = (uint32_t)allocate(id);
        memcpy(r->data, &value, 4);
        return ACCESS_OK;
    }
    if (channel[id].pending == CORE_QUEUE) {
        if (!core) fault("DMA", "the command queue is full");
        channel[id].stalled = core;
        channel[id].stalled_word = value;
        channel[id].stalled_latency = r->latency;
        return ACCESS_PENDING;
    }
    write_word(id, value);
    return ACCESS_OK;
}

static void to_global_queue(bool store) {
    int id = next_channel;
    for (int i = 0; i < CHANNELS; i++, id = (id + 1) % CHANNELS) {
        Command *command = pop_direction(&channel[id].queue, store);
        if (!command) continue;
        channel[id].pending--;
        if (store)
            stores_queued--;
        else
            loads_queued--;
        Core *waiting = channel[id].stalled;
        if (waiting) {
            channel[id].stalled = NULL;
            write_word(id, channel[id].stalled_word);
            core_resume(waiting, channel[id].stalled_latency, false);
        }
        push(store ? &store_queue : &load_queue, command);
        next_channel = (next_channel + 1) % CHANNELS;
        return;
    }
}

static void queue_step(Event *event) {
    (void)event;
    if (loads_queued && load_queue.count < GLOBAL_QUEUE)
        to_global_queue(false);
    else if (stores_queued && store_queue.count < GLOBAL_QUEUE)
        to_global_queue(true);
    mchan_check();
}

void mchan_moved(Command *c, uint32_t bytes) {
    pending_bytes[c->counter] -= (int32_t)bytes;
    if (pending_bytes[c->counter]) return;
    for (int id = 0; id < CHANNELS; id++) {
        if (!c->broadcast && id != c->channel) continue;
        if (id == CLUSTER_CORES) {
            eu_events(&m.cluster_eu, 1u << EVENT_DMA_EXT, 0);
            eu_event(&m.fc_eu, 0, 1u << 8);
            continue;
        }
        if (c->irq) eu_event(&m.cluster_eu, id, 1u << EVENT_DMA_IRQ);
        if (c->event) eu_event(&m.cluster_eu, id, 1u << EVENT_DMA);
    }
}

void mchan_check(void) {
    if (((loads_queued && load_queue.count < GLOBAL_QUEUE) || (stores_queued && store_queue.count < GLOBAL_QUEUE)) &&
        !queue_event.queued)
        schedule(&queue_event, 1);
    bursts_check();
}

bool mchan_busy(void) {
    for (int i = 0; i < COUNTERS; i++)
        if (pending_bytes[i]) return true;
    return false;
}

void mchan_init(void) {
    free_counters = 0xFFFF;
    event_init(&queue_event, &m.cluster, queue_step, NULL);
    bursts_init();
}
