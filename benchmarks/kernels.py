"""Products a cycle of the generated GAP8 kernels, eight cores, at the shapes of the three networks.

    python benchmarks/kernels.py [--filter TEXT]

Each kernel runs on the embedded simulator on random data, every output byte is compared with NumPy, and the cycles
from barrier to barrier are those of the cluster timer: `cold` is the first call, `warm` the better of two more. "plain"
reads padding rows and the shift of each channel; "known" skips rows that are known to be padding and has one shift for
all channels. `limit` is what the instructions of the innermost loop allow, padding rows included.
"""

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from kwslib.gap8.kernels.depthwise_rows import DepthwiseRows
from kwslib.gap8.kernels.depthwise_stride2 import DepthwiseStride2
from kwslib.gap8.kernels.first_convolution import FirstConvolution
from kwslib.gap8.kernels.pointwise import Pointwise
from kwslib.gap8.kernels.rounding import Rounding
from tests.gap8.kernels import depthwise_cases, test_first_convolution, test_pointwise
from tests.gap8.kernels.harness import CORES, run

CHANNELS = (64, 172, 276)


def shapes():
    """Yield name, whether the best options are used, products in an inner loop, its instructions, and the case."""
    for known in (False, True):
        rounding = {"rounding": Rounding(shift=17 if known else None)}
        yield from first_convolutions(known, rounding)
        yield from depthwise(known, rounding | ({"padded": (True, True)} if known else {}))
        yield from pointwise(known, rounding)


def first_convolutions(known, options):
    # as many channels as fit the harness's part of L1; all eight cores have the same number of them
    for name, shape, count, padding in (
        ("small", (25, 5, 8, 1, 216), 64, (4, 5)),
        ("medium", (25, 10, 12, 1, 324), 128, (4, 5)),
        ("large", (49, 40, 44, 1, 2156), 8, (4, 4)),
    ):
        kernel = FirstConvolution(10, 2, *shape, **options, padding=padding if known else (0, 0))
        yield f"first convolution {name}", known, 40, 16, test_first_convolution.case(name, kernel, count)


def depthwise(known, options):
    small, medium, _ = CHANNELS
    last, twice = depthwise_cases.last_channels, {"stride": (2, 2)}
    for name, kernel, inner, count in (
        ("small, stride 1", depthwise_cases.five(25, small + 4, **options), (45, 38), 64),
        ("medium, stride 2", last(DepthwiseStride2, 13, 5, medium, **twice, **options), (45, 45), 80),
        ("medium, stride 1", depthwise_cases.five(13, medium, **options), (45, 38), 168),
        ("large, stride 2", last(DepthwiseStride2, 25, 20, 16, **twice, **options), (36, 38), 16),
        ("large, stride 1", last(DepthwiseRows, 25, 20, 32, **options), (36, 31), 32),
    ):
        yield f"depthwise {name}", known, *inner, depthwise_cases.case(name, kernel, count)


def pointwise(known, options):
    small, medium, large = CHANNELS
    for name, inputs, pixel, plane, block, words, groups, blocks in (
        ("small", small, small + 4, 216, 8, True, 16, 25),
        ("medium", medium, medium, 120, 8, True, 8, 13),
        ("large", large, large, 48, 5, False, 8, 8),
    ):
        kernel = Pointwise(inputs, 5, pixel, plane, 1, block, 5 * pixel, words=words, **options)
        yield f"pointwise {name}", known, 80, 29, test_pointwise.case(name, kernel, groups, blocks)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--filter", default="", help="only kernels whose name contains this text")
    options = parser.parse_args()
    chosen = [shape for shape in shapes() if options.filter in shape[0]]
    with tempfile.TemporaryDirectory() as folder:
        outcomes = run([case.trial for *_, case in chosen], Path(folder))
    print(f"{'kernel':34} {'options':7} {'bytes':>6} {'cold':>7} {'warm':>7} {'MAC/cycle':>10} {'limit':>6}")
    for (name, known, macs, instructions, case), outcome in zip(chosen, outcomes, strict=True):
        if (outcome.output != case.expected).any():
            sys.exit(f"{name}: the output is not NumPy's")
        size = 4 * case.trial.text.count(".4byte")
        print(
            f"{name:34} {'known' if known else 'plain':7} {size:6} {outcome.cold_cycles:7} {outcome.warm_cycles:7} "
            f"{case.macs / outcome.warm_cycles:10.2f} {CORES * macs / instructions:6.2f}"
        )


if __name__ == "__main__":
    main()
