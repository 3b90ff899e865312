"""Clips a second of the host library, in one process and in one for each core, beside the integer reference.

    python benchmarks/host.py [--sizes small medium large] [--rounds 3]

Quote ratios, and the small network's clips a second from sound in one process, which must be 500 at least.
"""

import argparse
import os
import statistics
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from kwslib.config.front_end import CLIP_SAMPLES
from kwslib.config.presets import size_named
from kwslib.gap8.program import host_library
from kwslib.integer import network_file, reference
from kwslib.paths import models_dir

CLIPS = {"small": 1024, "medium": 512, "large": 32}


def clips_a_second(work, clips, rounds):
    times = []
    for _ in range(rounds):
        start_s = time.perf_counter()
        work()
        times.append(time.perf_counter() - start_s)
    return clips / statistics.median(times)


def in_one_process(network, given, rounds):
    """Clips a second of a library that is loaded."""
    program = host_library.prepare(network)
    host_library.run_here(program, given[:1])
    return clips_a_second(partial(host_library.run_here, program, given), len(given), rounds)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", default=list(CLIPS), choices=list(CLIPS))
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores; clips a second, median of {arguments.rounds} rounds")
    titles = ("one process", "all cores", "from sound", "reference", "one / reference")
    print(f"{'size':8} {' '.join(f'{title:>15}' for title in titles)}")
    for size in arguments.sizes:
        network = network_file.load(models_dir() / f"quick-{size}" / "model.tflite")
        codes = np.random.default_rng(0).integers(0, 256, (CLIPS[size], *network.input.shape)).astype(np.uint8)
        few = codes[: max(8, CLIPS[size] // 8)]
        found = host_library.run(network, few, processes=1)  # compiled before it is timed
        assert (found.codes == reference.run(network, few).codes).all()
        one = in_one_process(network, np.ascontiguousarray(network.input.to_core(codes)), arguments.rounds)
        every = clips_a_second(partial(host_library.run, network, codes), len(codes), arguments.rounds)
        listening = network.with_front_end(size_named(size).front_end("integer"))
        samples = np.random.default_rng(0).normal(0, 3000, (len(codes), CLIP_SAMPLES)).astype(np.int16)
        sound = in_one_process(listening, samples, arguments.rounds)
        numpy = clips_a_second(partial(reference.run, network, few), len(few), arguments.rounds)
        print(f"{size:8} {one:15.0f} {every:15.0f} {sound:15.0f} {numpy:15.0f} {one / numpy:15.2f}")


if __name__ == "__main__":
    main()
