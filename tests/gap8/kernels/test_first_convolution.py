"""First convolution against NumPy."""

from pathlib import Path

import pytest

from kwslib.errors import InputError
from kwslib.gap8.kernels.first_convolution import FirstConvolution
from tests.gap8.kernels import cases


def test_equal_and_fast(tmp_path: Path):
    tried = [
        cases.first_convolution("small", 25, 5, 8, 216, 64),
        cases.first_convolution("small, padding known", 25, 5, 8, 216, 64, padding=(4, 5), shift=17),
        cases.first_convolution("medium", 25, 10, 12, 324, 80),
        cases.first_convolution("medium, padding known", 25, 10, 12, 324, 80, padding=(4, 5)),
        cases.first_convolution("large", 49, 40, 44, 2156, 8),
        cases.first_convolution("large, padding known", 49, 40, 44, 2156, 8, padding=(4, 4)),
        cases.first_convolution("one column", 14, 1, 1, 14, 3),
    ]
    for rows in range(10, 22):
        for padding in ((0, 0), (rows % 8, 7 - rows % 8), (7, 7), (3, 2)):
            tried.append(cases.first_convolution(f"{rows} {padding}", rows, 2, 3, 70, 9, padding=padding))
    speed = cases.check(tried, tmp_path)
    assert speed["small"] > 18.9 and speed["small, padding known"] > 20.1
    assert speed["medium"] > 19 and speed["medium, padding known"] > 20.2
    assert speed["large"] > 19.4 and speed["large, padding known"] > 19.9


@pytest.mark.parametrize(
    ("shape", "padding"),
    [
        ((9, 5, 8, 216), (0, 0)),
        ((25, 0, 8, 216), (0, 0)),
        ((25, 5, 2048, 216), (0, 0)),
        ((25, 5, 8, 216), (8, 0)),
        ((25, 5, 8, 216), (0, -1)),
    ],
)
def test_shapes_that_do_not_fit(shape, padding):
    assert FirstConvolution(*shape, padding=padding).refusal()
    with pytest.raises(InputError, match="kernel k: "):
        FirstConvolution(*shape, padding=padding).text("k")
    with pytest.raises(InputError, match="common shift"):
        FirstConvolution(25, 5, 8, 216, shift=0).text("k")
