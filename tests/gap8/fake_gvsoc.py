"""A folder that looks like a GAP SDK with GVSOC built, whose launcher does what a test wants of it."""

import json
import stat
from pathlib import Path

from kwslib.gap8.platforms import gvsoc

BOARD = {
    "vp_comps": ["chip", "dpi_clock", "pulp_chip", "dpi", "ref_clock", "flash", "flash_clock", "ram", "ram_clock"],
    "vp_bindings": [
        ["chip->uart0", "dpi->uart0"],
        ["chip->hyper0_cs1", "flash->cs"],
        ["ref_clock->clock_sync", "chip->ref_clock"],
        ["ram_clock->out", "ram->clock"],
    ],
    "chip": {"soc": {"l2": {"size": 524288}, "fc": {"boot_addr": "0x1A000000"}}},
    "flash": {},
    "ram": {},
}


def executable(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def build(home: Path, launcher_text: str) -> Path:
    """Write the install; `launcher_text` is the launcher's shell script."""
    launcher(home, launcher_text)
    for model in gvsoc.MODELS:
        path = home / "install/workstation/python" / model
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(model)
    write_gapy(home, {"target": {"system_tree": {"board": BOARD}}})
    return home


def write_gapy(home: Path, configuration) -> None:
    executable(
        home / "utils/gapy/gapy",
        "import os, sys\n"
        "folder = next(w for w in sys.argv if w.startswith('--work-dir=')).partition('=')[2]\n"
        "assert '--target=gapuino_v3' in sys.argv and os.environ['INSTALL_DIR'].endswith('install/workstation')\n"
        f"open(folder + '/gvsoc_config.json', 'w').write({json.dumps(json.dumps(configuration))})\n",
    )


def launcher(home: Path, text: str) -> None:
    executable(home / "install/workstation/bin/gvsoc_launcher", "#!/bin/sh\n" + text)
