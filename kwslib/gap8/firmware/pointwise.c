/* Pointwise layer: channels last to channel planes, four output channels by five positions at a time. Weights come in
   chunks of channel groups; the maps lie in L1, or tiles of rows pass through it. */
#include "runtime.h"

/* Padding around the maps' rows: the depthwise layer behind reads it. */
static void fill(uint32_t core, const struct pointwise *p) {
    uint32_t padding = four_times(p->geometry->scaling.zero_point), channels = 4 * p->groups;
    if (!p->output_l2) {
        fill_planes(core, p->output[0], channels, p->geometry, p->origin, padding);
        return;
    }
    uint32_t words = p->chunk_groups * p->tile_plane_bytes; /* times four channels, in words */
    for (uint32_t half = 0; half < 2; half++) {
        uint32_t *tile = at(p->output[half]);
        for (uint32_t i = core; i < words; i += CORES) tile[i] = padding;
    }
}

/* One core's share of a chunk's groups and a tile's rows, as runs of blocks of one group in one row: at most `most` of
   its blocks from the one with number `skip` on. */
static void share(uint32_t core, const struct pointwise *p, uint32_t groups, uint32_t rows, address records,
                  address input, address output, uint32_t plane, uint32_t skip, uint32_t most) {
    const struct geometry *g = p->geometry;
    uint32_t *a = arguments[core], blocks = rows * p->row_blocks, units = groups * blocks;
    uint32_t unit = share_begin(core, units) + skip, end = share_begin(core + 1, units), count = 0;
    uint32_t left = end > unit ? end - unit : 0;
    if (left > most) left = most;
    uint32_t one_line = p->row_blocks == 1; /* then rows follow one another as blocks do */
    uint32_t last = p->row_blocks - 1, regular = p->last_start == last * g->block_positions;
    uint32_t group = unit / blocks, in_group = unit - group * blocks;
    uint32_t row = in_group, block = 0; /* divisions only here: they take 30 cycles */
    if (!one_line) {
        row = in_group / p->row_blocks;
        block = in_group - row * p->row_blocks;
    }
    while (left) {
        uint32_t run = one_line ? rows - row : block == last ? 1 : (regular ? p->row_blocks : last) - block;
        if (run > left) run = left;
        uint32_t column = block == last ? p->last_start : block * g->block_positions;
        uint32_t *segment = a + 1 + 4 * count++;
        segment[0] = records + group * p->group_bytes;
        segment[1] = input + (row * g->columns + column) * g->pixel_bytes;
        segment[2] = output + 4 * group * plane + row * p->row_bytes + column;
        segment[3] = run;
        left -= run;
        if (one_line) {
            row += run;
        } else if ((block += run) == p->row_blocks) {
            block = 0;
            row++;
        }
        if (row == rows) {
            row = 0;
            group++;
        }
        if (count == (ARGUMENT_WORDS - 1) / 4 || left == 0) {
            a[0] = count;
            p->kernel(a, g);
            count = 0;
        }
    }
}

static void resident(uint32_t core, const struct step *step) {
    const struct pointwise *p = &step->u.pointwise;
    uint32_t transfer = step->first_transfer, chunks = (p->groups + p->chunk_groups - 1) / p->chunk_groups;
    for (uint32_t chunk = 0; chunk < chunks; chunk++) {
        uint32_t first = chunk * p->chunk_groups, groups = p->groups - first;
        if (groups > p->chunk_groups) groups = p->chunk_groups;
        if (chunk) {
            if (core == 0) fetch_wait(transfer + chunk + 1);
            barrier();
        }
        address records = p->records[chunk & 1], output = p->output[0] + p->origin + 4 * first * p->plane_bytes;
        uint32_t most = core == 0 ? LEAD_BLOCKS : ~0u;
        for (uint32_t skip = 0;; skip = LEAD_BLOCKS, most = ~0u) {
            if (skip) fetch_ahead(chunk + 1 < chunks ? transfer + chunk + 2 : step->prefetch);
            share(core, p, groups, p->rows, records, p->input[0], output, p->plane_bytes, skip, most);
            if (most == ~0u) break;
        }
    }
}

static void tiled(uint32_t core, const struct step *step) {
    const struct pointwise *p = &step->u.pointwise;
    const struct geometry *g = p->geometry;
    uint32_t transfer = step->first_transfer, chunks = (p->groups + p->chunk_groups - 1) / p->chunk_groups;
    uint32_t tiles = (p->rows + p->tile_rows - 1) / p->tile_rows, row_bytes = g->columns * g->pixel_bytes;
    uint32_t received = 0, sent[2] = {0, 0}, turn = 0;
    if (core == 0)
        received = dma_in(p->input[0], p->input_l2, (p->rows < p->tile_rows ? p->rows : p->tile_rows) * row_bytes);
    for (uint32_t chunk = 0; chunk < chunks; chunk++) {
        uint32_t first = chunk * p->chunk_groups, groups = p->groups - first;
        if (groups > p->chunk_groups) groups = p->chunk_groups;
        for (uint32_t tile = 0; tile < tiles; tile++, turn++) {
            uint32_t top = tile * p->tile_rows, rows = p->rows - top;
            if (rows > p->tile_rows) rows = p->tile_rows;
            if (core == 0) {
                fetch_wait(transfer + chunk + 1);
                dma_wait(received);
                if (turn >= 2) dma_wait(sent[turn & 1]);
            }
            barrier();
            uint32_t plane = p->tile_plane_bytes;
            address input = p->input[turn & 1], output = p->output[turn & 1];
            if (rows < p->tile_rows) { /* the rest of the tile goes to the padding below the map */
                uint32_t padding = four_times(g->scaling.zero_point);
                for (uint32_t i = core; i < groups * plane; i += CORES) ((uint32_t *)at(output))[i] = padding;
                barrier();
            }
            uint32_t most = core == 0 ? LEAD_BLOCKS : ~0u;
            for (uint32_t skip = 0;; skip = LEAD_BLOCKS, most = ~0u) {
                if (skip) {
                    fetch_ahead(chunk + 1 < chunks ? transfer + chunk + 2 : tile + 1 < tiles ? 0 : step->prefetch);
                    fetch_poll();
                    uint32_t next = tile + 1 < tiles ? tile + 1 : 0;
                    if (next || chunk + 1 < chunks) {
                        uint32_t next_rows = p->rows - next * p->tile_rows;
                        if (next_rows > p->tile_rows) next_rows = p->tile_rows;
                        received = dma_in(p->input[(turn + 1) & 1], p->input_l2 + next * p->tile_rows * row_bytes,
                                          next_rows * row_bytes);
                    }
                }
                share(core, p, groups, rows, p->records[chunk & 1], input, output + g->left, plane, skip, most);
                if (most == ~0u) break;
            }
            barrier();
            if (core == 0)
                sent[turn & 1] = dma_out_lines(
                    output, p->output_l2 + 4 * first * p->plane_bytes + (p->origin & ~3u) + top * p->row_bytes,
                    4 * groups * plane, p->plane_bytes, plane);
        }
    }
    if (core == 0)
        for (uint32_t i = 0; i < 2; i++)
            if (i < turn) dma_wait(sent[i]);
}

void run_pointwise(uint32_t core, const struct step *step) {
    const struct pointwise *p = &step->u.pointwise;
    if (p->fill) {
        fill(core, p);
        if (!p->output_l2) barrier();
    }
    if (p->output_l2)
        tiled(core, step);
    else
        resident(core, step);
}
