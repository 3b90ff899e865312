"""Keras' backend: its threads, its determinism, and the machine it computes on."""

import keras

from kwslib.provenance import processor


def limit_threads(threads: int) -> None:
    """Let TensorFlow use this many processor threads, all of them for 0. Call it before the first operation.

    The JAX backend ignores it.
    """
    if threads and keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)


def make_deterministic(seed: int) -> None:
    """Seed every generator that Keras uses, and choose TensorFlow's deterministic operations."""
    keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()


def machine() -> str:
    """Return the processor or graphics processor that trains, and Keras' backend: ``NVIDIA H200, jax 0.11.2``."""
    name, backend = processor(), keras.backend.backend()
    if backend == "jax":
        import jax

        device = jax.devices()[0]
        name = name if device.platform == "cpu" else device.device_kind
        return f"{name}, {backend} {jax.__version__}"  # its version is in no other record
    return f"{name}, {backend}"
