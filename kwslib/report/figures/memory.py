"""The memories of a network on GAP8: how full each step makes them, and what lives where from when to when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import altair as alt
import pandas as pd

from kwslib.report.figures.gap8 import ROW_HEIGHT, named_rows
from kwslib.report.figures.picture import CHOSEN, WIDTH, Picture, percent, series_lines

MAP_HEIGHT = 260
"""Pixels of a memory, from its first byte to its last."""


@dataclass(frozen=True)
class MemoryUse:
    """Peak bytes of each memory that a step needs, by the memory's name."""

    name: str
    used_bytes: Mapping[str, int]


def memory_bars(rows: Sequence[MemoryUse], sizes_bytes: Mapping[str, int]) -> Picture:
    """Show how much of each memory every step uses, a panel a memory, up to its whole size."""
    names = [row.name for row in rows]
    panels = []
    for number, (memory, size) in enumerate(sizes_bytes.items()):
        used = [row.used_bytes[memory] for row in rows]
        kilobytes = [value / 1024 for value in used]
        facts = [_used(row, memory, size) for row in rows]
        frame = pd.DataFrame({"name": names, "used": kilobytes, "series": memory, "facts": facts})
        axis, scale = alt.Axis(values=[0, size / 2048, size / 1024]), alt.Scale(domain=[0, 1.08 * size / 1024])
        x = alt.X("used:Q", title=f"{memory}, KB of {size // 1024}", scale=scale, axis=axis)
        y = named_rows(names) if number == 0 else alt.Y("name:N", sort=names, title=None, axis=None)
        colour = alt.Color("series:N", scale=alt.Scale(domain=list(sizes_bytes)), legend=None)
        bars = alt.Chart(frame).mark_bar(height=14).encode(x=x, y=y, color=colour, tooltip="facts:N")
        end = alt.Chart(pd.DataFrame({"end": [size / 1024]})).mark_rule(strokeDash=[6, 4]).encode(x=alt.X("end:Q"))
        panels.append(alt.layer(bars, end).properties(width=WIDTH // len(sizes_bytes), height=ROW_HEIGHT * len(rows)))
    most = "; ".join(
        f"{memory} at most {max(row.used_bytes[memory] for row in rows)} of {size} bytes"
        for memory, size in sizes_bytes.items()
    )
    listed = "; ".join(
        f"{row.name}: " + ", ".join(f"{memory} {row.used_bytes[memory]}" for memory in sizes_bytes) for row in rows
    )
    return Picture(alt.hconcat(*panels), f"Memory in use, step by step: {most}. {listed}.")


def _used(row: MemoryUse, memory: str, size: int) -> str:
    used = row.used_bytes[memory]
    return f"{row.name}\n{used:,} of {size:,} bytes of {memory}, {percent(used / size, 0)}"


@dataclass(frozen=True)
class Tenant:
    """A region of a memory, from the beginning of one step to the end of another.

    Attributes
    ----------
    name, kind : str
        What lives there, and the series that it belongs to.
    memory : str
    first, last : int
        Steps, both included.
    begin, end : int
        Bytes from the beginning of the memory; `end` is not included.
    """

    name: str
    kind: str
    memory: str
    first: int
    last: int
    begin: int
    end: int

    @property
    def text(self) -> str:
        """The region in words."""
        steps = f"step {self.first}" if self.first == self.last else f"steps {self.first} to {self.last}"
        return f"{self.name}: {self.end - self.begin:,} bytes of {self.memory} from {self.begin:,}, {steps}"


def _steps_axis(steps: Sequence[str]) -> alt.Axis:
    """Names below the middles of the steps."""
    names = " : ".join(f"datum.value == {number + 0.5} ? {name!r}" for number, name in enumerate(steps))
    middles = [number + 0.5 for number in range(len(steps))]
    return alt.Axis(values=middles, labelExpr=f"{names} : ''", labelAngle=-55, labelAlign="right", grid=False)


def memory_map(tenants: Sequence[Tenant], steps: Sequence[str], sizes_bytes: Mapping[str, int]) -> Picture:
    """Show what lives where over the steps, a panel a memory: time to the right, addresses upwards.

    Parameters
    ----------
    tenants : sequence of Tenant
    steps : sequence of str
        Names of the steps, in order.
    sizes_bytes : dict
        Size of each memory that is shown, by its name.
    """
    kinds = list(dict.fromkeys(one.kind for one in tenants))
    panels = []
    for memory, size in sizes_bytes.items():
        rows = [one for one in tenants if one.memory == memory]
        frame = pd.DataFrame(
            {
                "series": one.kind,
                "first": one.first,
                "after": min(one.last + 1, len(steps)),
                "begin": one.begin / 1024,
                "end": one.end / 1024,
                "facts": one.text.replace(": ", "\n", 1),
            }
            for one in rows
        )
        x_axis = _steps_axis(steps)
        y_axis = alt.Axis(values=[size / 1024 * part / 4 for part in range(5)])
        boxes = alt.Chart(frame).mark_rect(stroke="gray", strokeWidth=0.6)
        boxes = boxes.encode(
            x=alt.X("first:Q", title=None, axis=x_axis, scale=alt.Scale(domain=[0, len(steps)])),
            x2="after:Q",
            y=alt.Y("begin:Q", title=f"{memory}, KB", axis=y_axis, scale=alt.Scale(domain=[0, size / 1024])),
            y2="end:Q",
            tooltip="facts:N",
            **series_lines(kinds),
        )
        panels.append(boxes.properties(width=WIDTH, height=MAP_HEIGHT))
    chart = alt.vconcat(panels[0].add_params(CHOSEN), *panels[1:])
    return Picture(chart, f"Memory over time. {'; '.join(one.text for one in tenants)}.")
