// Instruction caches. What hits the way that was hit last, core.c finds itself.
#ifndef CACHE_H
#define CACHE_H
#include "bus.h"
#include "engine.h"

typedef struct {
    uint32_t *tag;    // sets * 4; 0xFFFFFFFF: empty
    uint8_t *recent;  // the way of each set that was hit last
    int64_t *ready_at;
    int sets;
    uint8_t lfsr;
    bool enabled;
    int64_t refill_until;
    Domain *domain;
    Access (*refill)(Request *r);
    uint64_t misses;
} Cache;

void cache_init(Cache *cache, int sets, Domain *domain, Access (*refill)(Request *));
int64_t cache_fetch_slow(Cache *cache, uint32_t line);
void cache_flush(Cache *cache);
#endif
