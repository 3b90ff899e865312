"""YAML files of parameters: those in configs/ are the presets and the recorded runs, and Papermill reads them too."""

import shlex
from pathlib import Path

import pytest
import yaml

from kwslib.config.presets import BASELINE_SIZES
from kwslib.config.profiles import PROFILES
from kwslib.errors import InputError
from kwslib.runs import configuration, records
from kwslib.runs.declaration import declared
from kwslib.runs.parameters import check

ROOT = Path(__file__).parents[2]
SWEEPS = ("pareto",)
"""Files of sweeps, `kwslib.runs.grid.read_file`."""
CONFIGS = sorted(path for path in (ROOT / "configs").glob("*.yaml") if path.stem not in SWEEPS)
RECORDED = sorted(ROOT.glob("models/*/metrics.json"))


@pytest.fixture(autouse=True)
def no_data(monkeypatch):
    monkeypatch.delenv("KWS_DATA", raising=False)


def test_there_is_a_file_for_each_preset_and_each_recorded_run():
    """Apart from those of ``kws words``, which need their phrases alone."""
    presets = {f"{profile.name}-{size}" for profile in PROFILES.values() for size in profile.schedules}
    recorded = {
        run.run for run in map(records.load, (path.parent for path in RECORDED)) if run.corpus.name != "phrases"
    }
    assert {path.stem for path in CONFIGS} == presets | recorded


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_a_file_makes_the_run_that_it_is_called_after(path):
    profile, size, *seed = path.stem.split("-")
    chosen = check(**configuration.read(path))
    plain = check(profile=profile, size=size, seed=int(seed[0][1:]) if seed else 1)
    assert (chosen.run, chosen.key) == (plain.run, plain.key) and chosen.run == path.stem
    assert path.read_text() == configuration.text(chosen), "write the files again: kws run --write-config"


def test_a_file_says_everything_that_decides():
    written = yaml.safe_load((ROOT / "configs" / "best-small.yaml").read_text())
    open_ones = {"corpus", "data", "run", "threads", "channels", "blocks", "first_kernel", "strides", "stage_steps"}
    assert declared().keys() - written.keys() == open_ones


def test_papermill_reads_the_same(tmp_path):
    from papermill.cli import NoDatesSafeLoader

    path = ROOT / "configs" / "quick-large.yaml"
    with path.open() as file:
        assert check(**yaml.load(file, NoDatesSafeLoader)) == check(**configuration.read(path))


def test_a_file_of_a_changed_run_goes_and_comes_back(tmp_path):
    changed = check(channels=24, blocks=3, steps=40, noise_volume=0.25, seed=7, threads=1)
    configuration.write(tmp_path / "mine.yaml", changed)
    again = check(**configuration.read(tmp_path / "mine.yaml"))
    assert (again.run, again.key) == (changed.run, changed.key)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no parameters"),
        ("- size", "holds no parameters: give lines of the form name: value"),
        ("size: [", "is no YAML file"),
        ("1: 2", "holds no parameters"),
        ("sise: small", r"mine.yaml: unknown parameter 'sise'.*did you mean 'size'"),
        ("steps: many", "mine.yaml: parameter steps is 'many': give a whole number"),
        ("words: [yes, no]", "mine.yaml: words has true where text belongs"),
        ("a: !!python/object/apply:os.system [ls]", "is no YAML file"),
        ("\x00", "is no YAML file"),
    ],
)
def test_bad_files_are_refused(tmp_path, text, message):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        configuration.read(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"cannot read .*none.yaml: No such file"):
        configuration.read(tmp_path / "none.yaml")
    with pytest.raises(InputError, match="cannot read .*: it is a folder"):
        configuration.read(tmp_path)


@pytest.mark.parametrize("size", BASELINE_SIZES)
def test_the_baselines_own_command_is_the_profile_baseline(size):
    values = configuration.of_baseline(size)
    assert {"model_size_info", "coefficients", "learning_rates", "stage_steps"} <= values.keys()
    assert check(**values).key == check(size=size, profile="baseline").key
    assert check(**values).run == f"baseline-{size}"
    words = shlex.split(configuration.command(values))
    assert words[:6] == ["kws", "run", "--size", size, "--profile", "baseline"]
    assert words[words.index("--model-size-info") + 1] == values["model_size_info"]
