"""Microseconds a frame of the integer front end: NumPy, which specifies it, and the library in C, in turns.

    python benchmarks/front_end.py [--clips 320] [--rounds 5]

Processor time of one core. Quote the ratio, which must be 8 at least on a processor with AVX2.
"""

import argparse
import statistics
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from kwslib.config.front_end import CLIP_SAMPLES
from kwslib.config.presets import SIZES
from kwslib.integer import front_end
from kwslib.speech import front_end_library


def microseconds(work, sound, one):
    start_s = time.process_time()
    work(sound, one)
    return (time.process_time() - start_s) * 1e6 / (len(sound) * one.frames)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=320)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    levels = 2.0 ** np.random.default_rng(0).uniform(0, 13, (arguments.clips, 1))
    noise = np.random.default_rng(1).normal(size=(arguments.clips, CLIP_SAMPLES))
    sound = np.clip(np.rint(levels * noise), -32768, 32767).astype(np.int16)
    print(f"microseconds a frame, median of {arguments.rounds} rounds")
    print(f"{'front end':20} {'NumPy':>8} {'C':>8} {'NumPy / C':>10}")
    for one in dict.fromkeys(size.front_end("integer") for size in SIZES.values()):
        # compiled before it is timed
        assert (front_end.codes_of(sound, one) == front_end_library.codes_of(sound, one)).all()
        rounds = [
            [microseconds(work, sound, one) for work in (front_end.codes_of, front_end_library.codes_of)]
            for _ in range(arguments.rounds)
        ]
        numpy, c = (statistics.median(times) for times in zip(*rounds, strict=True))
        print(f"{one.key:20} {numpy:8.2f} {c:8.2f} {numpy / c:10.1f}")


if __name__ == "__main__":
    main()
