// Event units of the cluster and of the fabric controller.
#ifndef EVENT_UNIT_H
#define EVENT_UNIT_H
#include "core.h"

typedef enum { WAITS_NOT, WAITS_EVENT, WAITS_BARRIER, WAITS_SKIP } WaitState;
typedef struct {
    uint32_t status, mask, irq_mask, clear_mask;
    int synced_irq;
    bool awake, has_request, interrupted;
    uint32_t interrupt_value;
    WaitState state;
    int64_t latency;
    Core *core;
} EventCore;
typedef struct {
    uint32_t trigger, status, target;
} Barrier;
typedef struct {
    uint32_t value, ready, config, waiting;
} Dispatch;
typedef struct {
    int cores;
    EventCore core[CLUSTER_CORES];
    Barrier barrier[8];
    Dispatch dispatch[8];
    int dispatch_head, dispatch_tail[CLUSTER_CORES];
    uint32_t dispatch_config;
    bool mutex_locked;
    uint32_t mutex_waiting, mutex_value;
    int fifo[8], fifo_head, fifo_tail, fifo_used;
} EventUnit;
void eu_init(EventUnit *eu, int cores, Core *first);
void eu_event(EventUnit *eu, int core, uint32_t mask);
void eu_events(EventUnit *eu, uint32_t mask, uint32_t cores);
void eu_timer_event(EventUnit *eu, uint32_t mask);
void eu_soc_event(EventUnit *eu, int event);
void eu_irq_ack(EventUnit *eu, int core, int irq);
Access eu_demux(EventUnit *eu, int core, uint32_t offset, Request *r);
Access eu_bus(EventUnit *eu, uint32_t offset, Request *r);
#endif
