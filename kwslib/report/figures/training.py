"""What goes into a training, and how it went: fingerprints and training curves."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, SymLogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from kwslib.config.front_end import INPUT_ZERO_POINT
from kwslib.report.figures.picture import MARKERS, Picture, Theme


def training_curves(history: Sequence[Mapping[str, Any]]) -> Picture:
    """Show loss and validation accuracy by step; `history` has a row a validation (see `network.training`)."""
    steps = np.array([int(row["step"]) for row in history])
    loss = np.array([float(row["loss"]) for row in history])
    accuracy = np.array([float(row["validation_accuracy"]) for row in history])
    quantised = np.array([row["phase"] == "quantised" for row in history])

    def draw(theme: Theme) -> Figure:
        figure = Figure(figsize=(6.0, 4.4), layout="constrained")
        upper, lower = figure.subplots(2, 1, sharex=True)
        for axes, values in ((upper, loss), (lower, accuracy)):
            axes.plot(steps, values, color=theme.grid, linewidth=1)
            for number, (name, chosen) in enumerate((("float", ~quantised), ("fake-quantised", quantised))):
                axes.plot(
                    steps[chosen],
                    values[chosen],
                    color=theme.series[number],
                    marker=MARKERS[number],
                    markersize=4,
                    label=name,
                )
            axes.grid(True, linewidth=0.6)
        upper.set_ylabel("training loss")
        lower.set_ylabel("validation accuracy")
        lower.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        lower.set_xlabel("step")
        upper.legend()
        return figure

    return Picture(
        draw,
        f"Training curves over {steps[-1]} steps: the loss goes from {loss[0]:.2f} to {loss[-1]:.2f}, validation "
        f"accuracy from {accuracy[0]:.1%} to {accuracy[-1]:.1%}.",
    )


def fingerprints(codes: Mapping[str, np.ndarray]) -> Picture:
    """Show 8-bit fingerprints (frames, coefficients) by label, as the network reads them; time runs to the right.

    Colours go by the logarithm of the distance from the zero point, or silence would leave none for the rest.
    """
    columns = min(4, len(codes))
    rows = -(-len(codes) // columns)

    def draw(theme: Theme) -> Figure:
        figure = Figure(figsize=(1.8 * columns + 0.6, 1.7 * rows + 0.3), layout="constrained")
        grid = figure.subplots(rows, columns, squeeze=False).ravel()
        colours = LinearSegmentedColormap.from_list("diverging", theme.diverging)
        for axes in grid[len(codes) :]:
            axes.axis("off")
        for axes, (label, picture) in zip(grid, codes.items(), strict=False):
            values = np.asarray(picture, np.float64).T - INPUT_ZERO_POINT
            norm = SymLogNorm(1.0, vmin=-INPUT_ZERO_POINT, vmax=INPUT_ZERO_POINT)
            axes.imshow(values, cmap=colours, norm=norm, aspect="auto", origin="lower", interpolation="none")
            axes.set_title(label, fontsize=10)
            axes.set_yticks([])
            axes.set_xticks([])
        figure.supxlabel("frame", fontsize=9)
        figure.supylabel("coefficient", fontsize=9)
        return figure

    shapes = sorted({"×".join(map(str, np.shape(picture))) for picture in codes.values()})
    return Picture(
        draw, f"Fingerprints of {len(codes)} clips, {' and '.join(shapes)} (frames × coefficients): {', '.join(codes)}."
    )
