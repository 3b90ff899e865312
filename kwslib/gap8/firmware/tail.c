/* The end of the network: average pool, linear layer, softmax. */
#include "runtime.h"
#include "requantise.h"

/* Averages from sums. */
static void average(uint32_t core, const struct pool *p, address from, uint32_t first, uint32_t count) {
    uint32_t begin = share_begin(core, count), left = share_begin(core + 1, count) - begin;
    const int32_t *sum = (const int32_t *)at(from) + begin;
    int8_t *code = (int8_t *)at(p->output) + first + begin;
    if (p->scaling.form != SHORT) {
        for (; left; left--) *code++ = (int8_t)requantise(*sum++, p->parameters, 1, &p->scaling);
        return;
    }
    const struct scaling scaling = p->scaling;
    const int32_t parameters[] = {p->parameters[0], p->parameters[1], p->parameters[2]};
    for (; left; left--) *code++ = (int8_t)short_code(*sum++, parameters, 1, &scaling);
}

static void pool_planes(uint32_t core, const struct pool *p, address planes, uint32_t first, uint32_t count) {
    uint32_t begin = share_begin(core, count), *a = arguments[core];
    a[0] = planes + begin * p->plane_bytes;
    a[1] = p->sums + 4 * begin;
    a[2] = share_begin(core + 1, count) - begin;
    if (a[2]) p->sum(a, p->geometry);
    average(core, p, p->sums, first, count);
}

/* The sums of some channels of a map in L2, ahead of the pool's own step: the part of the fabric controller. */
void add_up_ahead(const struct pool *p, uint32_t first, uint32_t count) {
    static uint32_t a[3];
    a[0] = p->input_l2 + first * p->plane_bytes + p->origin;
    a[1] = p->ahead_sums + 4 * first;
    a[2] = count;
    if (count) p->sum(a, p->geometry);
}

void run_pool(uint32_t core, const struct step *step) {
    const struct pool *p = step->work;
    uint32_t channels = p->channels, tile = p->tile_channels, plane = p->plane_bytes, first = p->ahead, received = 0;
    if (!p->input_l2) {
        if (core == 0) fetch_until(step->prefetch);
        pool_planes(core, p, p->tiles[0] + p->origin, 0, channels);
        return;
    }
    if (core == 0)
        received = dma_in(p->tiles[0], p->input_l2 + first * plane, (channels - first < tile ? channels - first : tile) * plane);
    average(core, p, p->ahead_sums, 0, first);
    for (uint32_t turn = 0; first < channels; first += tile, turn++) {
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
        pool_planes(core, p, p->tiles[turn & 1] + p->origin, first, count);
    }
}

/* The sum of one output's products. */
static inline int32_t linear_sum(const struct linear *l, const uint32_t *inputs, const uint32_t *weights) {
    if (l->is_signed) return dot_words(inputs, weights, l->words);
    int32_t sum = 0;
    for (uint32_t i = l->words; i; i--) sum = dot_unsigned(sum, *inputs++, *weights++);
    return sum;
}

/* A core's outputs of a chunk; with weights of nine bits, a second row of them holds the rest. */
static NEVER_INLINE void outputs_of(uint32_t core, const struct linear *l, address records, uint32_t first,
                                    uint32_t count) {
    uint32_t begin = share_begin(core, count), left = share_begin(core + 1, count) - begin;
    const uint32_t *record = at(records + begin * l->record_bytes);
    int8_t *code = (int8_t *)at(l->output) + first + begin;
    for (; left; left--) {
        int32_t sum = linear_sum(l, at(l->input), record);
        const uint32_t *behind = record + l->words;
        if (l->wide) {
            sum += linear_sum(l, at(l->input), behind);
            behind += l->words;
        }
        const int32_t *parameters = (const int32_t *)behind;
        *code++ = (int8_t)(l->scaling.form == SHORT ? short_code(sum, parameters, 1, &l->scaling)
                                                    : requantise(sum, parameters, 1, &l->scaling));
        record += l->record_bytes / 4;
    }
}

static NEVER_INLINE void chunks_of(uint32_t core, const struct step *step, const struct linear *l) {
    uint32_t transfer = step->first_transfer;
    if (core == 0 && l->input_l2) dma_in_now(l->input, l->input_l2, l->input_bytes);
    for (uint32_t first = 0, chunk = 0; first < l->outputs; first += l->chunk, chunk++) {
        uint32_t count = l->outputs - first < l->chunk ? l->outputs - first : l->chunk;
        if (core == 0) fetch_wait(transfer + chunk + 1);
        barrier();
        if (core == 0) fetch_until(first + count < l->outputs ? transfer + chunk + 2 : step->prefetch);
        outputs_of(core, l, l->records[chunk & 1], first, count);
    }
}

void run_linear(uint32_t core, const struct step *step) {
    const struct linear *l = step->work;
    if (l->input_l2 || l->chunk < l->outputs) {
        chunks_of(core, step, l);
        return;
    }
    if (core == 0) fetch_until(step->prefetch);
    outputs_of(core, l, l->records[0], 0, l->outputs);
}

/* code = (256 e + S / 2) / S - 128, at most 127, with e = table[largest - code] and S the sum of all e. */
void run_softmax(uint32_t core, const struct step *step) {
    const struct softmax *s = step->work;
    const int8_t *codes = codes_at(s->input);
    const uint32_t *table = at(s->table);
    uint32_t *powers = at(s->powers), classes = s->classes, total = 0;
    int32_t largest = -128;
    for (uint32_t i = 0; i < classes; i++) largest = larger(largest, codes[i]);
    for (uint32_t i = core; i < classes; i += CORES) powers[i] = table[largest - codes[i]]; /* which lies in L2 */
    barrier();
    for (uint32_t i = 0; i < classes; i++) total += powers[i];
    for (uint32_t i = core; i < classes; i += CORES) {
        uint32_t code = (256 * powers[i] + total / 2) / total;
        ((int8_t *)at(s->output))[i] = (int8_t)((int32_t)(code > 255 ? 255 : code) - 128);
    }
}
