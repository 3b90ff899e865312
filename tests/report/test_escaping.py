"""Names that would do something in a page or a table: everything that is written shows them as they are."""

import csv
import html.parser
import io
import json

import pandas as pd
import pytest

from kwslib.errors import DataError
from kwslib.report import elements, inspection_page, run_page
from kwslib.report.elements import Table
from kwslib.runs import mistakes
from kwslib.runs.mistakes import Mistake
from kwslib.speech.inspection import Finding, Inspection
from tests.sample_run import sample_run

NAMES = [
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' onmouseover='alert(1)", "&lt;b&gt; & more",
    "</code></td></table><script>", "{{ 7 * 7 }}{% raw %}", "a,b;\tc", 'say "hello"', "line\nbreak", "=1+1", "%n??/",
]  # fmt: skip


class Page(html.parser.HTMLParser):
    """What a browser would find in a page: tags, names of attributes, and text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text = set(), set(), ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.text += " ".join(value or "" for _, value in attrs)

    def handle_data(self, data):
        self.text += data


def inspection(name, folder):
    finding = Finding("unreadable", name, f"{name}/{name}.wav", f"{name} cannot be read")
    return inspection_page.html(Inspection(folder / name.replace("/", "_"), {name: {"train": 1}}, name, [finding], []))


def mistake_list(name, folder):
    run = sample_run(folder)
    found = mistakes.read(run.folder / "mistakes")[0]
    changed = Mistake(found.file, f"{name}/{name}.wav", name, name, 0.5)
    mistakes.write_record(run.folder / "mistakes" / mistakes.FILE, [changed], None)
    return run_page.mistakes(run).text


def table(name, folder):
    return Table(pd.DataFrame({name: [name], "clips": [1]}), name, name)._repr_html_()


def notes(name, folder):
    return elements.note("fresh", name, name, name).text + elements.labels([("fresh", name)]).text


def boxes(name, folder):
    return elements.bold(name).text


@pytest.mark.parametrize("write", [inspection, mistake_list, table, notes, boxes])
@pytest.mark.parametrize("name", NAMES)
def test_a_page_shows_a_name_and_does_nothing(name, write, tmp_path):
    page = Page(write(name, tmp_path))
    assert name in page.text
    assert "script" not in page.tags and "img" not in page.tags
    assert not {attribute for attribute in page.attributes if attribute.startswith("on")}


@pytest.mark.parametrize("name", NAMES)
def test_a_table_is_read_as_it_was_written(name):
    made = Table(pd.DataFrame({name: [name, "x"], "clips": [1, 2]}), "t")
    assert list(csv.reader(io.StringIO(made.csv, newline=""))) == [[name, "clips"], [name, "1"], ["x", "2"]]
    assert json.loads(made.json) == [{name: name, "clips": 1}, {name: "x", "clips": 2}]
    (row,) = csv.DictReader(io.StringIO(mistakes.csv_text([Mistake("a.wav", name, name, name, 0.5)]), newline=""))
    assert row["name"] == row["label"] == row["winner"] == name


@pytest.mark.parametrize("file", ["../metrics.json", "/etc/passwd", "a/b.wav", ".."])
def test_a_list_of_mistakes_names_files_beside_it_alone(file, tmp_path):
    mistakes.write_record(tmp_path / mistakes.FILE, [Mistake(file, "n", "yes", "no", 0.5)], None)
    with pytest.raises(DataError, match="which is no file beside it"):
        mistakes.read(tmp_path)
