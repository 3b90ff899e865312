"""Guards around the buffers of L1: a program that finds out whether a step writes where no region lives.

The generated C project is edited before it is compiled; the firmware of the package stays as it is. Before each step
every byte of L1 that belongs to no region of that step is filled with a pattern, which is compared behind the step.
Where two regions touch there is no byte to guard: let the planner leave some between them. The depth of the cores'
stacks is measured too. The first inference computes the checksums, and it is the only one.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kwslib.gap8.hardware import L1_BASE, L1_BYTES, STACK_BYTES
from kwslib.gap8.planning.memory import Region
from kwslib.gap8.planning.plan import Plan
from kwslib.gap8.platforms.platform import Platform
from kwslib.gap8.program import codegen, compilation
from kwslib.gap8.program.compilation import Build

GUARDS = """/* generated: what of L1 no region holds, by step */
#include "print.h"

/* behind what the plan uses of L2: the planner gave the code no room for them */
#define GUARD_CODE __attribute__((section(".guards.text"), noinline))
#define GUARD_DATA(kind) __attribute__((section(".guards." kind)))

GUARD_DATA("rodata") static const struct guard {{
    address begin, end;
}} guards[] = {{{gaps}}};
GUARD_DATA("rodata") static const uint32_t guard_starts[] = {{{starts}}}; /* the first of each step, and the end */
GUARD_DATA("data")
static volatile uint32_t guard_harmed[CORES][STEP_COUNT], guard_first[CORES][STEP_COUNT];

GUARD_CODE static void guard_step(uint32_t core, uint32_t step, uint32_t checks) {{
    barrier();
    for (uint32_t i = guard_starts[step]; i < guard_starts[step + 1]; i++)
        for (address place = guards[i].begin + core; place < guards[i].end; place += CORES) {{
            volatile uint8_t *byte = at(place);
            uint8_t wanted = (uint8_t)((place * 0x9E3779B1u >> 24) ^ step);
            if (!checks) *byte = wanted;
            else if (*byte != wanted && !guard_harmed[core][step]++) guard_first[core][step] = place;
        }}
    barrier();
}}

extern uint8_t cluster_stacks[];
enum {{ STACK_BYTES = {stack_bytes}, STACK_MARK = 0xA5 }};

/* Each core marks what of its stack lies below this function's frame. */
GUARD_CODE void guard_stack(uint32_t core) {{
    volatile uint8_t *byte = cluster_stacks + core * STACK_BYTES;
    const uint8_t *end = (const uint8_t *)__builtin_frame_address(0) - 64;
    while (byte < end) *byte++ = STACK_MARK;
}}

GUARD_CODE void guard_report(void) {{
    uint32_t most = 0;
    for (uint32_t core = 0; core < CORES; core++) {{
        const uint8_t *stack = cluster_stacks + core * STACK_BYTES;
        uint32_t free = 0;
        while (free < STACK_BYTES && stack[free] == STACK_MARK) free++;
        if (STACK_BYTES - free > most) most = STACK_BYTES - free;
    }}
    print("Stacks: at most ");
    print_number(most);
    print(" bytes\\n");
    for (uint32_t step = 0; step < STEP_COUNT; step++) {{
        uint32_t harmed = 0, first = ~0u;
        for (uint32_t core = 0; core < CORES; core++) {{
            harmed += guard_harmed[core][step];
            if (guard_harmed[core][step] && guard_first[core][step] < first) first = guard_first[core][step];
        }}
        print("Guards of step ");
        print_number(step);
        print(": ");
        print_number(harmed);
        print(" harmed, first ");
        print_hex(harmed ? first : 0);
        print("\\n");
    }}
}}
"""
EDITS = {
    "runtime.c": (
        (
            "        runs[step->kind](core, step);\n",
            "        guard_step(core, i, 0);\n        runs[step->kind](core, step);\n        guard_step(core, i, 1);\n",
        ),
        ("/* --- the steps ---", '#include "guards.h"\n\n/* --- the steps ---'),
    ),
    "link.ld": (("  .l1 0x10000000 ", "  .guards ALIGN(PLAN_L2_END, 16) : { *(.guards.*) } > L2\n  .l1 0x10000000 "),),
    "main.c": (
        (
            "static volatile uint32_t cluster_ready",
            "void guard_report(void), guard_stack(uint32_t core);\nstatic volatile uint32_t cluster_ready",
        ),
        ("void cluster_main(uint32_t core) {\n", "void cluster_main(uint32_t core) {\n    guard_stack(core);\n"),
        ("    leave(0);\n", "    guard_report();\n    leave(0);\n"),
        ("    if (core == 0) inference.checking = 0;\n", "    if (core == 0) inference.checking = 1;\n"),
    ),
}
_LINE = re.compile(r"^Guards of step (\d+): (\d+) harmed, first ([0-9a-f]{8})$", re.MULTILINE)

_STACKS = re.compile(r"^Stacks: at most (\d+) bytes$", re.MULTILINE)


@dataclass(frozen=True)
class Gap:
    """Bytes of L1 that no region holds during a step."""

    begin: int
    end: int


def gaps(regions: Iterable[Region], step: int, begin: int, end: int = L1_BASE + L1_BYTES) -> list[Gap]:
    """Return what of [begin, end) no region of L1 holds in a step."""
    found, free = [], begin
    live = [r for r in regions if r.memory == "L1" and r.first <= step <= r.last]
    for region in sorted(live, key=lambda r: r.address):
        if region.address > free:
            found.append(Gap(free, region.address))
        free = max(free, region.end)
    return [*found, Gap(free, end)] if free < end else found


def build_guarded(plan: Plan, folder: Path, regions: Iterable[Region] | None = None) -> Build:
    """Write a plan's project into a folder and compile it, with guards.

    Parameters
    ----------
    plan : Plan
    folder : Path
    regions : iterable of Region, optional
        Instead of the plan's own.
    """
    regions = list(plan.regions.values() if regions is None else regions)
    by_step = [gaps(regions, step, plan.l1_begin) for step in range(len(plan.steps))]
    starts = [sum(len(found) for found in by_step[:step]) for step in range(len(by_step) + 1)]
    texts = [f"{{0x{gap.begin:x}, 0x{gap.end:x}}}" for found in by_step for gap in found]
    project = folder / compilation.PROJECT
    project.mkdir()
    codegen.write_project(plan, project)
    text = GUARDS.format(
        gaps=", ".join(texts or ["{0, 0}"]), starts=", ".join(map(str, starts)), stack_bytes=STACK_BYTES
    )
    (project / "guards.h").write_text(text)
    for name, edits in EDITS.items():
        text = (project / name).read_text()
        for line, put in edits:
            assert text.count(line) == 1, (name, line)
            text = text.replace(line, put)
        (project / name).write_text(text)
    compilation.compile_project(project, folder / compilation.PROGRAM)
    return Build(folder / compilation.PROGRAM, plan)


def harm(stdout: str, plan: Plan) -> list[str]:
    """Say for each step that wrote outside of its regions where, and behind which region.

    Every step must have been reported.
    """
    rows = _LINE.findall(stdout)
    assert [int(step) for step, *_ in rows] == list(range(len(plan.steps))), "no guards in this program's output"
    found = []
    for step, count, first in ((int(step), int(count), int(first, 16)) for step, count, first in rows):
        if count:
            where = f"{count} bytes from 0x{first:x}{_behind(plan, step, first)}"
            found.append(f"step {step} ({plan.steps[step].kind}): {where}")
    return found


def stack_bytes(stdout: str) -> int:
    """Bytes of its stack that the core used that used most: `STACK_BYTES` means that it may have needed more."""
    (found,) = _STACKS.findall(stdout)
    return int(found)


def _behind(plan: Plan, step: int, address: int) -> str:
    live = [r for r in plan.regions.values() if r.memory == "L1" and r.first <= step <= r.last and r.end <= address]
    last = max(live, key=lambda r: r.end, default=None)
    return f", {address - last.end} behind {last.name}" if last else ""


def run_guarded(platform: Platform, built: Build, codes: np.ndarray, timeout_s: float = 300) -> str:
    """Run such a program on one clip; returns what it printed."""
    elf = compilation.with_input(built, codes, built.elf.with_name("guarded_clip.elf"), check=False)
    done = platform.run(elf, timeout_s)
    assert done.exit_status == 0, done.stdout + done.stderr
    return done.stdout
