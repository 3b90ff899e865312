"""The stages of the front end: rows of the layer profile."""

from dataclasses import dataclass

from kwslib.config.front_end import FrontEnd
from kwslib.integer.front_end_tables import tables_of


@dataclass(frozen=True)
class Stage:
    """A row of the layer profile.

    Attributes
    ----------
    name : str
    operations : int
        Real multiplications of the usual algorithms: a factor for each sample and 2 N log2 N for a transform of N real
        points; five for each bin that has a weight (two squares, the split's share left to the transform, two weights,
        one shift); one for each band; one for each product of the DCT.
    """

    name: str
    operations: int


def stages(front_end: FrontEnd | None, frames: int | None = None) -> tuple[Stage, ...]:
    """Return the stages of a front end in the order in which a frame passes them; none without a front end.

    Parameters
    ----------
    front_end : FrontEnd or None
        Of kind ``integer``.
    frames : int, optional
        How many frames are computed; those of a second by default.
    """
    if front_end is None:
        return ()
    points, frames = front_end.fft_length, front_end.frames if frames is None else frames
    log2_points = points.bit_length() - 1
    bins = len(tables_of(front_end).bins)
    return (
        Stage(f"F1_WindowFFT_{points}", frames * (front_end.window_samples + 2 * points * log2_points)),
        Stage(f"F2_PowerMel_{front_end.bands}", frames * 5 * bins),
        Stage(f"F3_Log_{front_end.bands}", frames * front_end.bands),
        Stage(f"F4_DCT_{front_end.coefficients}", frames * front_end.bands * front_end.coefficients),
    )
