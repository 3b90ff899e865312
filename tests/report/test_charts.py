"""What a browser gets for the charts, and what a reader's pointer does with them."""

import json
import shutil

import pytest

from kwslib.paths import book_dir
from kwslib.report import charts
from kwslib.report.figures import accuracy, confusion, gap8
from kwslib.report.figures.accuracy import Point
from kwslib.report.figures.gap8 import LayerCycles
from kwslib.report.figures.picture import DARK, LIGHT
from tests.browser import chromium

POINTS = [
    Point("a", "ours", 0.90, 0.89, 0.91, 1e3, link="other.html", facts="first"),
    Point("b", "theirs", 0.85, 0.84, 0.86, 1e4),
]
LABELS = ("yes", "no")
PLAYERS = """<ol class="kws-clips"><li><audio aria-label="yes taken for no" src="data:audio/wav;base64,"></audio></ol>
<script>window.played = 0; HTMLMediaElement.prototype.play = function () { window.played += 1; };</script>"""
SCRIPTS = '<script src="tables.js"></script><script src="charts.js"></script>'
HIDDEN = "[...document.querySelectorAll('.kws-picture > img')].every((image) => image.offsetWidth === 0)"
LIVE = "document.querySelectorAll('.kws-live svg').length"
FRAME = "new Promise((done) => requestAnimationFrame(() => done()))"
"""Headless Chromium draws nothing, and so sees nothing come into view, before it is asked for a frame."""
TIP = "(document.querySelector('.kws-tip:not([hidden])') || {}).textContent || ''"
BOX = """(() => { const box = %s.getBoundingClientRect();
  return [box.left + box.width / 2, box.top + box.height / 2]; })()"""
NAMES = """[...document.querySelectorAll('#layers .kws-live text')].filter((text) => text.textContent.startsWith('S'))
  .sort((one, other) => one.getBoundingClientRect().top - other.getBoundingClientRect().top)
  .map((text) => text.textContent)"""


def test_the_script_is_written_once_and_again_when_a_theme_changes(tmp_path, monkeypatch):
    monkeypatch.setattr(charts, "script", lambda: f"{charts.head()}\nlibraries")
    assert charts.write_script(tmp_path) and not charts.write_script(tmp_path)
    monkeypatch.setattr(charts, "THEMES", (LIGHT,))
    assert charts.write_script(tmp_path)


@pytest.fixture(scope="module")
def static(tmp_path_factory):
    """The book's own script, and the libraries."""
    folder = tmp_path_factory.mktemp("static")
    for name in ("charts.js", "tables.js"):
        shutil.copy(book_dir() / "_static" / name, folder)
    shutil.copy(book_dir() / "_static" / "book.css", folder)
    charts.write_script(folder)
    return folder


def test_the_libraries_and_themes_are_one_script_of_less_than_a_megabyte(static):
    text = (static / charts.FILE).read_text()
    assert len(text.encode()) < 1e6
    assert json.dumps({"light": LIGHT.config, "dark": DARK.config}, separators=(",", ":")) in text


@pytest.fixture
def page(static, tmp_path):
    """A page with three charts, in a browser."""
    rows = [LayerCycles("S1", 5, 9), LayerCycles("S2", 50, 40), LayerCycles("S3", 20, 90)]
    pieces = {
        "cost": accuracy.accuracy_against_cost(POINTS, "cycles"),
        "matrix": confusion.matrix([[5, 2], [0, 3]], LABELS),
        "layers": gap8.layer_cycles(rows, "a", "b"),
    }
    body = "".join(f'<div id="{name}">{picture._repr_html_()}</div>' for name, picture in pieces.items())
    head = f'<html data-theme="light"><link rel="stylesheet" href="book.css">{SCRIPTS}'
    (static / "page.html").write_text(f"{head}<meta charset=utf-8><body>{body}{PLAYERS}</body></html>")
    (static / "other.html").write_text("<title>other</title>")
    with chromium(tmp_path, "--window-size=1400,2400") as opened:
        opened.open((static / "page.html").as_uri())
        opened.wait(f"{FRAME}.then(() => {LIVE} === 3)")
        yield opened
        assert opened.problems() == []


def point_at(page, element, kind="mouseMoved"):
    """Move the pointer onto an element, or press on it."""
    x, y = page.run(BOX % element)
    button = {"button": "left", "clickCount": 1} if kind != "mouseMoved" else {}
    page.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **button)


def click(page, element):
    for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
        point_at(page, element, kind)


@pytest.mark.browser
def test_charts_replace_the_still_images_and_say_what_a_mark_is(page):
    assert page.run(HIDDEN)
    assert page.run(TIP) == ""
    mark = "document.querySelectorAll('#cost .kws-live .mark-symbol.role-mark path')[0]"
    point_at(page, mark)
    assert page.wait(TIP).startswith("a, ours: 90.0 % (89.0 % to 91.0 %)\nfirst")
    assert all(address.startswith(("file:", "data:")) for address in page.requests())
    alt = page.run("document.querySelector('#cost .kws-live').getAttribute('aria-label')")
    assert "a, ours: 90.0 %" in alt


@pytest.mark.browser
def test_a_click_opens_a_networks_page(page):
    click(page, "document.querySelectorAll('#cost .kws-live .mark-symbol.role-mark path')[0]")
    page.wait("document.title === 'other'")


@pytest.mark.browser
def test_a_click_on_a_cell_plays_one_of_its_clips(page):
    cells = "[...document.querySelectorAll('#matrix .kws-live .mark-rect.role-mark path')]"
    right, wrong = f"{cells}[0]", f"{cells}[1]"
    point_at(page, wrong)
    assert page.wait(TIP).endswith("Click to hear one.")
    click(page, wrong)
    assert page.run("window.played") == 1
    click(page, right)
    assert page.run("window.played") == 1


@pytest.mark.browser
def test_layers_can_be_sorted_and_a_theme_redraws(page):
    assert page.run(NAMES) == ["S1", "S2", "S3"]
    choose = (
        "(() => {{ const box = document.querySelector('#layers select'); box.value = {}; "
        "box.dispatchEvent(new Event('change')); return true; }})()"
    )
    page.run(choose.format("'by cycles'"))
    page.wait(f"{NAMES}.join() === 'S2,S3,S1'")
    page.run(choose.format("'by ratio'"))
    page.wait(f"{NAMES}.join() === 'S3,S1,S2'")
    ink = "document.querySelector('#cost .kws-live text').getAttribute('fill')"
    assert page.run(ink) == LIGHT.ink
    page.run("document.documentElement.dataset.theme = 'dark'")
    page.wait(f"{ink} === '{DARK.ink}'")
    assert page.run(LIVE) == 3 and page.run("document.querySelectorAll('.kws-controls').length") == 1
    assert page.run(HIDDEN)


@pytest.mark.browser
def test_without_the_libraries_the_still_images_stay(static, tmp_path):
    folder = tmp_path / "static"
    shutil.copytree(static, folder, ignore=shutil.ignore_patterns(charts.FILE))
    picture = accuracy.intervals(POINTS)._repr_html_()
    (folder / "page.html").write_text(f"<meta charset=utf-8>{SCRIPTS}{picture}")
    with chromium(tmp_path) as page:
        page.open((folder / "page.html").as_uri())
        page.wait(f"{FRAME}.then(() => document.querySelector('script[src$=\"vega.js\"]') !== null)")
        assert page.run("document.querySelector('.kws-picture > img').offsetWidth") > 100
