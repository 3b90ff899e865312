// uDMA with HyperFlash and HyperRAM.
#ifndef UDMA_H
#define UDMA_H
#include "bus.h"

void udma_init(void);
Access udma_access(uint32_t offset, Request *r);
#endif
