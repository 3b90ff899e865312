"""Networks and training state on disk: NumPy archives, written whole or not at all."""

import json
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np

from kwslib.errors import InputError
from kwslib.files import open_regular
from kwslib.paths import atomic_path

STATE = "state.json"


class Owner(Protocol):
    """A network, or a built optimizer: whatever has variables."""

    @property
    def variables(self) -> list[Any]:
        """In an order that is always the same."""


def save(path: Path, state: Any = None, **owners: Owner) -> None:
    """Write the variables of networks and optimizers, and a JSON-able state.

    Parameters
    ----------
    path : Path
        File, by convention ``.npz``.
    state : JSON-able
        Anything else to keep.
    **owners
        Networks and optimizers, by the names under which `restore` finds them.

    Raises
    ------
    KwsError
        If the folder cannot be written or the disk is full.
    """
    arrays = {
        f"{name}/{i:03}": keras.ops.convert_to_numpy(variable)
        for name, owner in owners.items()
        for i, variable in enumerate(owner.variables)
    }
    arrays[STATE] = np.frombuffer(json.dumps(state).encode(), np.uint8)
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def read_state(path: Path) -> Any:
    """Return the state that `save` wrote.

    Raises
    ------
    InputError
        If the file is not such an archive.
    """
    return json.loads(_arrays(path)[STATE].tobytes())


def restore(path: Path, **owners: Owner) -> None:
    """Set the variables of networks and built optimizers to what `save` wrote under their names.

    Raises
    ------
    InputError
        If the file is not such an archive, or holds another architecture.
    """
    arrays = _arrays(path)
    for name, owner in owners.items():
        keys = sorted((key for key in arrays if key.startswith(f"{name}/")), key=lambda key: int(key[len(name) + 1 :]))
        stored = [arrays[key] for key in keys]
        if [array.shape for array in stored] != [tuple(variable.shape) for variable in owner.variables]:
            raise InputError(f"{path} holds the {name} of another architecture; remove it and train again")
        for variable, array in zip(owner.variables, stored, strict=True):
            variable.assign(array)


def _arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        with open_regular(path) as file, np.load(file, allow_pickle=False) as archive:
            arrays = dict(archive)
    except Exception as error:
        raise InputError(f"{path} is not a checkpoint of this program ({error}); remove it and train again") from error
    if STATE not in arrays:
        raise InputError(f"{path} is not a checkpoint of this program; remove it and train again")
    return arrays
