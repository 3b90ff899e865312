/* A stream on the host: what the library and the program of this machine share. */
#include "listen_host.h"

#include "runtime.h"

/* The checksum of a vector of codes, as of a layer's output. */
static uint32_t sum_of(address codes) {
    struct map map = {codes, 1, 1, class_count, class_count, class_count, 1, 1, 0};
    return checksum(&map, 0, class_count, 1);
}

uint32_t host_listen(const int16_t **samples, uint32_t *count, struct heard *heard) {
    uint32_t taken = listen_push(*samples, *count);
    *samples += taken;
    *count -= taken;
    if (!listen_full()) return 0;
    inference.checking = 0;
    listen_ahead();
    infer(0);
    heard->hop = listen_hops();
    heard->label = listen_decide();
    heard->fingerprint = checksum(&network_fingerprint, 0, network_fingerprint.channels, 1);
    heard->logits = sum_of(logits_codes);
    heard->output = sum_of(output_codes);
    return 1;
}

uint32_t host_listen_all(const int16_t *samples, uint32_t count, const struct event_state *events, struct heard *heard,
                         int8_t *outputs, uint16_t *sums) {
    uint32_t hops = 0;
    while (host_listen(&samples, &count, &heard[hops])) {
        sums[hops] = heard[hops].label < 0 ? 0 : events->sums[heard[hops].label];
        for (uint32_t k = 0; k < class_count; k++) *outputs++ = codes_at(output_codes)[k];
        hops++;
    }
    return hops;
}
