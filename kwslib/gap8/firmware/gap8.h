/* GAP8's registers, measured on GVSOC's model; PULP_OPEN selects those of upstream's target of that name. */
#pragma once
#include "network.h"

#define CORES 8u
#define IN_L1 __attribute__((section(".l1"), aligned(4)))
#define NEVER_INLINE __attribute__((noinline))
#define ALWAYS_INLINE inline
/* What runs between the kernels of every layer: side by side with them, it stays in the 4 KB of instruction cache. */
#define HOT __attribute__((section(".text.hot")))
#define REG32(address) (*(volatile uint32_t *)(address))

enum {
    SOC_CLUSTER_POWER = 0x1A104070,
    SOC_EXIT = 0x1A1040A0,
    CLUSTER_FETCH_ENABLE = 0x10200008,
    CLUSTER_BOOT = 0x10200040,
    CLUSTER_TIMER = 0x10200400,
    CLUSTER_ICACHE = 0x10201400,
    EVENTS = 0x10204000,
    DMA = 0x10204400,
    DMA_FROM_SOC = 0x10201800,
    UDMA_CLOCK = 0x1A102780,
    HYPER_RX_ADDRESS = 0x1A102180,
    HYPER_RX_SIZE = 0x1A102184,
    HYPER_RX_CONFIG = 0x1A102188,
    HYPER_DEVICE_ADDRESS = 0x1A1021A0,
    HYPER_CONFIG_0 = 0x1A1021A8,
    HYPER_CONFIG_3 = 0x1A1021B4,
    HYPER_CONFIG_4 = 0x1A1021B8,
};

#ifdef PULP_OPEN
enum { STDOUT = 0x1A10F000, FC_ICACHE = 0x1A108800, DMA_FLAGS_SHIFT = 1, BOOT_OFFSET = 0x80 };
#else
enum { STDOUT = 0x1A110000, FC_ICACHE = 0x1B201400, DMA_FLAGS_SHIFT = 0, BOOT_OFFSET = 0 };
#endif

static inline void *at(address a) { return (void *)a; }

static inline uint32_t cluster_time(void) { return REG32(CLUSTER_TIMER + 8); }
static inline void cluster_time_start(void) { REG32(CLUSTER_TIMER) = 3; }

/* Event-wait load: the core sleeps until the register answers. */
static inline uint32_t wait_load(uint32_t where) {
    uint32_t value;
    __asm__ volatile(".insn i 0x03, 6, %0, %1, 0" : "=r"(value) : "r"(where) : "memory");
    return value;
}

static inline void barrier_set(void) {
    REG32(EVENTS + 0x200) = (1u << CORES) - 1;
    REG32(EVENTS + 0x20C) = (1u << CORES) - 1;
}
static inline void barrier(void) { wait_load(EVENTS + 0x21C); }

enum {
    DMA_TO_L1 = 1u << (16 + DMA_FLAGS_SHIFT),
    DMA_INCREMENT = 1u << (17 + DMA_FLAGS_SHIFT),
    DMA_LINES = 1u << (18 + DMA_FLAGS_SHIFT),
    DMA_EVENT = 1u << (19 + DMA_FLAGS_SHIFT)
};

/* Start a transfer: core 0 by its own registers, the fabric controller by those of the cluster. Contiguous in L1; in L2
   `line` bytes every `stride` bytes, or contiguous if `line` is 0. GVSOC hangs if `bytes` is no multiple of `line`. */
static inline uint32_t dma_start(uint32_t registers, address l1, address l2, uint32_t bytes, uint32_t in, uint32_t line,
                                 uint32_t stride) {
    uint32_t id = REG32(registers);
    REG32(registers) = bytes | (in ? DMA_TO_L1 : 0) | DMA_INCREMENT | (line ? DMA_LINES : 0) | DMA_EVENT;
    REG32(registers) = l1;
    REG32(registers) = l2;
#ifdef PULP_OPEN
    if (line) REG32(registers) = line;
    if (line) REG32(registers) = stride;
#else
    if (line) REG32(registers) = stride << 16 | line;
#endif
    return id;
}

static inline void dma_end(uint32_t registers, uint32_t id) {
    while (REG32(registers + 4) >> id & 1) {} /* the DMA's event would release a barrier early, if it were let in */
    REG32(registers + 4) = 1u << id;
}

/* At once, by core 0 itself: start, and wait. */
static inline uint32_t dma_in_begin(address l1, address l2, uint32_t bytes) {
    return dma_start(DMA, l1, l2, bytes, 1, 0, 0);
}
static inline void dma_in_end(uint32_t id) { dma_end(DMA, id); }
static inline void dma_in_now(address l1, address l2, uint32_t bytes) { dma_in_end(dma_in_begin(l1, l2, bytes)); }
static inline void dma_out_now(address l1, address l2, uint32_t bytes) {
    dma_end(DMA, dma_start(DMA, l1, l2, bytes, 0, 0, 0));
}

/* The transfers of tiles: core 0 asks for them, the fabric controller makes them, in their order. */
enum { REQUESTS = 4, OUT = 0, IN = 1, EXCHANGE = 2 /* l1: struct pointwise, l2: turn */ };
extern struct requests {
    volatile uint32_t posted, done;
    volatile struct request {
        uint32_t l1, l2, bytes, kind, line, stride;
    } ring[REQUESTS];
} requests;

static inline uint32_t dma_post(address l1, address l2, uint32_t bytes, uint32_t kind, uint32_t line, uint32_t stride) {
    uint32_t number = requests.posted;
    volatile struct request *r = &requests.ring[number % REQUESTS];
    while (number - requests.done >= REQUESTS) {}
    r->l1 = l1;
    r->l2 = l2;
    r->bytes = bytes;
    r->kind = kind;
    r->line = line;
    r->stride = stride;
    requests.posted = number + 1;
    return number + 1;
}
static inline uint32_t dma_in(address l1, address l2, uint32_t bytes) { return dma_post(l1, l2, bytes, IN, 0, 0); }
static inline uint32_t dma_out_lines(address l1, address l2, uint32_t bytes, uint32_t stride, uint32_t line) {
    return dma_post(l1, l2, bytes, OUT, line, stride);
}
/* The same for the tiles of a pointwise layer, which the fabric controller finds out itself. */
static inline uint32_t post_exchange(const struct pointwise *p, uint32_t turn) {
    uint32_t number = requests.posted;
    volatile struct request *r = &requests.ring[number % REQUESTS];
    r->l1 = (address)p;
    r->l2 = turn;
    r->kind = EXCHANGE;
    requests.posted = number + 1;
    return number + 1;
}
void tile_move(address l1, address l2, uint32_t bytes, uint32_t in, uint32_t line, uint32_t stride);
static inline void dma_wait(uint32_t number) {
    while ((int32_t)(requests.done - number) < 0) {}
}

static inline void weights_move(address l1, address l2, uint32_t bytes) {
    dma_end(DMA_FROM_SOC, dma_start(DMA_FROM_SOC, l1, l2, bytes, 1, 0, 0));
}
static inline void relax(void) { __asm__ volatile("nop"); }

static inline void flash_open(void) {
#ifndef PULP_OPEN /* whose external memory is another */
    REG32(UDMA_CLOCK) |= 8;
    REG32(HYPER_CONFIG_4) = 0x701; /* addresses from 1 << 24 up are the flash's */
    REG32(HYPER_CONFIG_0) = 0x700;
    REG32(HYPER_CONFIG_3) = 0;
#endif
}
static inline uint32_t flash_busy(void) { return REG32(HYPER_RX_CONFIG) >> 4 & 1; }
static inline void flash_start(address l2, uint32_t offset, uint32_t bytes) {
    REG32(HYPER_DEVICE_ADDRESS) = 0x01000000 + offset;
    REG32(HYPER_RX_ADDRESS) = l2;
    REG32(HYPER_RX_SIZE) = bytes;
    REG32(HYPER_RX_CONFIG) = 0x10;
}

static inline void put(char c) { *(volatile uint8_t *)STDOUT = (uint8_t)c; }
