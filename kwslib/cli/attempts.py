"""Files that a command takes one by one: one that cannot be used is named, and the others are taken anyway."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from kwslib.errors import DataError, InputError, KwsError

SOUND_ERRORS = (DataError, InputError)
"""What is about a sound file alone."""


class Attempts:
    """Counts the files that could not be used.

    Parameters
    ----------
    files : int or None
        How many are named; the error of a single one is that of the command. None for those of a folder, which are
        counted as they are taken: they are named, one or many.
    done : str
        What happens to each, for the last line: ``classified``.
    called : str
        What they are, for the last line.
    errors : tuple of KwsError classes
        What is about a file, and says nothing of the next one.
    """

    def __init__(
        self,
        files: int | None,
        done: str,
        called: str = "sound files",
        errors: tuple[type[KwsError], ...] = SOUND_ERRORS,
    ) -> None:
        self._files, self._done, self._called, self._errors = files, done, called, errors
        self._taken = self._failed = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """Take a file: an error about it is printed and counted, and ends what is done with this file alone.

        Raises
        ------
        KwsError
            If no other file is named.
        """
        self._taken += 1
        try:
            yield
        except self._errors as error:
            if self._files == 1:
                raise
            click.echo(f"error: {error}", err=True)
            self._failed += 1

    def end(self) -> None:
        """Say how many files failed.

        Raises
        ------
        DataError
            If any did.
        """
        if self._failed:
            count = self._taken if self._files is None else self._files
            raise DataError(f"{self._failed} of {count} {self._called} could not be {self._done}, see above")
