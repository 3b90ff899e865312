"""What the page on the ablation shows: the recorded trainings, in tables and in a picture."""

from collections.abc import Callable, Sequence
from dataclasses import asdict

import pandas as pd
from matplotlib.figure import Figure

from kwslib.config.presets import SIZES
from kwslib.config.profiles import PROFILES, Profile
from kwslib.report import elements
from kwslib.report.elements import Html, Markdown, Table
from kwslib.report.figures.picture import Picture, Theme
from kwslib.runs.description import flat
from kwslib.studies.ablation import Trial, summary
from kwslib.studies.variants import SIZE, WHOLE, profile_of

NOTHING = Markdown("No ablation has been recorded yet: `kws ablation --data FOLDER` runs it, with `--record` keeps it.")


def badge(trials: Sequence[Trial]) -> Html | Markdown:
    """Say how many trainings there are, with which seeds, and from which commits."""
    if not trials:
        return NOTHING
    seeds = ", ".join(str(seed) for seed in sorted({trial.seed for trial in trials}))
    steps = ", ".join(str(steps) for steps in sorted({trial.steps for trial in trials}))
    commits = ", ".join(sorted({trial.provenance.short_commit for trial in trials}))
    dates = sorted(trial.provenance.date for trial in trials)
    hours = sum(trial.trained_s for trial in trials) / 3600
    text = (
        f"{len(trials)} trainings of {steps} steps, seeds {seeds}, {trials[0].clips} validation clips, "
        f"{hours:.1f} hours in all: {dates[0][:10]} to {dates[-1][:10]}, commits {commits}."
    )
    return elements.note("recorded", "Recorded results", text, "speech_commands")


def table(trials: Sequence[Trial]) -> Table | Markdown:
    """Show the summary in percent and percentage points; `trials_table` has every training."""
    if not trials:
        return NOTHING
    found = summary(trials)
    percent = 100 * found[["float_mean", "quantised_mean", "quantised_deviation", "difference", "difference_deviation"]]
    shown = pd.DataFrame(
        {
            "variant": found["variant"],
            "what is changed": found["meaning"],
            "seeds": found["seeds"],
            "float, %": percent["float_mean"].map("{:.2f}".format),
            "quantised, %": percent["quantised_mean"].map("{:.2f}".format),
            "± of seeds": percent["quantised_deviation"].map(_or_dash("{:.2f}")),
            "difference, points": percent["difference"].map(_or_dash("{:+.2f}")),
            "± of differences": percent["difference_deviation"].map(_or_dash("{:.2f}")),
        }
    )
    return Table(shown, "ablation", "Validation accuracy by variant, mean and standard deviation over seeds")


def recipes() -> Table:
    """Show the recipe that the ablation starts from, and that of the profile ``best`` for each size."""
    columns = {"ablation": _described(profile_of(WHOLE), SIZE)}
    columns |= {size: _described(PROFILES["best"], size) for size in SIZES}
    names = dict.fromkeys(name for described in columns.values() for name in described)
    rows = [{"what": name, **{head: described.get(name, "–") for head, described in columns.items()}} for name in names]
    return Table(pd.DataFrame(rows), "recipes", "What the ablation starts from, and the profile best by size")


def _described(profile: Profile, size: str) -> dict[str, str]:
    described = {
        "front end": SIZES[size].front_end(profile.front_end, profile.input_scale).key,
        "schedule": asdict(profile.schedules[size]),
        "copies of the training set": profile.copies[size],
        "augmentation": profile.augmentation.key,
        "recipe": profile.recipe(size).key,
    }
    return dict(flat(described))


def _or_dash(form: str) -> Callable[[float], str]:
    return lambda value: "–" if pd.isna(value) else form.format(value)


def trials_table(trials: Sequence[Trial]) -> Table | Markdown:
    """Show every training, a row each."""
    if not trials:
        return NOTHING
    columns = ("variant", "seed", "steps", "validation_float", "validation_quantised", "trained_s")
    rows = [{column: asdict(trial)[column] for column in columns} for trial in trials]
    return Table(pd.DataFrame(rows), "ablation-trials", "Best validation accuracy of each training in both phases")


def picture(trials: Sequence[Trial]) -> Picture | Markdown:
    """Show the accuracy of every training, a row a variant, and the mean of the whole recipe as a line."""
    if not trials:
        return NOTHING
    frame = pd.DataFrame([{"variant": trial.variant, "accuracy": 100 * trial.validation_quantised} for trial in trials])
    means = frame.groupby("variant", sort=False)["accuracy"].mean()

    def draw(theme: Theme) -> Figure:
        import seaborn

        figure = Figure(figsize=(6.6, 1.0 + 0.32 * len(means)), layout="constrained")
        axes = figure.subplots()
        first, second = theme.series[:2]
        seaborn.stripplot(frame, x="accuracy", y="variant", color=first, jitter=False, size=5, ax=axes)
        axes.plot(means.to_numpy(), range(len(means)), "|", color=second, markersize=14, markeredgewidth=2)
        if WHOLE in means:
            axes.axvline(means[WHOLE], color=second, linestyle=":", linewidth=1)
        axes.set(xlabel="validation accuracy of the quantised network, %", ylabel="")
        axes.grid(True, axis="x", linewidth=0.6)
        return figure

    listed = "; ".join(f"{name}: {mean:.2f} %" for name, mean in means.items())
    return Picture(draw, f"Validation accuracy of every training by variant, and the means. {listed}.")
