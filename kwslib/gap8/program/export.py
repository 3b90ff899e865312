"""A planned network as a C project that needs nothing of this package: for somebody's own firmware."""

from collections.abc import Sequence
from math import prod
from pathlib import Path

import numpy as np

from kwslib.errors import InputError
from kwslib.gap8.measure.layer_profile import checksum
from kwslib.gap8.planning.plan import Plan
from kwslib.gap8.planning.planner import plan as make_plan
from kwslib.gap8.program import codegen
from kwslib.gap8.program import compilation as building
from kwslib.integer import reference
from kwslib.integer.graph import Graph
from kwslib.paths import atomic_path

VECTORS = "vectors"
MARKER = "counts.h"
"""A generated file by which a folder is known as such a project."""


def export(
    graph: Graph,
    folder: Path,
    clips: Sequence[tuple[str, np.ndarray]],
    labels: Sequence[str] | None = None,
    force: bool = False,
) -> Plan:
    """Write the project: sources, weights, kernels, Makefile, README, test vectors with the reference's outputs.

    Parameters
    ----------
    graph : Graph
    folder : Path
        Appears whole or not at all.
    clips : sequence of (str, ndarray)
        Test vectors: name, and input codes of the network's type. The first is the one in the program.
    labels : sequence of str, optional
        Names of the classes.
    force : bool
        Replace a project that is there.

    Returns
    -------
    Plan

    Raises
    ------
    InputError
        If the folder holds something else, or a project and `force` is not given; or two clips have one name.
    kwslib.errors.ModelError
        If the network does not fit GAP8.
    """
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir()) and not (folder / MARKER).is_file()):
        raise InputError(f"{folder} is there and no exported project: choose another folder")
    if (folder / MARKER).is_file() and not force:
        raise InputError(f"{folder} holds an exported project: choose another folder, or replace it with --force")
    names = [name for name, _ in clips]
    if twice := {name for name in names if names.count(name) > 1}:
        raise InputError(f"two clips would be the test vector {sorted(twice)[0]}: rename one of them")
    plan = make_plan(graph)
    classes = list(labels) if labels else [f"class{i}" for i in range(graph.classes)]
    with atomic_path(folder) as project:
        codegen.write_project(plan, project, classes, clips[0][1])
        (project / VECTORS).mkdir()
        for name, codes in clips:
            (project / VECTORS / f"{name}.input").write_bytes(codegen.input_image(plan, codes))
            (project / VECTORS / f"{name}.expected").write_text(expected_text(graph, codes, classes))
        plan.save(project / building.PLAN)
        (project / "Makefile").write_text(_makefile(names[0]))
        (project / "README.md").write_text(_readme(plan, names))
    return plan


def expected_text(graph: Graph, codes: np.ndarray, classes: Sequence[str]) -> str:
    """What a program must print of a clip, cycles left out, by the integer reference."""
    found = reference.run(graph, np.asarray(codes).reshape(1, *graph.input.shape), layers=True)
    lines = [f"Network: {graph.name}"]
    for layer, output in zip(graph.layers, found.layers, strict=True):
        lines.append(f"Checksum {layer.name}: {checksum(output[0]):08x}")
    lines.append("Logits: " + " ".join(map(str, found.logits[0].tolist())))
    lines.append("Output: " + " ".join(map(str, found.codes[0].reshape(-1).tolist())))
    winner = int(found.winner[0])
    lines.append(f"Class: {winner} {classes[winner]}")
    return "\n".join(lines) + "\n"


def _makefile(first: str) -> str:
    text = (codegen.FIRMWARE / "export.mk").read_text()
    values = {
        "FIRST_VECTOR": first,
        "FLAGS": " ".join(building.FLAGS),
        "GCC_TARGET": " ".join((*building.GCC_TARGET, building.ABI)),
        "ZIG_TARGET": " ".join((*building.ZIG_TARGET, building.ABI)),
        "HOST_FLAGS": " ".join((*building.HOST_FLAGS, *building.TARGETS["host"])),
        "LINKER_FLAGS": " ".join(building.LINKER_FLAGS),
        "DEVICE_SOURCES": " ".join(building.device_sources()),
        "HOST_SOURCES": " ".join(building.HOST_SOURCES),
    }
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text


def _readme(plan: Plan, vectors: Sequence[str]) -> str:
    graph = plan.graph
    shape = " × ".join(map(str, graph.input.shape))
    flash = ", and the first bytes of the external flash" if plan.flash_image else ""
    return f"""# {graph.name} for GAP8

Written by `kws gap8 export`; nothing of it is needed from here on. {len(graph.layers)} layers, {graph.macs} MACs,
{graph.parameters} parameters; {plan.strategy}.

    make                     # the program for GAP8, network.elf: by a RISC-V GCC, or by ziglang from PyPI
    make VECTOR={vectors[-1]}
    make test                # the same network on this machine: every test vector against the reference's outputs
    make check LOG=file      # what a device printed for VECTOR against the reference's outputs
    make RISCV_CC=name       # another RISC-V GCC; CC=name: another C compiler of this machine

* Input: {prod(graph.input.shape)} {graph.input.dtype} codes ({shape}: rows, columns, channels), scale
  {graph.input.scale!r}, zero point {graph.input.file_zero_point}. In the image and in `{VECTORS}/*.input` lie first two
  words (inferences after the first one; whether checksums are computed), then the codes as int8, that is
  {"minus 128" if graph.input.offset else "as they are"}.
* Output: {graph.classes} {graph.output.dtype} codes, scale {graph.output.scale!r}, zero point
  {graph.output.file_zero_point}.
* `main.c` starts the cluster, whose eight cores call `infer(core)` (`runtime.h`) with the input codes at
  `network_input.codes`; logits and output codes then lie at `logits_codes` and `output_codes`. Your own firmware does
  the same. It keeps clear of what the plan uses: L1 0x{plan.l1_begin:08x} to 0x{plan.l1_end:08x}, L2
  0x{plan.l2_begin:08x} to 0x{plan.l2_end:08x}{flash}.
* `plan.json` says of every step what it does, where everything lies, and how many bytes are in use.
* `{VECTORS}/*.expected`: what the integer reference computes of each. A layer's checksum adds (code + 128) times
  an odd number made of the code's place, modulo 2^32 (`checksum` in `runtime.c`).
"""
