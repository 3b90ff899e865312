"""How to cite the project, and what it stands on: BibTeX from ``CITATION.cff``."""

import re
from typing import Any

import yaml

from kwslib.errors import DataError
from kwslib.files import read_regular
from kwslib.paths import project_root
from kwslib.provenance import commit
from kwslib.report.elements import Markdown

FILE = "CITATION.cff"
KINDS = {"article": "article", "software": "software"}
"""CFF's types, and the entry types of BibTeX (biblatex has ``software``)."""
SPECIAL = re.compile(r"([&%$#_{}])")


def bibtex() -> Markdown:
    """Return entries for the project, with the commit that this book was built from, and for its references.

    Raises
    ------
    DataError
        If ``CITATION.cff`` is missing or damaged.

    Examples
    --------
    >>> print(bibtex().text.splitlines()[1])
    @software{kws-gap8,
    """
    path = project_root() / FILE
    try:
        cited = yaml.safe_load(read_regular(path).decode())
        own = {**cited, "key": "kws-gap8", "year": str(cited["date-released"])[:4]}
        own["notes"] = f"Version {cited['version']}, commit {commit()[0][:10]}"
        entries = [_entry(own), *(_entry(reference) for reference in cited["references"])]
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"cannot read {path} ({reason}): restore it from the repository") from error
    return Markdown("```bibtex\n" + "\n\n".join(entries) + "\n```")


def _entry(cited: dict[str, Any]) -> str:
    authors = [_author(one) for one in cited["authors"]]
    first = re.sub(r"\W", "", cited["authors"][0].get("family-names") or cited["title"].split()[0].rstrip(","))
    values = {
        "title": "{" + SPECIAL.sub(r"\\\1", cited["title"]) + "}",  # a second pair keeps its capitals
        "author": " and ".join(authors),
        "year": cited.get("year"),
        "url": cited.get("url") or cited.get("repository-code"),
        "note": SPECIAL.sub(r"\\\1", cited.get("notes", "")),
    }
    lines = [f"  {name} = {{{value}}}," for name, value in values.items() if value]
    key = cited.get("key") or f"{first.lower()}{cited.get('year', '')}"
    return "\n".join([f"@{KINDS[cited['type']]}{{{key},", *lines, "}"])


def _author(one: dict[str, str]) -> str:
    if "family-names" in one:
        return f"{one['family-names']}, {one['given-names']}"
    return "{" + SPECIAL.sub(r"\\\1", one["name"]) + "}"  # no first name, whatever its spaces
