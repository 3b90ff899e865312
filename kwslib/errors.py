"""Errors that a user can fix: the message says what is wrong, where, and what to do."""

import difflib
from collections.abc import Iterable


class KwsError(Exception):
    """Base of all errors that a user can fix; the command line prints the message without a traceback.

    Attributes
    ----------
    exit_code : int
        Exit status of the command line after this error.
    """

    exit_code = 1


class InputError(KwsError):
    """A parameter, a name or a file from the user is not valid."""

    exit_code = 2


class DataError(KwsError):
    """A corpus, a clip, an archive or a record is missing, damaged or of the wrong kind."""


class ModelError(KwsError):
    """A ``.tflite`` file is damaged, not fully 8-bit, or not a DS-CNN that this project supports."""


class ToolError(KwsError):
    """An external program is missing or failed."""


def nearest(name: str, valid: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` with the valid name most similar to `name`, or an empty string.

    Parameters
    ----------
    name : str
    valid : iterable of str

    Returns
    -------
    str
    """
    close = difflib.get_close_matches(str(name), [str(v) for v in valid], n=1, cutoff=0.5)
    return f"; did you mean '{close[0]}'?" if close else ""


def check_name(kind: str, name: str, valid: Iterable[str]) -> str:
    """Return `name` if it is one of `valid`.

    Parameters
    ----------
    kind : str
        What the name stands for, as the message calls it.
    name : str
    valid : iterable of str

    Raises
    ------
    InputError
        If it is not; the message gives the valid names and the nearest one.
    """
    valid = list(valid)
    if name not in valid:
        raise InputError(f"unknown {kind} '{name}': choose one of {', '.join(valid)}{nearest(name, valid)}")
    return name
