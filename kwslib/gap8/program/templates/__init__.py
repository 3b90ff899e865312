"""Templates of the text files in a C project, and how they are filled in."""

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("kwslib.gap8.program"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def render(name: str, **values: Any) -> str:
    """Return the text of a file.

    Parameters
    ----------
    name : str
        Of the file; the template has the same name, followed by ``.j2``.
    **values
        What the template names.
    """
    return _environment().get_template(f"{name}.j2").render(**values)
