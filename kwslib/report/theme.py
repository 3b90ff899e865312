"""What the book's theme loads on every page, and this book does not need.

Sphinx loads this module as an extension (``extra_extensions`` in ``_config.yml``).

* Thebe runs code on another host. The book has no button for it; its scripts, which are there twice, end in an error.
* The theme brings its icons twice, as a font and as a script. The font is enough, and the script is larger than
  everything else together.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

UNUSED = "thebe"
"""Scripts with this word in their name or text are not loaded."""
ICONS = Path("_static", "scripts", "fontawesome.js")
EMPTY = "// The icons come from the font.\n"


def kept(scripts: Iterable[Any]) -> list[Any]:
    """Return the scripts that a page shall load, each of them once.

    Parameters
    ----------
    scripts : iterable
        As Sphinx gives them to a page: with ``filename``, which may be None, and ``attributes``, maybe with ``body``.
    """
    found: dict[tuple[str, str], Any] = {}
    for script in scripts:
        found.setdefault((str(script.filename), script.attributes.get("body", "")), script)
    return [script for key, script in found.items() if UNUSED not in " ".join(key).lower()]


def empty_icons(html: Path) -> bool:
    """Empty the script of icons in a built book; return whether it was there."""
    path = html / ICONS
    if not path.exists():
        return False
    path.write_text(EMPTY)
    return True


def _choose(app: "Sphinx", name: str, template: str, context: dict[str, Any], document: object) -> None:
    context["script_files"] = kept(context["script_files"])


def _finish(app: "Sphinx", exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html":
        empty_icons(Path(app.outdir))


def setup(app: "Sphinx") -> dict[str, Any]:
    """Register with Sphinx: after everything else has added its scripts (priority 900), and after the build."""
    app.connect("html-page-context", _choose, priority=900)
    app.connect("build-finished", _finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
