/* What the steps share: the streams of weights, the state of an inference. */
#pragma once
#include "platform.h"

#include "counts.h" /* generated: STEP_COUNT, LAYER_COUNT, TRANSFER_COUNT, struct tables */

enum { ARGUMENT_WORDS = 4 * 9 };

struct inference {
    uint32_t stamps[STEP_COUNT + 1];                  /* cluster time at the start of each step, and at the end; first,
                                                         where the simulator looks for stores (layer_stalls.py) */
    uint32_t first_share[CORES], second_share[CORES]; /* a fused step's core cycles in its first and second layer */
    uint32_t fused_first, fused_second;               /* their sums over the cores */
    uint32_t stages[STAGE_COUNT + 1];                 /* core 0's cycles in each stage of the front end */
    uint32_t checking;                                /* compute checksums: such an inference is not timed */
    uint32_t checksums[CORES][LAYER_COUNT + 1];       /* the last one: of the fingerprint */
};

/* Cycles by layer and by stage of the front end, and their sums. */
struct table {
    uint32_t layers[LAYER_COUNT], stages[STAGE_COUNT + 1], total, front_end;
};
/* Tables (null: not counted), checksums if they were asked for, codes, the class. */
void report(const struct table *cold, const struct table *warm);

extern struct inference inference;
extern const struct tables network_tables;
extern struct tables tables; /* the network's steps, copied to L1 */
extern uint32_t arguments[CORES][ARGUMENT_WORDS];

void load_tables(void); /* copy the steps to L1, once */
void infer(uint32_t core);

/* Transfers of weights, in their order. The fabric controller moves them; core 0 alone calls `fetch_begin`,
   `fetch_until`, `fetch_wait`. */
extern struct stream {
    volatile uint32_t allowed, urgent, waited; /* transfers before these may start, at once, and are waited for */
} stream;
extern struct stream_end {
    volatile uint32_t ended;
    uint32_t base, known; /* number of the inference's first transfer; what `allowed` is */
} stream_end;
/* Move the tiles that a pointwise layer is done with and wants, before turn 0 and in each turn. */
void add_up_ahead(const struct pool *p, uint32_t first, uint32_t count);
void exchange_tiles(const struct pointwise *p, uint32_t turn);
void fetch_begin(void);
void fetch_serve(void);
void fetch_ahead(void); /* with KWS_LISTEN: between two inferences, make the first transfer of the next one */

static inline void fetch_until(uint32_t end) { /* all before `end` may start */
    if (stream_end.base + end > stream_end.known) {
        stream_end.known = stream_end.base + end;
        stream.allowed = stream_end.known;
    }
#ifdef KWS_HOST
    while (stream_end.ended < stream.allowed) fetch_serve();
#endif
}

static inline void fetch_now(uint32_t end) { /* the same, and somebody is going to wait for them */
    fetch_until(end);
    stream.urgent = stream_end.base + end;
}

static inline void fetch_wait(uint32_t end) { /* until all before `end` have ended */
    if (stream_end.ended >= stream_end.base + end) return;
    fetch_now(end);
    stream.waited = stream_end.base + end;
    while (stream_end.ended < stream_end.base + end) {}
}

void run_sound(uint32_t core, const struct step *step);
void run_front(uint32_t core, const struct step *step);
void run_depthwise(uint32_t core, const struct step *step);
void run_pointwise(uint32_t core, const struct step *step);
void run_pool(uint32_t core, const struct step *step);
void run_linear(uint32_t core, const struct step *step);
void run_softmax(uint32_t core, const struct step *step);
void run_general(uint32_t core, const struct step *step);

uint32_t checksum(const struct map *map, uint32_t first_channel, uint32_t channels, uint32_t step);
int32_t requantise(int32_t sum, const int32_t *parameters, uint32_t pitch, const struct scaling *scaling);
int32_t scale_twice(int32_t sum, int32_t multiplier, int32_t shift);
/* Rows of the input that the windows of output rows from `top` on, or of those before `end`, see. */
static inline uint32_t gather_first(const struct gather *g, uint32_t top) {
    int32_t row = (int32_t)(top * g->stride_rows) - g->pad_top;
    return row < 0 ? 0 : row < (int32_t)g->input_rows ? (uint32_t)row : g->input_rows - 1;
}
static inline uint32_t gather_end(const struct gather *g, uint32_t end) {
    int32_t row = (int32_t)((end - 1) * g->stride_rows + g->kernel_rows) - g->pad_top;
    return row < 0 ? 0 : row < (int32_t)g->input_rows ? (uint32_t)row : g->input_rows;
}
void gather_begin(uint32_t core, const struct gather *gather);
void gather_windows(uint32_t core, const struct gather *gather, const uint8_t *input, uint32_t top, uint32_t rows);
static inline uint32_t is_filled(const struct fill *fill) {
#ifdef KWS_HOST
    return fill->planes;
#else
    return fill->planes && !fill->unread;
#endif
}
void fill_planes(uint32_t core, const struct fill *fill, address base);
/* Fill what `sink` says: cores need a barrier before they write there. Send a tile of channels on its way; the
   transfer's number, to wait for. */
void sink_fill(uint32_t core, const struct sink *sink);
uint32_t sink_send(const struct sink *sink, uint32_t turn, uint32_t first, uint32_t count);

static inline uint32_t share_begin(uint32_t core, uint32_t count) { return core * count / CORES; }

/* Where channel `first` goes: into the map, or into a tile. */
static inline address sink_at(const struct sink *sink, uint32_t turn, uint32_t first) {
    return sink->l2 ? sink->tiles[turn & 1] + sink->origin
                    : sink->tiles[0] + sink->origin + first * sink->channel_bytes;
}

/* Fill words from `target` on; `bytes` is rounded up to whole words. */
static inline void fill_words(address target, uint32_t bytes, uint32_t word) {
    fill_with(at(target), (bytes + 3) / 4, word);
}
