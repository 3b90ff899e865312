"""The page *Try it*: the released networks listen in the reader's browser.

Sphinx loads this module as an extension (``extra_extensions`` in ``_config.yml``): what the page needs is written into
the book's static folder before the build begins. Git does not keep it.
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from kwslib.config.presets import SIZES
from kwslib.paths import atomic_path, book_dir
from kwslib.release import release
from kwslib.report import web_page
from kwslib.report.elements import Html, Markdown, Table
from kwslib.runs import networks

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

STATIC, FOLDER = "_static", "listen"
"""Below ``book/``; Sphinx copies what lies in the first one beside the pages."""
CAPTION = (
    "What a browser loads for each network: WebAssembly with the weights in it, in base64, and the program of the page"
)
NOTHING = Markdown("No network is released yet, so there is nothing to try.")


def sizes() -> list[str]:
    """Return the sizes of the networks that are released."""
    return [size for size in SIZES if release.released(size)]


def write_assets(book: Path) -> Path | None:
    """Write what the page needs; return the folder, or None if no network is released.

    Parameters
    ----------
    book : Path
        The folder of the chapters.

    Raises
    ------
    kwslib.errors.KwsError
        If a network cannot be compiled.
    """
    found = {size: networks.released(size) for size in sizes()}
    if not found:
        return None
    folder = book / STATIC / FOLDER
    folder.parent.mkdir(exist_ok=True)
    with atomic_path(folder) as temporary:
        temporary.mkdir()
        web_page.write_assets(found, web_page.own_clips(), web_page.CLIPS_SOURCE, temporary)
    return folder


def app() -> Html | Markdown:
    """Return the application; a sentence where no network is released."""
    return web_page.fragment(f"../{STATIC}/{FOLDER}/") if sizes() else NOTHING


def table() -> Table | Markdown:
    """Say how much a browser loads for each network; nothing where none is released."""
    names = sizes()
    if not names:
        return Markdown("")
    rows = [
        {
            "network": name,
            "network, bytes": _bytes(web_page.network_file(name)),
            "page, bytes": _bytes(*web_page.SHARED),
        }
        for name in names
    ]
    frame = pd.DataFrame(rows)
    frame["test clips, bytes"] = _bytes(web_page.CLIPS_SCRIPT)
    frame["all, bytes"] = frame.drop(columns="network").sum(axis=1)
    return Table(frame, "page_that_listens", CAPTION)


@cache
def _bytes(*names: str) -> int:
    return sum((book_dir() / STATIC / FOLDER / name).stat().st_size for name in names)


def _write_before_reading(app: "Sphinx", config: "Config") -> None:
    write_assets(Path(app.srcdir) / book_dir().name)


def setup(app: "Sphinx") -> dict[str, Any]:
    """Register with Sphinx: the files are there before it looks for static ones."""
    app.connect("config-inited", _write_before_reading, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
