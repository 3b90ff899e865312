"""Sound files that a command takes one by one: one that cannot be used is named, and the others are taken anyway."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from kwslib.errors import DataError, InputError


class Attempts:
    """Counts the sound files that could not be used.

    Parameters
    ----------
    files : int
        How many are named; the error of a single one is that of the command.
    done : str
        What happens to each, for the last line: ``classified``.
    """

    def __init__(self, files: int, done: str) -> None:
        self._files, self._done = files, done
        self._failed = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """Take a file: an error about it is printed and counted, and ends what is done with this file alone.

        Raises
        ------
        DataError, InputError
            If no other file is named.
        """
        try:
            yield
        except (DataError, InputError) as error:
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
            raise DataError(f"{self._failed} of {self._files} sound files could not be {self._done}, see above")
