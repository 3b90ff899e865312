"""The embedded GAP8 simulator: cycle figures on any machine that has a C compiler, or ziglang from PyPI.

A C program, which `executable` compiles on first use, runs the same ELF files as GVSOC's model of GAP8 rev C and counts
the same cycles. It models:

* **Order.** SoC and cluster are two clock domains of the same frequency. Everything is an event. Among the events of
  one cycle and domain, the one scheduled last runs first; the two domains take turns (``engine.c``). A program always
  takes the same cycles.
* **Cores** (``core.c``, ``csr.c``, ``execute.h``, ``instructions.h``). An instruction acts in the cycle in which it
  starts. It takes one cycle, plus its own fetch, plus one if it reads the result of the load or multiplication just
  before it, plus the wait of its memory access. A taken branch takes 3 cycles, a jump 2, ``mulh`` 5; a division depends
  on the divisor's leading zeros; a hardware loop costs nothing.
* **L1**: 16 banks, one access a cycle each, in order. **L2** and everything else off the cluster: each target of each
  router moves four bytes a cycle, and L2 adds eight cycles (``bus.c``).
* **Instruction caches** (``cache.c``): 16-byte lines, four ways, replacement by a shift register, one refill at a time.
* **Event units** (``event_unit.c``), **DMA** (``mchan.c``, ``bursts.c``), **timers, SoC control, output**
  (``peripherals.c``), **uDMA with HyperFlash and HyperRAM** (``udma.c``).

Known differences to GVSOC: an illegal instruction, an access outside of memory and a misused device stop the run with
a message; GVSOC goes on or hangs. The halfword 0x0000 is illegal (GVSOC: ``addi s0, sp, 0``). A signed halfword
loaded across two words is sign extended (GVSOC leaves the register's upper half). ``p.extract`` of all 32 bits is the
register (GVSOC: zero). ``fence`` on the fabric controller flushes its cache (GVSOC hangs). Semihosting, the cluster's
accelerator, and every uDMA peripheral but Hyper are not modelled; nor are writes to HyperFlash.
"""

import contextlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kwslib import subproc, toolchain
from kwslib.errors import InputError, ToolError
from kwslib.files import kind_of
from kwslib.gap8.platforms.platform import Platform, RunResult, Sections, StallProfile
from kwslib.gap8.platforms.simulator.binary import executable, source_hash
from kwslib.paths import scratch

__all__ = [
    "SimulationFault",
    "SimulationLimit",
    "SimulationResult",
    "Simulator",
    "executable",
    "simulate",
    "source_hash",
]

EXIT_LIMIT, EXIT_FAULT, EXIT_BAD_ELF, EXIT_USAGE = 122, 123, 124, 125
DEFAULT_TIMEOUT_S = 600.0


class SimulationFault(ToolError):
    """The program did what GAP8 cannot do; the message names core, pc, cycle and function.

    Attributes
    ----------
    stdout : str
        What the program had printed by then.
    """

    def __init__(self, message: str, stdout: str = ""):
        super().__init__(message)
        self.stdout = stdout


class SimulationLimit(SimulationFault):
    """The program did not exit: it ran into the limit of cycles or of time, or every core sleeps for good."""


@dataclass(frozen=True)
class SimulationResult:
    """What a simulated program left behind.

    Attributes
    ----------
    exit_status : int
        What the program wrote to the exit register, 31 bits.
    stdout, stderr : str
        What the program printed; the simulator's warnings.
    cycles : int
        Cycle of the exit, counted from reset.
    instructions : int
        Instructions of all cores.
    wall_s, simulated_s : float
        Seconds of the host, with and without starting the process and reading the program.
    cores : list of dict
        ``core``, ``instructions`` and last ``pc`` of each core.
    profile : list of dict
        One row for each core and function that ran: ``core``, ``function``, ``instructions``; ``cycles`` while awake,
        and which of them were stalls (``dependency_cycles``, ``branch_cycles``, ``tcdm_cycles``, ``memory_cycles``,
        ``fetch_cycles``, ``multicycle_cycles``); ``sleep_cycles``. Empty unless asked for.
    sections : list of dict
        One row for each section and core of the cluster: ``section``, ``core``, and the same counts over all functions.
        An instruction counts where it begins. Empty unless asked for.
    """

    exit_status: int
    stdout: str
    stderr: str
    cycles: int
    instructions: int
    wall_s: float
    simulated_s: float
    uninitialised_reads: int = 0
    cluster_cache_misses: int = 0
    fc_cache_misses: int = 0
    cores: list[dict[str, Any]] = field(default_factory=list)
    profile: list[dict[str, Any]] = field(default_factory=list)
    sections: list[dict[str, Any]] = field(default_factory=list)


def simulate(
    elf: Path | str,
    *,
    timeout_s: float = DEFAULT_TIMEOUT_S,
    max_cycles: int | None = None,
    max_output: int | None = None,
    profile: bool = False,
    sections: Sections | None = None,
    trace: Path | None = None,
    trace_cores: int | None = None,
    trace_range: tuple[int, int] | None = None,
    check_uninitialised: bool = False,
    flash: bytes | Path | None = None,
    program: Path | None = None,
    log: Path | None = None,
) -> SimulationResult:
    """Run a bare-metal GAP8 program to its end.

    Parameters
    ----------
    elf : Path or str
        The program: a 32-bit RISC-V ELF file linked for L2.
    timeout_s : float
        Seconds of the host after which it is killed.
    max_cycles : int, optional
        Cycle after which the run ends with an error that shows where each core is.
    max_output : int, optional
        Bytes of output after which the run ends with an error; 64 MiB otherwise.
    profile : bool
        Count cycles and stalls by function and core.
    sections : Sections, optional
        Count them by section as well.
    trace : Path, optional
        File that gets every executed instruction, disassembled.
    trace_cores : int, optional
        Mask of the cores to trace: bit 0 to 7 the cluster's, bit 8 the fabric controller. All otherwise.
    trace_range : tuple of (int, int), optional
        First address to trace, and the one behind the last.
    check_uninitialised : bool
        Report reads of L1 and L2 bytes that were never written, on stderr.
    flash : bytes or Path, optional
        Content of the external flash (or the file that holds it), instead of the ELF's section ``.flash``.
    program : Path, optional
        A simulator that was compiled before; `executable` otherwise.
    log : Path, optional
        File that gets the command line and everything it printed, whatever happens.

    Raises
    ------
    InputError
        If the ELF file cannot be read, is damaged or of another machine, or does not fit the memories.
    SimulationFault, SimulationLimit
        If the program faults or does not exit, in time or at all.
    ToolError
        If there is no compiler.
    """
    for name, number in (("max_cycles", max_cycles), ("max_output", max_output), ("timeout_s", timeout_s)):
        if number is not None and not number > 0:
            raise InputError(f"{name} must be positive, not {number}")
    for file in (elf, flash):
        if isinstance(file, str | Path):
            _check_kind(Path(file))
    with scratch("gap8sim") as folder:
        report = folder / "report.json"
        command: list[str | Path] = [program or executable(), Path(elf).absolute(), "--report", report]
        command += _switches(max_cycles, max_output, profile, check_uninitialised)
        command += [] if sections is None else ["--sections", f"{sections.address}:{sections.count}"]
        if trace is not None:
            command += ["--trace", trace, *_trace_filter(trace_cores, trace_range)]
        if flash is not None:
            if isinstance(flash, bytes):
                (folder / "flash.bin").write_bytes(flash)
                flash = Path(folder) / "flash.bin"
            command += ["--flash", flash]
        try:
            done = subproc.run(command, timeout_s=timeout_s, log=log, check=False)
        except subproc.CommandTimeout as error:
            where = "" if log is None else f"; whole log: {log}"
            late = f"no exit within {timeout_s:g} s of the host (a limit of cycles shows where each core is){where}"
            raise SimulationLimit(late, error.completed.stdout) from error
        if not report.is_file():
            raise _error(done)
        found = json.loads(report.read_text())
    if not found["exited"]:
        raise SimulationLimit(_message(done.stderr), done.stdout)
    return SimulationResult(
        exit_status=found["exit_status"],
        stdout=done.stdout,
        stderr=done.stderr,
        cycles=found["cycles"],
        instructions=found["instructions"],
        wall_s=done.wall_s,
        simulated_s=found["wall_s"],
        uninitialised_reads=found["uninitialised_reads"],
        cluster_cache_misses=found["cluster_cache_misses"],
        fc_cache_misses=found["fc_cache_misses"],
        cores=found["cores"],
        profile=found["profile"],
        sections=found["sections"],
    )


def _check_kind(path: Path) -> None:
    """Refuse what the simulator would wait for; it says itself what else is wrong with a file."""
    with contextlib.suppress(OSError):
        kind = kind_of(path.stat().st_mode)
        if kind:
            raise InputError(f"{path} is {kind}, no file")


def _switches(max_cycles: int | None, max_output: int | None, profile: bool, check_uninitialised: bool) -> list[str]:
    words = [] if max_cycles is None else ["--max-cycles", str(max_cycles)]
    words += [] if max_output is None else ["--max-output", str(max_output)]
    words += ["--profile"] if profile else []
    return words + (["--check-uninitialised"] if check_uninitialised else [])


def _trace_filter(cores: int | None, addresses: tuple[int, int] | None) -> list[str]:
    words = [] if cores is None else ["--trace-cores", str(cores)]
    return words + ([] if addresses is None else ["--trace-from", str(addresses[0]), "--trace-to", str(addresses[1])])


def _message(stderr: str) -> str:
    """Return the simulator's message from its ``error:`` line on, without that word."""
    _, _, message = ("\n" + stderr).partition("\nerror: ")
    return message.rstrip() or "the simulator ended without a message"


def _error(done: subproc.Completed) -> Exception:
    message = _message(done.stderr)
    if done.returncode in (EXIT_BAD_ELF, EXIT_USAGE):
        return InputError(message)
    if done.returncode == EXIT_FAULT:
        return SimulationFault(message, done.stdout)
    last = "\n".join(done.stderr.splitlines()[-15:])
    return ToolError(f"the GAP8 simulator broke down with status {done.returncode}; please report this\n{last}")


class Simulator(Platform):
    """The embedded simulator as a platform; see `kwslib.gap8.platforms.platform.Platform`."""

    name = "simulator"
    target = "gap8"
    needs = f"ziglang, or the C compiler that {toolchain.HOST_VARIABLE} names: it is compiled on first use"

    def __init__(self, home: Path | str | None = None):
        super().__init__(home)
        toolchain.find_host()  # a missing compiler is reported before anything is built for this platform

    def version(self) -> str:
        """Return the hash of the simulator's sources."""
        return source_hash()

    def run(self, elf: Path | str, timeout_s: float, log: Path | None = None) -> RunResult:
        """Run a program to its end; see `kwslib.gap8.platforms.platform.Platform.run`."""
        done = simulate(elf, timeout_s=timeout_s, log=log)
        return RunResult(done.exit_status & 0xFF, done.stdout, done.stderr, done.wall_s, self.name, self.version())

    def stall_profile(self, elf: Path | str, timeout_s: float, sections: Sections | None = None) -> StallProfile:
        """Count cycles and stalls by core, function and section; see `kwslib.gap8.platforms.platform.Platform`."""
        done = simulate(elf, timeout_s=timeout_s, profile=True, sections=sections)
        return StallProfile(done.profile, done.sections)
