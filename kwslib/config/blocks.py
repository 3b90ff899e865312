"""The blocks of a DS-CNN from text, and back: ``--model_size_info`` as the baseline writes it, kernels and strides."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace

from kwslib.config.architecture import Architecture, Block, Pair
from kwslib.errors import InputError

NUMBERS_A_BLOCK = 5
MOST_CHANNELS, MOST_BLOCKS = 1024, 32
"""More do not fit GAP8 in any form; the planner says what fits."""
BEHIND = Block(0, (3, 3), (1, 1))
"""Kernel and stride of a block that is added behind those of a preset; it has the channels of the last one."""


def read_model_size_info(text: str) -> tuple[Block, ...]:
    """Read ``--model_size_info``: the number of blocks, then channels, kernel and stride of each.

    Parameters
    ----------
    text : str
        Whole numbers with spaces or commas between them; of a kernel and a stride, rows (time) come first.

    Raises
    ------
    InputError
        If it holds anything else, or another count of numbers.

    Examples
    --------
    >>> read_model_size_info("2 64 10 4 2 2 64 3 3 1 1")[0]
    Block(channels=64, kernel=(10, 4), stride=(2, 2))
    """
    words = text.replace(",", " ").split()
    bad = next((word for word in words if not re.fullmatch(r"\d{1,9}", word, re.ASCII)), None)
    if bad is not None or not words:
        raise InputError(f"model_size_info has '{bad or ''}' where a whole number belongs: {_form()}")
    count, *numbers = map(int, words)
    if len(numbers) != NUMBERS_A_BLOCK * count or not count:
        whole = max(1, len(numbers) // NUMBERS_A_BLOCK)
        rest = len(numbers) - NUMBERS_A_BLOCK * whole
        fits = f"{whole} blocks fit" if not rest else f"{whole} blocks and {rest} numbers too many"
        raise InputError(
            f"model_size_info begins with {count}, and {count} blocks need {NUMBERS_A_BLOCK * count} more numbers; "
            f"{len(numbers)} follow ({fits}): {_form()}"
        )
    rows = [numbers[at : at + NUMBERS_A_BLOCK] for at in range(0, len(numbers), NUMBERS_A_BLOCK)]
    return tuple(Block(channels, (height, width), (down, across)) for channels, height, width, down, across in rows)


def _form() -> str:
    return "give the number of blocks, then channels, kernel rows, kernel columns, stride rows, stride columns of each"


def model_size_info(blocks: Sequence[Block]) -> tuple[int, ...]:
    """Return the numbers of ``--model_size_info``."""
    return (len(blocks), *(number for one in blocks for number in (one.channels, *one.kernel, *one.stride)))


def read_pair(name: str, text: str) -> Pair:
    """Read rows and columns, such as ``10x4``.

    Raises
    ------
    InputError
        If it is anything else.
    """
    found = re.fullmatch(r"\s*(\d{1,4})\s*[x×]\s*(\d{1,4})\s*", text, re.ASCII)
    if not found:
        raise InputError(f"{name} is '{text}': give rows x columns, such as 10x4")
    return int(found[1]), int(found[2])


def changed(
    preset: Sequence[Block], channels: int = 0, count: int = 0, first_kernel: str = "", strides: str = ""
) -> tuple[Block, ...]:
    """Return the blocks of a preset with what is named changed.

    Parameters
    ----------
    preset : sequence of Block
    channels : int
        Of every block; 0 leaves them.
    count : int
        Number of blocks, the first convolution included; 0 leaves them. Blocks that are added are `BEHIND`.
    first_kernel : str
        Of the first convolution.
    strides : str
        Of each block in turn, such as ``2x2,1x1``; 1x1 for the blocks behind those that are named.

    Raises
    ------
    InputError
        If a number is out of range, or there are more strides than blocks.
    """
    made = list(preset)
    if count:
        _within("blocks", count, MOST_BLOCKS)
        made = made[:count] + [replace(BEHIND, channels=made[-1].channels)] * (count - len(made))
    if channels:
        _within("channels", channels, MOST_CHANNELS)
        made = [replace(one, channels=channels) for one in made]
    if first_kernel:
        made[0] = replace(made[0], kernel=read_pair("first_kernel", first_kernel))
    if strides:
        pairs = [read_pair("strides", one) for one in strides.split(",")]
        if len(pairs) > len(made):
            raise InputError(f"strides names {len(pairs)} blocks, and the network has {len(made)}: give {len(made)}")
        pairs += [(1, 1)] * (len(made) - len(pairs))
        made = [replace(one, stride=pair) for one, pair in zip(made, pairs, strict=True)]
    return tuple(made)


def _within(name: str, value: int, most: int) -> None:
    if not 1 <= value <= most:
        raise InputError(f"{name} is {value}: give {1 if value < 1 else most} (1 to {most} are possible)")


def check_blocks(size: Architecture) -> None:
    """Check that every block has something to work on.

    Raises
    ------
    InputError
        If a kernel or a stride is larger than the map that it reads, a depthwise stride is not the same in both
        directions, or a number is out of range; with the block, the map, and the nearest value that fits.
    """
    _within("the number of blocks", len(size.blocks), MOST_BLOCKS)
    rows, columns = size.input_shape
    for number, block in enumerate(size.blocks, 1):
        where = f"block {number} of {len(size.blocks)}"
        _within(f"channels of {where}", block.channels, MOST_CHANNELS)
        for what, pair in (("kernel", block.kernel), ("stride", block.stride)):
            fits = min(max(1, pair[0]), rows), min(max(1, pair[1]), columns)
            if pair != fits:
                why = "leaves nothing of" if what == "stride" and min(pair) > 0 else "does not fit"
                raise InputError(
                    f"the {what} {_text(pair)} of {where} {why} its map of {_text((rows, columns))} "
                    f"(rows x columns); nearest: {_text(fits)}"
                )
        if number > 1 and block.stride[0] != block.stride[1]:  # TensorFlow's depthwise kernels take no others
            nearest = _text((min(block.stride),) * 2)
            raise InputError(
                f"the stride {_text(block.stride)} of {where} is not the same for rows and columns, as a depthwise "
                f"layer's must be in training; nearest: {nearest}"
            )
        rows, columns = -(-rows // block.stride[0]), -(-columns // block.stride[1])


def _text(pair: Pair) -> str:
    return f"{pair[0]}x{pair[1]}"


def named(blocks: Sequence[Block], preset: Sequence[Block]) -> list[str]:
    """Return short names of what differs from a preset, such as ``96ch`` and ``4blocks``; empty if nothing does.

    Where these cannot say everything, the one name is a hash of the numbers.
    """
    if tuple(blocks) == tuple(preset):
        return []
    parts: list[str] = []
    told = changed(preset, count=len(blocks))
    channels = {one.channels for one in blocks}
    if {one.channels for one in told} != channels and len(channels) == 1:
        parts.append(f"{blocks[0].channels}ch")
        told = changed(told, channels=blocks[0].channels)
    if len(blocks) != len(preset):
        parts.append(f"{len(blocks)}blocks")
    if blocks[0].kernel != told[0].kernel:
        parts.append(f"k{_text(blocks[0].kernel)}")
        told = changed(told, first_kernel=_text(blocks[0].kernel))
    if [one.stride for one in blocks] != [one.stride for one in told]:
        strides = [_text(one.stride) for one in blocks]
        while len(strides) > 1 and strides[-1] == "1x1":
            strides.pop()
        parts.append(f"s{'_'.join(strides)}")
        told = changed(told, strides=",".join(strides))
    if tuple(blocks) == tuple(told):
        return parts
    text = " ".join(map(str, model_size_info(blocks)))
    return [f"net{hashlib.sha256(text.encode()).hexdigest()[:8]}"]
