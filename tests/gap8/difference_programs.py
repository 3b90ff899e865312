"""Programs that once printed something else on the simulator than on GVSOC, by name; each a reduction to a few lines.

``python -m tests.gap8.difference_programs FOLDER`` writes them all. Each collects words with `Reduction.keep` and
prints them, a line each.
"""

import inspect
import sys
from collections.abc import Callable
from pathlib import Path

from tests.gap8.differences import flushes, interrupts, state
from tests.gap8.differences.reduction import Reduction
from tests.gap8.programs import write_elf

PROGRAMS: dict[str, Callable[[], Reduction]] = {
    name: make
    for module in (flushes, interrupts, state)
    for name, make in inspect.getmembers(module, inspect.isfunction)
    if make.__module__ == module.__name__ and not name.startswith("_")
}


def write(folder: Path) -> list[Path]:
    """Write every program into a folder and return the paths."""
    folder.mkdir(exist_ok=True)
    paths = []
    for name, make in PROGRAMS.items():
        reduction = make()
        paths.append(write_elf(folder, reduction, f"{name}.elf", vectors=reduction.vectors))
    return paths


if __name__ == "__main__":
    write(Path(sys.argv[1]))
