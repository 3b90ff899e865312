"""The butterflies of the integer front end: Fourier transforms of a few legs, exact in 32 bits or halved in 16.

What they compute is specified in `kwslib.integer.front_end_transform`, operation by operation.
"""

from collections.abc import Callable
from dataclasses import dataclass

from kwslib.gap8.kernels.dataflow import Dataflow, Value
from kwslib.integer.front_end_transform import DC_LIFT, ODD_LIFT


@dataclass(frozen=True)
class Wide:
    """A complex number in two registers; a part that is None is zero."""

    re: Value | None
    im: Value | None


ZERO = Wide(None, None)


class WideButterfly:
    """Exact butterflies of complex numbers in pairs of registers.

    Parameters
    ----------
    flow : Dataflow
    root : int
        Register that holds 2^16 / sqrt(2).
    """

    def __init__(self, flow: Dataflow, root: int):
        self._flow = flow
        self._root = root

    def transform(self, legs: Callable[[int], Wide], radix: int, use: Callable[[int, Wide], None]) -> None:
        """Transform `radix` legs (2, 4 or 8), which `legs` loads, and hand each result to `use`."""
        half = radix // 2
        sums, less = [], []
        for leg in range(half):
            x, y = legs(leg), legs(leg + half)
            sums.append(self._add(x, y))
            if radix == 8 and leg == 2:
                less.append(self._turned(x, y))
            elif radix == 8 and leg == 3:
                less.append(self._sub(y, x))
            else:
                less.append(self._sub(x, y) if radix != 4 or leg == 0 else self._turned(x, y))
        if radix == 2:
            use(0, sums[0])
            use(1, less[0])
        elif radix == 4:
            self._last(sums[0], sums[1], use, 0, 2)
            self._last(less[0], less[1], use, 1, 3)
        else:
            self._eight(sums, less, use)

    def _eight(self, sums: list[Wide], less: list[Wide], use: Callable[[int, Wide], None]) -> None:
        even, odd = self._add(sums[0], sums[2]), self._add(sums[1], sums[3])
        difference, turned = self._sub(sums[0], sums[2]), self._turned(sums[1], sums[3])
        self._last(even, odd, use, 0, 4)
        self._last(difference, turned, use, 2, 6)
        first, one, turned, three = less
        p, q = self._by_root(self._add(one, three)), self._by_root(self._turned(one, three))
        c0, c2 = self._add(first, turned), self._sub(first, turned)
        c1, c3 = self._add(p, q), self._sub(q, p)
        self._last(c0, c1, use, 1, 5)
        self._last(c2, c3, use, 3, 7)

    def _last(self, x: Wide, y: Wide, use: Callable[[int, Wide], None], plus: int, minus: int) -> None:
        less = self._sub(x, y)
        use(plus, self._add(x, y))
        use(minus, less)

    def _plus(self, x: Value | None, y: Value | None) -> Value | None:
        return y if x is None else x if y is None else self._flow.of("add", x, y)

    def _minus(self, x: Value | None, y: Value | None) -> Value | None:
        return x if y is None else self._flow.of("sub", 0 if x is None else x, y)

    def _add(self, x: Wide, y: Wide) -> Wide:
        return Wide(self._plus(x.re, y.re), self._plus(x.im, y.im))

    def _sub(self, x: Wide, y: Wide) -> Wide:
        return Wide(self._minus(x.re, y.re), self._minus(x.im, y.im))

    def _turned(self, x: Wide, y: Wide) -> Wide:
        """-j (x - y)."""
        return Wide(self._minus(x.im, y.im), self._minus(y.re, x.re))

    def _by_root(self, x: Wide) -> Wide:
        return Wide(*(part and self._part_by_root(part) for part in (x.re, x.im)))

    def _part_by_root(self, x: Value) -> Value:
        low = self._flow.of("p.muluN", x, self._root, 16)
        high = self._flow.of("srai", x, 16)
        return self._flow.onto(low, "p.mac", high, self._root)


def halved_dft8(flow: Dataflow, x: list[Value], root: int, use: Callable[[int, Value], None]) -> None:
    """Emit `kwslib.integer.front_end_transform.divided_dft8` of words of two halves, and hand each result to `use`.

    Parameters
    ----------
    flow : Dataflow
    x : list of Value
        The eight legs.
    root : int
        Register that holds 2^15 / sqrt(2), with an imaginary part of zero.
    use : callable of a number and a Value
    """
    of = flow.of
    sums, less = [], []
    for leg in range(4):
        low, high = x[leg], x[leg + 4]
        sums.append(of("pv.add.h.div2", low, high))
        name = "pv.subrotmj.h.div2" if leg == 2 else "pv.sub.h.div2"
        less.append(of(name, high, low) if leg == 3 else of(name, low, high))
    e0, e1 = of("pv.add.h.div2", sums[0], sums[2]), of("pv.sub.h.div2", sums[0], sums[2])
    e2, e3 = of("pv.add.h.div2", sums[1], sums[3]), of("pv.subrotmj.h.div2", sums[1], sums[3])
    use(0, of("pv.add.sci.h", of("pv.add.h", e0, e2), DC_LIFT))
    use(4, of("pv.sub.h", e0, e2))
    use(2, of("pv.add.h", e1, e3))
    use(6, of("pv.sub.h", e1, e3))
    first, one, turned, three = less
    p = of("pv.cplxmul.s.div2", of("pv.add.h", one, three), root)
    q = of("pv.cplxmul.s.div2", of("pv.subrotmj.h", one, three), root)
    c0, c2 = of("pv.add.h.div2", first, turned), of("pv.sub.h.div2", first, turned)
    c1, c3 = of("pv.add.sci.h", of("pv.add.h", p, q), ODD_LIFT), of("pv.sub.h", q, p)
    use(1, of("pv.add.h", c0, c1))
    use(5, of("pv.sub.h", c0, c1))
    use(3, of("pv.add.h", c2, c3))
    use(7, of("pv.sub.h", c2, c3))
