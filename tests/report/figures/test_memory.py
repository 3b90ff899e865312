import pytest

from kwslib.report.figures import memory
from kwslib.report.figures.memory import MemoryUse, Tenant
from kwslib.report.figures.picture import WIDTH
from tests.report.figures import drawn

USES = [MemoryUse("S1", {"L1": 65_536, "L2": 1_024}), MemoryUse("S2", {"L1": 32_768, "L2": 2_048})]
MEMORIES = {"L1": 65_536, "L2": 524_288}
TENANTS = [
    Tenant("code", "code", "L1", 0, 1, 0, 8_192),
    Tenant("map 0", "maps", "L1", 1, 1, 8_192, 32_768),
    Tenant("weights", "weights", "L2", 0, 2, 0, 524_288),
]
MEMORY_PICTURES = {
    "memory": lambda: memory.memory_bars(USES, MEMORIES),
    "map": lambda: memory.memory_map(TENANTS, ["S1", "S2"], MEMORIES),
}


def box(element):
    """Left, top, width and height of a rectangle that Vega drew."""
    corner, rest = element.get("d")[1:].split("h", 1)
    wide, rest = rest.split("v", 1)
    x, y = (float(number) for number in corner.split(","))
    return x, y, float(wide), float(rest.split("h")[0])


def test_memory_bars_end_at_the_bytes_in_use():
    picture = memory.memory_bars(USES, MEMORIES)
    widths = [box(bar)[2] for bar in drawn.marks(picture, "rect")]
    assert widths[0] / widths[1] == pytest.approx(2) and widths[3] / widths[2] == pytest.approx(2)
    assert widths[0] == pytest.approx(WIDTH // 2 / 1.08, rel=2e-2)
    assert {"L1, KB of 64", "L2, KB of 512", "S1", "S2"} <= set(drawn.texts(picture))
    assert "L1 at most 65536 of 65536 bytes" in picture.alt


def test_a_region_stands_at_its_addresses_for_its_steps():
    picture = memory.memory_map(TENANTS, ["S1", "S2"], MEMORIES)
    code, map_0, weights = (box(one) for one in drawn.marks(picture, "rect"))
    high = memory.MAP_HEIGHT
    assert code == pytest.approx((0, high * 7 / 8, WIDTH, high / 8))
    assert map_0 == pytest.approx((WIDTH / 2, high / 2, WIDTH / 2, high * 3 / 8))
    assert weights == pytest.approx((0, 0, WIDTH, high))  # a region that outlives the steps ends with them
    assert {"S1", "S2", "code", "maps", "weights", "L1, KB"} <= set(drawn.texts(picture))
    assert "map 0: 24,576 bytes of L1 from 8,192, step 1" in picture.alt
