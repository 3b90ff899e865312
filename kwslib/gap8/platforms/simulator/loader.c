// The ELF loader: 32-bit little-endian RISC-V. Segments lie in L2 alone (the program fills L1 itself). Symbols are of
// functions. The external flash is filled from a section .flash or .hyperflash, which is not loaded.
#include "loader.h"

#include <stdlib.h>

#include "diagnostics.h"
#include "machine.h"

enum {
    FLASH_SIZE = 64 << 20,
    LARGEST_FILE = 2 * FLASH_SIZE,  // the flash's content, and as much again for everything else
    MOST_SEGMENTS = 256,
    MOST_SYMBOLS = CODE_HALFWORDS,
    LONGEST_NAME = 1000,
};

static uint8_t *file;
static size_t file_size;

_Noreturn static void bad(const char *path, const char *why) {
    fprintf(stderr, "error: %s: %s\n", path, why);
    exit(EXIT_BAD_ELF);
}

static uint32_t get(const uint8_t *p, int bytes) {
    uint32_t value = 0;
    for (int i = 0; i < bytes; i++) value |= (uint32_t)p[i] << (8 * i);
    return value;
}

static const uint8_t *part(const char *path, uint32_t offset, uint32_t size) {
    if (offset > file_size || size > file_size - offset) bad(path, "truncated: a part of it lies behind its end");
    return file + offset;
}

static void read_file(const char *path) {
    FILE *f = fopen(path, "rb");
    if (!f) bad(path, "no such file, or it cannot be read");
    size_t room = 1 << 16;
    for (file = malloc(room); file; file = realloc(file, room *= 2)) {
        size_t n = fread(file + file_size, 1, room - file_size, f);
        file_size += n;
        if (file_size > LARGEST_FILE) bad(path, "larger than 128 MB: no program of GAP8");
        if (n == 0 || file_size < room) break;
    }
    if (!file) abort();
    fclose(f);
}

static int by_address(const void *a, const void *b) {
    const Symbol *x = a, *y = b;
    if (x->addr != y->addr) return x->addr < y->addr ? -1 : 1;
    if (x->size != y->size) return x->size > y->size ? -1 : 1;
    return y->function - x->function;
}

// Bytes from an address to the end of its memory; 0 outside of all.
static uint32_t room_at(uint32_t addr) {
    if (addr - L2_BASE < L2_SIZE) return L2_BASE + L2_SIZE - addr;
    if (addr - L1_BASE < L1_SIZE) return L1_BASE + L1_SIZE - addr;
    if (addr - TCDM_BASE < TCDM_SIZE) return TCDM_BASE + TCDM_SIZE - addr;
    return 0;
}

// The most bytes that a symbol may name: to the end of its section, and of its memory where the section is not loaded.
// A label has no such second chance: a linker script's end of something may lie in front of another section's code.
static uint32_t reach_of(const Symbol *symbol, const uint8_t *section) {
    uint32_t size = get(section + 20, 4), from = symbol->addr - get(section + 12, 4), room = room_at(symbol->addr);
    bool loaded = get(section + 8, 4) & 2 && from <= size;
    if (loaded && size - from < room) room = size - from;
    return loaded || symbol->function ? room : 0;
}

// A copy that can be printed anywhere. It ends with zeros as far as a search for a name's end goes.
static const char *names_of(const char *path, const uint8_t *strings, uint32_t size) {
    if (size == 0 || strings[size - 1] != 0) bad(path, "damaged: its symbol names do not end");
    char *text = calloc((size_t)size + LONGEST_NAME, 1);
    if (!text) abort();
    for (uint32_t i = 0; i < size; i++) {
        bool plain = strings[i] == 0 || (strings[i] >= ' ' && strings[i] <= '~');
        text[i] = plain ? (char)strings[i] : '?';
    }
    return text;
}

static void read_symbols(const char *path, const uint8_t *symbols, const uint8_t *strings, const uint8_t *sections,
                         uint32_t section_count) {
    uint32_t size = get(symbols + 20, 4), names = get(strings + 20, 4);
    const uint8_t *table = part(path, get(symbols + 16, 4), size);
    const char *text = names_of(path, part(path, get(strings + 16, 4), names), names);
    if (m.symbols) bad(path, "damaged: it has two tables of symbols");
    if (size / 16 > MOST_SYMBOLS) bad(path, "damaged: it has more symbols than code");
    m.symbols = malloc(sizeof *m.symbols * (size / 16 + 1));
    if (!m.symbols) abort();
    for (uint32_t o = 0; o + 16 <= size; o += 16) {
        const uint8_t *s = table + o;
        int type = s[12] & 15;
        uint32_t name = get(s, 4), addr = get(s + 4, 4), length = get(s + 8, 4), section = get(s + 14, 2);
        if (name >= names || !text[name] || text[name] == '$' || section == 0 || section >= 0xFF00) continue;
        if (strncmp(text + name, ".L", 2) == 0 || !memchr(text + name, 0, LONGEST_NAME)) continue;
        if (type != 2 && !(type == 0 && length == 0)) continue;
        Symbol symbol = {addr, length, addr, type == 2, text + name};
        uint32_t reach = reach_of(&symbol, sections + (section < section_count ? section : 0) * 40);
        if (length > reach) symbol.size = reach;
        symbol.end += length ? symbol.size : reach;
        if (symbol.end > addr) m.symbols[m.symbol_count++] = symbol;
    }
    qsort(m.symbols, (size_t)m.symbol_count, sizeof *m.symbols, by_address);
    // Of several at one address the longest is kept, a function before labels. Labels inside of a sized function are
    // not functions.
    int kept = 0;
    for (int i = 0; i < m.symbol_count; i++) {
        const Symbol *last = kept ? &m.symbols[kept - 1] : NULL;
        if (last &&
            (m.symbols[i].addr == last->addr || (!m.symbols[i].size && m.symbols[i].addr - last->addr < last->size)))
            continue;
        m.symbols[kept++] = m.symbols[i];
    }
    m.symbol_count = kept;
}

static void read_sections(const char *path) {
    uint32_t offset = get(file + 32, 4), count = get(file + 48, 2), names_index = get(file + 50, 2);
    if (offset == 0 || count == 0) return;
    if (get(file + 46, 2) != 40) bad(path, "damaged: its section headers have an odd size");
    const uint8_t *headers = part(path, offset, count * 40);
    if (names_index >= count) bad(path, "damaged: no table of section names");
    const uint8_t *names = headers + names_index * 40;
    uint32_t text_size = get(names + 20, 4);
    const char *text = (const char *)part(path, get(names + 16, 4), text_size);
    if (text_size == 0 || text[text_size - 1] != 0) bad(path, "damaged: its section names do not end");
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *s = headers + i * 40;
        uint32_t type = get(s + 4, 4), link = get(s + 24, 4), name = get(s, 4);
        if (name >= text_size) bad(path, "damaged: a section without a name");
        if (type == 2) {
            if (link >= count) bad(path, "damaged: symbols without names");
            read_symbols(path, s, headers + link * 40, headers, count);
        }
        if (type == 1 && (strcmp(text + name, ".flash") == 0 || strcmp(text + name, ".hyperflash") == 0)) {
            m.flash_size = get(s + 20, 4);
            m.flash = (uint8_t *)part(path, get(s + 16, 4), m.flash_size);
        }
    }
}

void load_elf(const char *path) {
    read_file(path);
    if (file_size < 4 || memcmp(file, "\177ELF", 4) != 0) bad(path, "not an ELF file");
    if (file_size < 16) bad(path, "truncated: its header is incomplete");
    if (file[4] == 2) bad(path, "a 64-bit ELF file; GAP8 is a 32-bit machine");
    if (file[4] != 1 || file[5] != 1) bad(path, "not a 32-bit little-endian ELF file");
    if (file_size < 52) bad(path, "truncated: its header is incomplete");
    char why[160];
    if (get(file + 18, 2) != 243) {
        snprintf(why, sizeof why, "built for another machine (ELF machine %u; RISC-V is 243)", get(file + 18, 2));
        bad(path, why);
    }
    if (get(file + 16, 2) != 2) bad(path, "not an executable: link it first");
    uint32_t offset = get(file + 28, 4), count = get(file + 44, 2), entry = get(file + 24, 4), end = 0;
    if (get(file + 42, 2) != 32) bad(path, "damaged: its program headers have an odd size");
    if (count > MOST_SEGMENTS) bad(path, "damaged: it has more than 256 segments");
    const uint8_t *headers = part(path, offset, count * 32);
    bool entry_in_code = false, loaded = false;
    memset(m.l2, 0x57, L2_SIZE);  // what was never written reads so
    memset(m.l1, 0x57, L1_SIZE);
    memset(m.tcdm, 0x57, TCDM_SIZE);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *h = headers + i * 32;
        if (get(h, 4) != 1) continue;
        uint32_t virt = get(h + 8, 4), addr = get(h + 12, 4), in_file = get(h + 16, 4), in_memory = get(h + 20, 4);
        if (in_memory < in_file) bad(path, "damaged: a segment is longer in the file than in memory");
        if (in_file && (addr < L2_BASE || addr - L2_BASE > L2_SIZE || in_file > L2_SIZE - (addr - L2_BASE))) {
            snprintf(
                why, sizeof why,
                "segment %#010x..%#010x lies outside of L2 (0x1c000000..0x1c080000), the only memory that is loaded",
                addr, addr + in_file);
            bad(path, why);
        }
        uint32_t space = addr - L2_BASE < L2_SIZE ? room_at(addr) : virt - L2_BASE < L2_SIZE ? 0 : room_at(virt);
        if (in_memory > space) {
            snprintf(why, sizeof why, "segment at %#010x of %u bytes lies outside of memory", virt, in_memory);
            bad(path, why);
        }
        if (!in_file) continue;
        if (addr - L2_BASE > end) memset(m.l2 + end, 0, addr - L2_BASE - end);  // as in one raw image
        memcpy(m.l2 + (addr - L2_BASE), part(path, get(h + 4, 4), in_file), in_file);
        if (m.l2_written) mark_written(addr, in_file);
        if (addr - L2_BASE + in_file > end) end = addr - L2_BASE + in_file;
        if (get(h + 24, 4) & 1 && entry - virt < in_memory) entry_in_code = true;
        loaded = true;
    }
    if (!loaded) bad(path, "has no segment to load");
    if (!entry_in_code) {
        snprintf(why, sizeof why, "its entry %#010x is outside of its code", entry);
        bad(path, why);
    }
    read_sections(path);
}

void load_flash(const char *path) {
    file_size = 0;
    read_file(path);
    if (file_size > FLASH_SIZE) bad(path, "larger than the flash (64 MB)");
    m.flash = file;
    m.flash_size = (uint32_t)file_size;
}
