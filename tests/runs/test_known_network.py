"""What is known of a network, and what is said of it."""

import json
import shutil
from dataclasses import replace

import pytest

from kwslib.artifacts import file_sha256
from kwslib.config import foreign
from kwslib.config.foreign import ForeignInput, ForeignNetwork
from kwslib.config.front_end import FrontEnd
from kwslib.config.words import LABELS
from kwslib.errors import InputError, ModelError
from kwslib.integer.metadata import Description
from kwslib.network.conversion import describe
from kwslib.paths import models_dir
from kwslib.runs.networks import choose, of_file, of_run
from tests.gap8 import networks
from tests.places import SHARED

pytestmark = pytest.mark.usefixtures("no_fresh_runs")


def test_nothing_is_assumed_of_a_file_that_says_nothing(mine):
    found = of_file(mine)
    assert found.labels is None and found.label(9) == "class 9" and found.corpus == "" and found.run is None
    assert found.front_end.kind == "magnitude" and found.front_end_chosen
    text = found.describe()
    assert "unknown data (the file does not say)" in text and "is a choice: the file names none" in text
    assert "its 12 classes have no names (--labels A,B,... gives them)" in text


@pytest.mark.parametrize("changed, message", [
    ({"front_end": None, "labels": None}, "reads an input of .*, which is no fingerprint of sound"),
    ({"labels": None}, "have no names: give them with --labels A,B,"),
    ({"graph": None}, "has no softmax: events need probabilities"),
])  # fmt: skip
def test_what_cannot_find_words_in_a_stream(changed, message):
    found = of_run("quick-small")
    found.check_spots_words()
    if "graph" in changed:
        changed = {"graph": replace(found.graph, layers=found.graph.layers[:-1])}
    with pytest.raises(InputError, match=message):
        replace(found, **changed).check_spots_words()


def test_what_the_file_says_comes_from_its_metadata(mine):
    words = tuple(f"word {n}" for n in range(12))
    front_end = of_run("quick-small").front_end
    mine.write_bytes(describe(mine.read_bytes(), Description(words, front_end, "synthetic")))
    found = of_file(mine)
    assert (found.labels, found.front_end, found.corpus) == (words, front_end, "synthetic")
    assert not found.front_end_chosen
    assert of_file(mine, "magnitude").front_end.kind == "magnitude"


@pytest.fixture
def known_file(mine, monkeypatch):
    """The file `mine`, as if the table of other people's networks had it."""
    front_end = FrontEnd("magnitude", 40, 20, 10)
    own = ForeignInput(front_end=front_end, labels=tuple(reversed(LABELS)), normalised=True, source="its authors")
    where = {"repository": "a/b", "path": "x.tflite"}
    one = ForeignNetwork(name="theirs", title="Theirs", sha256=file_sha256(mine), input=own, **where)
    monkeypatch.setattr(foreign, "foreign_networks", lambda: (one,))
    return mine


def test_labels_and_front_end_of_a_known_file(known_file):
    found = choose(model=known_file)
    assert found.labels == tuple(reversed(LABELS)) and found.origin.name == "theirs" and found.normalised
    assert found.front_end.kind == "magnitude" and found.front_end.scale == found.graph.input.scale
    assert not found.front_end_chosen
    text = found.describe()
    assert "labels and front end of a known file: theirs, which scales each clip to its peak" in text
    assert "choice" not in text and "have no names" not in text


def test_the_caller_overrides_what_is_known_of_a_file(known_file):
    names = tuple("abcdefghijkl")
    found = choose(model=known_file, labels=names)
    assert found.labels == names and "; front end of a known file: theirs" in found.describe()
    found = choose(model=known_file, front_end="power")
    assert found.front_end.kind == "power" and found.labels == tuple(reversed(LABELS)) and not found.normalised
    assert found.describe().endswith("; labels of a known file: theirs")
    assert "known file" not in choose(model=known_file, front_end="power", labels=names).describe()


def test_a_known_file_that_describes_itself_is_believed(known_file, monkeypatch):
    words = tuple(f"word {n}" for n in range(12))
    known_file.write_bytes(describe(known_file.read_bytes(), Description(words, None, "synthetic")))
    (one,) = foreign.foreign_networks()
    monkeypatch.setattr(foreign, "foreign_networks", lambda: (replace(one, sha256=file_sha256(known_file)),))
    found = of_file(known_file)
    assert found.labels == words and found.origin is None and "known file" not in found.describe()


def test_files_that_other_people_made():
    files = sorted((SHARED / "foreign" / "networks").glob("*[kK][wW][sS]*.tflite"))
    if not files:
        pytest.skip("the shared folder of other people's networks is not beside the checkout")
    found = {of_file(path).origin for path in files}
    assert {one.name for one in found if one} == {"mlperf-tiny", "greenwaves-small", "greenwaves-large"}
    for path in files:
        network = of_file(path)
        if network.origin:
            assert f"labels and front end of a known file: {network.origin.name}" in network.describe()
        else:
            assert network.labels is None and network.front_end_chosen  # of MicroNet the table has no front end


def test_a_network_stands_behind_the_integer_form_of_its_front_end():
    quick = choose(run="quick-small", front_end="integer")
    assert quick.trained_behind.kind == "power" and quick.front_end == quick.trained_behind.integer_form
    assert f"front end {quick.front_end.key}, the integer form of {quick.trained_behind.key}" in quick.describe()
    assert quick.with_integer_front_end() is quick
    assert of_file(quick.path, "integer").front_end == quick.front_end
    with pytest.raises(InputError, match="no integer form"):
        of_file(quick.path, "magnitude").with_integer_front_end()
    with pytest.raises(InputError, match="integer alone"):
        choose(size="small", front_end="power")


def test_a_front_end_that_does_not_fit_is_refused(tmp_path):
    folder = tmp_path / "results" / "quick-small"
    shutil.copytree(models_dir() / "quick-small", folder)
    value = json.loads((folder / "metrics.json").read_text())
    (folder / "metrics.json").write_text(json.dumps({**value, "size": "large", "checksum": None}))
    with pytest.raises(ModelError, match=r"reads an input of \(49, 10, 1\), but the front end that goes with it"):
        of_run("quick-small")


def test_another_input_has_no_front_end(tmp_path):
    (tmp_path / "other.tflite").write_bytes(networks.quantised((31, 13), networks.SMALL[1]))
    found = of_file(tmp_path / "other.tflite")
    assert found.front_end is None and "its input is no fingerprint of this project" in found.describe()
