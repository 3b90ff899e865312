import base64
import io
import json
import re

import pandas as pd
import pytest
from docutils import nodes
from docutils.utils import new_document
from sphinx.search import WordCollector
from sphinx.search.en import SearchEnglish

from kwslib import subproc
from kwslib.paths import book_dir
from kwslib.report import elements
from kwslib.report.elements import Html, Table
from tests.browser import chromium, program


def texts(html):
    return re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", html)


def download(html, name):
    return base64.b64decode(re.search(rf'download="{name}" href="data:[a-z/]+;base64,([^"]+)"', html)[1]).decode()


def test_a_table_shows_shares_counts_and_intervals():
    frame = pd.DataFrame(
        {"who": ["a", "b"], "clips": [4890, 12], "correct": [4362, 6], "accuracy": [0.89202, 0.5]}
        | {"low": [0.883, 0.25], "high": [0.9, 0.75], "MACs": [2656768, 5], "bytes": [None, 7.0]}
    )
    assert texts(Table(frame, "t", "cap")._repr_html_()) == [
        *("who", "correct", "accuracy", "95 % interval", "MACs", "bytes"),
        *("a", "4\u202f362 of 4\u202f890", "89.20 %", "88.30–90.00 %", "2\u202f656\u202f768", "–"),
        *("b", "6 of 12", "50.00 %", "25.00–75.00 %", "5", "7"),
    ]


def test_the_search_finds_the_words_of_a_table():
    """Sphinx strips the tags of raw HTML, and indexes what is left."""
    frame = pd.DataFrame({"layer": ["pointwise 1", "pool"], "kernel": ["conv", "sum"], "cycles": [29000, 1583]})
    html = nodes.raw("", Table(frame, "layers", "Layers of small")._repr_html_(), format="html")
    document = new_document("page")
    document += html
    found = WordCollector(document, SearchEnglish({}))
    document.walk(found)
    assert {"small", "layer", "kernel", "pointwise", "pool", "conv", "sum"} <= set(found.found_words)


def test_a_table_brings_its_numbers_along_in_full():
    frame = pd.DataFrame({"who": ["a", "ü, b"], "accuracy": [1 / 3, 0.5], "count": [1, 2]})
    html = Table(frame, "numbers")._repr_html_()
    back = pd.read_csv(io.StringIO(download(html, "numbers.csv")))
    pd.testing.assert_frame_equal(back, frame, check_dtype=False)
    records = json.loads(download(html, "numbers.json"))
    assert [row["who"] for row in records] == ["a", "ü, b"]
    assert records[0]["accuracy"] == pytest.approx(1 / 3, abs=1e-14)


def test_a_table_does_not_let_text_become_markup():
    html = Table(pd.DataFrame({"<i>": ["<script>"]}), "x", '"><b>')._repr_html_()
    assert "<script>" not in html
    assert "<b>" not in html
    assert "<i>" not in html


def test_numbers_and_dates_stay_on_one_line():
    assert elements.count(2_656_768) == "2\u202f656\u202f768"
    assert elements.millions(2_656_768) == "2.66 M"
    assert elements.unbroken("2026-11-23 23:22") == "2026\u201111\u201123\u00a023:22"


def test_names_stay_on_one_line_and_long_words_may_break():
    words = ["a" * 40, "many short words that can break anyway, between words", "quick-small"]
    shown = Table(pd.DataFrame({"hash": words}), "t")._repr_html_()
    assert re.findall(r"<td([^>]*)>", shown) == [' class="long"', "", ' class="name"']


def test_another_table_can_be_shown_than_is_downloaded():
    html = Table(pd.DataFrame({"raw": [0.123456]}), "t", shown=pd.DataFrame({"seen": ["12 %"]}))._repr_html_()
    assert texts(html) == ["seen", "12 %"]
    assert download(html, "t.csv") == "raw\n0.123456\n"


def test_a_table_of_many_columns_is_set_tighter():
    frame = pd.DataFrame({"a": [1]})
    assert 'class="kws-table dense" id="table-t"' in Table(frame, "t", dense=True)._repr_html_()
    assert 'class="kws-table" id="table-t"' in Table(frame, "t")._repr_html_()


def test_a_table_is_written_as_its_links_have_it(tmp_path):
    table = Table(pd.DataFrame({"a": [1 / 3]}), "t")
    table.save(tmp_path, "kept")
    shown = table._repr_html_()
    assert (tmp_path / "kept.csv").read_text() == download(shown, "t.csv")
    assert (tmp_path / "kept.json").read_text() == download(shown, "t.json")


def test_two_columns_are_one_where_both_are_there():
    columns = Table(pd.DataFrame({"low": [0.25], "high": [0.5], "correct": [3]}), "t").columns()
    assert [(column.head, column.texts, column.numeric) for column in columns] == [
        ("95 % interval", ["25.00–50.00 %"], True),
        ("correct", ["3"], True),
    ]


def test_values_in_a_template_are_escaped_and_html_is_not():
    inner = elements.fill("<code>{{ name }}</code>", name="<script>")
    assert inner.text == "<code>&lt;script&gt;</code>"
    assert elements.fill("<p>{{ inner }}</p>", inner=inner).text == f"<p>{inner.text}</p>"


def test_a_note_has_its_state_head_label_and_text():
    text = elements.note("fresh", "Fresh", "a < b", "speech & noise").text
    assert text == (
        '<div class="kws-note fresh"><p><strong>Fresh</strong> '
        '<span class="kws-label">speech &amp; noise</span> a &lt; b</p></div>'
    )
    assert "kws-label" not in elements.note("recorded", "Recorded", Html("<b>x</b>")).text


def test_labels_stand_in_one_line():
    assert elements.labels([("fresh", "one"), ("recorded", "<two>")]).text == (
        '<p class="kws-badges"><span class="kws-label fresh">one</span> '
        '<span class="kws-label recorded">&lt;two&gt;</span></p>'
    )


@pytest.mark.browser
def test_a_readers_click_sorts_a_table_and_the_total_stays_last(tmp_path):
    browser = program()
    frame = pd.DataFrame({"layer": ["a", "b", "c", "d", "Total"], "cycles": [1200, 30, None, 50, 1280]})
    script = (book_dir() / "_static" / "tables.js").read_text()
    clicks = """document.addEventListener("DOMContentLoaded", () => {
      const order = () => [...document.querySelectorAll("tbody tr")].map((row) => row.cells[0].textContent).join(" ");
      const head = document.querySelectorAll("th button")[1];
      const seen = [order()];
      for (const turn of [1, 2]) { head.click(); seen.push(order()); }
      document.body.append(seen.join(" | "));
    });"""
    page = tmp_path / "table.html"
    page.write_text(f"<body>{Table(frame, 't')._repr_html_()}<script>{script}{clicks}</script></body>")
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'browser'}", "--dump-dom"]
    shown = subproc.run([browser, *options, page.as_uri()], timeout_s=300).stdout
    assert "a b c d Total | b d a c Total | a d b c Total" in shown


@pytest.mark.browser
def test_a_table_too_wide_for_its_place_can_be_scrolled_from_the_keyboard(tmp_path):
    frame = pd.DataFrame({f"column {number}": ["some words", "and others"] for number in range(9)})
    folder = book_dir() / "_static"
    style, script = (folder / "book.css").read_text(), (folder / "tables.js").read_text()
    path = tmp_path / "table.html"
    path.write_text(f"<style>{style}</style>{Table(frame, 't')._repr_html_()}<script>{script}</script>")
    stop = "document.querySelector('.kws-scroll').getAttribute('tabindex')"
    with chromium(tmp_path) as page:
        for width, wanted in ((390, "=== '0'"), (3000, "=== null"), (390, "=== '0'")):
            page.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False)
            if page.run("location.href") == "about:blank":
                page.open(path.as_uri())
            page.wait(f"{stop} {wanted}")
