"""Clips a second of the host library, in one process and in one for each core, beside the integer reference.

    python benchmarks/host.py [--sizes small medium large] [--rounds 3]

Quote ratios, and the small network's clips a second of all cores, which must be 500 at least.
"""

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from kwslib.gap8.program import host_library
from kwslib.integer import network_file, reference
from kwslib.paths import models_dir

CLIPS = {"small": 1024, "medium": 512, "large": 32}


def clips_a_second(run, network, codes, rounds, **options):
    times = []
    for _ in range(rounds):
        start_s = time.perf_counter()
        run(network, codes, **options)
        times.append(time.perf_counter() - start_s)
    return len(codes) / statistics.median(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", default=list(CLIPS), choices=list(CLIPS))
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores; clips a second, median of {arguments.rounds} rounds")
    print(f"{'size':8} {'one process':>12} {'all cores':>12} {'reference':>12} {'one / reference':>16}")
    for size in arguments.sizes:
        network = network_file.load(models_dir() / f"quick-{size}" / "model.tflite")
        codes = np.random.default_rng(0).integers(0, 256, (CLIPS[size], *network.input.shape)).astype(np.uint8)
        few = codes[: max(8, CLIPS[size] // 8)]
        found = host_library.run(network, few, processes=1)  # compiled before it is timed
        assert (found.codes == reference.run(network, few).codes).all()
        one = clips_a_second(host_library.run, network, codes, arguments.rounds, processes=1)
        every = clips_a_second(host_library.run, network, codes, arguments.rounds)
        numpy = clips_a_second(reference.run, network, few, arguments.rounds)
        print(f"{size:8} {one:12.0f} {every:12.0f} {numpy:12.0f} {one / numpy:16.2f}")


if __name__ == "__main__":
    main()
