"""One file that cannot be used is named, and the next ones are taken."""

import pytest

from kwslib.cli.attempts import Attempts
from kwslib.errors import DataError, InputError, KwsError, ModelError


def take(attempts, *errors):
    """Take a file for each error; None for one without."""
    for error in errors:
        with attempts.one():
            if error is not None:
                raise error


def test_the_error_of_a_single_file_is_that_of_the_command():
    with pytest.raises(InputError, match="a is bad"):
        take(Attempts(1, "read"), InputError("a is bad"))


def test_every_file_is_taken_and_each_error_is_a_line(capsys):
    attempts = Attempts(3, "read")
    take(attempts, DataError("a is bad"), None, InputError("c is bad"))
    assert capsys.readouterr().err == "error: a is bad\nerror: c is bad\n"
    with pytest.raises(DataError, match="^2 of 3 sound files could not be read, see above$"):
        attempts.end()


def test_the_files_of_a_folder_are_counted_as_they_are_taken():
    attempts = Attempts(None, "measured", "files", (KwsError,))
    take(attempts, ModelError("a is bad"), None)
    with pytest.raises(DataError, match="^1 of 2 files could not be measured, see above$"):
        attempts.end()


def test_what_is_not_about_a_file_ends_the_command():
    with pytest.raises(ModelError):
        take(Attempts(2, "read"), ModelError("the network is bad"))


def test_without_an_error_nothing_is_said(capsys):
    attempts = Attempts(2, "read")
    take(attempts, None, None)
    attempts.end()
    assert capsys.readouterr().err == ""
