"""The glossary where its words are used: a word that refers to it says what it means when a reader points at it.

Sphinx loads this module as an extension (``extra_extensions`` in ``_config.yml``). The chapter *Glossary* is the one
source: the definition goes into the ``title`` of each reference, which a browser shows without any script.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from docutils import nodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

ROLE_CLASS = "std-term"
"""Class that Sphinx gives to the text of the role ``term``."""


def definitions(document: nodes.document) -> dict[str, str]:
    """Return what a document defines in glossaries: the anchor of each term -> the text of its definition, on one line.

    Terms that share a definition have the same text.
    """
    found = {}
    for item in document.findall(nodes.definition_list_item):
        text = " ".join(" ".join(part.astext() for part in item.findall(nodes.definition)).split())
        for term in item.findall(nodes.term):
            found.update(dict.fromkeys(term["ids"], text))
    return found


def _references(document: nodes.document) -> Iterator[nodes.reference]:
    for reference in document.findall(nodes.reference):
        if any(ROLE_CLASS in part.get("classes", ()) for part in reference.findall(nodes.Element)):
            yield reference


def explain(document: nodes.document, meanings: dict[str, str]) -> int:
    """Give each reference to a term the definition as its ``title``; return how many got one.

    Parameters
    ----------
    document : docutils.nodes.document
        With its references resolved; it is changed.
    meanings : dict
        As `definitions` returns it.
    """
    done = 0
    for reference in _references(document):
        anchor = reference.get("refid") or reference.get("refuri", "").rpartition("#")[2]
        if anchor in meanings:
            reference["reftitle"] = meanings[anchor]
            done += 1
    return done


def _meanings(environment: "BuildEnvironment") -> dict[str, str]:
    places = environment.get_domain("std").get_objects()
    documents = sorted({document for _, _, kind, document, _, _ in places if kind == "term"})
    return {anchor: text for name in documents for anchor, text in definitions(environment.get_doctree(name)).items()}


def _explain_page(app: "Sphinx", document: nodes.document, name: str) -> None:
    if any(True for _ in _references(document)):
        explain(document, _meanings(app.env))


def setup(app: "Sphinx") -> dict[str, Any]:
    """Register with Sphinx: pages are changed once their references are resolved."""
    app.connect("doctree-resolved", _explain_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
