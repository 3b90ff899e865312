"""The book's pages that every size has: one template for all of them, rendered as the first step of a Sphinx build.

Sphinx loads this module as an extension (``extra_extensions`` in ``_config.yml``), so that ``kws book`` and
``jupyter-book build .`` both find the pages. Git does not keep them: change the template, not the page.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from kwslib.config.presets import BASELINE_SIZES, SIZES
from kwslib.paths import atomic_write_text, book_dir

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

TEMPLATES = {"size.md.j2": "{size}.md", "gap8.md.j2": "gap8_{size}.md"}
"""Template in ``book/templates`` -> file name of the page that it makes for each size."""


def page_names() -> list[str]:
    """Return the file names of all pages that `write_pages` writes."""
    return [page.format(size=size) for page in TEMPLATES.values() for size in SIZES]


def render_pages(templates: Path) -> dict[str, str]:
    """Render every template for every size; what compares with the baseline stands on the pages of its sizes alone.

    Parameters
    ----------
    templates : Path
        The folder of the templates.

    Returns
    -------
    dict
        File name of a page -> its text, MyST Markdown.

    Raises
    ------
    jinja2.TemplateError
        If a template is missing or has a fault.
    """
    environment = Environment(  # no autoescape: Markdown, not HTML
        loader=FileSystemLoader(templates), undefined=StrictUndefined, keep_trailing_newline=True
    )
    return {
        page.format(size=size): environment.get_template(template).render(
            size=size, title=size.capitalize(), template=template, baseline=size in BASELINE_SIZES
        )
        for template, page in TEMPLATES.items()
        for size in SIZES
    }


def write_pages(book: Path) -> list[Path]:
    """Write the pages of every size into the book's folder; a page that is the same already is not touched.

    Parameters
    ----------
    book : Path
        The folder of the chapters, which holds ``templates``.

    Returns
    -------
    list of Path
        The pages that were written.
    """
    written = []
    for name, text in render_pages(book / "templates").items():
        path = book / name
        if not path.exists() or path.read_text() != text:
            atomic_write_text(path, text)
            written.append(path)
    return written


def _write_before_reading(app: "Sphinx", config: "Config") -> None:
    write_pages(Path(app.srcdir) / book_dir().name)


def setup(app: "Sphinx") -> dict[str, Any]:
    """Register with Sphinx: the pages are there before the table of contents is read (priority 900)."""
    app.connect("config-inited", _write_before_reading, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
