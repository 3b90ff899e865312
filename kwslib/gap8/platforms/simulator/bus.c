// Address decoding and the cost of the routers: every target of every router moves four bytes a cycle; L2 adds eight.
#include "bus.h"

#include "cache.h"
#include "core.h"
#include "diagnostics.h"
#include "engine.h"
#include "event_unit.h"
#include "machine.h"
#include "mchan.h"
#include "peripherals.h"
#include "udma.h"

enum { L2_LATENCY = 8 };

static Port cl_l1, cl_l1_tas, cl_periph, cl_periph_alias, cl_soc;  // cluster interconnect
static Port periph_ctrl, periph_timer, periph_eu, periph_icache, periph_dma;
static Port axi_soc, axi_cluster;                       // between the two
static Port ll_apb, ll_fc, ll_fc_alias, ll_axi, ll_l2;  // SoC interconnect
static Port apb[16];
static Port fc_eu, fc_eu_demux, fc_timer, fc_icache, fc_tcdm;
static Port fc_fetch, fc_data, udma_out;

static bool within(uint32_t addr, uint32_t base, uint32_t size) { return addr - base < size; }

static Access memory(uint8_t *bytes, uint32_t size, uint32_t offset, Request *r) {
    if (offset > size || r->size > size - offset) return ACCESS_INVALID;
    if (!r->data) return ACCESS_OK;
    if (r->write)
        memcpy(bytes + offset, r->data, r->size);
    else
        memcpy(r->data, bytes + offset, r->size);
    return ACCESS_OK;
}

// A word of L1 through the banks; `tas`: a read leaves all ones.
static Access l1_word(uint32_t offset, Request *r, bool tas) {
    int64_t now = m.cluster.cycles;
    int64_t *bank = &m.bank_free_at[(offset >> 2) & (BANKS - 1)];
    int64_t wait = *bank > now ? *bank - now : 0;
    *bank = now + wait + 1;
    r->latency += wait;
    Access result = memory(m.l1, L1_SIZE, offset, r);
    if (result == ACCESS_OK && m.check_uninitialised) {
        if (r->write)
            mark_written(L1_BASE + offset, r->size);
        else if (!was_written(L1_BASE + offset, r->size))
            note_uninitialised("L1", L1_BASE + offset, r->size);
    }
    if (tas && result == ACCESS_OK && !r->write) {
        memset(m.l1 + offset, 0xFF, r->size);
        *bank += 1;
    }
    return result;
}

static Access cluster_peripherals(Request *r) {
    int64_t now = m.cluster.cycles;
    uint32_t a = r->addr;
    if (within(a, 0x10200000, 0x400)) {
        port_pass(&periph_ctrl, r, now, 0);
        if (r->size != 4) return ACCESS_INVALID;
        uint32_t offset = a - 0x10200000, value;
        memcpy(&value, r->data, 4);
        if (offset == 0x08) {
            if (r->write)
                for (int i = 0; i < CLUSTER_CORES; i++) core_fetch_enable(&m.core[i], (value >> i) & 1);
        } else if (offset >= 0x40 && offset < 0x40 + 4 * CLUSTER_CORES) {
            Core *core = &m.core[(offset - 0x40) / 4];
            if (r->write)
                core_set_boot(core, value);
            else
                memcpy(r->data, &core->boot_addr, 4);
        }
        return ACCESS_OK;
    }
    if (within(a, 0x10200400, 0x400)) {
        port_pass(&periph_timer, r, now, 0);
        return timer_access(&m.cluster_timer, a - 0x10200400, r);
    }
    if (within(a, 0x10200800, 0x800)) {
        port_pass(&periph_eu, r, now, 0);
        return eu_bus(&m.cluster_eu, a - 0x10200800, r);
    }
    if (within(a, 0x10201400, 0x400)) {
        port_pass(&periph_icache, r, now, 0);
        if (r->write && a == 0x10201400) m.cluster_cache.enabled = r->data[0] != 0;
        if (a == 0x10201404) {
            cache_flush(&m.cluster_cache);
            core_flush_code(m.core, CLUSTER_CORES);
        }
        return ACCESS_OK;
    }
    if (within(a, 0x10201800, 0x400)) {
        port_pass(&periph_dma, r, now, 0);
        return mchan_access(CLUSTER_CORES, a - 0x10201800, r, NULL);
    }
    return ACCESS_INVALID;
}

Access cluster_bus(Request *r) {
    int64_t now = m.cluster.cycles;
    uint32_t a = r->addr;
    if (within(a, L1_BASE, L1_SIZE) || within(a, L1_TAS_BASE, L1_SIZE)) {
        bool tas = a >= L1_TAS_BASE;
        port_pass(tas ? &cl_l1_tas : &cl_l1, r, now, 0);
        if ((a & 3) + r->size > 4) return ACCESS_INVALID;
        return l1_word(a & (L1_SIZE - 1), r, tas);
    }
    if (within(a, 0x10200000, 0x200000)) {
        port_pass(&cl_periph, r, now, 0);
        return cluster_peripherals(r);
    }
    if (within(a, 0x00200000, 0x200000)) {
        port_pass(&cl_periph_alias, r, now, 0);
        r->addr += 0x10000000;
        return cluster_peripherals(r);
    }
    if (within(a, L1_BASE, 0x400000)) return ACCESS_INVALID;
    port_pass(&cl_soc, r, now, 0);
    domain_sync(&m.soc);
    if (!within(a, 0x1A000000, 0x06000000)) return ACCESS_INVALID;
    port_pass(&axi_soc, r, m.soc.cycles, 0);
    return soc_bus(r);
}

Access core_bus(Core *core, Request *r) {
    if (core->is_fc) return fc_data_bus(r);
    uint32_t a = r->addr;
    int64_t now = m.cluster.cycles;
    uint32_t alias = a < 0x00400000 ? L1_BASE : 0;
    uint32_t local = a + alias;
    if (within(local, L1_TAS_BASE, L1_SIZE)) {
        port_pass(alias ? &core->tas_alias : &core->tas, r, now, 0);
        int64_t before = r->latency;
        Access result = l1_word(local - L1_TAS_BASE, r, true);
        core->external[4] += (uint32_t)(r->latency - before);
        return result;
    }
    Access result;
    if (within(local, 0x10204000, 0x400)) {
        port_pass(alias ? &core->demux_eu_alias : &core->demux_eu, r, now, 0);
        result = eu_demux(&m.cluster_eu, core->id, local - 0x10204000, r);
    } else if (within(local, 0x10204400, 0x400)) {
        port_pass(alias ? &core->demux_dma_alias : &core->demux_dma, r, now, 0);
        result = mchan_access(core->id, local - 0x10204400, r, core);
    } else {
        port_pass(&core->out, r, now, 0);
        result = cluster_bus(r);
    }
    core->external[r->write ? 1 : 0]++;
    core->external[r->write ? 3 : 2] += (uint32_t)(r->latency + (r->duration > 1 ? r->duration - 1 : 0));
    return result;
}

Access cluster_from_soc(Request *r) {
    port_pass(&ll_axi, r, m.soc.cycles, 0);
    port_pass(&axi_cluster, r, m.soc.cycles, 0);
    domain_sync(&m.cluster);
    return cluster_bus(r);
}

static Access fc_peripherals(Request *r) {
    int64_t now = m.soc.cycles;
    uint32_t a = r->addr;
    if (within(a, TCDM_BASE, TCDM_SIZE)) {
        port_pass(&fc_tcdm, r, now, 0);
        return memory(m.tcdm, TCDM_SIZE, a - TCDM_BASE, r);
    }
    if (within(a, 0x1B200400, 0x400)) {
        port_pass(&fc_timer, r, now, 0);
        return timer_access(&m.fc_timer, a - 0x1B200400, r);
    }
    if (within(a, 0x1B200800, 0x800)) {
        port_pass(&fc_eu, r, now, 0);
        return eu_bus(&m.fc_eu, a - 0x1B200800, r);
    }
    if (within(a, 0x1B201400, 0x1400)) {
        port_pass(&fc_icache, r, now, 0);
        if (r->write && a == 0x1B201400) m.fc_cache.enabled = r->data[0] != 0;
        if (a == 0x1B201404) {
            cache_flush(&m.fc_cache);
            core_flush_acknowledged(&m.core[FC]);
            core_flush_code(&m.core[FC], 1);
        }
        return ACCESS_OK;
    }
    if (within(a, 0x1B204000, 0x1000)) {
        port_pass(&fc_eu_demux, r, now, 0);
        return eu_demux(&m.fc_eu, 0, a - 0x1B204000, r);
    }
    return ACCESS_INVALID;
}

static Access apb_bus(Request *r) {
    uint32_t a = r->addr;
    unsigned page = (a >> 12) & 0x1F;  // 0x1A100000 + page * 4 KB
    port_pass(&apb[page & 15], r, m.soc.cycles, 0);
    switch (page) {
    case 0x00:  // clock generators: they stay at their first frequency
        if (!r->write)
            memset(r->data, 0, r->size);
        else
            warn_once("clock", "clock generators are not modelled: both clocks stay at 72 MHz");
        return a - 0x1A100000 < 0x20 ? ACCESS_OK : ACCESS_INVALID;
    case 0x01:  // GPIO and pads: no effect
    case 0x05:
    case 0x07:  // power manager
    case 0x08:  // real-time clock
        if (!r->write) memset(r->data, 0, r->size);
        return ACCESS_OK;
    case 0x02:
    case 0x03: return udma_access(a - 0x1A102000, r);
    case 0x04: return soc_control(a - 0x1A104000, r);
    case 0x06: return soc_eu_access(a - 0x1A106000, r);
    case 0x10:
    case 0x11: return stdout_access(a - 0x1A110000, r);
    default: return ACCESS_INVALID;
    }
}

Access soc_bus(Request *r) {
    int64_t now = m.soc.cycles;
    uint32_t a = r->addr;
    if (LIKELY(within(a, L2_BASE, L2_SIZE))) {
        port_pass(&ll_l2, r, now, L2_LATENCY);
        Access result = memory(m.l2, L2_SIZE, a - L2_BASE, r);
        if (m.check_uninitialised && result == ACCESS_OK && r->data) {
            if (r->write)
                mark_written(a, r->size);
            else if (!was_written(a, r->size))
                note_uninitialised("L2", a, r->size);
        }
        return result;
    }
    if (within(a, 0x1A100000, 0x100000)) {
        port_pass(&ll_apb, r, now, 0);
        return r->data ? apb_bus(r) : ACCESS_INVALID;
    }
    if (within(a, TCDM_BASE, 0x400000)) {
        port_pass(&ll_fc, r, now, 0);
        return fc_peripherals(r);
    }
    if (within(a, 0, 0x400000)) {
        port_pass(&ll_fc_alias, r, now, 0);
        r->addr += TCDM_BASE;
        return fc_peripherals(r);
    }
    if (within(a, L1_BASE, 0x400000)) return cluster_from_soc(r);
    return ACCESS_INVALID;
}

Access fc_fetch_bus(Request *r) {
    port_pass(&fc_fetch, r, m.soc.cycles, 0);
    return soc_bus(r);
}

Access fc_data_bus(Request *r) {
    port_pass(&fc_data, r, m.soc.cycles, 0);
    return soc_bus(r);
}

Access udma_l2_bus(Request *r) {
    port_pass(&udma_out, r, m.soc.cycles, 0);
    return soc_bus(r);
}
