"""What a clip is to a graph: its input codes, or a second of samples that its front end makes them of."""

import numpy as np

from kwslib.integer import front_end
from kwslib.integer.graph import UINT8_SHIFT, Graph


def codes_of(graph: Graph, clips: np.ndarray) -> np.ndarray:
    """Return the input codes of clips.

    Parameters
    ----------
    graph : Graph
    clips : ndarray
        Input codes of the network's type, (clips, ...); or samples, int16 (clips, 16000), for a graph with a front end.

    Returns
    -------
    ndarray, of the network's input type, (clips, rows, columns, channels)

    Raises
    ------
    kwslib.errors.InputError
        If a graph with a front end is given something else than samples.
    """
    tensor = graph.input
    if graph.front_end is not None:
        codes = front_end.codes_of(np.asarray(clips), graph.front_end, tensor.zero_point + UINT8_SHIFT)
        clips = tensor.from_core((codes ^ np.uint8(UINT8_SHIFT)).view(np.int8))
    return np.asarray(clips).reshape(len(clips), *tensor.shape)
