"""A planned network as a C project for your own firmware: it needs nothing of this package.

A network that begins with sound also listens: the project then has the program that hears a stream, and recordings as
test vectors.
"""

import re
from collections.abc import Sequence
from math import prod
from pathlib import Path

import numpy as np

from kwslib.config.front_end import CLIP_SAMPLES, SAMPLE_RATE_HZ
from kwslib.errors import InputError
from kwslib.gap8.planning import planner, record
from kwslib.gap8.planning.plan import Plan
from kwslib.gap8.program import codegen, compilation, cross_compilers
from kwslib.gap8.program.expected_output import expected_text, printed
from kwslib.gap8.program.expected_stream import expected_stream, heard_text
from kwslib.gap8.program.listening import Listening
from kwslib.gap8.program.templates import render
from kwslib.integer.graph import Graph
from kwslib.paths import atomic_path

VECTORS = "vectors"
VECTOR_NAME = re.compile(r"[A-Za-z0-9_+-]{1,200}")
"""What a name may hold, since it stands in the Makefile, in shell commands and in C."""
MARKER = "counts.h"
"""A generated file by which a folder is known as such a project."""


def export_project(
    graph: Graph,
    folder: Path,
    clips: Sequence[tuple[str, np.ndarray]],
    labels: Sequence[str] | None = None,
    force: bool = False,
    listens: Listening | None = None,
    recordings: Sequence[tuple[str, np.ndarray]] = (),
) -> Plan:
    """Write the project: sources, weights, kernels, Makefile, README, test vectors with the reference's outputs.

    Parameters
    ----------
    graph : Graph
    folder : Path
        Appears whole or not at all.
    clips : sequence of (str, ndarray)
        Test vectors: name, and input codes of the network's type, or samples, int16, for a graph with a front end. The
        first is the one in the program.
    labels : sequence of str, optional
        Names of the classes.
    force : bool
        Replace a project that is there.
    listens : Listening, optional
        Also write the program that listens to a stream.
    recordings : sequence of (str, ndarray)
        Test vectors of that program: name, which is one of the clips', and samples, int16, of any length.

    Returns
    -------
    Plan

    Raises
    ------
    InputError
        If the folder holds something else, or a project and `force` is not given; if two clips have one name, or one
        has a name that cannot stand in a Makefile.
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
    if bad := [name for name in names if not VECTOR_NAME.fullmatch(name)]:
        raise InputError(f"'{bad[0]}' cannot name a test vector: use letters, digits, '_', '+' and '-'")
    plan = planner.plan(graph, listens.spare_bytes if listens else 0)
    classes = list(labels) if labels else [f"class{i}" for i in range(graph.classes)]
    with atomic_path(folder) as project:
        codegen.write_project(plan, project, classes, clips[0][1], listens)
        (project / VECTORS).mkdir()
        for name, codes in clips:
            (project / VECTORS / f"{name}.input").write_bytes(codegen.input_image(plan, codes))
            (project / VECTORS / f"{name}.expected").write_text(expected_text(graph, codes, classes), "utf-8")
        if listens is not None:
            _write_recordings(graph, listens, recordings, classes, project / VECTORS)
        record.save(plan.record(), project / compilation.PLAN)
        (project / "Makefile").write_text(_makefile(names, listens))
        (project / "README.md").write_text(_readme(plan, names, listens), "utf-8")
    return plan


def _write_recordings(
    graph: Graph,
    listens: Listening,
    recordings: Sequence[tuple[str, np.ndarray]],
    classes: Sequence[str],
    folder: Path,
) -> None:
    for name, samples in recordings:
        (folder / f"{name}.pcm").write_bytes(np.ascontiguousarray(samples, "<i2").tobytes())
        found = expected_stream(graph, listens, samples)
        (folder / f"{name}.heard").write_text(heard_text(found, listens, classes))


def _makefile(vectors: Sequence[str], listens: Listening | None) -> str:
    return render(
        "Makefile",
        vectors=vectors,
        flags=" ".join(compilation.DEVICE_FLAGS),
        gcc_target=" ".join(cross_compilers.GCC_TARGET),
        zig_target=" ".join(cross_compilers.ZIG_TARGET),
        host_flags=" ".join((*compilation.HOST_FLAGS, *compilation.TARGETS["host"])),
        linker_flags=" ".join(compilation.LINKER_FLAGS),
        device_sources=" ".join(compilation.DEVICE_SOURCES),
        host_sources=" ".join(compilation.HOST_SOURCES),
        listens=listens is not None,
        listen_flags=" ".join(compilation.listen_flags(listens)) if listens else "",
        listen_sources=" ".join(compilation.LISTEN_DEVICE_SOURCES),
        listen_host_sources=" ".join(compilation.LISTEN_HOST_SOURCES),
    )


def _readme(plan: Plan, vectors: Sequence[str], listens: Listening | None) -> str:
    graph = plan.graph
    return render(
        "README.md",
        title=printed(graph.name),
        plan=plan,
        graph=graph,
        vectors=vectors,
        listens=listens,
        input_codes=prod(graph.input.shape),
        samples=CLIP_SAMPLES,
        rate_hz=SAMPLE_RATE_HZ,
        address=codegen.address,
    )
