// Timers, chip control, SoC events, output.
#ifndef PERIPHERALS_H
#define PERIPHERALS_H
#include "event_unit.h"

typedef struct {
    uint32_t value[2], config[2], compare[2];
    bool enabled[2], wide;
    int64_t synced_at;
    Domain *domain;
    Event event;
    EventUnit *eu;
} Timer;
void timer_init(Timer *timer, Domain *domain, EventUnit *eu);
void timer_reference_edge(Timer *timer);
Access timer_access(Timer *timer, uint32_t offset, Request *r);

void soc_init(void);
Access soc_control(uint32_t offset, Request *r);
Access soc_eu_access(uint32_t offset, Request *r);
void soc_event(int event);
void soc_reference_edge(void);
Access stdout_access(uint32_t offset, Request *r);
void stdout_flush_partial(void);
#endif
