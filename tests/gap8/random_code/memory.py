"""Loads and stores of every width and form, inside of the windows."""

from tests.gap8.random_code import layout
from tests.gap8.random_code.layout import COMPRESSED_DATA, POINTER, SCRATCH, WINDOW
from tests.gap8.random_code.writer import Writer

LOADS = {"lb": 1, "lh": 2, "lw": 4, "lbu": 1, "lhu": 2}
STORES = {"sb": 1, "sh": 2, "sw": 4}
"""Bytes."""


def base(writer: Writer) -> str:
    """Return the register of a random window; what all share in L2 is loaded into the pointer."""
    choice = writer.rng.random()
    if choice < 0.4:
        return layout.OWN
    if choice < 0.65:
        return layout.SHARED
    if choice < 0.85:
        return layout.OWN_L2
    writer.emit("lui", POINTER, layout.L2_SHARED)
    return POINTER


def offset(writer: Writer, name: str, room: int = WINDOW) -> int:
    """Return a place in a window of `room` bytes; GVSOC does not extend the sign of a halfword across two words."""
    size = (LOADS | STORES)[name]
    while True:
        if writer.chance(0.3):
            place = writer.rng.randrange(room - size + 1)
        else:
            place = size * writer.rng.randrange(room // size)
        if name != "lh" or place % 4 != 3:
            return place


def access(writer: Writer) -> None:
    """Write one access in one of its forms."""
    form = writer.rng.choice((plain, plain, indexed, moving, moving_by_register, short, test_and_set))
    form(writer, writer.rng.choice((*LOADS, *STORES)))


def data(writer: Writer, name: str) -> str:
    return writer.target() if name in LOADS else writer.source()


def plain(writer: Writer, name: str) -> None:
    """The standard form."""
    window = base(writer)
    writer.emit(name, data(writer, name), offset(writer, name), window)


def indexed(writer: Writer, name: str) -> None:
    """Base and index are registers."""
    window = base(writer)
    writer.emit("addi", SCRATCH, "zero", offset(writer, name))
    writer.emit(f"p.{name}.r", data(writer, name), SCRATCH, window)


def moving(writer: Writer, name: str) -> None:
    """The pointer moves by a number; sometimes it is the data too."""
    _point(writer, name)
    step = writer.rng.randrange(-2048, 2048)
    register = POINTER if writer.chance(0.05) else data(writer, name)
    writer.emit(f"p.{name}.post", register, step, POINTER)
    if register == POINTER:
        writer.emit("add", writer.target(), POINTER, writer.source())


def moving_by_register(writer: Writer, name: str) -> None:
    """The pointer moves by a register."""
    _point(writer, name)
    writer.emit(f"p.{name}.rpost", data(writer, name), writer.source(), POINTER)
    if writer.chance(0.5):
        writer.emit("xor", writer.target(), POINTER, writer.source())


def _point(writer: Writer, name: str) -> None:
    window = base(writer)
    writer.emit("addi", POINTER, window, offset(writer, name))


def short(writer: Writer, name: str) -> None:
    """The compressed forms, which know words alone."""
    kind = writer.rng.choice(("c.lw", "c.sw", "c.lwsp", "c.swsp", "c.addi16sp"))
    if kind == "c.addi16sp":
        step = 16 * writer.rng.choice([n for n in range(-32, 32) if n not in (0, -32)])
        writer.emit(kind, layout.STACK, step)
        writer.emit("add", writer.target(), layout.STACK, writer.source())
        writer.emit(kind, layout.STACK, -step)
    elif kind in ("c.lw", "c.sw"):
        writer.emit(kind, writer.rng.choice(COMPRESSED_DATA), 4 * writer.rng.randrange(32), layout.OWN)
    else:
        writer.emit(kind, writer.rng.choice(layout.DATA), 4 * writer.rng.randrange(64), layout.STACK)


def test_and_set(writer: Writer, name: str) -> None:
    """A load through the alias that leaves all ones behind, or a plain store."""
    if writer.is_fc or name in STORES:
        plain(writer, name)
        return
    writer.li(POINTER, layout.L1_SHARED + layout.TEST_AND_SET + offset(writer, name) // 4 * 4)
    writer.emit(name, writer.target(), 0, POINTER)
