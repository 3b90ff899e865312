// Instruction caches: lines of 16 bytes, four ways, replacement by an 8-bit shift register, one refill at a time.
#include "cache.h"

#include <stdlib.h>

#include "bus.h"
#include "diagnostics.h"
#include "engine.h"

void cache_init(Cache *cache, int sets, Domain *domain, Access (*refill)(Request *)) {
    *cache = (Cache){.sets = sets, .domain = domain, .refill = refill, .refill_until = -1};
    cache->tag = malloc(sizeof *cache->tag * 4 * sets);
    cache->ready_at = malloc(sizeof *cache->ready_at * 4 * sets);
    cache->recent = calloc((size_t)sets, 1);
    if (!cache->tag || !cache->ready_at || !cache->recent) abort();
    for (int i = 0; i < 4 * sets; i++) cache->ready_at[i] = -1;
    cache_flush(cache);
}

void cache_flush(Cache *cache) {
    for (int i = 0; i < 4 * cache->sets; i++) cache->tag[i] = 0xFFFFFFFF;
}

static int next_way(Cache *cache) {
    unsigned s = cache->lfsr;
    unsigned feedback = !(((s >> 7) ^ (s >> 3) ^ (s >> 2) ^ (s >> 1)) & 1);
    cache->lfsr = (uint8_t)(s << 1 | feedback);
    return (cache->lfsr >> 1) & 3;
}

_Noreturn static void refuse(uint32_t line) {
    bool l1 = line - L1_BASE < L1_SIZE;
    fault("fetch", "instruction fetch from %#010x, %s", line,
          l1 ? "in L1: code there is not modelled, put it into L2" : "where there is no memory");
}

int64_t cache_fetch_slow(Cache *cache, uint32_t line) {
    Request r = {.addr = line, .size = 16};
    if (!cache->enabled) {
        if (cache->refill(&r) != ACCESS_OK) refuse(line);
        return r.latency;
    }
    uint32_t tag = line >> 4;
    int set = (int)(tag & (uint32_t)(cache->sets - 1)) * 4;
    int64_t now = cache->domain->cycles;
    for (int way = 0; way < 4; way++)
        if (cache->tag[set + way] == tag) {
            cache->recent[set / 4] = (uint8_t)way;
            int64_t wait = cache->ready_at[set + way] - now;
            return wait > 0 ? wait : 0;
        }
    cache->misses++;
    int way = set + next_way(cache);
    if (cache->refill(&r) != ACCESS_OK) refuse(line);
    cache->tag[way] = tag;
    cache->recent[set / 4] = (uint8_t)(way & 3);
    int64_t latency = (now < cache->refill_until ? cache->refill_until - now : 0) + r.latency + r.duration;
    cache->refill_until = cache->ready_at[way] = now + latency;
    return latency;
}
