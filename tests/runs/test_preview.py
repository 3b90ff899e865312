"""What a sweep would cost, line by line."""

from kwslib.runs import cost, preview
from kwslib.runs.grid import Grid, read_axes
from kwslib.runs.parameters import check
from kwslib.runs.search import Search


def test_a_line_a_network_with_its_cost_or_why_it_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("KWS_CACHE", str(tmp_path))
    monkeypatch.delenv("KWS_DATA", raising=False)
    grid = Grid(axes=read_axes(["channels=8,16", "blocks=2"]), budget={"cycles": 12_000})
    head, first, second, last = preview.table(grid, Search("random", 3)).split("\n")
    costs = {name: cost.forecast(check(channels=name, blocks=2).size, check().front_end) for name in (8, 16)}
    assert costs[8].cycles <= 12_000 < costs[16].cycles
    assert first.split()[:2] == ["quick-small-8ch-2blocks", str(costs[8].cycles)] and "budget" not in first
    assert second.endswith(f"cycles of the network: {costs[16].cycles:,} cycles, the budget has 12,000 cycles")
    assert last == "2 networks, 1 refused; random would draw 3 of the others"
    assert head.startswith("run") and "energy_uj, µJ" in head
