import html
import re
from pathlib import Path

import pytest
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

from kwslib.report import glossary
from kwslib.report.pages import NAMES, NUMBER

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = {path.stem: path.read_text() for path in sorted((ROOT / "book").glob("*.md"))}
CHAPTERS |= {path.stem: path.read_text() for path in sorted((ROOT / "book" / "templates").glob("*.j2"))}
TERMS = re.findall(r"^(?!:)(\S.*)$", re.search(r"```\{glossary\}\n(.*?)```", CHAPTERS["glossary"], re.S)[1], re.M)

WORDS = """# Words

See {term}`hop` in the glossary itself.

```{glossary}
hop
stride
  The time between two *decisions*,
  and {term}`tile` is "another" <word>.

tile
  A part of a map.
```
"""
PAGE = """# Page

A {term}`hop`, two {term}`tiles <tile>`, a {term}`stride`, and [a link](words.md).
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    source = tmp_path_factory.mktemp("source")
    (source / "conf.py").write_text("")
    (source / "index.md").write_text(PAGE)
    (source / "words.md").write_text("---\norphan: true\n---\n" + WORDS)
    extensions = ["myst_parser", "kwslib.report.glossary"]
    out = source / "out"
    with docutils_namespace():
        app = Sphinx(source, source, out, out / "trees", "html", {"extensions": extensions}, status=None)
        app.build()
    assert app.statuscode == 0
    return {path.stem: path.read_text() for path in out.glob("*.html")}


def links(page):
    """Text of each link to a term -> its title, unescaped."""
    found = re.findall(r"<a ([^>]*)><span class=\"xref std std-term\">([^<]*)</span></a>", page)
    return {
        text: html.unescape(titles[0]) if (titles := re.findall(r'title="([^"]*)"', tag)) else "" for tag, text in found
    }


def test_a_reference_to_a_term_has_its_definition_as_title(built):
    hop = "The time between two decisions, and tile is “another” <word>."
    assert links(built["index"]) == {"hop": hop, "tiles": "A part of a map.", "stride": hop}


def test_so_has_one_in_the_glossary_itself(built):
    assert set(links(built["words"])) == {"hop", "tile"}
    assert links(built["words"])["tile"] == "A part of a map."


def test_other_links_have_no_title(built):
    assert '<a class="reference internal" href="words.html"><' in built["index"]


def test_a_reference_to_what_no_glossary_defines_stays_as_it_is():
    document = nodes.document(None, None)
    reference = nodes.reference(
        "", "", nodes.inline("", "word", classes=["xref", "std", "std-term"]), refuri="a.html#b"
    )
    document += nodes.paragraph("", "", reference)
    assert glossary.explain(document, {"c": "a meaning"}) == 0
    assert "reftitle" not in reference
    assert glossary.explain(document, {"b": "a meaning"}) == 1
    assert reference["reftitle"] == "a meaning"


@pytest.mark.parametrize("stem", CHAPTERS)
def test_chapters_use_terms_that_the_glossary_defines(stem):
    used = re.findall(r"\{term\}`(?:[^`<]*<)?([^`<>]*)>?`", CHAPTERS[stem])
    assert not [term for term in used if term not in TERMS]


def test_the_glossary_is_used():
    text = "".join(CHAPTERS.values())
    assert len(re.findall(r"\{term\}`", text)) > 30
    assert len(TERMS) > 30


def test_no_result_is_typed_into_the_glossary():
    text = CHAPTERS["glossary"].split("---\n", 2)[2]
    for name in NAMES:
        text = text.replace(name, "")
    assert not NUMBER.findall(re.sub(r"\]\([^)]*\)", "", text))
