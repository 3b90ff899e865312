"""The errors a user can meet: each carries one sentence that says what was wrong, where, and what to do."""

import difflib
from collections.abc import Iterable


class KwsError(Exception):
    """Base of every error that is the user's to mend; the command line prints it without a traceback."""

    exit_code = 1


class InputError(KwsError):
    """A parameter, a name or a file given by the user is not acceptable."""

    exit_code = 2


class DataError(KwsError):
    """A corpus, a clip or an archive is not what it should be."""


class ModelError(KwsError):
    """A .tflite file is damaged, not fully 8-bit, or not of the DS-CNN family."""


class ToolError(KwsError):
    """An external program is missing or failed."""


def nearest(name: str, valid: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the valid name most like `name`, or an empty string."""
    close = difflib.get_close_matches(str(name), [str(v) for v in valid], n=1, cutoff=0.5)
    return f"; did you mean '{close[0]}'?" if close else ""


def check_name(kind: str, name: str, valid: Iterable[str]) -> str:
    """Return `name` if it is one of `valid`.

    Raises
    ------
    InputError
        Naming the kind of thing, the valid names, and the nearest one.
    """
    valid = list(valid)
    if name not in valid:
        raise InputError(f"unknown {kind} '{name}': choose one of {', '.join(valid)}{nearest(name, valid)}")
    return name
