// The commands of the cluster's DMA: what the bus asks of them, and what the bursts that move their data do.
#ifndef MCHAN_H
#define MCHAN_H
#include "bus.h"

typedef struct Command Command;
struct Command {
    Command *next;
    uint32_t word[4];
    int step, counter, channel;
    bool store, increment, twod, event, irq, broadcast;  // store: L1 to L2
    uint32_t size, to_read, to_write, line_left, length, stride;
    uint32_t far, near, chunk;
};

void mchan_init(void);
Access mchan_access(int channel, uint32_t offset, Request *r, Core *core);
bool mchan_busy(void);

Command *mchan_next(bool store);  // takes it off its global queue; NULL if that is empty
bool mchan_waits(bool store);     // whether that queue has a command
void mchan_moved(Command *c, uint32_t bytes);
void mchan_check(void);  // schedules whatever has something to do, the bursts last
#endif
