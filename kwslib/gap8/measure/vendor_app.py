"""An existing GAP8 application, run by its own Makefile: its layer table is read, nothing is changed."""

from collections.abc import Sequence
from pathlib import Path

from kwslib import subproc
from kwslib.errors import InputError
from kwslib.gap8.measure.layer_profile import Profile, parse
from kwslib.gap8.measure.profile_table import ProfileError
from kwslib.gap8.platforms.gvsoc import HOME_VARIABLE

MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
GOALS = ("clean", "all", "run")


NOT_NESTED = {"MAKEFLAGS": "", "MAKELEVEL": "0"}
"""Variables that hide an outer make: below one, make prints more and takes over its flags."""


def run_app(
    folder: Path,
    arguments: Sequence[str] = (),
    home: Path | None = None,
    timeout_s: float = 600.0,
    log: Path | None = None,
) -> tuple[str, Profile]:
    """Call ``make clean all run platform=gvsoc`` in a folder, and read the table that it prints.

    Parameters
    ----------
    folder : Path
        A vendor-style application.
    arguments : sequence of str
        Further arguments for make, e.g. ``SMALL=1``.
    home : Path, optional
        Becomes ``GAP_SDK_HOME`` of the call; the variable's own value otherwise.
    timeout_s : float
        Seconds after which everything that make started is killed.
    log : Path, optional
        File that gets the command line and everything that was printed, whatever happens.

    Returns
    -------
    str, Profile
        Standard output, and what it says.

    Raises
    ------
    InputError
        If the folder is no application, or an argument is none for make.
    kwslib.errors.ToolError
        If make is missing, fails, does not end in time, or prints no complete table.
    """
    if not folder.is_dir():
        raise InputError(f"no application: {folder} is no folder")
    if not any((folder / name).is_file() for name in MAKEFILES):
        raise InputError(f"no application: {folder} holds no Makefile")
    for argument in arguments:
        name, equals, _ = argument.partition("=")
        if not equals or not name.isidentifier():
            raise InputError(f"'{argument}' is no argument for the application's make: give NAME=VALUE")
    if home is not None and not home.is_dir():
        raise InputError(f"--gvsoc names {home}, which is no folder; give the folder of the GAP SDK")
    variables = dict(NOT_NESTED) if home is None else {**NOT_NESTED, HOME_VARIABLE: str(home.absolute())}
    words = ["make", *GOALS, "platform=gvsoc", *arguments]
    done = subproc.run(words, timeout_s=timeout_s, cwd=folder, env=variables, log=log)
    try:
        return done.stdout, parse(done.stdout)
    except ProfileError as error:
        raise ProfileError(f"{folder}: {error}" + ("" if log is None else f"; whole log: {log}")) from error
