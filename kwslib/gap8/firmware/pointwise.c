/* Pointwise layer, and any convolution by gathered windows: channels last to a map of either layout, four output
   channels by a few positions at a time. Weights come in chunks of channel groups; the maps lie in L1, or tiles of rows
   pass through it. */
#include "runtime.h"

/* Where a tile's positions are read, and where the first channel of a chunk is written. */
struct place {
    address records, input, output;
    uint32_t groups, sums; /* sums: bytes of those of the tiles before */
};

/* One core's share of a tile's blocks of one size, as runs of blocks of one group in one line: at most `most` of them
   from the one with number `skip` on. */
static void share(uint32_t core, const struct pointwise *p, const struct blocks *b, const struct place *where,
                  uint32_t skip, uint32_t most) {
    address sums = b->sums + where->sums;
    uint32_t *a = arguments[core], in_group = b->lines * b->count, units = where->groups * in_group;
    uint32_t unit = share_begin(core, units) + skip, end = share_begin(core + 1, units), count = 0;
    uint32_t left = end > unit ? end - unit : 0, words = b->sums ? 5 : 4;
    if (left > most) left = most;
    if (!left) return;
    uint32_t group = unit / in_group, line = unit - group * in_group, block = line;
    if (b->lines > 1) { /* divisions only here: they take 30 cycles */
        line /= b->count;
        block -= line * b->count;
    } else {
        line = 0;
    }
    uint32_t *segment = a + 1;
    while (left) {
        uint32_t run = b->count - block;
        if (run > left) run = left;
        segment[0] = where->records + group * p->group_bytes;
        segment[1] = where->input + line * b->line_in + block * b->block_in;
        segment[2] = where->output + 4 * group * p->channel_bytes + line * b->line_out + block * b->block_out;
        segment[3] = run;
        if (b->sums) segment[4] = sums + 4 * (line * b->count + block) * b->positions;
        segment += words;
        count++;
        left -= run;
        block = 0; /* only the last run ends within a line */
        if (++line == b->lines) {
            line = 0;
            group++;
        }
        if (left == 0 || count == (ARGUMENT_WORDS - 1) / words) {
            a[0] = count;
            b->kernel(a, b->geometry);
            segment = a + 1;
            count = 0;
        }
    }
}

/* All blocks of both sizes, but for the first `skip` of the first size; or only `most` of these. */
static void compute(uint32_t core, const struct pointwise *p, const struct place *where, uint32_t skip, uint32_t most) {
    for (uint32_t kind = 0; kind < 2; kind++) {
        const struct blocks *b = &p->blocks[kind];
        struct place from = *where;
        if (!b->count || (kind && most != ~0u)) break;
        from.input += b->in;
        from.output += b->out;
        share(core, p, b, &from, kind ? 0 : skip, most);
    }
}

/* The second term of each position of a tile. */
static void add_up(uint32_t core, const struct pointwise *p, const struct place *where) {
    address input = where->input;
    const struct second_term *second = p->second;
    for (uint32_t kind = 0; kind < 2; kind++) {
        const struct blocks *b = &p->blocks[kind];
        int32_t *sums = at(b->sums + where->sums);
        uint32_t count = b->lines * b->count * b->positions, last = second->words - 1, ones = 0x01010101u;
        for (uint32_t i = core; i < count; i += CORES) {
            uint32_t block = i / b->positions, position = i - block * b->positions, line = block / b->count;
            const uint32_t *words = at(input + b->in + line * b->line_in + (block - line * b->count) * b->block_in +
                                       position * second->position_bytes);
            int32_t sum = 0;
            if (second->is_signed) {
                for (uint32_t k = 0; k < last; k++) sum = dot(sum, words[k], ones);
                sum = dot(sum, words[last], second->last_mask);
            } else {
                for (uint32_t k = 0; k < last; k++) sum = dot_unsigned(sum, words[k], ones);
                sum = dot_unsigned(sum, words[last], second->last_mask);
            }
            sums[i] = sum * second->factor;
        }
    }
    barrier();
}

static uint32_t tile_top(const struct pointwise *p, uint32_t tile) {
    uint32_t top = tile * p->tile_rows, last = p->rows - p->tile_rows;
    return top > last ? last : top;
}

/* Start the transfer of the input rows of a tile; `first` gets the row that lies in front. */
static uint32_t receive(const struct pointwise *p, uint32_t turn, uint32_t tile) {
    uint32_t top = tile_top(p, tile), rows = p->tile_rows;
    if (p->gather) {
        const struct gather *g = p->gather;
        uint32_t begin = gather_first(g, top), end = gather_end(g, top + rows);
        top = begin;
        rows = end > begin ? end - begin : 1;
    }
    address source = p->input_l2 + top * p->input_row_bytes; /* words: the rows of a map may begin anywhere */
    uint32_t ahead = source & 3;
    return dma_in(p->input[turn & 1], source - ahead, (rows * p->input_row_bytes + ahead + 3) & ~3u);
}

/* Where the first row of a tile lies in L1; windows are gathered there first. */
static address prepare(uint32_t core, const struct pointwise *p, uint32_t turn, uint32_t tile) {
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

static uint32_t send(const struct pointwise *p, uint32_t turn, uint32_t first, uint32_t groups, uint32_t tile) {
    address target = p->output_l2 + tile_top(p, tile) * p->out_row_bytes + first * p->out_group_bytes;
    uint32_t lines = p->out_lines ? p->out_lines : 4 * groups;
    return dma_out_lines(p->output[turn & 1], target, lines * p->out_line_bytes, p->out_stride, p->out_line_bytes);
}

static void resident(uint32_t core, const struct step *step, const struct pointwise *p) {
    uint32_t transfer = step->first_transfer, chunks = (p->groups + p->chunk_groups - 1) / p->chunk_groups;
    struct place where = {.input = prepare(core, p, 0, 0), .sums = 0};
    if (p->second) add_up(core, p, &where);
    for (uint32_t chunk = 0; chunk < chunks; chunk++) {
        uint32_t first = chunk * p->chunk_groups;
        where.groups = p->groups - first < p->chunk_groups ? p->groups - first : p->chunk_groups;
        if (chunk) {
            if (core == 0) fetch_wait(transfer + chunk + 1);
            barrier();
        }
        where.records = p->records[chunk & 1];
        where.output = p->output[0] + 4 * first * p->channel_bytes;
        uint32_t most = core == 0 ? LEAD_BLOCKS : ~0u;
        for (uint32_t skip = 0;; skip = LEAD_BLOCKS, most = ~0u) {
            if (skip) fetch_ahead(chunk + 1 < chunks ? transfer + chunk + 2 : step->prefetch);
            compute(core, p, &where, skip, most);
            if (most == ~0u) break;
        }
    }
}

/* What core 0 starts when its code is warm: weights, and the rows of the next tile. */
static uint32_t go_ahead(const struct step *step, const struct pointwise *p, uint32_t chunk, uint32_t chunks,
                         uint32_t tile, uint32_t turn) {
    uint32_t next = tile + 1 < p->tiles ? tile + 1 : 0;
    fetch_ahead(chunk + 1 < chunks ? step->first_transfer + chunk + 2 : next ? 0 : step->prefetch);
    fetch_poll();
    return p->input_l2 && (next || chunk + 1 < chunks) ? receive(p, turn + 1, next) : 0;
}

static void tiled(uint32_t core, const struct step *step, const struct pointwise *p) {
    uint32_t chunks = (p->groups + p->chunk_groups - 1) / p->chunk_groups;
    uint32_t received = 0, sent[2] = {0, 0}, turn = 0;
    struct place where;
    if (core == 0 && p->input_l2) received = receive(p, 0, 0);
    for (uint32_t chunk = 0; chunk < chunks; chunk++) {
        uint32_t first = chunk * p->chunk_groups;
        where.groups = p->groups - first < p->chunk_groups ? p->groups - first : p->chunk_groups;
        where.records = p->records[chunk & 1];
        for (uint32_t tile = 0; tile < p->tiles; tile++, turn++) {
            if (core == 0) {
                fetch_wait(step->first_transfer + chunk + 1);
                if (p->input_l2) dma_wait(received);
                if (p->output_l2 && turn >= 2) dma_wait(sent[turn & 1]);
            }
            barrier();
            where.input = prepare(core, p, turn, tile);
            where.sums = tile * p->tile_sums;
            if (p->second && !chunk) add_up(core, p, &where);
            where.output = p->output_l2 ? p->output[turn & 1] + p->tile_origin
                                        : p->output[0] + 4 * first * p->channel_bytes + tile_top(p, tile) * p->out_row_bytes;
            uint32_t most = core == 0 ? LEAD_BLOCKS : ~0u;
            for (uint32_t skip = 0;; skip = LEAD_BLOCKS, most = ~0u) {
                if (skip) received = go_ahead(step, p, chunk, chunks, tile, turn);
                compute(core, p, &where, skip, most);
                if (most == ~0u) break;
            }
            barrier();
            if (core == 0 && p->output_l2) sent[turn & 1] = send(p, turn, first, where.groups, tile);
        }
    }
    if (core == 0 && p->output_l2)
        for (uint32_t i = 0; i < 2 && i < turn; i++) dma_wait(sent[i]);
}

void run_pointwise(uint32_t core, const struct step *step) {
    const struct pointwise *p = step->work;
    if (p->fill.planes) {
        fill_planes(core, &p->fill, p->fill_base);
        if (p->output_l2) fill_planes(core, &p->fill, p->output[1]);
        barrier();
    }
    if (p->input_l2 || p->output_l2 || p->tiles > 1)
        tiled(core, step, p);
    else
        resident(core, step, p);
}
