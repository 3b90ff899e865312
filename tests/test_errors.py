import pytest

from kwslib import errors
from kwslib.errors import InputError, KwsError, check_name, nearest


def test_nearest():
    assert nearest("smal", ["small", "medium"]) == "; did you mean 'small'?"
    assert nearest("zzz", ["small", "medium"]) == ""
    assert nearest(5, [6, 55]) == "; did you mean '55'?"


def test_check_name():
    assert check_name("size", "small", iter(["small", "large"])) == "small"
    with pytest.raises(InputError, match="^unknown size 'larg': choose one of small, large; did you mean 'large'\\?$"):
        check_name("size", "larg", iter(["small", "large"]))


@pytest.mark.parametrize("name", ["InputError", "DataError", "ModelError", "ToolError"])
def test_every_error_has_an_exit_code(name):
    kind = getattr(errors, name)
    assert issubclass(kind, KwsError) and kind.exit_code != 0
