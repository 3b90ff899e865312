import json
import random
import shutil
from dataclasses import dataclass

import pytest
from click.testing import CliRunner

from kwslib.artifacts import write_record
from kwslib.cli.main import main
from kwslib.errors import DataError
from kwslib.release import crate
from kwslib.report import verification
from kwslib.report.verification import Verified
from kwslib.runs import records
from tests.sample_run import sample_robustness, sample_run

CHAPTER = """---
kernelspec:
  name: python3
---

# A chapter

There are {{glue:text}}`all` layers.{typed}

```{{code-cell}} python
:tags: [remove-input]

import pandas as pd
from myst_nb import glue
from kwslib.report.elements import Table

glue("all", "1 234", display=False)
Table(pd.DataFrame({{"cycles": [{cycles}]}}), "layers")
```
"""


@dataclass
class Beside:
    """A record that lies in no run's folder."""

    name: str


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A book of one chapter, built as Jupyter Book would, and a recorded run."""
    monkeypatch.setenv("KWS_ROOT", str(tmp_path))
    monkeypatch.delenv("KWS_RESULTS", raising=False)
    crate.write(sample_run(tmp_path / "models", "small").folder)
    (tmp_path / "book").mkdir()
    write(tmp_path, 12)
    return tmp_path


def write(folder, cycles, typed="", shown=None, text="1 234"):
    import pandas as pd

    from kwslib.report.elements import Table

    (folder / "book" / "chapter.md").write_text(CHAPTER.format(cycles=cycles, typed=typed))
    html = folder / "_build" / "html"
    (html / "book").mkdir(parents=True, exist_ok=True)
    (html / "index.html").write_text("")
    table = Table(pd.DataFrame({"cycles": [cycles if shown is None else shown]}), "layers")._repr_html_()
    (html / "book" / "chapter.html").write_text(f"<p>There are {text} layers.</p>{table}")


def found(book):
    return verification.verify(book / "_build" / "html", lambda line: None)


def test_a_book_that_is_as_computed_has_no_faults(book):
    verified = found(book)
    assert verified.faults == []
    assert (verified.pages, verified.tables, verified.numbers) == (1, 1, 1)
    assert verified.files == len([path for path in (book / "models").rglob("*") if path.is_file()]) - 1
    assert verified.records >= 2
    assert verified.describe().endswith("computed again: no faults")


def test_a_table_a_glued_value_and_a_typed_number_that_nothing_computed_are_named(book):
    write(book, 12, shown=13)
    assert "the table layers.json is not the one that the records give" in found(book).faults[0]
    write(book, 12, text="4 321")
    assert "the glued value '1 234' does not stand there" in found(book).faults[0]
    write(book, 12, typed=" It takes 170859 cycles.")
    assert found(book).faults[0].endswith("170859 is typed into the prose")


def test_a_released_file_that_changed_is_named(book):
    path = book / "models" / "quick-small" / "accuracy.csv"
    path.write_bytes(path.read_bytes() + b"\n")
    assert f"{path} has another hash" in found(book).faults[0]
    path.unlink()
    assert f"{path} is missing" in found(book).faults[0]


def test_a_file_that_nobody_names_and_a_network_that_is_another_are_named(book):
    folder = book / "models" / "quick-small"
    (folder / "more.csv").write_text("x")
    (folder / "model.tflite").write_bytes(b"another")
    crate.write(folder)
    (folder / "beside.csv").write_text("x")
    faults = found(book).faults
    assert any("beside.csv is not named" in fault for fault in faults)
    assert any("metrics.json: is about another network" in fault for fault in faults)


def test_a_record_without_provenance_is_named(book):
    path = book / "models" / "quick-small" / "metrics.json"
    value = json.loads(path.read_text())
    del value["provenance"]["commit"]
    path.write_text(json.dumps(value))
    verified = Verified()
    verification.check_records(verified)
    assert any("has no commit or date" in fault for fault in verified.faults)


def damaged(content):
    """A byte that changed at several places, bytes that are no text, a file cut short, an empty and a longer one."""
    rng = random.Random(len(content))
    for place in sorted({0, len(content) - 1, *rng.sample(range(len(content)), min(5, len(content)))}):
        changed = bytearray(content)
        changed[place] ^= 1 << rng.randrange(8)
        yield bytes(changed)
    yield from (b"\xff" + content[1:], content[: len(content) // 2], b"", content + b" ")


def test_every_file_that_is_damaged_is_named_in_one_line(book):
    folder = book / "models" / "quick-small"
    sample_robustness(folder, records.load(folder))
    crate.write(folder)
    (book / "models" / "foreign").mkdir()
    write_record(book / "models" / "foreign" / "them.json", Beside("a network of others"), schema=1)
    assert checked() == []
    there = sorted(path for path in (book / "models").rglob("*") if path.is_file())
    files = [path for path in there if path.suffix == ".json"] + [*{path.suffix: path for path in there}.values()]
    assert {"metrics.json", "plan.json", "robustness.json", "them.json", crate.METADATA} <= {one.name for one in files}
    for path in files:
        content = path.read_bytes()
        for changed in damaged(content):
            path.write_bytes(changed)
            faults = checked()
            same = path.name == "them.json" and changed == content + b" "  # no hash but that of its entries
            assert same or any(str(path) in fault for fault in faults), (path, changed)
            assert not any("\n" in fault for fault in faults)
        path.write_bytes(content)
    assert checked() == []


def checked():
    verified = Verified()
    verification.check_files(verified)
    verification.check_records(verified)
    return verified.faults


@pytest.mark.parametrize("value", [[], {"@graph": 1}, {"@graph": [1]}, {"@graph": [{"@type": "File", "@id": 3}]}])
def test_metadata_that_are_something_else_are_named(book, value):
    path = book / "models" / "quick-small" / crate.METADATA
    path.write_text(json.dumps(value))
    assert checked()[0].startswith(f"{path} is damaged (")


@pytest.mark.parametrize(
    "content", [b"[1]", b'{"provenance": 3}', b'{"provenance": {"commit": 3, "date": 1}}', b"\xff"]
)
def test_a_fresh_record_that_is_something_else_is_named(book, content):
    path = book / "book" / "results" / "mine" / "metrics.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    assert [fault for fault in checked() if fault.startswith(str(path))]


@pytest.mark.parametrize("content", [b"\xff", b'<a download="x.json" href="data:application/json;base64,A"></a>'])
def test_a_page_that_is_damaged_is_named(book, content):
    path = book / "_build" / "html" / "book" / "chapter.html"
    path.write_bytes(content)
    (fault,) = found(book).faults
    assert f"{path} is damaged" in fault
    write(book, 12)
    (book / "book" / "chapter.md").write_text("no header")
    (fault,) = found(book).faults
    assert "chapter.md or " in fault and "it has no header" in fault


def test_without_a_book_there_is_nothing_to_verify(book):
    shutil.rmtree(book / "_build")
    with pytest.raises(DataError, match="holds no book"):
        found(book)


def test_the_command_ends_with_an_error_where_something_differs(book):
    write(book, 12, shown=13)
    result = CliRunner().invoke(main, ["verify"])
    assert result.exit_code != 0
    assert "fault: " in result.output and "1 fault" in result.output
