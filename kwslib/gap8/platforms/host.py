"""The host as a platform: the planned network, tile by tile, as a program of this machine. It counts no cycles.

What `kwslib.gap8.program.compilation` compiles for the target ``host`` is the device's own runtime and tables with
kernels in portable C; it prints checksums, codes and class as the device does, and no table.
"""

import platform
import shutil
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from kwslib import subproc
from kwslib.errors import InputError, ToolError
from kwslib.gap8.platforms.platform import Platform, RunResult
from kwslib.paths import scratch
from kwslib.toolchain import HOST_VARIABLE


class Host(Platform):
    """The machine at hand; see `kwslib.gap8.platforms.platform.Platform`."""

    name = "host"
    target = "host"
    needs = f"ziglang, or the C compiler that {HOST_VARIABLE} names, to build programs for it"
    counts_cycles = False

    def version(self) -> str:
        """Return the machine's kind."""
        return f"{platform.system()} {platform.machine()}"

    def run(self, elf: Path | str, timeout_s: float, log: Path | None = None) -> RunResult:
        """Run a program to its end; see `kwslib.gap8.platforms.platform.Platform`.

        Raises
        ------
        InputError
            If the file is no program of this machine.
        ToolError
            If it crashes or does not end in time.
        """
        elf = Path(elf)
        _check(elf)
        # run a copy: the file may come from an archive or a file system that keeps no executable bit
        with scratch("host") as work:
            program = work / elf.name
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
