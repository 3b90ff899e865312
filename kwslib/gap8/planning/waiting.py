"""How long steps wait for weights: the stream of transfers, one after the other, beside the steps' own work."""

from collections.abc import Sequence

from kwslib.gap8.planning.plan import Step, Transfer

STREAM_BYTES_A_CYCLE = 2.2
"""Of weights from L2, which the fabric controller moves in pieces of a quarter of a kilobyte while the cores work
(measured: 1.8 to 2.4)."""
FLASH_BYTES_A_CYCLE = 0.9
"""Of weights from the external flash, which come to L2 first."""
START_CYCLES = 60
"""Of a transfer."""


def waits(steps: Sequence[Step], transfers: Sequence[Transfer]) -> list[int]:
    """Return how many cycles each step waits at its end for the first weights of the next one.

    Parameters
    ----------
    steps : sequence of Step
        With their predicted cycles, without the waiting, and the transfers that they allow.
    transfers : sequence of Transfer
        In the order in which they start.

    Examples
    --------
    A step of 1,000 cycles, the next one wants 22,000 bytes:

    >>> first = Step("pointwise", (0,), {}, prefetch=1, predicted_cycles=1000)
    >>> second = Step("pointwise", (1,), {}, ready=1, prefetch=1, predicted_cycles=1000)
    >>> from kwslib.gap8.planning.plan import Ref
    >>> waits([first, second], [Transfer(Ref("weights"), bytes(22_000))])
    [9060, 0]
    """
    found = [0] * len(steps)
    now, free, ends = 0.0, 0.0, [0.0]  # ends[n]: when the transfers before n have ended
    for number, step in enumerate(steps):
        while len(ends) - 1 < min(step.prefetch, len(transfers)):
            transfer = transfers[len(ends) - 1]
            rate = STREAM_BYTES_A_CYCLE if transfer.slot is None else FLASH_BYTES_A_CYCLE
            free = max(free, now) + START_CYCLES + len(transfer.data) / rate
            ends.append(free)
        now += step.predicted_cycles
        if number + 1 < len(steps):
            wanted = ends[min(steps[number + 1].ready, len(ends) - 1)]
            found[number] = round(max(0.0, wanted - now))
            now = max(now, wanted)
    return found
