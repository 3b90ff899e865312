/* One inference: the steps one after the other, on all cores; weights fetched ahead; cycles and checksums kept. */
#include "runtime.h"
#include "requantise.h"

IN_L1 struct inference inference;
IN_L1 struct tables tables;
IN_L1 uint32_t arguments[CORES][ARGUMENT_WORDS];

/* --- weights ------------------------------------------------------------------------------------------------- */

/* Transfers are numbered from the inference's own base on, so that no number of one inference is mistaken for one of
   another. Core 0 says which may start; who moves them says which have ended. The numbers begin with the last base, so
   that the second inference of every program begins again: a program that listens does so every few hours. */
enum { INFERENCE = 1 << 16, PIECE_BYTES = 256, TILE_PIECE_BYTES = 512, PATIENCE = 25 };
struct stream stream;                      /* in L2 */
IN_L1 struct stream_end stream_end;        /* in L1, where core 0 looks */
static struct {
    uint32_t base, next;                   /* of the inference; the next transfer to L1 */
    uint32_t flash_next, flash_after;      /* to read from the flash; what must have ended before */
    uint32_t reading;
    uint32_t served;                       /* requests for tiles */
#ifdef KWS_LISTEN
    uint32_t ahead;                        /* transfers of the next inference that have ended */
#endif
} mover;

void load_tables(void) {
    for (uint32_t i = 0; i < sizeof tables / 4; i++)
        ((uint32_t *)&tables)[i] = ((const uint32_t *)&network_tables)[i];
    stream_end.ended = stream_end.known = 0;
    stream_end.base = 0u - 2 * INFERENCE;
#ifdef KWS_HOST /* which may load again */
    mover.base = mover.next = mover.reading = 0;
#endif
#ifndef KWS_HOST
    requests.posted = requests.done = 0;
#endif
}

void fetch_begin(void) {
    stream_end.base += INFERENCE;
    if (!stream_end.base) { /* from the beginning; all transfers have ended */
        stream_end.base = INFERENCE;
        stream_end.ended = stream.urgent = stream.waited = 0;
    }
    stream_end.known = stream_end.base;
    stream.allowed = stream_end.base;
#ifdef KWS_HOST
    fetch_serve();
#endif
}

static void flash_aim(uint32_t index) {
    mover.flash_next = index;
    mover.flash_after = index < TRANSFER_COUNT ? network_transfers[index].after : 0;
}

/* Keep the flash busy: the next part is read when the one before has arrived and its place is free. */
static void flash_poll(void) {
    if (mover.flash_next >= TRANSFER_COUNT) return;
    if (mover.reading) {
        if (flash_busy()) return;
        mover.reading = 0;
        flash_aim(network_transfers[mover.flash_next].next);
    }
    if (mover.flash_next < TRANSFER_COUNT && mover.next >= mover.flash_after) {
        const struct transfer *t = &network_transfers[mover.flash_next];
        flash_start(t->slot, t->source, t->bytes);
        mover.reading = 1;
    }
}

#ifndef KWS_HOST
IN_L1 struct requests requests;

/* In pieces: an instruction that is not in the cores' cache waits behind a piece, up to a cycle for every four bytes. */
void tile_move(address l1, address l2, uint32_t bytes, uint32_t in, uint32_t line, uint32_t stride) {
    uint32_t lines = line ? (TILE_PIECE_BYTES + line - 1) / line : 0, piece = line ? lines * line : TILE_PIECE_BYTES;
    while (bytes) {
        uint32_t now = bytes < piece ? bytes : piece;
        dma_end(DMA_FROM_SOC, dma_start(DMA_FROM_SOC, l1, l2, now, in, line, stride));
        l1 += now;
        l2 += line ? lines * stride : now;
        bytes -= now;
    }
}

/* Make the transfers that core 0 asked for. */
static NEVER_INLINE void serve_requests(void) {
    do {
        volatile struct request *r = &requests.ring[mover.served % REQUESTS];
        if (r->kind == EXCHANGE)
            exchange_tiles(at(r->l1), r->l2);
        else
            tile_move(r->l1, r->l2, r->bytes, r->kind, r->line, r->stride);
        requests.done = ++mover.served;
    } while (mover.served != requests.posted);
}
static inline void tiles_serve(void) {
    if (mover.served != requests.posted) serve_requests();
}
#endif

/* Move a transfer, in pieces too. Whole, when a core waits for it. */
static void move(const struct transfer *t) {
    address source = t->slot ? t->slot : t->source;
    for (uint32_t done = 0; done < t->bytes;) {
        uint32_t left = t->bytes - done, bytes = left < PIECE_BYTES ? left : PIECE_BYTES;
        if (stream.waited > mover.base + mover.next) bytes = left;
        weights_move(t->target + done, source + done, bytes);
        done += bytes;
        flash_poll();
        tiles_serve();
    }
}

/* The part of the fabric controller, which calls this again and again. */
void fetch_serve(void) {
    uint32_t allowed = stream.allowed;
    if (allowed - mover.base >= INFERENCE) { /* another inference */
        mover.base = allowed & ~(uint32_t)(INFERENCE - 1);
        mover.next = 0;
#ifdef KWS_LISTEN
        mover.next = mover.ahead;
        mover.ahead = 0;
#endif
        stream_end.ended = mover.base + mover.next;
        flash_aim(first_flash_transfer);
    }
    if (!mover.base) return;
    tiles_serve();
    flash_poll();
    if (mover.base + mover.next >= allowed) return;
    const struct transfer *t = &network_transfers[mover.next];
    if (t->slot && mover.flash_next <= mover.next) return; /* has not come from the flash */
    for (uint32_t i = 0; i < PATIENCE && stream.urgent <= mover.base + mover.next; i++)
        tiles_serve(); /* cold code first */
    move(t);
    stream_end.ended = mover.base + ++mover.next;
}

#ifdef KWS_LISTEN
void fetch_ahead(void) {
    const struct transfer *t = &network_transfers[0]; /* the front end's constants, which lie in L2 */
    weights_move(t->target, t->source, t->bytes);
    mover.ahead = 1;
}
#endif

/* --- the steps ------------------------------------------------------------------------------------------------ */

static void (*const runs[])(uint32_t, const struct step *) = {
    [SOUND] = run_sound,   [FRONT] = run_front,   [DEPTHWISE] = run_depthwise, [POINTWISE] = run_pointwise, [POOL] = run_pool,
    [LINEAR] = run_linear, [SOFTMAX] = run_softmax,     [GENERAL] = run_general,
};

static NEVER_INLINE void check_step(uint32_t core, const struct step *step) {
    uint32_t layer = step->first_layer;
    if (step->kind == SOUND) {
        barrier();
        inference.checksums[core][LAYER_COUNT] = checksum(&network_fingerprint, core, 1, CORES);
        return;
    }
    if (layer + 1 < LAYER_COUNT && network_layers[layer + 1].second) layer++;
    const struct map *map = &network_layers[layer].output;
    barrier();
    if (map->rows) inference.checksums[core][layer] = checksum(map, core, map->channels, CORES);
}

HOT void infer(uint32_t core) {
    if (core == 0) {
        inference.stamps[0] = cluster_time();
        fetch_begin();
    }
    inference.first_share[core] = inference.second_share[core] = 0;
    if (inference.checking)
        for (uint32_t layer = 0; layer <= LAYER_COUNT; layer++) inference.checksums[core][layer] = 0;
    for (uint32_t i = 0; i < STEP_COUNT; i++) {
        const struct step *step = &tables.steps[i];
        if (core == 0) fetch_wait(step->ready);
        barrier();
        if (core == 0 && i) inference.stamps[i] = cluster_time();
        runs[step->kind](core, step);
        if (inference.checking) check_step(core, step);
    }
    barrier();
    if (core == 0) inference.stamps[STEP_COUNT] = cluster_time();
}

/* --- arithmetic that steps and portable kernels share ----------------------------------------------------------- */

/* (sum * multiplier) / 2^(31 - shift), half away from zero. */
static int32_t scale_once(int32_t sum, int32_t multiplier, int32_t shift) {
    int64_t product = (int64_t)(sum < 0 ? -(int64_t)sum : sum) * multiplier;
    int32_t scaled = (int32_t)((product + ((int64_t)1 << (30 - shift))) >> (31 - shift));
    return sum < 0 ? -scaled : scaled;
}

/* The same, rounded half up to 31 bits, then half away from zero at the shift to the right. */
int32_t scale_twice(int32_t sum, int32_t multiplier, int32_t shift) {
    int32_t left = shift > 0 ? shift : 0, right = shift < 0 ? -shift : 0;
    int64_t product = (int64_t)((uint64_t)(int64_t)sum << left) * multiplier;
    int64_t high = (product + ((int64_t)1 << 30)) >> 31;
    if (right) {
        int64_t half = (int64_t)1 << (right - 1);
        high = (high + half - (high < 0)) >> right;
    }
    return (int32_t)high;
}

/* The reference's own forms. */
NEVER_INLINE int32_t requantise_exactly(int32_t sum, const int32_t *parameters, uint32_t pitch, uint32_t form) {
    int32_t factor = parameters[0], shift = parameters[2 * pitch];
    sum += parameters[pitch];
    if (form == TWICE) return scale_twice(sum, factor, shift);
    if (form == ONCE) return scale_once(sum, factor, shift);
    int64_t product = (int64_t)sum * factor;
    product = shift ? (product + ((int64_t)1 << (shift - 1))) >> shift : product;
    return product < -512 ? -512 : product > 511 ? 511 : (int32_t)product;
}

int32_t requantise(int32_t sum, const int32_t *parameters, uint32_t pitch, const struct scaling *scaling) {
    return code_of(sum, parameters, pitch, scaling);
}

void fill_planes(uint32_t core, const struct fill *fill, address base) {
    uint32_t begin = share_begin(core, fill->planes), end = share_begin(core + 1, fill->planes), word = fill->word;
    uint32_t head = fill->head / 4, tail = (fill->plane_bytes - fill->tail) / 4, rest = fill->tail / 4 - head;
    uint32_t *p = at(base + begin * fill->plane_bytes);
    for (; begin < end; begin++) {
        fill_with(p, head, word);
        p += head + rest;
        fill_with(p, tail, word);
        p += tail;
    }
}

/* --- where channels go ------------------------------------------------------------------------------------------ */

void sink_fill(uint32_t core, const struct sink *sink) {
    if (!is_filled(&sink->fill)) return;
    fill_planes(core, &sink->fill, sink->tiles[0]);
    if (sink->l2) fill_planes(core, &sink->fill, sink->tiles[1]);
}

uint32_t sink_send(const struct sink *sink, uint32_t turn, uint32_t first, uint32_t count) {
    address tile = sink->tiles[turn & 1];
    if (sink->plane_bytes) {
        uint32_t bytes = count * sink->plane_bytes;
        return dma_out_lines(tile, sink->l2 + first * sink->plane_bytes, bytes, bytes, bytes);
    }
    /* whole lines of a tile, the last one too: a position has room for them */
    return dma_out_lines(tile, sink->l2 + first, sink->positions * sink->tile_channels, sink->pixel_bytes,
                         sink->tile_channels);
}

/* Sum over a map of (code + 128) times an odd number made of its place in the canonical order (row, column, channel),
   modulo 2^32: parts of a map may be added in any order. */
uint32_t checksum(const struct map *map, uint32_t first_channel, uint32_t end_channel, uint32_t step) {
    uint32_t sum = 0;
    for (uint32_t channel = first_channel; channel < end_channel; channel += step)
        for (uint32_t row = 0; row < map->rows; row++) {
            const uint8_t *codes = at(map->base + channel * map->channel_bytes + row * map->row_bytes);
            uint32_t place = row * map->columns * map->channels + channel;
            for (uint32_t column = 0; column < map->columns; column++, place += map->channels) {
                uint32_t weight = place * 0x9E3779B1u;
                weight ^= weight >> 15;
                int32_t code = codes[column * map->column_bytes];
                code = map->is_signed ? (int8_t)code : code + map->lowest;
                sum += (uint32_t)(code + 128) * (weight | 1);
            }
        }
    return sum;
}
