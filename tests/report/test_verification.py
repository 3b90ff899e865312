import json
import shutil

import pytest
from click.testing import CliRunner

from kwslib.cli.main import main
from kwslib.errors import DataError
from kwslib.release import crate
from kwslib.report import verification
from kwslib.report.verification import Verified
from tests.sample_run import sample_run

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


def test_without_a_book_there_is_nothing_to_verify(book):
    shutil.rmtree(book / "_build")
    with pytest.raises(DataError, match="holds no book"):
        found(book)


def test_the_command_ends_with_an_error_where_something_differs(book):
    write(book, 12, shown=13)
    result = CliRunner().invoke(main, ["verify"])
    assert result.exit_code != 0
    assert "fault: " in result.output and "1 fault" in result.output
