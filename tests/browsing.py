"""Every page of a built book in a real browser: what a reader would find broken.

``python -m tests.browsing _build/html`` looks at a book that was built.
"""

import functools
import gzip
import importlib.util
import re
import sys
import tempfile
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

from tests.browser import chromium, served

AXE = "axe_core_python"
"""A package on PyPI that has axe-core; its script is all that is needed of it."""
WORST = ("serious", "critical")
LIMIT_BYTES = 1_500_000
"""Of all that a page loads the first time, as it is sent, without what players play."""
COMPRESSED, GZIP_LEVEL = (".html", ".js", ".css", ".svg", ".json", ".txt"), 6
"""What web hosts compress, GitHub's pages among them, and zlib's usual level."""
COLOUR_RULES = ["color-contrast", "link-in-text-block"]
"""Rules of axe whose answer depends on the colours, and hardly on the width. They take longest."""


@dataclass(frozen=True)
class Screen:
    width: int
    scheme: str


SCREENS = tuple(Screen(*pair) for pair in product((1440, 390), ("light", "dark")))
ASKED = {
    Screen(1440, "light"): "",
    Screen(1440, "dark"): f", runOnly: {COLOUR_RULES}",
    Screen(390, "light"): f", rules: {{{', '.join(f'{rule!r}: {{enabled: false}}' for rule in COLOUR_RULES)}}}",
}
"""Screen -> what axe is asked there: each rule once for each width, and those of colours once for each scheme."""

FACTS = """(() => {
  const shown = [...document.images].filter((image) => image.getClientRects().length > 0);
  return {
    width: document.documentElement.scrollWidth,
    scheme: document.documentElement.dataset.theme || null,
    broken: shown.filter((image) => !image.naturalWidth).map((image) => image.src.slice(0, 100)),
    schemes: [...new Set(shown.flatMap((image) => [...image.classList].filter((name) => name.startsWith('only-'))))],
    anchors: [...document.querySelectorAll('[id], a[name]')].map((element) => element.id || element.name),
    links: [...document.querySelectorAll('a[href], area[href]')].map((link) => link.getAttribute('href'))
      .filter((address) => !address.startsWith('data:')).map((address) => new URL(address, document.baseURI).href),
  };
})()"""
SCROLL = """(async () => {
  for (const y of [document.body.scrollHeight, 0]) {
    window.scrollTo(0, y);
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  }
  await Promise.all([...document.images].filter((image) => image.loading === 'lazy' && !image.complete)
    .filter((image) => image.getClientRects().length > 0).map((image) => image.decode().catch(() => 0)));
})()"""
JUDGE = """(async () => {
  const found = await axe.run(document, {resultTypes: ['violations'], preload: false ASKED});
  const why = (node) => [...node.any, ...node.all, ...node.none].map((check) => check.message).join('; ');
  return found.violations.map((rule) => ({
    id: rule.id, impact: rule.impact, nodes: rule.nodes.map((node) => [node.target.join(' '), why(node)]),
  }));
})()"""


@functools.cache
def axe():
    """Return the script of axe-core, or None where it is not installed."""
    found = importlib.util.find_spec(AXE)
    return Path(found.origin).with_name("axe.min.js").read_text() if found else None


def pages_of(folder):
    """Return the addresses of a book's pages below its folder, without those that only lead to another one."""
    paths = sorted(path for path in folder.rglob("*.html") if not path.relative_to(folder).parts[0].startswith("_"))
    return [path.relative_to(folder).as_posix() for path in paths if 'http-equiv="Refresh"' not in path.read_text()]


@functools.cache
def transferred(path):
    """Return the bytes of a file as web hosts send it: text is compressed. The sound inside of a page is left out."""
    data = path.read_bytes()
    if path.suffix == ".html":
        data = re.sub(rb"data:audio/[^\"']*", b"", data)
    return len(gzip.compress(data, GZIP_LEVEL)) if path.suffix in COMPRESSED else len(data)


def weight(events, folder, root):
    """Return the bytes of all files of the book that were loaded, without those that players play."""
    asked = [p for method, p in events if method == "Network.responseReceived" and p["type"] != "Media"]
    names = {p["response"]["url"].removeprefix(f"{root}/") for p in asked if p["response"]["url"].startswith(root)}
    paths = {folder / unquote(re.sub(r"[?#].*", "", name)) for name in names}
    return sum(transferred(path) for path in paths if path.is_file())


def missing(events, root):
    """Return what was asked for and did not come, and what was asked of another host."""
    asked = {p["requestId"]: p["request"]["url"] for method, p in events if method == "Network.requestWillBeSent"}
    failed = [p["requestId"] for m, p in events if m == "Network.loadingFailed" and not p.get("canceled")]
    failed += [p["requestId"] for m, p in events if m == "Network.responseReceived" and p["response"]["status"] >= 400]
    faults = [f"does not come: {asked.get(name, name)}" for name in failed]
    here = (root, "data:", "blob:", "about:")
    return faults + [f"asks another host: {address}" for address in asked.values() if not address.startswith(here)]


def findings(page, screen):
    """Return what axe finds serious or critical."""
    if screen not in ASKED:
        return []
    found = [rule for rule in page.run(JUDGE.replace("ASKED", ASKED[screen])) if rule["impact"] in WORST]
    return [
        f"axe, {rule['id']} ({rule['impact']}, {len(rule['nodes'])} times): {place}: {why}"
        for rule in found
        for place, why in rule["nodes"][:3]
    ]


def look(page, folder, root, name, screen):
    """Open a page of the book on a screen; return its faults, its links and its anchors."""
    page.call(
        "Emulation.setDeviceMetricsOverride",
        width=screen.width,
        height=900,
        deviceScaleFactor=1,
        mobile=screen.width < 600,
    )
    page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": screen.scheme}])
    first = page.open_quietly(f"{root}/{name}")
    page.run(SCROLL)
    facts = page.run(FACTS)
    events = page.events[first:]
    faults = [f"console: {text}" for text in page.problems(first)]
    faults += missing(events, root)
    faults += [f"no picture: {source}" for source in facts["broken"]]
    if facts["width"] > screen.width:
        faults.append(f"scrolls sideways, {facts['width']} pixels wide")
    if facts["scheme"] not in (screen.scheme, None) or set(facts["schemes"]) - {f"only-{screen.scheme}"}:
        faults.append(f"is {facts['scheme']}, with pictures {facts['schemes']}")
    if (size := weight(events, folder, root)) > LIMIT_BYTES:
        faults.append(f"loads {size:,} bytes")
    faults += findings(page, screen)
    return faults, facts["links"], facts["anchors"]


def broken_links(folder, root, links, anchors):
    """Return the links that lead nowhere in the book; `links` and `anchors` have those of each page."""
    faults = []
    for name, address in sorted({(name, address) for name, found in links.items() for address in found}):
        if not address.startswith(f"{root}/"):
            continue
        target, anchor = urldefrag(address)
        target = unquote(target.removeprefix(f"{root}/").partition("?")[0]) or "index.html"
        if not (folder / target).is_file():
            faults.append(f"{name}: leads to {target}, which is not there")
        elif anchor and target in anchors and unquote(anchor) not in anchors[target]:
            faults.append(f"{name}: leads to {target}#{anchor}, which is not there")
    return faults


def faults(folder, scratch, screens=SCREENS, names=None, tell=lambda line: None):
    """Look at every page of a book on every screen; return what is wrong, a line each."""
    if axe() is None:
        pytest.skip(f"{AXE} is not installed")
    links, anchors, found = {}, {}, []
    with served(folder) as root, chromium(scratch) as page:
        page.call("Network.setCacheDisabled", cacheDisabled=True)
        page.on_every_page(axe())
        for name in names or pages_of(folder):
            for screen in screens:
                wrong, links[name], anchors[name] = look(page, folder, root, name, screen)
                wrong = [f"{name}, {screen.width} px, {screen.scheme}: {text}" for text in wrong]
                tell("\n".join(wrong) or f"{name}, {screen.width} px, {screen.scheme}")
                found += wrong
                page.events.clear()
        return found + broken_links(folder, root, links, anchors)


def main(folder, *names):
    if axe() is None:
        sys.exit(f"{AXE} is not installed: pip install -e '.[test]'")
    with tempfile.TemporaryDirectory() as scratch:
        found = faults(Path(folder), Path(scratch), names=names, tell=lambda line: print(line, flush=True))
    print(f"{len(found)} faults", *found, sep="\n")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
