// The bursts of the cluster's DMA.
#ifndef BURSTS_H
#define BURSTS_H

void bursts_init(void);
void bursts_check(void);  // schedules what has something to move
#endif
