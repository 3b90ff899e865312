/* Pointwise layer, and any convolution by gathered windows: channels last to a map of either layout, four output
   channels by a few positions at a time. Weights come in chunks of channel groups; the maps lie in L1, or tiles of rows
   pass through it. */
#include "runtime.h"

/* What the cores do at a time: a chunk of channel groups, for a tile of positions. */
struct job {
    address records, input, output;
    uint32_t sums;          /* bytes of the sums of the tiles before */
    uint32_t shares;        /* which of `struct blocks` */
};

static uint32_t tile_top(const struct pointwise *p, uint32_t tile) {
    return tile ? p->first_rows + (tile - 1) * p->tile_rows : 0;
}

/* Move the input rows of a tile to L1. */
static inline void receive(const struct pointwise *p, uint32_t turn) {
    uint32_t tile = turn % p->tiles, top = tile_top(p, tile), rows = tile ? p->tile_rows : p->first_rows;
    if (p->gather) {
        const struct gather *g = p->gather;
        uint32_t begin = gather_first(g, top), end = gather_end(g, top + rows);
        top = begin;
        rows = end > begin ? end - begin : 1;
    }
    address source = p->input_l2 + top * p->input_row_bytes; /* words: the rows of a map may begin anywhere */
    uint32_t ahead = source & 3;
    tile_move(p->input[turn & 1], source - ahead, (rows * p->input_row_bytes + ahead + 3) & ~3u, 1, 0, 0);
}

/* The arguments of a batch of runs of blocks, at least one, as the plan lists them; the list behind it. */
static inline const uint32_t *batch(const uint32_t *list, const struct blocks *b, const struct job *job, uint32_t *a) {
    address records = job->records, input = job->input, output = job->output, sums = b->sums;
    uint32_t runs = *list++;
    *a++ = runs;
    do {
        a[0] = records + list[0];
        a[1] = input + list[1];
        a[2] = output + list[2];
        a[3] = list[3];
        a += 4, list += 4;
        if (sums) *a++ = sums + job->sums + *list++;
    } while (--runs);
    return list;
}

static inline const uint32_t *share_of(const struct blocks *b, uint32_t which, uint32_t share) {
    return b->shares[which] + share * b->pitches[which];
}

/* A core's share of a job: batches, until one of no runs; a host's one thread does those of all cores. */
static NEVER_INLINE void compute_all(uint32_t core, const struct pointwise *p, const struct job *job) {
    uint32_t *a = arguments[core];
    for (const struct blocks *b = p->blocks; b < p->blocks + 2 && b->kernel; b++)
        for (uint32_t share = core; share < SHARES; share += CORES)
            for (const uint32_t *list = share_of(b, job->shares, share); *list;) {
                list = batch(list, b, job, a);
                b->kernel(a, b->geometry);
            }
}

/* The same; mostly there is one batch, and the kernel returns to the caller: no registers need be kept. */
static HOT NEVER_INLINE void compute(uint32_t core, const struct pointwise *p, const struct job *job) {
    const struct blocks *b = p->blocks;
    if (CORES == SHARES && !b[1].kernel) {
        const uint32_t *list = share_of(b, job->shares, core);
        uint32_t *a = arguments[core];
        if (!*list) return;
        if (!*batch(list, b, job, a)) {
            b->kernel(a, b->geometry);
            return;
        }
    }
    compute_all(core, p, job);
}

/* The sum of a position's inputs. */
static inline int32_t sum_of(const uint32_t *words, uint32_t count, uint32_t last_mask, uint32_t is_signed) {
    int32_t sum = 0;
    uint32_t ones = 0x01010101u;
    if (is_signed) {
        for (; count > 1; count--) sum = dot(sum, *words++, ones);
        return dot(sum, *words, last_mask);
    }
    for (; count > 1; count--) sum = dot_unsigned(sum, *words++, ones);
    return dot_unsigned(sum, *words, last_mask);
}

/* The second term of each position of a tile: the cores share them. */
static NEVER_INLINE void add_up(uint32_t core, const struct pointwise *p, const struct job *job) {
    const struct second_term second = *p->second; /* the original may lie in L2 */
    for (uint32_t size = 0; size < 2 && p->blocks[size].kernel; size++) {
        const struct lines b = second.lines[size];
        uint32_t count = b.lines * b.count * b.positions;
        uint32_t i = share_begin(core, count), end = share_begin(core + 1, count);
        uint32_t unit = i / b.positions, place = i - unit * b.positions, line = unit / b.count;
        uint32_t block = unit - line * b.count;
        int32_t *sums = at(p->blocks[size].sums + job->sums);
        for (; i < end; i++) {
            address words = job->input + b.in + line * b.line_in + block * b.block_in + place * b.position_in;
            sums[i] = sum_of(at(words), second.words, second.last_mask, second.is_signed) * second.factor;
            if (++place < b.positions) continue;
            place = 0;
            if (++block == b.count) block = 0, line++;
        }
    }
    barrier();
}

/* Where the first row of a tile lies in L1; windows are gathered there first. */
static NEVER_INLINE address prepare(uint32_t core, const struct pointwise *p, uint32_t turn, uint32_t tile) {
    uint32_t top = tile_top(p, tile);
    address input = p->input[0] + top * p->input_row_bytes;
    if (p->gather) {
        const struct gather *g = p->gather;
        const uint8_t *origin = at(p->input[0]); /* of row 0 of the whole input */
        if (p->input_l2) {
            uint32_t first = gather_first(g, top), offset = first * p->input_row_bytes;
            origin = (const uint8_t *)at(p->input[turn & 1]) + ((p->input_l2 + offset) & 3) - offset;
        }
        gather_windows(core, g, origin, top, p->tile_rows);
        barrier();
        input = g->columns;
    } else if (p->input_l2) {
        input = p->input[turn & 1] + ((p->input_l2 + top * p->input_row_bytes) & 3);
    }
    return input;
}

/* Move an output tile to L2. */
static inline void send(const struct pointwise *p, uint32_t turn) {
    uint32_t chunk = turn / p->tiles, first = chunk * p->chunk_groups;
    uint32_t groups = p->groups - first < p->chunk_groups ? p->groups - first : p->chunk_groups;
    address target = p->output_l2 + tile_top(p, turn - chunk * p->tiles) * p->out_row_bytes + first * p->out_group_bytes;
    uint32_t lines = p->out_lines ? p->out_lines : 4 * groups, line = p->out_line_bytes;
    tile_move(p->output[turn & 1], target, lines * line, 0, line, p->out_stride);
}

/* The part of the fabric controller, before the computation of tile 0 and during that of tile `turn` - 1: the tile in
   front of that one leaves, the one behind it comes. */
void exchange_tiles(const struct pointwise *p, uint32_t turn) {
    if (turn >= 2 && p->output_l2) send(p, turn - 2);
    if (turn < p->chunks * p->tiles && p->input_l2) receive(p, turn);
    if (p->pool && turn > p->tiles && turn <= p->chunks * p->tiles) { /* a part of the chunk before, which has left */
        uint32_t chunk = (turn - 1) / p->tiles, tile = turn - 1 - chunk * p->tiles, channels = 4 * p->chunk_groups;
        uint32_t begin = tile * channels / p->tiles, end = (tile + 1) * channels / p->tiles;
        add_up_ahead(p->pool, (chunk - 1) * channels + begin, end - begin);
    }
}

/* Weights that may come while a chunk is computed: the next chunk's, unless the only buffer is in use. */
static inline uint32_t ahead(const struct step *step, const struct pointwise *p, uint32_t chunk) {
    if (chunk + 1 == p->chunks) return step->prefetch;
    return p->records[0] == p->records[1] ? 0 : step->first_transfer + chunk + 2;
}

static HOT NEVER_INLINE void resident(uint32_t core, const struct step *step, const struct pointwise *p) {
    struct job job;
    job.sums = 0;
    job.input = p->input[0];
    if (p->gather || p->second) {
        job.input = prepare(core, p, 0, 0);
        if (p->second) add_up(core, p, &job);
    }
    job.output = p->output[0];
    for (uint32_t chunk = 0; chunk < p->chunks; chunk++) {
        if (chunk) {
            if (p->records[0] == p->records[1]) barrier(); /* the only buffer is free */
            if (core == 0) fetch_wait(step->first_transfer + chunk + 1);
            barrier();
        }
        if (core == 0) fetch_until(ahead(step, p, chunk));
        job.shares = chunk + 1 == p->chunks;
        job.records = p->records[chunk & 1];
        compute(core, p, &job);
        job.output += 4 * p->chunk_groups * p->channel_bytes;
    }
}

/* Tiles of rows, for each chunk of weights: one barrier a tile. */
static NEVER_INLINE void tiled(uint32_t core, const struct step *step, const struct pointwise *p, uint32_t exchanged) {
    uint32_t moves = p->input_l2 || p->output_l2, turn = 0; /* `exchanged`: the last request */
    struct job job;
    for (uint32_t chunk = 0; chunk < p->chunks; chunk++) {
        uint32_t last = chunk + 1 == p->chunks, first = chunk * p->chunk_groups;
        job.records = p->records[chunk & 1];
        for (uint32_t tile = 0; tile < p->tiles; tile++, turn++) {
            if (turn && !tile && p->records[0] == p->records[1]) barrier(); /* the only buffer is free */
            if (core == 0) {
                fetch_wait(step->first_transfer + chunk + 1);
                if (moves) dma_wait(exchanged);
            }
            barrier();
            if (core == 0) {
                if (moves) exchanged = post_exchange(p, turn + 1);
                if (!last || tile + 1 == p->tiles) fetch_until(ahead(step, p, chunk));
            }
            job.shares = last + (tile ? 0 : 2);
            job.input = prepare(core, p, turn, tile);
            job.sums = tile * p->tile_sums;
            if (p->second && !chunk) add_up(core, p, &job);
            job.output = p->output_l2 ? p->output[turn & 1] + p->tile_origin
                                      : p->output[0] + 4 * first * p->channel_bytes + tile_top(p, tile) * p->out_row_bytes;
            compute(core, p, &job);
        }
    }
    if (!p->output_l2) return;
    barrier();
    if (core == 0) dma_wait(post_exchange(p, turn + 1));
}

HOT void run_pointwise(uint32_t core, const struct step *step) {
    const struct pointwise *p = step->work;
    uint32_t exchanged = 0;
    if (core == 0 && (p->input_l2 || p->output_l2)) { /* the first tile and the first weights come meanwhile */
        exchanged = post_exchange(p, 0);
        fetch_now(step->first_transfer + 1);
    }
    if (is_filled(&p->fill)) {
        fill_planes(core, &p->fill, p->fill_base);
        if (p->output_l2) fill_planes(core, &p->fill, p->output[1]);
        barrier();
    }
    if (p->plain) {
        struct job job = {.records = p->records[0], .input = p->input[0], .output = p->output[0], .shares = 1};
        if (core == 0) fetch_until(step->prefetch);
        compute(core, p, &job);
        return;
    }
    if (p->gather && p->gather->laid_out) gather_begin(core, p->gather);
    if (p->input_l2 || p->output_l2 || p->tiles > 1)
        tiled(core, step, p, exchanged);
    else
        resident(core, step, p);
}
