"""The one way to run a GAP8 program, wherever it runs: the interface `Platform`, and the table of platforms.

A program is an ELF file that `kwslib.gap8.program` built for the platform's target. To add a platform, write one module
with a subclass of `Platform`, and enter it in `PLATFORMS`. Everything else reads that table: ``--platform``,
``kws doctor``, deployments.
"""

import importlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from kwslib.errors import InputError, KwsError, check_name

PLATFORMS = {
    "simulator": "kwslib.gap8.platforms.simulator:Simulator",
    "gvsoc": "kwslib.gap8.platforms.gvsoc:Gvsoc",
    "pulp-open": "kwslib.gap8.platforms.pulp_open:PulpOpen",
    "host": "kwslib.gap8.platforms.host:Host",
}
"""Name of a platform to ``module:class``, which is imported on first use."""


@dataclass(frozen=True)
class RunResult:
    """What a program left behind.

    Attributes
    ----------
    exit_status : int
        Status that the program wrote to the exit register, 0 to 255; 0 means success.
    stdout : str
        What the program printed, without the platform's own messages.
    stderr : str
        What the platform said: warnings about accesses outside of memory and the like.
    wall_s : float
        Seconds of the host.
    platform, version : str
        Name in `PLATFORMS`, and what tells one build of it from another.
    """

    exit_status: int
    stdout: str
    stderr: str
    wall_s: float
    platform: str
    version: str


@dataclass(frozen=True)
class Sections:
    """Words of L1 at which a program's time is divided.

    A cluster core's store to word i begins section i + 1. Section 0 is what lies before the first store, and from the
    one to the last word on.

    Attributes
    ----------
    address : int
        Of the first word.
    count : int
        Words, and sections.
    """

    address: int
    count: int


@dataclass(frozen=True)
class StallProfile:
    """Where the cycles of a program went.

    Attributes
    ----------
    functions : list of dict
        One row for each core and function, as in `kwslib.gap8.platforms.simulator.SimulationResult.profile`.
    sections : list of dict
        One row for each section and core of the cluster, as in
        `kwslib.gap8.platforms.simulator.SimulationResult.sections`; empty unless asked for.
    """

    functions: list[dict[str, Any]]
    sections: list[dict[str, Any]]


class Platform(ABC):
    """Something that runs GAP8 programs. Making one finds it, or raises an error that says what to do.

    Attributes
    ----------
    name : str
        Name in `PLATFORMS`.
    target : str
        Name in `kwslib.gap8.program.compilation.TARGETS`: what its programs are compiled for.
    needs : str
        What must be installed for it, and the variable that names it.
    counts_cycles : bool
        Whether its programs print a table of cycles.
    home_variable : str
        Environment variable with the folder where it is installed; empty if it has no such folder.

    Parameters
    ----------
    home : Path or str, optional
        Folder where it is installed, in place of the one that `home_variable` names.

    Raises
    ------
    kwslib.errors.InputError
        If `home` is given and the platform has no folder.
    kwslib.errors.ToolError
        If it is not installed.
    """

    name: ClassVar[str]
    target: ClassVar[str]
    needs: ClassVar[str]
    counts_cycles: ClassVar[bool] = True
    home_variable: ClassVar[str] = ""

    def __init__(self, home: Path | str | None = None):
        if home is not None and not self.home_variable:
            raise InputError(f"the platform '{self.name}' is not installed in a folder: leave --gvsoc {home} out")

    @abstractmethod
    def version(self) -> str:
        """What tells this build of the platform from others, for provenance."""

    @abstractmethod
    def run(self, elf: Path | str, timeout_s: float, log: Path | None = None) -> RunResult:
        """Run a program to its end.

        Parameters
        ----------
        elf : Path or str
            The program; it carries the content of the external flash, if any (`kwslib.gap8.program.elf`).
        timeout_s : float
            Seconds of the host after which it is killed.
        log : Path, optional
            File that gets the command line and everything it printed, whatever happens.

        Raises
        ------
        kwslib.errors.InputError
            If the file is not a program for this platform.
        kwslib.errors.ToolError
            If the platform is broken, or the program does not end in time.
        """

    def stall_profile(self, elf: Path | str, timeout_s: float, sections: Sections | None = None) -> StallProfile | None:
        """Run a program, and count where its cycles go.

        Parameters
        ----------
        elf : Path or str
        timeout_s : float
            Seconds of the host after which it is killed.
        sections : Sections, optional
            Count by section too.

        Returns
        -------
        StallProfile or None
            None if this platform cannot count stalls.
        """
        return None


@dataclass(frozen=True)
class Availability:
    """Whether a platform can be used here.

    Attributes
    ----------
    name : str
        Name in `PLATFORMS`.
    needs : str
        What must be installed for it.
    version : str
        What is installed; empty if the platform cannot be used.
    problem : str
        Why it cannot be used; empty if it can.
    """

    name: str
    needs: str
    version: str = ""
    problem: str = ""


def open_platform(name: str, home: Path | str | None = None) -> Platform:
    """Return the platform of that name, ready to run.

    Parameters
    ----------
    name : str
    home : Path or str, optional
        Folder where it is installed, in place of the one that its environment variable names.

    Raises
    ------
    kwslib.errors.InputError
        If there is none of that name, or it has no folder.
    kwslib.errors.ToolError
        If it is not installed.
    """
    return _class(name)(home)


def target_of(name: str) -> str:
    """What programs for a platform are compiled for; the platform need not be installed.

    Raises
    ------
    kwslib.errors.InputError
        If there is none of that name.
    """
    return _class(name).target


def that_count_cycles() -> list[str]:
    """Names of the platforms whose programs print a table of cycles."""
    return [name for name in PLATFORMS if _class(name).counts_cycles]


def availability() -> list[Availability]:
    """Say of each platform which version is here, or why there is none."""
    found = []
    for name in PLATFORMS:
        needs = _class(name).needs
        try:
            found.append(Availability(name, needs, version=open_platform(name).version()))
        except KwsError as error:
            found.append(Availability(name, needs, problem=str(error)))
    return found


def _class(name: str) -> type[Platform]:
    module, _, class_name = PLATFORMS[check_name("platform", name, PLATFORMS)].partition(":")
    found: type[Platform] = getattr(importlib.import_module(module), class_name)
    return found
