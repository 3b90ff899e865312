"""KWS-GAP8: DS-CNN keyword spotters, trained, quantised, measured and published by one command."""

import os

__version__ = "0.2.0"

# NumPy's matrix products here are small: a second BLAS thread only spins against TensorFlow's threads and against the
# other worker processes (measured: ten times slower on a busy machine). Read when NumPy is loaded, so it comes first.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from kwslib import api
from kwslib.api import *  # noqa: F403

__all__ = api.__all__
