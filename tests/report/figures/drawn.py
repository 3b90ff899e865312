"""Reading a drawn chart: what Vega wrote into its SVG, not what was asked of it."""

import re
import xml.etree.ElementTree as ElementTree

from kwslib.report.figures.picture import LIGHT

SVG = "{http://www.w3.org/2000/svg}"
MOVE = re.compile(r"translate\(([-\d.e]+),([-\d.e]+)\)")


def root(picture, theme=LIGHT):
    """The drawing as a tree."""
    return ElementTree.fromstring(picture.svg(theme))


def texts(picture, theme=LIGHT):
    """Every text that is drawn, in order."""
    return ["".join(text.itertext()) for text in root(picture, theme).iter(f"{SVG}text")]


def rows(picture):
    """The rows of every table of data that travels with the chart."""
    return list(picture.spec["datasets"].values())


def marks(picture, kind, theme=LIGHT):
    """The elements of the groups of marks of a kind, e.g. ``symbol`` or ``rect``: legends and axes are left out."""
    groups = [g for g in root(picture, theme).iter(f"{SVG}g") if f"mark-{kind}" in g.get("class", "").split()]
    found = [one for group in groups if "role-mark" in group.get("class") for one in group]
    return [one[0] if one.tag == f"{SVG}a" else one for one in found]  # a mark may lie inside a link


def place(element):
    """Where a mark lies, in pixels from the corner of its chart."""
    return tuple(float(number) for number in MOVE.search(element.get("transform")).groups())
