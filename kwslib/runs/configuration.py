"""YAML files of parameters: what ``kws run --config FILE`` and ``papermill -f FILE`` read alike."""

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from kwslib.config.baselines import baseline_network
from kwslib.config.schedule import Schedule
from kwslib.errors import InputError
from kwslib.files import read_regular
from kwslib.paths import atomic_write_text, speech_dir
from kwslib.runs.declaration import OWN_NAMES, checked, declared
from kwslib.runs.settings import Parameters
from kwslib.speech import corpus_in

MOST_BYTES = 1 << 20
BASELINE_OPTIONS = {
    "dct_coefficient_count": "coefficients",
    "window_size_ms": "window_ms",
    "window_stride_ms": "stride_ms",
    "model_size_info": "model_size_info",
    "quantize": "quantise_after",
    "learning_rate": "learning_rates",
    "how_many_training_steps": "stage_steps",
}
"""Options of the baseline's training command, and the parameters that mean the same."""


def load(path: Path) -> dict[str, Any]:
    """Read a YAML file: its names and values, unchecked.

    Raises
    ------
    InputError
        If it cannot be read, or is no YAML mapping of names to values.
    """
    try:
        value = yaml.safe_load(read_regular(path, MOST_BYTES).decode())
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        text = " ".join(str(error).split())
        raise InputError(f"{path} is no YAML file ({text}): give lines of the form name: value") from error
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise InputError(f"{path} holds no parameters: give lines of the form name: value, such as size: small")
    return value


def read(path: Path) -> dict[str, Any]:
    """Read the parameters in a file.

    Raises
    ------
    InputError
        If it cannot be read, is no YAML mapping of names to values, or a parameter in it is unknown or of another type.
    """
    value = load(path)
    try:
        return {name: checked(name, entry) for name, entry in value.items()}
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def whole(chosen: Parameters) -> dict[str, Any]:
    """Return every parameter that decides what a run does, with its value, in the order of the notebook.

    Data folder, corpus and name of the run are not among them.
    """
    size, front_end, timetable = chosen.size, chosen.front_end, chosen.schedule
    values: dict[str, Any] = {
        "size": size.name,
        "profile": chosen.profile.name,
        "words": ",".join(chosen.words),
        "seed": chosen.seed,
        "model_size_info": " ".join(map(str, size.model_size_info)),
        "steps": timetable.steps,
        "quantise_after": timetable.float_steps,
        "batch_clips": chosen.batch_clips,
        "copies": chosen.copies,
        "validate_every_steps": chosen.validate_every_steps,
        **{OWN_NAMES.get(name, name): value for name, value in asdict(front_end).items()},
        **asdict(chosen.augmentation),
        **asdict(chosen.recipe),
    }
    if isinstance(timetable, Schedule):
        values["learning_rates"] = ",".join(f"{stage.learning_rate!r}" for stage in timetable.stages)
        values["stage_steps"] = ",".join(str(stage.steps) for stage in timetable.stages)
    else:
        values["learning_rates"] = f"{timetable.rate!r},{timetable.quantised_rate!r}"
        values["warm_up_steps"] = timetable.warm_up_steps
    if chosen.threads:
        values["threads"] = chosen.threads
    return {name: values[name] for name in declared() if name in values}


def text(chosen: Parameters, more: dict[str, Any] | None = None) -> str:
    """Return the parameters of a run as YAML, each with its meaning.

    Parameters
    ----------
    chosen : Parameters
    more : dict, optional
        Parameters beside those of `whole`, such as the data folder.
    """
    values = whole(chosen) | (more or {})
    known = declared()
    lines = [
        f"# Run {chosen.run}: {chosen.size.macs} multiply-accumulates, {chosen.size.parameters} parameters.",
        "# kws run --config FILE, or papermill -f FILE book/train.ipynb out.ipynb",
    ]
    for name in (one for one in known if one in values):
        entry = yaml.safe_dump({name: values[name]}, allow_unicode=True, width=10_000).strip()
        lines.append(f"{entry}  # {known[name].help}")
    return "\n".join(lines) + "\n"


def write(path: Path, chosen: Parameters) -> None:
    """Write the parameters of a run; data folder and corpus only where they are not those found without naming them."""
    own = speech_dir()
    more: dict[str, Any] = {}
    if chosen.data and Path(chosen.data) != own:
        more["data"] = chosen.data
    if chosen.corpus != corpus_in(Path(chosen.data) if chosen.data else own):
        more["corpus"] = chosen.corpus
    atomic_write_text(path, text(chosen, more))


def of_baseline(size: str) -> dict[str, Any]:
    """Return the baseline's own training command for a size as parameters.

    Where it quantises from the first step (``--quantize True``), the parameter is left out: here batch norm is folded
    before, and the profile says when.
    """
    options = baseline_network(size).options("train")
    found = {ours: options[theirs] for theirs, ours in BASELINE_OPTIONS.items() if options.get(theirs) != "True"}
    return {"size": size, "profile": "baseline"} | {
        name: int(value) if declared()[name].type == "int" else value for name, value in found.items()
    }


def command(values: dict[str, Any]) -> str:
    """Return the command line for some parameters.

    Examples
    --------
    >>> command({"size": "small", "model_size_info": "1 8 3 3 1 1"})
    "kws run --size small --model-size-info '1 8 3 3 1 1'"
    """
    return shlex.join(["kws", "run", *(word for name, value in values.items() for word in _option(name, value))])


def _option(name: str, value: Any) -> tuple[str, str]:
    return f"--{name.replace('_', '-')}", str(value)
