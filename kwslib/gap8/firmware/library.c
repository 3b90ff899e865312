/* What a compiler may call even where no library is linked. */
#include <stddef.h>

void *memset(void *target, int byte, size_t bytes) {
    unsigned char *to = target;
    while (bytes--) *to++ = (unsigned char)byte;
    return target;
}

void *memcpy(void *restrict target, const void *restrict source, size_t bytes) {
    unsigned char *to = target;
    const unsigned char *from = source;
    while (bytes--) *to++ = *from++;
    return target;
}
