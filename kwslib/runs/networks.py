"""The one door for the question "which network do you mean?"."""

from pathlib import Path

from kwslib.artifacts import file_sha256
from kwslib.config.recipe import Recipe
from kwslib.errors import InputError
from kwslib.paths import models_dir

MODEL = "model.tflite"


def teacher_path(recipe: Recipe) -> Path:
    """The ``.tflite`` of the released network that gives a recipe's soft targets.

    Raises
    ------
    InputError
        If no network of that size is released.
    """
    path = models_dir() / recipe.teacher / MODEL
    if not recipe.teacher or not path.exists():
        raise InputError(f"the recipe learns from the released network '{recipe.teacher}', and there is no {path}")
    return path


def teacher_sha256(recipe: Recipe) -> str:
    """SHA-256 of the teacher's file, hexadecimal; empty for a recipe without a teacher."""
    return file_sha256(teacher_path(recipe)) if recipe.teacher else ""
