/* The program of the host: the planned network on the clip in its image, or in a file. It counts no cycles. */
#include <stdio.h>
#include <stdlib.h>

#include "print.h"
#include "runtime.h"

extern const uint8_t network_image_end[], network_flash[];

void put(char c) { putchar(c); }

static int fail(const char *what, const char *name) {
    fprintf(stderr, "error: %s %s\n", what, name);
    return 1;
}

int main(int argc, char **argv) {
    const struct input *input = &network_input;
    if (argc > 2) return fail("one file at most:", "options and codes, as in vectors/");
    if (argc == 2) {
        uint32_t bytes = 8 + input_bytes;
        uint8_t *content = malloc(bytes + 1);
        FILE *file = fopen(argv[1], "rb");
        if (!file || !content) return fail("cannot read", argv[1]);
        if (fread(content, 1, bytes + 1, file) != bytes) return fail("not as long as options and codes:", argv[1]);
        input = (const struct input *)content;
    }
    host_load((const uint8_t *)&network_input, image_begin,
              (uint32_t)(network_image_end - (const uint8_t *)&network_input), network_flash);
    int8_t *codes = malloc(2 * class_count);
    if (!codes) return fail("no memory for", network_name);
    uint32_t checksums[LAYER_COUNT];
    host_run(input->codes, 1, input_bytes, image_begin + 8, codes, codes + class_count, input->check ? checksums : 0);
    report(0, 0);
    return 0;
}
