"""Trainings that a study makes one by one: a folder each in the results, and one record of them with the project."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Generic, TypeVar

from kwslib.artifacts import read_record, write_record
from kwslib.errors import DataError
from kwslib.paths import models_dir, results_dir

T = TypeVar("T")


@dataclass(frozen=True)
class Trials(Generic[T]):
    """Where a study keeps its trainings.

    Attributes
    ----------
    study : str
        Its folder's name, in the results and with the project; the record there has that name as well.
    file : str
        What a finished training leaves in its folder.
    kind, whole : type
        Dataclasses: of one training, and of the record, whose one field is their list.
    key : callable
        Training -> what tells it from others, which is also their order.
    command : str
        Trains what is missing.
    """

    study: str
    file: str
    kind: type[T]
    whole: type[Any]
    key: Callable[[T], Any]
    command: str

    def place(self, name: str) -> Path:
        """Folder of one training."""
        return results_dir() / self.study / name

    def read(self, folder: Path) -> T | None:
        """Return a finished training, or None if there is none.

        Raises
        ------
        DataError
            If the file is damaged.
        """
        path = folder / self.file
        if not path.exists():
            return None
        again = "remove it and run the study again"
        return read_record(path, self.kind, None, missing=again, again=again)

    def record(self) -> Path:
        """Keep all finished trainings of the results folder with the project, beside those kept before.

        Raises
        ------
        DataError
            If there is none, or a file is damaged.
        """
        folders = sorted(path.parent for path in self.place("").glob(f"*/{self.file}"))
        finished = [one for one in map(self.read, folders) if one is not None]
        if not finished:
            raise DataError(f"there is no finished training in {self.place('')}; run: {self.command}")
        kept = {self.key(one): one for one in (*self.recorded(), *finished)}
        write_record(self._path(), self.whole([kept[key] for key in sorted(kept)]), None)
        return self._path()

    def recorded(self) -> list[T]:
        """The trainings that travel with the project; none if none were recorded.

        Raises
        ------
        DataError
            If the file is damaged.
        """
        if not self._path().exists():
            return []
        again = "record the study again"
        kept = read_record(self._path(), self.whole, None, missing=again, again=again)
        return sorted(getattr(kept, fields(self.whole)[0].name), key=self.key)

    def _path(self) -> Path:
        return models_dir() / self.study / f"{self.study}.json"
