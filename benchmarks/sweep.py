"""How a sweep scales: its wall time with one worker over that with several, a core for each.

    python benchmarks/sweep.py [--data FOLDER] [--workers 2] [--runs 4] [--steps 400] [--rounds 1]

The same small networks are trained, converted, built for GAP8 and run, in turn with one worker and with several, into
folders that are removed. The corpus and its varied copies are made before. Run it on an otherwise idle machine.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from kwslib import subproc

ROOT = Path(__file__).resolve().parents[1]
LIMIT_S = 7200
CHANNELS = (16, 20, 24, 28, 32, 36, 40, 44)


def sweep_seconds(arguments: argparse.Namespace, runs: int, workers: int, results: Path) -> float:
    """Wall seconds of the whole command."""
    channels = ",".join(map(str, CHANNELS[:runs]))
    words = [f"channels={channels}", "blocks=4", f"steps={arguments.steps}", "threads=1", "copies=2"]
    command = [sys.executable, "-m", "kwslib.cli.main", "sweep", *words, "--workers", str(workers)]
    if arguments.data:
        command += ["--data", arguments.data]
    done = subproc.run(command, timeout_s=LIMIT_S, env={"KWS_RESULTS": str(results), "PYTHONPATH": str(ROOT)})
    shutil.rmtree(results)
    return done.wall_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="", help="parent folder of Speech Commands; synthetic speech by default")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--runs", type=int, default=4, choices=range(1, len(CHANNELS) + 1))
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results"
        sweep_seconds(arguments, 1, 1, results)  # makes the corpus, its copies and the compiler's files
        ratios = []
        for _ in range(arguments.rounds):
            alone_s, together_s = (
                sweep_seconds(arguments, arguments.runs, workers, results) for workers in (1, arguments.workers)
            )
            ratios.append(alone_s / together_s)
            print(f"1 worker {alone_s:.1f} s, {arguments.workers} workers {together_s:.1f} s: {ratios[-1]:.2f} times")
    print(f"median of {len(ratios)}: {statistics.median(ratios):.2f} times as fast")


if __name__ == "__main__":
    main()
