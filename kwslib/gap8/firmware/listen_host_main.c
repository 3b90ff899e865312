/* The program of the host that listens: PCM from a file or the standard input, events out, each with its times. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "listen_host.h"
#include "runtime.h"

enum { RATE_HZ = 16000, PIECE_SAMPLES = 4096 };

extern const uint8_t network_image_end[], network_flash[];

static uint32_t shows_hops;

static int fail(const char *what, const char *name) {
    fflush(stdout);
    fprintf(stderr, "error: %s: %s\n", name, what);
    return 1;
}

static uint32_t number(const uint8_t *bytes, uint32_t count) {
    uint32_t value = 0;
    while (count--) value = value << 8 | bytes[count];
    return value;
}

/* The header of a WAV file, up to its samples; *left: bytes of them. Returns what is wrong, or 0. */
static const char *read_header(FILE *file, uint64_t *left) {
    uint8_t chunk[8], format[16];
    uint32_t known = 0;
    if (fread(chunk, 1, 8, file) != 8 || memcmp(chunk + 4, "WAVE", 4)) return "not a whole WAV file";
    while (fread(chunk, 1, 8, file) == 8) {
        uint32_t size = number(chunk + 4, 4), skipped = size + (size & 1);
        if (!memcmp(chunk, "data", 4)) {
            if (!known) return "a WAV file without a format in front of its samples";
            *left = size && size < 0x7FFF0000u ? size : UINT64_MAX; /* unset: read to the end */
            return 0;
        }
        if (!memcmp(chunk, "fmt ", 4)) {
            if (size < 16 || fread(format, 1, 16, file) != 16) return "a WAV file with a damaged format";
            if (number(format + 2, 2) != 1 || number(format + 4, 4) != RATE_HZ || number(format + 14, 2) != 16)
                return "not 16-bit mono sound at 16000 Hz: convert it first";
            known = 1;
            skipped -= 16;
        }
        for (; skipped; skipped--)
            if (getc(file) == EOF) return "a WAV file that ends before its samples";
    }
    return "a WAV file without samples";
}

static void show(const struct heard *heard) {
    if (shows_hops)
        printf("Hop %u: fingerprint %08x, logits %08x, output %08x\n", (unsigned)heard->hop,
               (unsigned)heard->fingerprint, (unsigned)heard->logits, (unsigned)heard->output);
    if (heard->label < 0) return;
    uint32_t end_ms = (heard->hop + 1) * network_listening.hop_ms, begin_ms = end_ms < 1000 ? 0 : end_ms - 1000;
    uint32_t whole = 256 * network_listening.rules.smoothing;
    uint32_t percent = (100u * network_events.sums[heard->label] + whole / 2) / whole;
    printf("%u.%03u - %u.%03u s  %s  %u %%\n", (unsigned)(begin_ms / 1000), (unsigned)(begin_ms % 1000),
           (unsigned)(end_ms / 1000), (unsigned)(end_ms % 1000), class_names[heard->label], (unsigned)percent);
    fflush(stdout);
}

static void hear(const int16_t *samples, uint32_t count) {
    struct heard heard;
    while (host_listen(&samples, &count, &heard)) show(&heard);
}

static int listen_to(FILE *file, const char *name) {
    static uint8_t bytes[2 * PIECE_SAMPLES];
    static int16_t samples[PIECE_SAMPLES];
    uint64_t left = UINT64_MAX, heard = 0;
    size_t there = fread(bytes, 1, 4, file), wanted;
    if (there == 4 && !memcmp(bytes, "RIFF", 4)) {
        const char *wrong = read_header(file, &left);
        if (wrong) return fail(wrong, name);
        there = 0;
    }
    for (;;) {
        wanted = sizeof bytes - there;
        if (wanted > left) wanted = (size_t)left;
        size_t got = fread(bytes + there, 1, wanted, file);
        left -= left == UINT64_MAX ? 0 : got;
        there += got;
        if (ferror(file)) return fail("cannot be read to its end", name);
        if (!there) break;
        if (there < 2) return fail("ends within a sample: an odd number of bytes", name);
        for (size_t i = 0; i < there / 2; i++) samples[i] = (int16_t)number(bytes + 2 * i, 2);
        hear(samples, (uint32_t)(there / 2));
        heard += there / 2;
        if (there % 2) bytes[0] = bytes[there - 1];
        there %= 2;
    }
    if (left && left != UINT64_MAX) return fail("ends before its header says: cut short", name);
    if (!heard) return fail("holds no samples", name);
    memset(samples, 0, sizeof samples);
    for (uint32_t tail = network_listening.tail_samples, count; tail; tail -= count) {
        count = tail < PIECE_SAMPLES ? tail : PIECE_SAMPLES;
        hear(samples, count);
    }
    return 0;
}

int main(int argc, char **argv) {
    const char *name = "-";
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--hops")) {
            shows_hops = 1;
        } else if (argv[i][0] == '-' && argv[i][1]) {
            fprintf(stderr, "usage: %s [--hops] [FILE]: 16-bit mono PCM at 16000 Hz, WAV or raw\n", argv[0]);
            return 2;
        } else {
            name = argv[i];
        }
    }
    FILE *file = strcmp(name, "-") ? fopen(name, "rb") : stdin;
    if (!file) return fail("cannot be read", name);
    host_load((const uint8_t *)&network_input, image_begin,
              (uint32_t)(network_image_end - (const uint8_t *)&network_input), network_flash);
    listen_begin(&network_listening, &network_events);
    return listen_to(file, name);
}
