"""The depthwise kernel for five columns, and what all depthwise kernels refuse, against NumPy."""

from dataclasses import replace
from pathlib import Path

import pytest

from kwslib.errors import InputError
from kwslib.gap8.kernels.depthwise import Depthwise5
from kwslib.gap8.kernels.depthwise_any import AnyDepthwise
from kwslib.gap8.kernels.depthwise_rows import DepthwiseRows
from kwslib.gap8.kernels.depthwise_stride2 import DepthwiseStride2
from kwslib.gap8.kernels.rounding import HIGH, LONG, SHORT, SIGNED, Rounding
from tests.gap8.kernels.case import check
from tests.gap8.kernels.depthwise_cases import BORDERS, TYPICAL, as_planes, case, five, last_channels, twin
from tests.gap8.kernels.twin import check_twins

BOTH = (True, True)


def test_five_columns(tmp_path: Path):
    snapped, common = Rounding(), Rounding(shift=17)
    tried = [
        case("small", five(25, 68, rounding=snapped), 64),
        case("small, padding known", five(25, 68, padded=BOTH, rounding=common), 64),
        case("medium", five(13, 172, rounding=snapped), 172),
        case("medium, padding known", five(13, 172, padded=BOTH, rounding=snapped), 172),
        case("high", five(25, 68, padded=BOTH, rounding=TYPICAL[HIGH]), 64),
        case("far positions", five(8, 409), 9),
        case("signed data, common shift", five(8, 20, rounding=Rounding(HIGH, 4, top=201), signed=True), 9),
        case("planes", replace(five(8, 1), out_row_bytes=8, out_channel_bytes=80, plane_bytes=96), 17),
    ]
    for rows in (*range(1, 10), 40):
        tried += [case(f"{rows} {padded}", five(rows, 11, padded=padded), 10) for padded in BORDERS]
    speed = check(tried, tmp_path)
    assert speed["small"] > 8.9 and speed["small, padding known"] > 9.1
    assert speed["medium"] > 8.5 and speed["medium, padding known"] > 8.7
    assert speed["high"] > 5.5


def test_only_five_columns_imply_their_left_padding():
    kernels = (Depthwise5, DepthwiseRows, DepthwiseStride2, AnyDepthwise)
    assert [kernel.left_padding_implied for kernel in kernels] == [True, False, False, False]
    assert five(4, 8).places == (-1, 0, 1, 2) and five(4, 8).read_bytes == 8


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kernel": (5, 5)}, "3 × 3 with stride 1"),
        ({"stride": (2, 2)}, "3 × 3 with stride 1"),
        ({"columns": 4}, "five columns"),
        ({"wide": True}, "one term"),
        ({"rows": 0}, "0 rows of 5 columns"),
        ({"row_bytes": 12}, "12 bytes a row"),
        ({"plane_bytes": 218}, "218 bytes a plane"),
        ({"out_column_bytes": 0}, "0 bytes a position"),
        ({"out_column_bytes": 410}, "410 bytes a position"),
        ({"out_row_bytes": 2048}, "2048 bytes an output row"),
        ({"rounding": Rounding(LONG, 12)}, "'long': 31 registers of 30"),
        ({"rounding": Rounding(SIGNED)}, "'signed': 33 registers of 30"),
        ({"rounding": Rounding(HIGH, None, top=99)}, "'high': 31 registers of 30"),
        ({"rounding": Rounding(SHORT, 0)}, "common shift"),
    ],
)
def test_five_columns_refuse(change, message):
    kernel = replace(five(25, 68), **change)
    assert message in (kernel.refusal() or "")
    with pytest.raises(InputError, match="kernel k: "):
        kernel.text("k")


@pytest.mark.parametrize("make", [DepthwiseRows, DepthwiseStride2, AnyDepthwise])
def test_all_refuse_bad_strides(make):
    fits = last_channels(make, 4, 8, 12, stride=(2, 2) if make is DepthwiseStride2 else (1, 1))
    assert fits.refusal() is None
    changes = (
        {"rows": 0},
        {"columns": 0},
        {"row_bytes": fits.read_bytes - 4},
        {"row_bytes": fits.read_bytes + 1},
        {"row_bytes": 2048},
        {"plane_bytes": fits.plane_bytes + 2},
        {"out_column_bytes": 0},
        {"out_column_bytes": 512},
        {"kernel": (6, 3)},
        {"kernel": (3, 0)},
        {"stride": (3, 1)},
        {"rounding": Rounding("exact")},
    )
    for change in changes:
        assert replace(fits, **change).refusal(), change


def test_the_portable_twin(tmp_path: Path):
    kernels = [five(9, 11), five(4, 11, rounding=TYPICAL[HIGH], signed=True)]
    for make, size, stride in (
        (DepthwiseRows, (3, 3), (1, 1)),
        (DepthwiseStride2, (3, 3), (2, 2)),
        (AnyDepthwise, (5, 5), (1, 1)),
        (AnyDepthwise, (4, 5), (2, 1)),
        (AnyDepthwise, (3, 3), (1, 2)),
        (AnyDepthwise, (2, 1), (1, 1)),
    ):
        for form, wide in ((SHORT, False), (HIGH, True)):
            options = {"kernel": size, "stride": stride, "rounding": TYPICAL[form], "wide": wide}
            kernels.append(last_channels(make, 6, 7, 10, **options))
            kernels.append(as_planes(last_channels(make, 5, 5, 10, signed=True, **options)))
    check_twins([twin(case(str(kernel), kernel, 9), kernel) for kernel in kernels], tmp_path)
