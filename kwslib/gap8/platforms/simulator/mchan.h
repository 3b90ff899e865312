// The cluster's DMA.
#ifndef MCHAN_H
#define MCHAN_H
#include "bus.h"

void mchan_init(void);
Access mchan_access(int channel, uint32_t offset, Request *r, Core *core);
bool mchan_busy(void);
#endif
