"""What a browser needs for the book's charts: Vega, Vega-Lite and Vega-Embed in one file, and the two themes.

Sphinx loads this module as an extension (``extra_extensions`` in ``_config.yml``). The file is written into the book's
static folder before the build begins; git does not keep it. ``book/_static/charts.js`` loads it on the pages that have
charts. It comes from the package vl-convert, which also draws the still images, so nothing is fetched from a network.
"""

import json
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import vl_convert

from kwslib.paths import atomic_write_text, book_dir
from kwslib.report.figures.picture import THEMES, VEGA_LITE

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

FILE = "vega.js"
SNIPPET = "window.kwsEmbed = vegaEmbed;"
"""What the pages use; the bundle leaves out what that does not need."""
LICENCE = "Vega and Vega-Lite, BSD 3-Clause, University of Washington Interactive Data Lab; bundled by vl-convert"


def script() -> str:
    """Return the libraries and the themes as one script without imports; it takes seconds."""
    libraries = vl_convert.javascript_bundle(SNIPPET, vl_version=VEGA_LITE)
    themes = json.dumps({theme.name: theme.config for theme in THEMES}, separators=(",", ":"))
    # The bundle is a module: in a function of its own its names stay away from the page's.
    return f'{head()}\n(() => {{"use strict";{libraries}\nwindow.kwsThemes = {themes};}})();\n'


def head() -> str:
    """Return the first line of the script, which says what it was made from."""
    return f"/* {LICENCE} {version('vl-convert-python')}, Vega-Lite {VEGA_LITE}; made from {_hash()} */"


def _hash() -> str:
    """A short hash of what decides the file here, so that a changed colour makes a new one."""
    return sha256(repr([SNIPPET, [theme.config for theme in THEMES]]).encode()).hexdigest()[:12]


def write_script(static: Path) -> bool:
    """Write the script into the static folder, unless the same one is there; return whether it was written."""
    path = static / FILE
    if path.exists() and path.read_text().split("\n", 1)[0] == head():
        return False
    static.mkdir(exist_ok=True)
    atomic_write_text(path, script())
    return True


def _write_before_reading(app: "Sphinx", config: "Config") -> None:
    write_script(Path(app.srcdir) / book_dir().name / "_static")


def setup(app: "Sphinx") -> dict[str, Any]:
    """Register with Sphinx: the file is there before it looks for static ones."""
    app.connect("config-inited", _write_before_reading, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
