/* The machine under the network: eight cluster cores with DMA and barriers, or one thread of a host. */
#pragma once
#include "network.h"

#ifdef KWS_HOST

#define CORES 1u
#define IN_L1
#define NEVER_INLINE
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define HOT
extern uint8_t host_l1[L1_BYTES + 16], host_l2[L2_BYTES + 16];
extern const uint8_t *host_flash;
static inline void *at(address a) {
    return a >> 24 == L1_BASE >> 24 ? host_l1 + (a - L1_BASE) : host_l2 + (a - L2_BASE);
}
static inline void barrier(void) {}
static inline uint32_t cluster_time(void) { return 0; }
uint32_t dma_in(address l1, address l2, uint32_t bytes);
uint32_t dma_out_lines(address l1, address l2, uint32_t bytes, uint32_t stride, uint32_t line);
static inline void dma_wait(uint32_t id) { (void)id; }
void exchange_tiles(const struct pointwise *p, uint32_t turn);
static inline uint32_t post_exchange(const struct pointwise *p, uint32_t turn) {
    exchange_tiles(p, turn);
    return 0;
}
static inline void tile_move(address l1, address l2, uint32_t bytes, uint32_t in, uint32_t line, uint32_t stride) {
    if (in)
        dma_in(l1, l2, bytes);
    else
        dma_out_lines(l1, l2, bytes, stride, line);
}
static inline uint32_t dma_in_begin(address l1, address l2, uint32_t bytes) { return dma_in(l1, l2, bytes); }
static inline void dma_in_end(uint32_t id) { (void)id; }
static inline void dma_in_now(address l1, address l2, uint32_t bytes) { dma_in(l1, l2, bytes); }
static inline void dma_out_now(address l1, address l2, uint32_t bytes) { dma_out_lines(l1, l2, bytes, bytes, bytes); }
static inline void tiles_serve(void) {}
static inline void weights_move(address l1, address l2, uint32_t bytes) { dma_in(l1, l2, bytes); }
static inline void relax(void) {}
void flash_start(address l2, uint32_t offset, uint32_t bytes);
static inline uint32_t flash_busy(void) { return 0; }
void put(char c);
void host_load(const uint8_t *image, uint32_t where, uint32_t bytes, const uint8_t *flash);
void host_run(const int8_t *codes, uint32_t clips, uint32_t bytes, address input, int8_t *logits, int8_t *outputs,
              uint32_t *checksums);

#else
#include "gap8.h"
#endif

static inline const int8_t *codes_at(address a) { return at(a); }

/* Half a word, or a word, at any byte address: one load on GAP8, whose cores take misaligned ones. */
static inline uint16_t half_at(const void *bytes) {
#ifdef KWS_HOST
    uint16_t half;
    __builtin_memcpy(&half, bytes, 2);
    return half;
#else
    return *(const uint16_t *)bytes;
#endif
}
static inline uint32_t word_at(const void *bytes) {
#ifdef KWS_HOST
    uint32_t word;
    __builtin_memcpy(&word, bytes, 4);
    return word;
#else
    return *(const uint32_t *)bytes;
#endif
}

static inline int32_t larger(int32_t a, int32_t b) {
#if defined(KWS_HOST) || defined(KWS_NO_XPULP)
    return a > b ? a : b;
#else
    int32_t result;
    __asm__(".insn r 0x33, 6, 0x02, %0, %1, %2" : "=r"(result) : "r"(a), "r"(b)); /* p.max */
    return result;
#endif
}
static inline int32_t smaller(int32_t a, int32_t b) {
#if defined(KWS_HOST) || defined(KWS_NO_XPULP)
    return a < b ? a : b;
#else
    int32_t result;
    __asm__(".insn r 0x33, 4, 0x02, %0, %1, %2" : "=r"(result) : "r"(a), "r"(b)); /* p.min */
    return result;
#endif
}

/* Sum of four products of signed bytes, added to `sum`. */
static inline int32_t dot(int32_t sum, uint32_t a, uint32_t b) {
#if defined(KWS_HOST) || defined(KWS_NO_XPULP)
    for (uint32_t i = 0; i < 4; i++) sum += (int8_t)(a >> 8 * i) * (int8_t)(b >> 8 * i);
#else
    __asm__(".insn r 0x57, 1, 0x5c, %0, %1, %2" : "+r"(sum) : "r"(a), "r"(b)); /* pv.sdotsp.b */
#endif
    return sum;
}

/* The same with unsigned bytes in `a`. */
static inline int32_t dot_unsigned(int32_t sum, uint32_t a, uint32_t b) {
#if defined(KWS_HOST) || defined(KWS_NO_XPULP)
    for (uint32_t i = 0; i < 4; i++) sum += (int32_t)(a >> 8 * i & 0xFF) * (int8_t)(b >> 8 * i);
#else
    __asm__(".insn r 0x57, 1, 0x54, %0, %1, %2" : "+r"(sum) : "r"(a), "r"(b)); /* pv.sdotusp.b */
#endif
    return sum;
}

/* A hardware loop, the inner one: the next `words` instructions of four bytes, `count` times, one at least. */
#define HARDWARE_LOOP(count, words) ".option push\n.option norvc\n.insn i 0x7b, 4, x0, " count ", 2 * " #words "\n"
#define LOOP_END "\n.option pop"

/* Fill words from `target` on: `words` of them. */
static inline void fill_with(uint32_t *target, uint32_t words, uint32_t word) {
#if defined(KWS_HOST) || defined(KWS_NO_XPULP)
    for (; words; words--) *target++ = word;
#else
    uint32_t pairs = words / 2;
    if (pairs)
        __asm__ volatile(HARDWARE_LOOP("%[pairs]", 2)
                         ".insn s 0x2b, 2, %[word], 4(%[target])\n" /* p.sw word, 4(target!) */
                         ".insn s 0x2b, 2, %[word], 4(%[target])" LOOP_END
                         : [target] "+r"(target)
                         : [pairs] "r"(pairs), [word] "r"(word)
                         : "memory");
    if (words & 1) *target = word;
#endif
}

/* Copy words from anywhere, `step` bytes apart, to every CORES-th word of `target`, with a mask each for what stays and
   for what is set. */
static inline void spread_words(uint32_t *target, const uint8_t *source, uint32_t count, uint32_t step,
                                     uint32_t inside, uint32_t outside) {
#if defined(KWS_HOST) || defined(KWS_NO_XPULP)
    for (; count; count--, target += CORES, source += step) *target = (word_at(source) & inside) | outside;
#else
    uint32_t word;
    if (!count) return;
    __asm__ volatile(HARDWARE_LOOP("%[count]", 4)
                     ".insn r 0x0b, 7, 0x10, %[word], %[source], %[step]\n" /* p.lw word, step(source!) */
                     "and %[word], %[word], %[inside]\n"
                     "or %[word], %[word], %[outside]\n"
                     ".insn s 0x2b, 2, %[word], 32(%[target])" /* p.sw word, 32(target!) */
                     LOOP_END
                     : [word] "=&r"(word), [source] "+r"(source), [target] "+r"(target)
                     : [count] "r"(count), [step] "r"(step), [inside] "r"(inside), [outside] "r"(outside)
                     : "memory");
#endif
}

/* The sum of products of signed bytes, `count` words of them, one at least. */
static inline int32_t dot_words(const uint32_t *a, const uint32_t *b, uint32_t count) {
    int32_t sum = 0;
#if defined(KWS_HOST) || defined(KWS_NO_XPULP)
    for (; count; count--) sum = dot(sum, *a++, *b++);
#else
    uint32_t first, second;
    __asm__ volatile(HARDWARE_LOOP("%[count]", 3)
                     ".insn i 0x0b, 2, %[first], %[a], 4\n" /* p.lw first, 4(a!) */
                     ".insn i 0x0b, 2, %[second], %[b], 4\n"
                     ".insn r 0x57, 1, 0x5c, %[sum], %[first], %[second]" /* pv.sdotsp.b */
                     LOOP_END
                     : [sum] "+r"(sum), [first] "=&r"(first), [second] "=&r"(second), [a] "+r"(a), [b] "+r"(b)
                     : [count] "r"(count)
                     : "memory");
#endif
    return sum;
}
