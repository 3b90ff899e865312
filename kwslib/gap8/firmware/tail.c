/* The end of the network: average pool, linear layer, softmax. */
#include "runtime.h"

int32_t mean_code(int32_t sum, int32_t count, const struct pool *p) {
    int32_t code;
    if (p->requantises) {
        code = scale_twice(sum - p->input_zero_point * count, p->multiplier, p->shift) + p->scaling.zero_point;
    } else if (p->halves_up) {
        int32_t rounded = sum + count / 2;
        code = rounded / count - (rounded % count < 0); /* the division rounds to zero */
    } else {
        code = sum < 0 ? -((-sum + count / 2) / count) : (sum + count / 2) / count;
    }
    return code < p->scaling.low ? p->scaling.low : code > p->scaling.high ? p->scaling.high : code;
}

static void pool_planes(uint32_t core, const struct pool *p, address planes, uint32_t first, uint32_t count) {
    int32_t size = (int32_t)(p->input.rows * p->input.columns);
    uint32_t begin = share_begin(core, count), end = share_begin(core + 1, count), *a = arguments[core];
    a[0] = planes + begin * p->input.channel_bytes;
    a[1] = p->sums + 4 * begin;
    a[2] = end - begin;
    if (a[2]) p->sum(a, p->geometry);
    const int32_t *sums = at(p->sums);
    for (uint32_t c = begin; c < end; c++) ((int8_t *)at(p->output))[first + c] = (int8_t)mean_code(sums[c], size, p);
}

void run_pool(uint32_t core, const struct step *step) {
    const struct pool *p = &step->u.pool;
    uint32_t channels = p->input.channels, tile = p->tile_channels, plane = p->input.channel_bytes, received = 0;
    if (!p->input_l2) {
        if (core == 0) fetch_until(step->prefetch);
        pool_planes(core, p, p->input.base, 0, channels);
        return;
    }
    uint32_t skip = p->input.base - p->tiles[0]; /* the padding before the first row of a plane */
    if (core == 0) received = dma_in(p->tiles[0], p->input_l2, (channels < tile ? channels : tile) * plane);
    for (uint32_t first = 0, turn = 0; first < channels; first += tile, turn++) {
        uint32_t count = channels - first < tile ? channels - first : tile;
        if (core == 0) dma_wait(received);
        barrier();
        if (core == 0) {
            uint32_t next = first + count, size = channels - next < tile ? channels - next : tile;
            if (next < channels)
                received = dma_in(p->tiles[(turn + 1) & 1], p->input_l2 + next * plane, size * plane);
            else
                fetch_until(step->prefetch);
        }
        pool_planes(core, p, p->tiles[turn & 1] + skip, first, count);
        barrier();
    }
}

void run_linear(uint32_t core, const struct step *step) {
    const struct linear *l = &step->u.linear;
    if (core == 0) fetch_until(step->prefetch);
    for (uint32_t o = share_begin(core, l->outputs); o < share_begin(core + 1, l->outputs); o++) {
        const uint32_t *record = at(l->records + o * l->record_bytes), *inputs = at(l->input);
        int32_t sum = 0;
        for (uint32_t i = 0; i < l->inputs / 4; i++) sum = dot(sum, inputs[i], record[i]);
        ((int8_t *)at(l->output))[o] = (int8_t)requantise(sum, (const int32_t *)record + l->inputs / 4, 1, &l->scaling);
    }
}

/* code = (256 e + S / 2) / S - 128, at most 127, with e = table[largest - code] and S the sum of all e. */
void run_softmax(uint32_t core, const struct step *step) {
    const struct softmax *s = &step->u.softmax;
    const int8_t *codes = codes_at(s->input);
    const uint32_t *table = at(s->table);
    int32_t largest = -128;
    for (uint32_t i = 0; i < s->classes; i++)
        if (codes[i] > largest) largest = codes[i];
    uint32_t total = 0;
    for (uint32_t i = 0; i < s->classes; i++) total += table[largest - codes[i]];
    for (uint32_t i = core; i < s->classes; i += CORES) {
        uint32_t code = (256 * table[largest - codes[i]] + total / 2) / total;
        ((int8_t *)at(s->output))[i] = (int8_t)((int32_t)(code > 255 ? 255 : code) - 128);
    }
}
