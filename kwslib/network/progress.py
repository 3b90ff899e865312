"""How far a training has come, and its history: the part of a checkpoint that is not weights."""

import csv
import io
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Progress:
    """Steps, seconds, the best validation so far, and the history.

    Attributes
    ----------
    config : dict
        Everything that the result depends on; JSON-able.
    step : int
        Steps done.
    quantised : bool
        Whether the network is folded and fake-quantised by now.
    best_accuracy : float
        Best validation accuracy of this phase, 0 … 1; -1 before the first validation.
    best_step : int
        Step of that validation.
    loss_sum : float
        Sum of the losses since the last validation.
    loss_steps : int
        Number of those losses.
    trained_s : float
        Seconds of training, all sessions together.
    trained_on : dict
        The same seconds by machine, as `kwslib.network.backend.machine` names it.
    history : list of dict
        One row for each validation: step, phase, learning_rate, loss, validation_accuracy.
    """

    config: dict[str, Any]
    step: int = 0
    quantised: bool = False
    best_accuracy: float = -1.0
    best_step: int = 0
    loss_sum: float = 0.0
    loss_steps: int = 0
    trained_s: float = 0.0
    trained_on: dict[str, float] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)

    def line(self, steps: int) -> str:
        """Return the last validation and the seconds, of a training of so many steps, as one line for people."""
        row = self.history[-1]
        left_s = self.trained_s / self.step * (steps - self.step)
        return (
            f"step {self.step:>5} of {steps} · {row['phase']:<9} · rate {row['learning_rate']:g} · "
            f"loss {row['loss']:.4f} · validation {100 * row['validation_accuracy']:5.2f} % · "
            f"{self.trained_s:.0f} s, about {left_s:.0f} s left"
        )


def history_csv(history: list[dict[str, Any]]) -> str:
    """Return a history as CSV text, one row for each validation."""
    text = io.StringIO()
    writer = csv.DictWriter(text, history[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    return text.getvalue()
