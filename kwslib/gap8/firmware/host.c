/* The planned network as a library of the host: one thread replaces the eight cores, arrays replace the memories. */
#include "runtime.h"

uint8_t host_l1[L1_BYTES + 16], host_l2[L2_BYTES + 16];
const uint8_t *host_flash;

uint32_t dma_in(address l1, address l2, uint32_t bytes) {
    __builtin_memcpy(at(l1), at(l2), bytes);
    return 0;
}

uint32_t dma_out_lines(address l1, address l2, uint32_t bytes, uint32_t stride, uint32_t line) {
    for (uint32_t done = 0; done < bytes; done += line, l2 += stride) __builtin_memcpy(at(l2), at(l1 + done), line);
    return 0;
}

void flash_start(address l2, uint32_t offset, uint32_t bytes) { __builtin_memcpy(at(l2), host_flash + offset, bytes); }

/* `image` goes to `where` in L2: the weights; `flash` must stay. */
void host_load(const uint8_t *image, uint32_t where, uint32_t bytes, const uint8_t *flash) {
    __builtin_memcpy(at(where), image, bytes);
    host_flash = flash;
    load_tables();
    for (const struct pad_fill *pad = pad_fills; pad->bytes; pad++) fill_words(pad->base, pad->bytes, pad->fill);
}

/* Run `clips` clips of `bytes` each: codes, or samples for a program that begins with the front end. `logits` and
   `outputs` get class_count codes a clip, `checksums` LAYER_COUNT + 1 numbers a clip, the last one the fingerprint's,
   unless it is null. */
void host_run(const int8_t *codes, uint32_t clips, uint32_t bytes, address input, int8_t *logits, int8_t *outputs,
              uint32_t *checksums) {
    inference.checking = checksums != 0;
    for (uint32_t clip = 0; clip < clips; clip++) {
        __builtin_memcpy(at(input), codes + (uint64_t)clip * bytes, bytes);
        infer(0);
        for (uint32_t i = 0; i < class_count; i++) {
            *logits++ = codes_at(logits_codes)[i];
            *outputs++ = codes_at(output_codes)[i];
        }
        for (uint32_t i = 0; checksums && i <= LAYER_COUNT; i++) *checksums++ = inference.checksums[0][i];
    }
}
