"""A deployment: figures that are consistent, kept, and read back."""

import json

import pytest

from kwslib.errors import DataError, InputError, ToolError
from kwslib.gap8.measure import deployment, deployment_record
from kwslib.gap8.measure.layer_stalls import OUTSIDE
from kwslib.gap8.program import compilation
from kwslib.integer import network_file
from kwslib.provenance import provenance
from tests.gap8 import networks

MADE = provenance(key="k")


@pytest.fixture(scope="module")
def network():
    return network_file.load(networks.quantised(*networks.MEDIUM), "network")


@pytest.fixture(scope="module")
def folder(network, tmp_path_factory):
    folder = tmp_path_factory.mktemp("deployed")
    clips = networks.clips(network.input, 4)[2:]
    deployment.measure(network, clips, folder, classes=list("abcdefghijkl"), provenance=MADE)
    return folder


def test_what_lies_in_the_folder(folder):
    names = {
        deployment_record.DEPLOYMENT,
        deployment_record.OUTPUT,
        deployment_record.LOG,
        compilation.PLAN,
        compilation.PROGRAM,
        compilation.PROJECT,
    }
    assert {path.name for path in folder.iterdir()} == names
    assert (folder / deployment_record.OUTPUT).read_text() in (folder / deployment_record.LOG).read_text()
    last = (folder / deployment_record.OUTPUT).read_text().splitlines()[-1].split()
    assert last[2] == "abcdefghijkl"[int(last[1])]


def test_the_figures_hang_together(folder, network):
    found = deployment_record.load(folder)
    plan = json.loads((folder / compilation.PLAN).read_text())
    assert (found.network, found.platform, found.strategy) == ("network", "simulator", plan["strategy"])
    assert (found.operations, found.macs) == (network.operations, network.macs)
    assert found.clips_checked == 2 and found.provenance == MADE
    assert [row.name for row in found.rows] == [layer.name for layer in network.layers]
    assert all(row.cycles > 0 and row.warm_cycles > 0 for row in found.rows)
    assert f"{'Total':>45}: Cycles: {found.cycles:10}," in (folder / deployment_record.OUTPUT).read_text()
    for row in found.rows:
        step = plan["steps"][row.step]
        assert row.name in step["layers"] and row.fused == (len(step["layers"]) > 1)
        assert row.l1_peak_bytes == step["l1_peak_bytes"]
    for index, (step, planned) in enumerate(zip(found.steps, plan["steps"], strict=True)):
        assert (step.layers, step.predicted_cycles) == (planned["layers"], planned["predicted_cycles"])
        assert [row.name for row in found.rows if row.step == index] == step.layers
        assert found.step_cycles(index) == sum(row.cycles for row in found.rows if row.name in step.layers)
    assert found.predicted_cycles == sum(step["predicted_cycles"] for step in plan["steps"])
    assert found.portable == "" and not any(step["portable"] for step in plan["steps"])
    assert {"core", "function", "cycles"} <= set(found.stalls[0])
    assert [row.step for row in found.layer_stalls] == [*range(len(found.steps)), OUTSIDE]
    own = [row for row in found.stalls if row["core"] != "fc"]
    assert sum(row.fetch_cycles for row in found.layer_stalls) == sum(row["fetch_cycles"] for row in own)
    assert found.elf_digest == compilation.digest(folder / compilation.PROGRAM)


def test_what_portable_c_computes_is_recorded_with_its_share(tmp_path):
    network = network_file.load(networks.with_max_pool(networks.quantised(*networks.SMALL)), "network")
    deployment.measure(network, networks.clips(network.input, 3)[2:], tmp_path)
    found = deployment_record.load(tmp_path)
    pool = next(row for row in found.rows if row.kind == "max_pool")
    assert found.steps[pool.step].portable == "a maximum"
    assert [step.portable for step in found.steps].count("") == len(found.steps) - 1
    share = 100 * pool.cycles / sum(row.cycles for row in found.rows)
    assert found.portable == f"portable C computes {pool.name} (a maximum): {share:.1f} % of the cycles"
    assert json.loads((tmp_path / compilation.PLAN).read_text())["steps"][pool.step]["portable"] == "a maximum"


@pytest.mark.parametrize(
    ("platform", "error", "message"),
    [
        ("host", InputError, "the platform 'host' counts no cycles: choose one of simulator, gvsoc, pulp-open"),
        ("gvsoc", ToolError, "set GAP_SDK_HOME"),
        ("hst", InputError, "unknown platform 'hst'"),
    ],
)
def test_platforms_that_cannot(network, tmp_path, monkeypatch, platform, error, message):
    monkeypatch.delenv("GAP_SDK_HOME", raising=False)
    with pytest.raises(error, match=message):
        deployment.measure(network, networks.clips(network.input, 2), tmp_path / "out", platform)
    assert not (tmp_path / "out").exists()


def test_no_clip(network, tmp_path):
    with pytest.raises(DataError, match="no clip to run the network on"):
        deployment.measure(network, networks.clips(network.input, 2)[:0], tmp_path / "out")
