"""That `tests/browsing.py` finds what it looks for: a good page, and pages with a fault each."""

import random

import pytest

from tests import browsing

pytestmark = pytest.mark.browser

PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>A page</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
<script>document.documentElement.dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
</script></head><body style="margin: 0"><main><h1>A page</h1>BODY</main></body></html>"""
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
GOOD = """<p id="here">Text, <a href="#here">a link</a>, <a href="good.html#here">another</a>, and
<a href="https://x.y/z">far away</a></p><img src="a.svg" alt="Nothing">
<div style="overflow-x: auto" tabindex="0"><div style="width: 5000px">wide</div></div>
<audio controls src="data:audio/wav;base64,SOUND"></audio>"""
FAULTS = {
    "says.html": ("<script>console.error('out of tune')</script>", "console: ", "out of tune"),
    "throws.html": ("<script>throw new Error('out of reach')</script>", "console: ", "out of reach"),
    "picture.html": ('<img src="gone.png" alt="Gone">', "no picture: ", "gone.png"),
    "file.html": ('<script src="gone.js"></script>', "does not come: ", "gone.js"),
    "host.html": ('<script async src="http://127.0.0.1:9/far.js"></script>', "asks another host: ", "far.js"),
    "wide.html": ('<div style="width: 1500px">wide</div>', "scrolls sideways", "1500 pixels"),
    "heavy.html": ('<script src="heavy.js"></script>', "loads 2,", "bytes"),
    "dark.html": ('<img class="only-dark" src="a.svg" alt="Dark">', "is light, with pictures", "only-dark"),
    "pale.html": ('<p style="color: #bbb; background: #fff">pale</p>', "axe, color-contrast", "#bbbbbb"),
    "alt.html": ('<img src="a.svg">', "axe, image-alt", "alt"),
    "page.html": ('<a href="gone.html">gone</a>', "leads to gone.html, which is not there", ""),
    "drawing.html": (
        '<svg viewBox="0 0 9 9"><a href="gone.html" aria-label="gone"><path d="M0 0h9"/></a></svg>',
        "leads to gone.html, which is not there",
        "",
    ),
    "anchor.html": ('<a href="good.html#gone">gone</a>', "leads to good.html#gone, which is not there", ""),
}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Faults of a site, a line each."""
    folder, scratch = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("browser")
    (folder / "a.svg").write_text(SVG)
    letters = "".join(random.Random(0).choices("0123456789abcdef", k=4_500_000))
    (folder / "heavy.js").write_text(f"// {letters}")
    (folder / "good.html").write_text(PAGE.replace("BODY", GOOD.replace("SOUND", "A" * 1000)))
    for name, (body, _, _) in FAULTS.items():
        (folder / name).write_text(PAGE.replace("BODY", body))
    (folder / "index.html").write_text('<meta http-equiv="Refresh" content="0; url=good.html">')
    (folder / "_static").mkdir()
    (folder / "_static" / "part.html").write_text('<img src="gone.png">')
    return browsing.faults(folder, scratch)


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_found(found, name):
    _, text, detail = FAULTS[name]
    lines = [line for line in found if line.startswith(name)]
    assert any(text in line and detail in line for line in lines), lines


def test_a_good_page_has_no_fault_and_parts_of_pages_are_left_out(found):
    assert not [line for line in found if not line.startswith(tuple(FAULTS))]


def test_faults_name_width_and_scheme(found):
    assert [line for line in found if line.startswith("wide.html, 390 px, dark: ")]
    assert [line for line in found if line.startswith("dark.html, ")] == [
        f"dark.html, {width} px, light: is light, with pictures ['only-dark']" for width in (1440, 390)
    ]


def test_sound_inside_of_a_page_weighs_nothing(tmp_path):
    sound = "".join(random.Random(0).choices("0123456789abcdef", k=100_000))
    (tmp_path / "silent.html").write_text("<p>text</p>")
    (tmp_path / "player.html").write_text(f'<p>text</p><audio src="data:audio/wav;base64,{sound}">')
    (tmp_path / "text.html").write_text(f"<p>{sound}</p>")
    silent, player, text = (browsing.transferred(tmp_path / f"{name}.html") for name in ("silent", "player", "text"))
    assert silent < player < silent + 50
    assert 40_000 < text < 100_000
