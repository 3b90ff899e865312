"""Requantisation in the kernels: how an accumulator becomes a stored code, exactly, in a few instructions.

A stored code is unsigned, 0 to `Rounding.top`: the map's core code less the lowest code that can occur. Every form has
a slope and an offset B, both chosen by the planner, which proves that the codes are the reference's
(`kwslib.gap8.planning.forms`):

    stored = clip((y + B + 2^(n - 1)) >> n, 0, top)

======== =================================================== =================================
form     y                                                   instructions (cycles) an output
======== =================================================== =================================
short    acc · q                                             3 (3)
long     acc · hi + ((acc · lo) >> before)                   5 (5), and temporary registers
split    the y of long, + κ if acc <= Z                      7 (7), and temporary registers
high     ((acc << before) · m) >> 32                         4 (8): ``mulh`` takes five cycles
signed   z - κ if z < 0 else z, z = the y of high + B'       7 (11)
======== =================================================== =================================

Every product but the one of ``mulh`` must fit 32 bits. The forms *split* and *signed* have a second offset where the
accumulator stands for a negative number, since TFLite rounds those another way: up to Z, or where B' makes z negative.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from kwslib.gap8.kernels.assembler import Assembler

SHORT, LONG, SPLIT, HIGH, SIGNED = "short", "long", "split", "high", "signed"
WORDS = {
    SHORT: ("q", "B", "n"),
    LONG: ("hi", "lo", "B", "n"),
    SPLIT: ("hi", "lo", "Z", "κ", "B", "n"),
    HIGH: ("m", "B", "n"),
    SIGNED: ("m", "B'", "κ", "B", "n"),
}
"""The words behind a channel's weights, by form; n always has its word, also where it is common and never read."""
CYCLES = {SHORT: 3, LONG: 5, SPLIT: 7, HIGH: 8, SIGNED: 11}
"""Cycles of an output, from the instructions (``mulh`` takes five)."""
LARGEST_SHIFT = 31
"""``p.addRN`` has five bits for the shift; 0 would round by half of nothing."""
LARGEST_TOP = 255
_CLIPS = {127: 8, 255: 9}  # the operand of p.clipu that clips to 0..top; any other top takes p.clipur and a register
_TEMPORARIES = {SHORT: 0, LONG: 2, SPLIT: 2, HIGH: 0, SIGNED: 1}


@dataclass(frozen=True)
class Rounding:
    """The form of a layer's requantisation: what is the same for every channel.

    Attributes
    ----------
    form : str
        ``short``, ``long``, ``split``, ``high`` or ``signed``.
    shift : int or None
        The shift n, if it is the same for every channel: kernels then skip those in the records.
    before : int
        ``long``, ``split``: by how many bits the low product is shifted. ``high``, ``signed``: by how many the
        accumulator is.
    top : int
        The largest stored code.
    """

    form: str = SHORT
    shift: int | None = None
    before: int = 0
    top: int = 127

    def refusal(self) -> str | None:
        """Say why no kernel can have this form, or None if one can."""
        if self.form not in WORDS:
            return f"the requantisation '{self.form}'"
        if self.shift is not None and not 1 <= self.shift <= LARGEST_SHIFT:
            return f"a common shift of {self.shift}: 1 to {LARGEST_SHIFT} are possible"
        if not 0 <= self.before <= LARGEST_SHIFT or (self.form == SHORT and self.before):
            return f"a first shift of {self.before}"
        if not 1 <= self.top <= LARGEST_TOP:
            return f"codes up to {self.top}: at most {LARGEST_TOP} is possible"
        return None

    @property
    def words(self) -> int:
        """Words behind a channel's weights."""
        return len(WORDS[self.form])

    @property
    def cycles(self) -> int:
        """Cycles of an output."""
        return CYCLES[self.form] - (self.form in (HIGH, SIGNED) and not self.before)

    @property
    def parameters(self) -> int:
        """Registers that the words of a channel take."""
        return self.words - (self.shift is not None)

    @property
    def temporaries(self) -> int:
        """Registers that the instructions need beside them, and that need to keep nothing in between."""
        return _TEMPORARIES[self.form]

    @property
    def needs_top(self) -> bool:
        """Whether the largest code stands in a register."""
        return self.top not in _CLIPS


@dataclass(frozen=True)
class Requantise:
    """The instructions of a form, for given registers.

    Attributes
    ----------
    rounding : Rounding
    parameters : list of int
        `Rounding.parameters` registers, in the order of `WORDS`.
    temporaries : list of int
        One at least where `Rounding.temporaries` is not 0; with more of them, products wait less.
    top : int or None
        Register with the largest code, where `Rounding.needs_top`; `prepare` loads it.
    """

    rounding: Rounding
    parameters: list[int]
    temporaries: list[int] = field(default_factory=list)
    top: int | None = None

    def __post_init__(self) -> None:
        """Check that there are as many registers as the form needs."""
        form = self.rounding
        if len(self.parameters) != form.parameters or len(self.temporaries) < min(form.temporaries, 1):
            raise AssertionError(f"{form} with {len(self.parameters)} and {len(self.temporaries)} registers")
        if form.needs_top and self.top is None:
            raise AssertionError(f"{form} without a register for the largest code")

    @classmethod
    def allocate(cls, code: Assembler, rounding: Rounding) -> "Requantise":
        """Take the registers that are needed."""
        return cls(
            rounding,
            code.registers(rounding.parameters),
            code.registers(rounding.temporaries),
            code.register() if rounding.needs_top else None,
        )

    def prepare(self, code: Assembler) -> None:
        """Load the largest code into its register, if there is one: once, in front of all loops."""
        if self.top is not None:
            code.constant(self.top, self.rounding.top)

    def take(self, code: Assembler, records: int) -> None:
        """Load a channel's words at the pointer `records` and move it behind them; a known shift is skipped."""
        skipped = self.rounding.words - len(self.parameters)
        for register in self.parameters[:-1]:
            code.take(register, records)
        code.take(self.parameters[-1], records, 4 + 4 * skipped)

    def apply(self, code: Assembler, accumulators: Sequence[int]) -> None:
        """Turn accumulators into stored codes, each in its register."""
        self.finish(code, accumulators, [self.multiply(code, place, total) for place, total in enumerate(accumulators)])

    def multiply(self, code: Assembler, place: int, accumulator: int) -> int:
        """Emit the instructions up to y (or z), the `place`-th of a group; return the register that holds it."""
        form = self.rounding.form
        if form == SHORT:
            code.emit("mul", accumulator, accumulator, self.parameters[0])
            return accumulator
        if form in (LONG, SPLIT):
            low = self.temporaries[place % len(self.temporaries)]
            return self._long(code, accumulator, low)
        if self.rounding.before:
            code.emit("slli", accumulator, accumulator, self.rounding.before)
        code.emit("mulh", accumulator, accumulator, self.parameters[0])
        if form == SIGNED:
            negative = self.temporaries[place % len(self.temporaries)]
            code.emit("add", accumulator, accumulator, self.parameters[1])
            code.emit("srai", negative, accumulator, 31)
            code.emit("p.mac", accumulator, negative, self.parameters[2])
        return accumulator

    def _long(self, code: Assembler, accumulator: int, low: int) -> int:
        """All of the forms with two products; the code ends in the accumulator's register."""
        high, factor = self.parameters[:2]
        code.emit("mul", low, accumulator, factor)
        code.emit("srai", low, low, self.rounding.before)
        code.emit("p.mac", low, accumulator, high)
        if self.rounding.form == SPLIT:
            limit, kink = self.parameters[2:4]
            code.emit("p.slet", accumulator, accumulator, limit)
            code.emit("p.mac", low, accumulator, kink)
        offset = self.parameters[WORDS[self.rounding.form].index("B")]
        self._round(code, low, offset)
        self._clip(code, accumulator, low)
        return accumulator

    def finish(self, code: Assembler, accumulators: Sequence[int], values: Sequence[int]) -> None:
        """Emit what turns the registers that `multiply` returned into codes in the accumulators' registers."""
        if self.rounding.form in (LONG, SPLIT):
            return
        offset = self.parameters[{SHORT: 1, HIGH: 1, SIGNED: 3}[self.rounding.form]]
        for value in values:
            self._round(code, value, offset)
        for accumulator, value in zip(accumulators, values, strict=True):
            self._clip(code, accumulator, value)

    def _round(self, code: Assembler, value: int, offset: int) -> None:
        shift = self.rounding.shift
        if shift is None:
            code.emit("p.addRNr", value, offset, self.parameters[-1])
        else:
            code.emit("p.addRN", value, value, offset, shift)

    def _clip(self, code: Assembler, target: int, value: int) -> None:
        if self.top is not None:
            code.emit("p.clipur", target, value, self.top)
        else:
            code.emit("p.clipu", target, value, _CLIPS[self.rounding.top])
