"""Seconds of a training step, and what the input pipeline adds to them.

    python benchmarks/training.py [--steps 60] [--steps-only] [--fresh] [--sizes small medium large]

For each size: the median and the least time of a step of 100 clips that lie ready in memory, in both phases; then the
wall time of the profile quick's training on the synthetic corpus, its augmented copies made beside it from an empty
cache, over that of the same training whose copies are cached. With ``--fresh`` no copy is visited twice, and they are
as dear as they can be (integer front end, noise by ratio, running speech), and TensorFlow has one thread. Memory is
allocated as in a run's notebook. Run it on an otherwise idle machine; quote ratios.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def step_seconds(size, steps: int) -> dict[str, list[float]]:
    """Seconds of each step of 100 clips in the floating-point and in the quantised phase."""
    import keras
    import numpy as np

    from kwslib.config.schedule import BATCH_CLIPS
    from kwslib.network import ds_cnn

    rng = np.random.default_rng(0)
    x = rng.normal(0, 30, (BATCH_CLIPS, *size.front_end().shape, 1)).astype(np.float32)
    y = rng.integers(0, 12, BATCH_CLIPS)
    source, target = ds_cnn.float_network(size), ds_cnn.quantised_network(size)
    ds_cnn.fold(source, target)
    ds_cnn.calibrate(target, x)
    seconds = {}
    for network in (source, target):
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        network.compile(keras.optimizers.Adam(1e-4), loss, jit_compile=False)
        network.train_on_batch(x, y)
        times = []
        for _ in range(steps):
            start = time.perf_counter()
            network.train_on_batch(x, y)
            times.append(time.perf_counter() - start)
        seconds[network.name] = times
    return seconds


def training_seconds(size, corpus, steps: int, cache: str, fresh: bool) -> float:
    """Wall seconds of a training with augmented copies made beside it, from what the cache folder holds."""
    from kwslib.config.augmentation import Augmentation
    from kwslib.config.profiles import PROFILES
    from kwslib.config.schedule import BATCH_CLIPS
    from kwslib.network import training
    from kwslib.speech.augmentation import varied_labels
    from kwslib.speech.copy_maker import CopyMaker
    from kwslib.speech.dataset import evaluation_codes

    profile = PROFILES["quick"]
    front_end = size.front_end("integer" if fresh else profile.front_end)
    augmentation = Augmentation(snr_probability=0.5, running_speech=0.15) if fresh else profile.augmentation
    clips = len(varied_labels(corpus.clips("train"), augmentation))
    count = -(-steps * BATCH_CLIPS // clips) if fresh else profile.copies[size.name]
    os.environ["KWS_CACHE"] = cache
    validation = tuple(array[:100] for array in evaluation_codes(corpus, "validation", "noise-silence", front_end))
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        with CopyMaker(corpus, front_end, augmentation, 1, count) as copies:
            training.train(
                size,
                profile.schedules[size.name].scaled(steps),
                copies.get,
                count,
                validation,
                seed=1,
                folder=Path(folder),
                validate_every_steps=steps,
                say=lambda line: None,
            )
        return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--sizes", nargs="+", default=["small", "medium", "large"])
    parser.add_argument("--steps-only", action="store_true", help="leave the trainings out")
    parser.add_argument("--fresh", action="store_true", help="a copy for each pass")
    arguments = parser.parse_args()
    from kwslib.config.presets import size_named
    from kwslib.config.profiles import PROFILES
    from kwslib.network.backend import limit_threads
    from kwslib.runs.notebook import ALLOCATOR
    from kwslib.speech import open_corpus

    if not ALLOCATOR.items() <= os.environ.items():  # glibc reads them when a process starts
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **ALLOCATOR})
    if arguments.fresh:
        limit_threads(1)
    corpus = open_corpus("synthetic")
    for name in arguments.sizes:
        size = size_named(name)
        steps = max(6, arguments.steps // 10) if name == "large" else arguments.steps
        for phase, seconds in step_seconds(size, steps).items():
            print(f"{name}: {phase} step {statistics.median(seconds):.4f} s, least {min(seconds):.4f} s", flush=True)
        if arguments.steps_only:
            continue
        whole = PROFILES["quick"].schedules[name].steps
        with tempfile.TemporaryDirectory() as cache:
            cold, warm = (training_seconds(size, corpus, whole, cache, arguments.fresh) for _ in range(2))
        print(f"{name}: {whole} steps, copies made beside {cold:.1f} s, cached {warm:.1f} s, ratio {cold / warm:.3f}")


if __name__ == "__main__":
    main()
