"""The one way to run a GAP8 program, wherever it runs: a table of platforms behind one interface.

A program is a bare-metal ELF. What the external flash holds travels in the section ``.flash``, which is not loaded and
whose first byte is byte 0 of the flash. To add a platform, write one module with a class that has ``name``, ``target``,
``version`` and ``run``, and enter it in `PLATFORMS`.
"""

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from kwslib.errors import InputError, KwsError, check_name

PLATFORMS = {
    "simulator": "kwslib.gap8.platforms.simulator:Simulator",
    "gvsoc": "kwslib.gap8.platforms.gvsoc:Gvsoc",
    "pulp-open": "kwslib.gap8.platforms.pulp_open:PulpOpen",
    "host": "kwslib.gap8.platforms.host:Native",
}
"""Platform name to ``module:class``; imported on first use, because a platform may need what is not installed."""

FLASH_SECTION = ".flash"
"""ELF section that holds the content of the external flash."""

WITH_HOME = ("gvsoc", "pulp-open")
"""Platforms that are installed in a folder of their own, which may be named."""


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


class Platform(Protocol):
    """Something that runs GAP8 programs.

    Attributes
    ----------
    name : str
        Name in `PLATFORMS`.
    target : str
        Name in `kwslib.gap8.program.compilation.TARGETS`: what its programs are compiled for.
    counts_cycles : bool
        Whether its programs print a table of cycles.
    """

    name: str
    target: str
    counts_cycles: bool

    def version(self) -> str:
        """What tells this build of the platform from others, for provenance."""

    def run(self, elf: Path | str, timeout_s: float, flash: bytes | None = None, log: Path | None = None) -> RunResult:
        """Run a program to its end.

        Parameters
        ----------
        elf : Path or str
            The program.
        timeout_s : float
            Seconds of the host after which it is killed.
        flash : bytes, optional
            Content of the external flash, instead of the program's own section ``.flash``.
        log : Path, optional
            File that gets the command line and everything it printed, whatever happens.

        Raises
        ------
        kwslib.errors.InputError
            If the file is not a GAP8 program.
        kwslib.errors.ToolError
            If the platform is missing or broken, or the program does not end in time.
        """


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
    module, _, class_name = PLATFORMS[check_name("platform", name, PLATFORMS)].partition(":")
    if home is not None and name not in WITH_HOME:
        raise InputError(f"the platform '{name}' is not installed in a folder: leave --gvsoc {home} out")
    found = getattr(importlib.import_module(module), class_name)
    return found(home) if name in WITH_HOME else found()


def target_of(name: str) -> str:
    """What programs for a platform are compiled for; the platform need not be installed.

    Raises
    ------
    kwslib.errors.InputError
        If there is none of that name.
    """
    module, _, class_name = PLATFORMS[check_name("platform", name, PLATFORMS)].partition(":")
    return getattr(importlib.import_module(module), class_name).target


def availability() -> dict[str, str]:
    """Say of each platform which version is here, or why it is not."""
    found = {}
    for name in PLATFORMS:
        try:
            found[name] = open_platform(name).version()
        except KwsError as error:
            found[name] = f"not available: {error}"
    return found
