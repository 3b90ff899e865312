"""The host as a platform: the planned network, tile by tile, as a program of this machine. It counts no cycles.

What `kwslib.gap8.program.compilation` compiles for the target ``host`` is the device's own runtime and tables with
kernels in portable C; it prints checksums, codes and class as the device does, and no table.
"""

import platform
import shutil
import tempfile
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from kwslib import subproc
from kwslib.errors import InputError, ToolError
from kwslib.gap8.platforms.platform import RunResult


class Native:
    """The machine at hand; see `kwslib.gap8.platforms.platform.Platform`."""

    name = "host"
    target = "host"
    counts_cycles = False

    def version(self) -> str:
        """Return the machine's kind."""
        return f"{platform.system()} {platform.machine()}"

    def run(self, elf: Path | str, timeout_s: float, flash: bytes | None = None, log: Path | None = None) -> RunResult:
        """Run a program to its end; see `kwslib.gap8.platforms.platform.Platform`.

        Raises
        ------
        InputError
            If the file is no program of this machine; also if `flash` is given: its flash is compiled in.
        ToolError
            If it crashes or does not end in time.
        """
        elf = Path(elf)
        _check(elf)
        if flash is not None:
            raise InputError("a program of the host has its flash compiled in: no other can be given")
        # a copy that may be executed: programs come from file systems and archives that keep no such mark
        with tempfile.TemporaryDirectory(prefix="kws-host-") as work:
            program = Path(work) / elf.name
            shutil.copyfile(elf, program)
            program.chmod(0o700)
            done = subproc.run([program], timeout_s=timeout_s, cwd=work, log=log, check=False)
        if done.returncode < 0:
            raise ToolError(f"{elf} was ended by signal {-done.returncode} on the host")
        return RunResult(done.returncode, done.stdout, done.stderr, done.wall_s, self.name, self.version())


def _check(elf: Path) -> None:
    try:
        with elf.open("rb") as file:
            foreign = ELFFile(file)["e_machine"] == "EM_RISCV" and platform.machine() != "riscv64"
    except OSError as error:
        raise InputError(f"cannot read {elf}: {error.strerror}") from error
    except ELFError:
        foreign = False  # a system whose programs are not ELF files
    if foreign:
        raise InputError(f"{elf} is a program for GAP8: build it for the host, or choose the platform 'simulator'")
