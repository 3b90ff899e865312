"""The work of a pointwise layer: its shape, and blocks of positions, of which a tile has lines."""

from dataclasses import dataclass, replace

from kwslib.gap8.kernels.pointwise import Pointwise
from kwslib.gap8.kernels.rounding import Rounding
from kwslib.gap8.planning.layouts import Layout
from kwslib.gap8.planning.memory import DMA_SLACK_BYTES
from kwslib.gap8.planning.windows import Strips

POSITIONS = 5
"""Positions of a block (4 channels × 5 positions: 22.07 MAC/cycle, the most that registers hold)."""


@dataclass(frozen=True)
class Blocks:
    """Blocks of one size in a tile: each line has `count` of them.

    Attributes
    ----------
    positions : int
        Of a block.
    lines, count : int
    start_in, start_out : int
        Bytes of the first block in a tile.
    line_in, line_out, block_in, block_out, position_in, position_out : int
        Bytes from one line, block and position to the next.
    """

    positions: int
    lines: int
    count: int
    start_in: int
    start_out: int
    line_in: int
    line_out: int
    block_in: int
    block_out: int
    position_in: int
    position_out: int

    def halves(self) -> list["Blocks"]:
        """Return the first and the second blocks of lines that have two."""
        second = replace(self, start_in=self.start_in + self.block_in, start_out=self.start_out + self.block_out)
        return [replace(self, count=1), replace(second, count=1)]

    def shorter(self, rows: int) -> "Blocks":
        """Return the same of fewer rows, where blocks lie along rows."""
        return replace(self, lines=rows) if self.lines > 1 else replace(self, count=rows)

    def merged(self) -> "Blocks":
        """Return the same as one line, where each line has one block."""
        if self.count != 1:
            return self
        return Blocks(
            self.positions,
            1,
            self.lines,
            self.start_in,
            self.start_out,
            0,
            0,
            self.line_in,
            self.line_out,
            self.position_in,
            self.position_out,
        )


@dataclass(frozen=True)
class Work:
    """What is known of a pointwise layer before its tiles are.

    Attributes
    ----------
    rows, columns : int
        Of the output map.
    inputs, pixel_bytes : int
        Of a position or window: bytes that count, and from one to the next.
    groups, group_bytes : int
        Groups of four output channels; weights and parameters of one.
    layout : Layout
        Of the output.
    rounding : Rounding
    signed, sums : bool
        As in `kwslib.gap8.kernels.pointwise.Pointwise`.
    input_in_l1, output_in_l1 : bool
    input_row_bytes : int
    window_rows : (int, int, int) or None
        Kernel rows, stride and input rows where windows are gathered.
    strips : Strips or None
        Where the windows overlap in strips.
    """

    rows: int
    columns: int
    inputs: int
    pixel_bytes: int
    groups: int
    group_bytes: int
    layout: Layout
    rounding: Rounding
    signed: bool
    sums: bool
    input_in_l1: bool
    output_in_l1: bool
    input_row_bytes: int
    window_rows: tuple[int, int, int] | None
    strips: Strips | None = None

    def input_bytes(self, tile_rows: int) -> int:
        """Return the bytes of an input tile."""
        rows = tile_rows
        if self.window_rows:
            kernel, stride, most = self.window_rows
            rows = min((tile_rows - 1) * stride + kernel, most)
        return rows * self.input_row_bytes + DMA_SLACK_BYTES

    def in_strides(self, tile_rows: int) -> tuple[int, int]:
        """Return the bytes from one row, and from one column, to the next where the kernel reads."""
        if self.strips is None:
            return self.columns * self.pixel_bytes, self.pixel_bytes
        if self.strips.across:
            return self.strips.strip_bytes(self.columns), self.strips.step
        return self.strips.step, self.strips.strip_bytes(tile_rows)

    def window_bytes(self, tile_rows: int) -> int:
        """Return the bytes of a tile's windows."""
        if self.strips is None:
            return tile_rows * self.columns * self.pixel_bytes
        if self.strips.across:
            return tile_rows * self.strips.strip_bytes(self.columns)
        return self.columns * self.strips.strip_bytes(tile_rows)

    def pieces(self, tile_rows: int) -> int:
        """Return the pieces of a tile's strips."""
        assert self.strips is not None
        strips, windows = (tile_rows, self.columns) if self.strips.across else (self.columns, tile_rows)
        return strips * ((windows - 1) * self.strips.step // self.strips.piece + self.strips.taps)

    def channel_bytes(self, tile_rows: int) -> int:
        """Return the bytes from one output channel to the next, in the map or in a tile."""
        if self.output_in_l1 or not self.layout.plane:
            return self.layout.channel_bytes
        return tile_rows * self.layout.row_bytes

    def output_bytes(self, tile_rows: int, groups: int) -> int:
        """Return the bytes of an output tile."""
        if self.layout.plane:
            return 4 * groups * tile_rows * self.layout.row_bytes
        return tile_rows * self.columns * 4 * groups

    def out_strides(self, groups: int) -> tuple[int, int]:
        """Return the bytes from one row, and from one column, to the next where the kernel writes."""
        if self.output_in_l1 or self.layout.plane:
            return self.layout.row_bytes, self.layout.column_bytes
        return self.columns * 4 * groups, 4 * groups

    def kernel(self, part: Blocks, tile_rows: int) -> Pointwise:
        """Return the kernel of some blocks."""
        layout = self.layout
        words = (
            part.positions == POSITIONS
            and part.position_out == 1
            and layout.plane is not None
            and layout.plane.left == 0
            and part.start_out == 0
            and (part.block_out % 4 == 0 or part.count == 1)
            and part.line_out % 4 == 0
        )
        return Pointwise(
            self.inputs,
            part.positions,
            part.position_in,
            self.channel_bytes(tile_rows),
            part.position_out,
            part.block_out,
            part.block_in,
            words=words,
            rounding=self.rounding,
            signed=self.signed,
            sums=self.sums,
        )
