/* Printing, in the baseline's format: no library is linked, and nothing of this is measured. */
#include "print.h"

#include "platform.h"

enum { NAME_COLUMNS = 45, NUMBER_COLUMNS = 10 };

void print(const char *text) {
    while (*text) put(*text++);
}

static uint32_t digits_of(uint32_t value, char *digits) {
    uint32_t n = 0;
    do {
        digits[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    return n;
}

static void print_wide(uint32_t value, uint32_t columns, char filler) {
    char digits[10];
    uint32_t n = digits_of(value, digits);
    for (uint32_t i = n; i < columns; i++) put(filler);
    while (n) put(digits[--n]);
}

void print_number(uint32_t value) { print_wide(value, 0, ' '); }

void print_hex(uint32_t value) {
    for (int shift = 28; shift >= 0; shift -= 4) put("0123456789abcdef"[value >> shift & 15]);
}

void print_row(const char *lead, const char *name, uint32_t cycles, uint64_t operations) {
    uint32_t length = 0;
    while (lead[length]) length++;
    for (uint32_t i = 0; name[i]; i++) length++;
    for (; length < NAME_COLUMNS; length++) put(' ');
    print(lead);
    print(name);
    print(": Cycles: ");
    print_wide(cycles, NUMBER_COLUMNS, ' ');
    print(", Operations: ");
    print_wide((uint32_t)operations, NUMBER_COLUMNS, ' ');
    print(", Operations/Cycle: ");
    /* operations fit 32 bits here: the planner refuses larger networks */
    uint32_t whole = cycles ? (uint32_t)operations / cycles : 0, rest = cycles ? (uint32_t)operations % cycles : 0;
    print_number(whole);
    put('.');
    for (uint32_t i = 0; i < 6; i++) { /* long division, a digit at a time; cycles stay below 2^28 */
        rest *= 10;
        put((char)('0' + (cycles ? rest / cycles : 0)));
        if (cycles) rest %= cycles;
    }
    put('\n');
}

void print_codes(const char *name, const int8_t *codes, uint32_t count, int32_t offset) {
    print(name);
    put(':');
    for (uint32_t i = 0; i < count; i++) {
        int32_t code = codes[i] + offset;
        put(' ');
        if (code < 0) put('-');
        print_number((uint32_t)(code < 0 ? -code : code));
    }
    put('\n');
}
