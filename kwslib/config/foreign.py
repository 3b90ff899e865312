"""Networks that other people released, by the hash of their file: who made them, where they lie, what was printed.

The files themselves are not part of the project. ``data/foreign_networks.json`` says where a reader may download them.
"""

import functools
import json
from dataclasses import dataclass, replace
from importlib import resources

from kwslib.artifacts import from_plain, stored_if_set
from kwslib.config.front_end import FrontEnd


@dataclass(frozen=True, kw_only=True)
class ForeignInput:
    """What makes a network's input from a second of sound, and how its classes are called.

    Attributes
    ----------
    front_end : FrontEnd
        Its scale is left out: the file's own counts.
    labels : tuple of str
        In the order of the network's outputs.
    normalised : bool
        Whether each clip is scaled to a peak of 1 before.
    source : str
        Where this is from.
    """

    front_end: FrontEnd
    labels: tuple[str, ...]
    normalised: bool
    source: str

    def front_end_at(self, scale: float) -> FrontEnd:
        """Return the front end with the scale of a file's input."""
        return replace(self.front_end, scale=scale)


@dataclass(frozen=True, kw_only=True)
class ForeignNetwork:
    """A network as its authors released it.

    Attributes
    ----------
    name, title : str
        Of its record, and for people.
    sha256 : str
        Of the ``.tflite`` file.
    repository, path : str
        On GitHub, and the file's path there.
    licence : str
        Empty where the repository names none.
    printed_cycles : int or None
        Cycles on GAP8 that its authors printed for these layers.
    printed_accuracy : float or None
        Share of the clips of its authors' own test on Speech Commands.
    input : ForeignInput or None
        None where the project has no such front end.
    """

    name: str
    title: str
    sha256: str
    repository: str
    path: str
    licence: str = stored_if_set("")
    printed_cycles: int | None = stored_if_set(None)
    printed_accuracy: float | None = stored_if_set(None)
    input: ForeignInput | None = stored_if_set(None)


@functools.cache
def foreign_networks() -> tuple[ForeignNetwork, ...]:
    """Return the networks that are known."""
    file = "foreign_networks.json"
    value = json.loads(resources.files("kwslib.config").joinpath("data", file).read_text())
    return tuple(from_plain(value, list[ForeignNetwork], file, "install the project again"))


def known(sha256: str) -> ForeignNetwork | None:
    """Return the network whose file has this hash, or None."""
    return next((network for network in foreign_networks() if network.sha256 == sha256), None)
