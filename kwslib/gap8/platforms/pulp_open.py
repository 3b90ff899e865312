"""Upstream GVSOC's target pulp-open as a platform: the same cores and cluster, with other timing and other memories.

Nothing of it is part of this project. It is the ``gvsoc`` of gvsoc/gvsoc, built for the target ``pulp-open``; it is
found in the folder that ``KWS_PULP_OPEN`` names, or on the path.
"""

import hashlib
import os
import re
import shutil
from pathlib import Path

from kwslib.errors import InputError, ToolError
from kwslib.gap8.platforms.platform import Platform, RunResult
from kwslib.gap8.program.elf import read_program
from kwslib.paths import scratch
from kwslib.subproc import run

HOME_VARIABLE = "KWS_PULP_OPEN"
TARGET = "pulp-open"
PLACES = ("install/bin/gvsoc", "bin/gvsoc", "gvsoc")
_EXIT = re.compile(r"^exitcode: (?P<status>-?\d+)\s*$", re.MULTILINE)


class PulpOpen(Platform):
    """GVSOC with its model of pulp-open; see `kwslib.gap8.platforms.platform.Platform`.

    Parameters
    ----------
    home : Path or str, optional
        Folder of the checkout in which it was built, or of its install; ``$KWS_PULP_OPEN`` or the path otherwise.

    Raises
    ------
    kwslib.errors.ToolError
        If there is none; the message says what to do.
    """

    name = "pulp-open"
    target = "pulp-open"
    needs = f"gvsoc/gvsoc built for {TARGET}, in the folder that {HOME_VARIABLE} names, or gvsoc on the path"
    home_variable = HOME_VARIABLE

    def __init__(self, home: Path | str | None = None):
        super().__init__(home)
        self.program = _find(home)

    def version(self) -> str:
        """The commit of the checkout that the launcher lies in, else a hash of the launcher."""
        folder = self.program.resolve().parent
        git = run(["git", "-C", folder, "rev-parse", "--short=12", "HEAD"], timeout_s=20, check=False)
        if git.returncode == 0:
            return f"gvsoc {git.stdout.strip()} ({TARGET})"
        return f"gvsoc ({TARGET}, launcher {hashlib.sha256(self.program.read_bytes()).hexdigest()[:12]})"

    def run(self, elf: Path | str, timeout_s: float, log: Path | None = None) -> RunResult:
        """Run a program to its end; see `kwslib.gap8.platforms.platform.Platform`.

        Raises
        ------
        InputError
            If the program brings flash content: the target has another external memory.
        """
        program = read_program(elf)
        if program.flash is not None:
            raise InputError(
                f"{elf} needs GAP8's HyperFlash; {TARGET} has another external memory: use gvsoc or simulator"
            )
        with scratch("pulp-open") as work:
            words = [f"--target={TARGET}", f"--work-dir={work}", f"--binary={program.path.absolute()}", "run"]
            done = run([self.program, *words], timeout_s=timeout_s, cwd=work, log=log, check=False)
        if done.returncode < 0:
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise ToolError(f"{self.program} was ended by signal {-done.returncode} while it ran {elf}: {last}")
        # every status that is not zero comes back as 1; the program's own is printed
        printed = _EXIT.search(done.stdout + "\n" + done.stderr)
        status = int(printed["status"]) & 0xFF if printed else done.returncode
        stdout = _EXIT.sub("", done.stdout)
        return RunResult(status or done.returncode, stdout, done.stderr, done.wall_s, self.name, self.version())


def _find(home: Path | str | None) -> Path:
    given = home if home is not None else os.environ.get(HOME_VARIABLE)
    advice = (
        f"build gvsoc/gvsoc for the target {TARGET} and set {HOME_VARIABLE} to its folder, "
        "or choose the platform 'simulator'"
    )
    if not given:
        found = shutil.which("gvsoc")
        if not found:
            raise ToolError(f"no upstream GVSOC: there is no gvsoc on the path; {advice}")
        return Path(found)
    folder = Path(given).expanduser()
    for place in PLACES:
        if (folder / place).is_file():
            return (folder / place).resolve()
    raise ToolError(f"no upstream GVSOC: {folder} holds no {PLACES[0]} or {PLACES[1]}; {advice}")
