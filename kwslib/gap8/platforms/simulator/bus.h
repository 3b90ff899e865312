// Requests, ports of routers, and the buses.
#ifndef BUS_H
#define BUS_H
#include "sim.h"

// One target of a router: it moves four bytes a cycle, and a request waits until earlier ones are through.
typedef struct {
    int64_t free_at;
} Port;

typedef struct {
    uint32_t addr;
    uint32_t size;
    uint8_t *data;
    bool write;
    int64_t latency;
    int64_t duration;
} Request;

typedef enum { ACCESS_OK, ACCESS_PENDING, ACCESS_INVALID } Access;

static inline void port_pass(Port *port, Request *r, int64_t now, int64_t latency) {
    int64_t duration = (r->size + 3) / 4;
    int64_t wait = port->free_at - now;
    if (duration > r->duration) r->duration = duration;
    if (wait > r->latency) r->latency = wait;
    r->latency += latency;
    port->free_at = (wait > 0 ? port->free_at : now) + duration;
}

Access cluster_bus(Request *r);  // cluster_ico: from cores, instruction refills, DMA; in cluster cycles
Access cluster_from_soc(Request *r);
Access soc_bus(Request *r);  // ll_ico; in SoC cycles
Access fc_fetch_bus(Request *r);
Access fc_data_bus(Request *r);
Access udma_l2_bus(Request *r);
Access core_bus(Core *core, Request *r);
#endif
