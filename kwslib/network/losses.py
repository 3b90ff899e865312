"""The loss of a training: cross-entropy, where the recipe says so for classes that are met as often as one another."""

import keras
import numpy as np

from kwslib.config.recipe import Recipe


class AdjustedCrossentropy(keras.losses.Loss):
    """Cross-entropy of logits to which a part of the logarithm of each class's frequency is added.

    A network learns how often it meets each class as well. Where training holds far more unknown words than a keyword
    has clips, it calls too much unknown. What is added here it need not learn (Menon et al., 2021, "Long-tail learning
    via logit adjustment").

    Parameters
    ----------
    frequencies : ndarray, shape (classes,)
        Part of the training clips that each class has.
    part : float
        Part of the logarithm, 0 to 1. With 1 the network is made for classes that are met equally often.
    """

    def __init__(self, frequencies: np.ndarray, part: float):
        super().__init__(name="adjusted_crossentropy")
        self.shift = (part * np.log(frequencies)).astype(np.float32)

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """Return the loss of each clip, from class probabilities and logits (clips, classes)."""
        return keras.ops.categorical_crossentropy(y_true, y_pred + self.shift, from_logits=True)


def loss_of(recipe: Recipe, frequencies: np.ndarray) -> keras.losses.Loss:
    """Return the loss that a recipe trains with; targets are labels for a plain recipe, else class probabilities.

    Parameters
    ----------
    recipe : Recipe
    frequencies : ndarray, shape (classes,)
        Part of the training clips that each class has.
    """
    if recipe.plain:
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    if recipe.logit_adjustment:
        return AdjustedCrossentropy(frequencies, recipe.logit_adjustment)
    return keras.losses.CategoricalCrossentropy(from_logits=True)
