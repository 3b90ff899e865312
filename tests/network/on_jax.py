"""What the tests let another process do on Keras' JAX backend: ``on_jax.py train|convert FOLDER``.

A backend is chosen when Keras is imported, so one process cannot have two.
"""

import sys
from pathlib import Path

import numpy as np

from kwslib import subproc
from kwslib.config.architecture import Architecture
from kwslib.config.schedule import Schedule, Stage

ROOT = Path(__file__).resolve().parents[2]
TINY = Architecture("tiny", (2, 8, 10, 4, 2, 2, 8, 3, 3, 1, 1), 40, 20, 10)
SCHEDULE = Schedule((Stage(0.01, 8), Stage(0.005, 8)), float_steps=10)
STOP = 12


class Stop(Exception):
    pass


def copy(number):
    """300 fingerprints whose class shifts their level."""
    frames, coefficients = TINY.front_end().shape
    rng = np.random.default_rng(number)
    labels = rng.integers(0, 12, 300).astype(np.uint8)
    codes = rng.normal(128, 12, (300, frames, coefficients)) + 4.0 * (labels[:, None, None] - 6)
    return np.clip(np.rint(codes), 0, 255).astype(np.uint8), labels


def call(what, folder):
    """Run this file on the JAX backend."""
    command = [sys.executable, __file__, what, folder]
    subproc.run(command, timeout_s=1500, env={"KERAS_BACKEND": "jax", "PYTHONPATH": str(ROOT)})


def train_until(stop, folder):
    """Train, or go on, and break off at a step."""
    from kwslib.network import session, training

    step = session.Session.step

    def broken_off(self, x, y):
        if self.progress.step == stop:
            raise Stop
        step(self, x, y)

    session.Session.step = broken_off
    try:
        training.train(TINY, SCHEDULE, copy, 2, copy(7), seed=5, folder=folder, validate_every_steps=4)
    except Stop:
        pass
    finally:
        session.Session.step = step


def convert_there(folder):
    """Convert the network whose weights lie in a folder, and write what it says of some fingerprints."""
    from kwslib.network import checkpoint, conversion, ds_cnn, evaluation

    network = ds_cnn.quantised_network(TINY)
    checkpoint.restore(folder / "weights.npz", network=network)
    np.save(folder / "logits.npy", evaluation.keras_logits(network, copy(5)[0]))
    (folder / "model.tflite").write_bytes(conversion.to_tflite(TINY, network))


if __name__ == "__main__":
    if sys.argv[1] == "train":
        train_until(STOP, Path(sys.argv[2]))
    else:
        convert_there(Path(sys.argv[2]))
