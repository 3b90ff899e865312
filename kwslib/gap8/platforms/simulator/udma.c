// The uDMA with its Hyper interface: HyperFlash and HyperRAM, one byte a cycle behind a start-up of 82 cycles.
// A program may change registers and abort transfers at any time, so every byte is checked where it is moved.
#include "udma.h"

#include <stdlib.h>

#include "bus.h"
#include "diagnostics.h"
#include "engine.h"
#include "event_unit.h"
#include "machine.h"
#include "peripherals.h"

enum {
    HYPER = 3,         // peripheral number: its registers lie at 0x80 * 3
    START_DELAY = 72,  // cycles before the chip select
    HEADER = 6,        // command and address bytes
    RAM_SIZE = 8 << 20,
    FLASH_SIZE = 64 << 20,
    READ_AHEAD = 8,
    EVENT_RX = 30,
    EVENT_TX = 29,
};

typedef struct {
    uint32_t addr, size, next_addr;
    int32_t left;
    uint32_t done;
} Transfer;

typedef struct {
    uint32_t addr, size;
    Transfer queue[2];
    int used;      // transfers that are queued or under way
    bool current;  // queue[0] is under way
    Event start;
} Channel;

typedef struct {
    uint32_t addr, value, size;
} Write;

typedef enum { IDLE, DELAY, SELECT, ADDRESS, DATA, RELEASE } State;

static Channel rx, tx;
static uint32_t clock_enable, regs[16], device_addr, word;
static State state;
static int delay, header, transfer_left, word_fill;
static int32_t pending_bytes;
static bool pending_rx, pending_tx, reading, use_flash;
static uint8_t tx_word[4];
static int tx_pos;
static Event byte_event, l2_event;
static Write writes[64];
static int write_head, write_count;
static struct {  // words read ahead for the transmit channel: waiting for L2, then ready to be sent
    uint8_t data[4];
    int64_t ready_at;
} ahead[READ_AHEAD];
static int ahead_head, ahead_waiting, ahead_ready, ahead_open;

static uint32_t ext_addr(void) { return regs[0]; }
static uint32_t flash_base(void) { return (regs[6] & 0xFF) << 24; }

static bool can_read_ahead(void) { return tx.current && ahead_open < READ_AHEAD && tx.queue[0].left > 0; }

static void l2_check(void) {
    if (write_count || can_read_ahead()) event_bring_forward(&l2_event, 1);
    if (ahead_waiting) {
        int first = (ahead_head + ahead_ready) % READ_AHEAD;
        event_bring_forward(&l2_event, ahead[first].ready_at - m.soc.cycles);
    }
}

static void byte_check(void) {
    if (pending_bytes == 0) {
        if (ahead_ready && (pending_tx || !pending_rx)) {
            pending_tx = true;
            memcpy(tx_word, ahead[ahead_head].data, 4);
            ahead_head = (ahead_head + 1) % READ_AHEAD;
            ahead_ready--;
            tx_pos = 0;
            pending_bytes = 4;
        } else if (rx.current && (pending_rx || !pending_tx)) {
            pending_rx = true;
            pending_bytes = (int32_t)rx.queue[0].size;
        }
    }
    if (pending_bytes && !byte_event.queued) schedule(&byte_event, 1);
}

static void channel_check(Channel *c) {
    if (!c->start.queued && c->used && !c->current) {
        domain_sync(c->start.domain);
        schedule(&c->start, 1);
    }
}

static void channel_start(Event *event) {
    Channel *c = event->owner;
    if (!c->used || c->current) return;
    c->current = true;
    if (c == &rx)
        byte_check();
    else
        l2_check();
}

static void transfer_end(Channel *c) {
    if (!c->current) return;  // it was aborted
    c->current = false;
    c->queue[0] = c->queue[1];
    c->used--;
    soc_event(2 * HYPER + (c == &tx));
    eu_event(&m.fc_eu, 0, 1u << (c == &rx ? EVENT_RX : EVENT_TX));
    channel_check(c);
}

static void check_device(uint32_t addr, uint32_t size) {
    if (!m.ram) {
        m.ram = malloc(RAM_SIZE);
        if (!m.ram) abort();
        memset(m.ram, 0xFF, RAM_SIZE);
    }
    bool flash = addr >= flash_base();
    uint32_t offset = flash ? addr - flash_base() : addr;
    uint32_t limit = flash ? FLASH_SIZE : RAM_SIZE;
    if (offset >= limit || size > limit - offset)
        fault("uDMA", "%s bytes %#x..%#x lie outside of the device (%u MB): the transfer would never end",
              flash ? "HyperFlash" : "HyperRAM", offset, offset + size, limit >> 20);
}

// Device and address are latched at different times, so together they can be outside.
static uint32_t next_byte(void) {
    if (device_addr >= (uint32_t)(use_flash ? FLASH_SIZE : RAM_SIZE))
        fault("uDMA", "byte %#x lies outside of the %s: its registers were changed while a transfer began", device_addr,
              use_flash ? "HyperFlash" : "HyperRAM");
    return device_addr++;
}

static uint8_t device_read(void) {
    uint32_t a = next_byte();
    if (!use_flash) return m.ram[a];
    return a < m.flash_size ? m.flash[a] : 0xFF;
}

static void receive(uint8_t byte) {
    Transfer *t = &rx.queue[0];
    word = (word & ~(0xFFu << (8 * word_fill))) | (uint32_t)byte << (8 * word_fill);
    word_fill++;
    if (word_fill < 4 && word_fill < t->left) return;
    word_fill = 0;
    Write *w = &writes[(write_head + write_count++) & 63];
    *w = (Write){.addr = t->next_addr & ~3u, .value = word, .size = 4};
    t->next_addr += 4;
    t->left -= 4;
    l2_check();
    if (t->left <= 0) transfer_end(&rx);
}

static void byte_step(Event *event) {
    (void)event;
    bool end = false;
    switch (state) {
    case IDLE:
        if (pending_bytes > 0) {
            reading = pending_rx;
            transfer_left = (int)(reading ? rx.queue[0].size : tx.queue[0].size);
            if (rx.current && tx.used) fault("uDMA", "Hyper reads and writes at the same time");
            uint32_t addr = ext_addr();
            check_device(addr & ~1u, (uint32_t)transfer_left);
            if (addr & 1) warn_once("odd", "uDMA: device address %#x is odd; its low bit is dropped", addr);
            device_addr = (addr >= flash_base() ? addr - flash_base() : addr) & ~1u;
            state = DELAY;
            delay = START_DELAY;
            header = HEADER;
        }
        break;
    case DELAY:
        if (--delay == 0) state = SELECT;
        break;
    case SELECT:
        use_flash = ext_addr() >= flash_base();
        if (use_flash && !reading) fault("uDMA", "writing to HyperFlash is not modelled: only reads");
        state = ADDRESS;
        break;
    case ADDRESS:
        if (--header == 0) state = DATA;
        break;
    case DATA:
        if (pending_bytes <= 0) break;
        if (!(reading ? pending_rx : pending_tx))
            fault("uDMA", "a %s was aborted, and the device goes on with bytes of the other direction",
                  reading ? "read" : "write");
        pending_bytes--;
        transfer_left--;
        if (transfer_left == 0) {
            pending_bytes = 0;
            state = RELEASE;
        }
        if (pending_bytes == 0) end = true;
        if (reading)
            receive(device_read());
        else
            m.ram[next_byte()] = tx_word[tx_pos++];
        break;
    case RELEASE: state = IDLE; break;
    }
    if (end) {
        if (reading) {
            pending_rx = false;
        } else {
            pending_tx = false;
            ahead_open--;
            // The channel is free once all its words have left L2, up to seven words before the device has them.
            if (tx.current && tx.queue[0].done >= tx.queue[0].size) transfer_end(&tx);
            l2_check();
        }
    }
    byte_check();
}

static void l2_step(Event *event) {
    (void)event;
    if (write_count) {
        Write w = writes[write_head];
        write_head = (write_head + 1) & 63;
        write_count--;
        Request r = {.addr = w.addr, .size = w.size, .data = (uint8_t *)&w.value, .write = true};
        if (udma_l2_bus(&r) != ACCESS_OK) fault("uDMA", "write to %#010x, where there is no memory", w.addr);
    }
    if (can_read_ahead()) {
        Transfer *t = &tx.queue[0];
        int i = (ahead_head + ahead_ready + ahead_waiting) % READ_AHEAD;
        Request r = {.addr = t->next_addr & ~3u, .size = 4, .data = ahead[i].data};
        if (udma_l2_bus(&r) != ACCESS_OK) fault("uDMA", "read of %#010x, where there is no memory", t->next_addr);
        t->next_addr += 4;
        t->left -= 4;
        ahead[i].ready_at = m.soc.cycles + r.latency + 1;
        ahead_waiting++;
        ahead_open++;
    }
    while (ahead_waiting && ahead[(ahead_head + ahead_ready) % READ_AHEAD].ready_at <= m.soc.cycles) {
        ahead_waiting--;
        ahead_ready++;
        tx.queue[0].done += 4;
        byte_check();
    }
    l2_check();
}

static Access channel_access(Channel *c, uint32_t offset, Request *r) {
    uint32_t value;
    memcpy(&value, r->data, 4);
    switch (offset) {
    case 0x0:
        if (r->write)
            c->addr = value;
        else
            memcpy(r->data, &c->addr, 4);
        return ACCESS_OK;
    case 0x4:
        if (r->write)
            c->size = value;
        else
            memcpy(r->data, &c->size, 4);
        return ACCESS_OK;
    case 0x8:
        if (!r->write) {
            value = (uint32_t)(c->used > 0) << 4 | (uint32_t)(c->used == 2) << 5;
            memcpy(r->data, &value, 4);
            return ACCESS_OK;
        }
        if (value & 0x20) {
            c->used = 0;
            c->current = false;
        }
        if (!(value & 0x10)) return ACCESS_OK;
        if (c->size == 0) fault("uDMA", "transfer of 0 bytes never ends");
        if (c->size > FLASH_SIZE) fault("uDMA", "transfer of %u bytes, more than any device has, never ends", c->size);
        if (c->used == 2) {
            warn_once("third", "uDMA: a third transfer is started while two are pending; it is dropped");
            return ACCESS_OK;
        }
        if (c->addr & 3) warn_once("l2", "uDMA: L2 address %#x is no multiple of 4; its low bits are dropped", c->addr);
        if (c->size & 3)
            warn_once("size", "uDMA: size %u is no multiple of 4: up to 3 bytes past its end are written", c->size);
        c->queue[c->used++] =
            (Transfer){.addr = c->addr, .size = c->size, .next_addr = c->addr, .left = (int32_t)c->size};
        channel_check(c);
        return ACCESS_OK;
    default: return ACCESS_INVALID;
    }
}

Access udma_access(uint32_t offset, Request *r) {
    if (r->size != 4) return ACCESS_INVALID;
    if (offset == 0x780) {
        if (r->write)
            memcpy(&clock_enable, r->data, 4);
        else
            memcpy(r->data, &clock_enable, 4);
        return ACCESS_OK;
    }
    if (offset >= 0x80 * HYPER && offset < 0x80 * (HYPER + 1)) {
        if (!((clock_enable >> HYPER) & 1)) {
            warn_once("clock",
                      "uDMA: Hyper is used while its clock is off (bit 3 of 0x1A102780); the access is dropped");
            return ACCESS_OK;
        }
        offset -= 0x80 * HYPER;
        if (offset < 0x10) return channel_access(&rx, offset, r);
        if (offset < 0x20) return channel_access(&tx, offset - 0x10, r);
        uint32_t i = (offset - 0x20) / 4;
        if (i >= 16) return ACCESS_INVALID;
        if (r->write)
            memcpy(&regs[i], r->data, 4);
        else
            memcpy(r->data, &regs[i], 4);
        return ACCESS_OK;
    }
    if (offset < 0x780) {  // other peripherals are not connected
        if (!r->write) memset(r->data, 0, 4);
        return ACCESS_OK;
    }
    return ACCESS_INVALID;
}

void udma_init(void) {
    event_init(&rx.start, &m.soc, channel_start, &rx);
    event_init(&tx.start, &m.soc, channel_start, &tx);
    event_init(&byte_event, &m.soc, byte_step, NULL);
    event_init(&l2_event, &m.soc, l2_step, NULL);
}
