"""GVSOC's model of GAP8 rev C as a platform: the reference for cycles, where the GAP SDK is installed.

Nothing of GVSOC is part of this project. An install is found through ``GAP_SDK_HOME``: the folder of
GreenWaves-Technologies/gap_sdk in which GVSOC was built for the target ``gapuino_v3``. Its own tool ``gapy`` writes the
model's configuration; three edits make that run a bare-metal image: L2 is preloaded from it, the fabric controller
boots there, and the board's devices go unless the program brings flash content.
"""

import functools
import hashlib
import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

from kwslib.errors import ToolError
from kwslib.gap8.hardware import L2_BASE
from kwslib.gap8.platforms.platform import Platform, RunResult
from kwslib.gap8.program.elf import Program, read_program
from kwslib.paths import scratch
from kwslib.subproc import CommandFailed, CommandNotFound, run

HOME_VARIABLE = "GAP_SDK_HOME"
PYTHON_VARIABLE = "KWS_GVSOC_PYTHON"
"""Python that runs the SDK's ``gapy``; this one otherwise. It needs the packages of its requirements.txt."""

TARGET = "gapuino_v3"
"""The SDK's board with GAP8 rev C."""

GAPY_TIMEOUT_S = 120.0
EFUSES = 1024
"""The model reads that many fuse words from ``efuse_preload.data`` in its working folder and stops without it."""

MODELS = (
    "cpu/iss/iss_riscy.so",
    "interco/router_impl.so",
    "cache/cache_impl.so",
    "memory/memory_impl.so",
    "pulp/cluster/l1_interleaver_impl.so",
    "pulp/mchan/mchan_v6_impl.so",
    "pulp/event_unit/eu_v3_impl.so",
    "pulp/udma/udma_v2_gap_impl.so",
)
"""Libraries of the install that decide the timing: their hash is part of the version."""

SOURCE_MODULES = ("gvsoc/engine/python", "gvsoc/generators", "gvsoc_gap/generators", "gvsoc_gap/models")
"""Folders of Python modules under the SDK's ``gvsoc`` that ``gapy`` imports from, as in the SDK's set-up script."""

ALWAYS_DROPPED = frozenset({"dpi", "dpi_clock", "pulp_chip"})
EXTERNAL_MEMORY = frozenset({"flash", "flash_clock", "ram", "ram_clock"})

_DIAGNOSTIC = re.compile(r"^\d+: \d+: \[.*\] ")


class Gvsoc(Platform):
    """GVSOC with its GAP8 model; see `kwslib.gap8.platforms.platform.Platform`.

    Parameters
    ----------
    home : Path or str, optional
        Folder of the GAP SDK; ``$GAP_SDK_HOME`` otherwise.

    Raises
    ------
    kwslib.errors.ToolError
        If there is no install, or it is not complete; the message says what to do.
    """

    name = "gvsoc"
    target = "gap8"
    needs = (
        f"a GAP SDK with GVSOC built for {TARGET}, in the folder that {HOME_VARIABLE} names; "
        f"{PYTHON_VARIABLE} may name the Python that runs its gapy"
    )
    home_variable = HOME_VARIABLE

    def __init__(self, home: Path | str | None = None):
        super().__init__(home)
        self.home = _find(home)
        self.install = self.home / "install" / "workstation"
        self.launcher = _need(self.install / "bin" / "gvsoc_launcher", "build GVSOC there")
        self.gapy = _need(self.home / "utils" / "gapy" / "gapy", "get the whole SDK, with utils/gapy")
        for model in MODELS:
            _need(self.install / "python" / model, f"build GVSOC there for the target {TARGET}")

    def version(self) -> str:
        """The SDK's commit where its folder is a checkout, and a hash of the libraries that decide the timing."""
        return self._version

    @functools.cached_property
    def _version(self) -> str:
        digest = hashlib.sha256()
        for part in (self.launcher, *(self.install / "python" / model for model in MODELS)):
            digest.update(part.read_bytes())
        commit = ""
        if (self.home / ".git").exists():
            git = run(["git", "-C", self.home, "rev-parse", "--short=12", "HEAD"], timeout_s=20, check=False)
            commit = f" {git.stdout.strip()}" if git.returncode == 0 else ""
        return f"gap_sdk{commit} (GAP8 rev C, build {digest.hexdigest()[:12]})"

    def run(self, elf: Path | str, timeout_s: float, log: Path | None = None) -> RunResult:
        """Run a program; see `kwslib.gap8.platforms.platform.Platform.run`."""
        program = read_program(elf)
        with scratch("gvsoc") as work:
            self._prepare(work, program)
            # the launcher buffers its output in blocks: without this, a program that hangs would show nothing
            unbuffered = [tool, "-oL"] if (tool := shutil.which("stdbuf")) else []
            completed = run(
                [*unbuffered, self.launcher, f"--config={work / 'config.json'}"],
                timeout_s=timeout_s,
                cwd=work,
                env=self._environment(),
                log=log,
                check=False,
            )
        stdout, diagnostics = _separate(completed.stdout)
        stderr = diagnostics + completed.stderr
        if completed.returncode < 0:
            last = (stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise ToolError(
                f"GVSOC was ended by signal {-completed.returncode} while it ran {program.path}: {last}; "
                f"is the build in {self.install} complete?"
            )
        return RunResult(completed.returncode, stdout, stderr, completed.wall_s, self.name, self.version())

    def _environment(self) -> dict[str, str]:
        """Those variables of the SDK's set-up script that ``gapy`` and the launcher need."""
        libraries = [str(self.install / "lib"), os.environ.get("LD_LIBRARY_PATH", "")]
        modules = [
            self.home / "utils" / "gapy",
            self.home / "utils" / "gap_configs" / "python",
            *(self.home / "gvsoc" / part for part in SOURCE_MODULES),
            self.install / "python",
        ]
        configurations = [self.home / "utils" / "gap_configs" / "configs", self.install / "configs"]
        return {
            HOME_VARIABLE: str(self.home),
            "INSTALL_DIR": str(self.install),
            "GVSOC_PATH": str(self.install / "python"),
            "LD_LIBRARY_PATH": os.pathsep.join(filter(None, libraries)),
            "PYTHONPATH": os.pathsep.join(map(str, modules)),
            "PULP_CONFIGS_PATH": os.pathsep.join(map(str, configurations)),
        }

    @functools.cached_property
    def _written_configuration(self) -> str:
        """The JSON configuration that ``gapy`` writes for the board; the same for every program."""
        python = os.environ.get(PYTHON_VARIABLE) or sys.executable
        with scratch("gapy") as folder:
            words = [f"--target={TARGET}", "--platform=gvsoc", f"--work-dir={folder}", "run", "--exec-prepare"]
            try:
                run([python, self.gapy, *words], timeout_s=GAPY_TIMEOUT_S, cwd=folder, env=self._environment())
            except (CommandFailed, CommandNotFound) as error:
                raise ToolError(
                    f"the GAP SDK's gapy could not write GVSOC's configuration with {python}: install the packages "
                    f"of {self.gapy.parent / 'requirements.txt'} for it, or name another Python in "
                    f"{PYTHON_VARIABLE}\n{error}"
                ) from error
            written = Path(folder) / "gvsoc_config.json"
            if not written.is_file():
                raise ToolError(f"{self.gapy} wrote no gvsoc_config.json: use the SDK's own gapy")
            return written.read_text()

    def _prepare(self, work: Path, program: Program) -> None:
        (work / "efuse_preload.data").write_text("0 " * EFUSES)
        (work / "l2.bin").write_bytes(program.l2)
        flash_image = None
        if program.flash is not None:
            flash_image = work / "flash.bin"
            flash_image.write_bytes(program.flash)
        try:
            configuration = json.loads(self._written_configuration)
            _edit(configuration, work / "l2.bin", flash_image)
        except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            raise ToolError(
                f"the configuration that {self.gapy} wrote is not the one this project knows ({type(error).__name__}: "
                f"{error}); use the SDK's target {TARGET} of commit a23026507efe or near it"
            ) from error
        (work / "config.json").write_text(json.dumps(configuration))


def _find(home: Path | str | None) -> Path:
    given = home if home is not None else os.environ.get(HOME_VARIABLE)
    if not given:
        raise ToolError(
            f"no GVSOC: set {HOME_VARIABLE} to the folder of a GAP SDK (GreenWaves-Technologies/gap_sdk) in which "
            "GVSOC was built, or choose the platform 'simulator'"
        )
    folder = Path(given).expanduser()
    if not folder.is_dir():
        named = HOME_VARIABLE if home is None else "--gvsoc"
        raise ToolError(f"no GVSOC: {named} names {folder}, which is no folder; give the folder of the GAP SDK")
    return folder.resolve()


def _need(path: Path, remedy: str) -> Path:
    if not path.is_file():
        raise ToolError(f"no GVSOC: {path} is missing; {remedy}, or choose the platform 'simulator'")
    return path


def _edit(configuration: dict[str, Any], l2_image: Path, flash_image: Path | None) -> None:
    """Make the board's configuration run a bare-metal image, in place."""
    board = configuration["target"]["system_tree"]["board"]
    soc = board["chip"]["soc"]
    soc["l2"]["stim_file"] = str(l2_image)
    soc["fc"]["boot_addr"] = f"0x{L2_BASE:08X}"
    dropped = ALWAYS_DROPPED
    if flash_image is None:
        dropped |= EXTERNAL_MEMORY
    else:
        board["flash"]["preload_file"] = str(flash_image)
        board["flash"]["writeback"] = False
    board["vp_comps"] = [name for name in board["vp_comps"] if name not in dropped]
    board["vp_bindings"] = [
        binding for binding in board["vp_bindings"] if not any(end.partition("->")[0] in dropped for end in binding)
    ]


def _separate(output: str) -> tuple[str, str]:
    """Split the launcher's output into what the program printed and the model's own messages."""
    lines = output.splitlines(keepends=True)
    own = [line for line in lines if _DIAGNOSTIC.match(line)]
    return "".join(line for line in lines if not _DIAGNOSTIC.match(line)), "".join(own)
