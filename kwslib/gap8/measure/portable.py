"""What assembly kernels do not compute: the line that says so, wherever a plan or its cycles are shown."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol


class PlannedStep(Protocol):
    """A step of a plan or of a deployment."""

    @property
    def layers(self) -> Sequence[str]:
        """Names of its layers."""

    @property
    def portable(self) -> str:
        """Why portable C computes it; empty where assembly kernels do."""


def portable_text(steps: Iterable[PlannedStep], cycles: Mapping[str, int] | None = None) -> str:
    """Say which layers portable C computes, and why.

    Parameters
    ----------
    steps : iterable of PlannedStep
    cycles : mapping of str to int, optional
        Measured cycles of every layer by its name; without them no share is told.

    Returns
    -------
    str
        One line; empty if assembly kernels compute every layer.

    Examples
    --------
    >>> from types import SimpleNamespace as Step
    >>> steps = [Step(layers=["S1"], portable=""), Step(layers=["S2"], portable="a maximum")]
    >>> portable_text(steps, {"S1": 900, "S2": 100})
    'portable C computes S2 (a maximum): 10.0 % of the cycles'
    """
    layers_of: dict[str, list[str]] = {}
    for step in steps:
        if step.portable:
            layers_of.setdefault(step.portable, []).extend(step.layers)
    parts = []
    for reason, layers in layers_of.items():
        share = ""
        if cycles:
            share = f": {100 * sum(cycles[layer] for layer in layers) / sum(cycles.values()):.1f} % of the cycles"
        parts.append(f"{', '.join(layers)} ({reason}){share}")
    return f"portable C computes {'; '.join(parts)}" if parts else ""
