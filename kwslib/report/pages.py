"""What stands on the book's pages: the code of a chapter, its prose, and the tables of a built page."""

import base64
import html
import re
from pathlib import Path

CODE = re.compile(r"^```\{code-cell\}[^\n]*\n(?:---\n.*?^---\n|(?::[^\n]*\n)*)(.*?)^```$", re.S | re.M)
TABLE_JSON = re.compile(r'download="([^"]+\.json)" href="data:application/json;base64,([^"]+)"')
NUMBER = re.compile(r"\d+[.,]\d+|\d{3,}|\d+ ?%")
"""What looks like a result in prose."""
NAMES = ("ASAP 2018", "v0.02", "95 %", "Warden 2018")
"""Numbers that are names, or part of a method, and no results."""


def code_cells(chapter: str) -> list[str]:
    """Return the code of a chapter in MyST Markdown, a text a cell."""
    return [code.strip() for code in CODE.findall(chapter)]


def prose(chapter: str) -> str:
    """Return a chapter without its header, its cells, its code, its links and what is glued into it.

    Raises
    ------
    ValueError
        If it has no header.
    """
    *header, text = chapter.split("---\n", 2)
    if len(header) < 2:
        raise ValueError("it has no header")
    text = re.sub(r"^```\{?.*?^```$", "", text, flags=re.S | re.M)
    return re.sub(r"\{[a-z:]+\}`[^`]*`|`[^`]*`|\]\([^)]*\)", "", text)


def typed_numbers(chapter: str) -> list[str]:
    """Return the numbers in a chapter's prose that nothing computed; raises as `prose`."""
    text = prose(chapter)
    for name in NAMES:
        text = text.replace(name, "")
    return NUMBER.findall(text)


def tables(page: str) -> dict[str, str]:
    """Return the tables in HTML that carry themselves as JSON: name -> JSON.

    Raises
    ------
    ValueError
        If one is no Base64 of a text.
    """
    return {html.unescape(name): base64.b64decode(data).decode() for name, data in TABLE_JSON.findall(page)}


def visible_text(page: str) -> str:
    """Return the text of a page, spaces made one."""
    text = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())


def chapters(book: Path) -> list[Path]:
    """Return the chapters of a book's folder, those rendered from templates included."""
    return sorted(book.glob("*.md"))
