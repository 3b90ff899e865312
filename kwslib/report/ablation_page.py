"""What the page on the ablation shows: the recorded trainings, in tables and in a picture."""

from collections.abc import Sequence
from dataclasses import asdict

import altair as alt
import pandas as pd

from kwslib.config.presets import SIZES
from kwslib.config.profiles import PROFILES, Profile
from kwslib.report import elements
from kwslib.report.elements import Html, Markdown, Table
from kwslib.report.figures import gap8
from kwslib.report.figures.picture import WIDTH, Picture, percent
from kwslib.runs.description import flat
from kwslib.studies.ablation import Trial, of_recipe, summary
from kwslib.studies.learning_curve import learning_curve
from kwslib.studies.variants import LISTENING, SIZE, WHOLE, profile_of

LABELS = {WHOLE: "ablation", LISTENING: "ablation-listening"}
"""Names of the tables in the book, by the recipe that is changed."""
NOTHING = Markdown("No ablation has been recorded yet: `kws ablation --data FOLDER` runs it, with `--record` keeps it.")


NO_CURVE = Markdown("No learning curve has been recorded yet: `kws ablation --data FOLDER` measures it.")


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


def table(trials: Sequence[Trial], base: str) -> Table | Markdown:
    """Show the summary of one recipe's variants in percent and percentage points; `trials_table` has every training."""
    trials = of_recipe(trials, base)
    if not trials:
        return NOTHING
    found = summary(trials)
    columns = ["float_mean", "quantised_mean", "quantised_deviation", "difference", "difference_deviation"]
    percent = 100 * found[[*columns, "noisy_mean", "noisy_difference"]].astype(float)
    shown = {
        "variant": found["variant"],
        "what is changed": found["meaning"],
        "seeds": found["seeds"],
        "float, %": percent["float_mean"].map("{:.2f}".format),
        "quantised, %": percent["quantised_mean"].map("{:.2f}".format),
        "± of seeds": percent["quantised_deviation"].map(elements.or_dash("{:.2f}".format)),
        "difference, points": percent["difference"].map(elements.or_dash("{:+.2f}".format)),
        "± of differences": percent["difference_deviation"].map(elements.or_dash("{:.2f}".format)),
    }
    if percent["noisy_mean"].notna().any():
        shown |= {
            "in noise, %": percent["noisy_mean"].map(elements.or_dash("{:.2f}".format)),
            "difference in noise, points": percent["noisy_difference"].map(elements.or_dash("{:+.2f}".format)),
        }
    caption = "Validation accuracy by variant, mean and standard deviation over seeds"
    return Table(pd.DataFrame(shown), LABELS[base], caption, dense=True)


def recipes() -> Table:
    """Show the first recipe that variants change, and that of the profile ``best`` for each size."""
    columns = {size: _described(PROFILES["best"], size) for size in SIZES}
    columns = {WHOLE: _described(profile_of(WHOLE), SIZE)} | columns
    return _compared(columns, "recipes", "The first recipe, and the profile best by size")


def tuned_recipes() -> Table:
    """Show the recipe of the profile ``tuned`` for each size that it trains."""
    profile = PROFILES["tuned"]
    columns = {size: _described(profile, size) for size in profile.schedules}
    return _compared(columns, "tuned-recipes", "The profile tuned by size")


def _compared(columns: dict[str, dict[str, str]], name: str, caption: str) -> Table:
    heads = dict.fromkeys(head for described in columns.values() for head in described)
    rows = [{"what": head, **{size: described.get(head, "–") for size, described in columns.items()}} for head in heads]
    return Table(pd.DataFrame(rows), name, caption)


def _described(profile: Profile, size: str) -> dict[str, str]:
    described = {
        "front end": SIZES[size].front_end(profile.front_end_of(size), profile.input_scale).key,
        "schedule": asdict(profile.schedules[size]),
        "copies of the training set": profile.copies[size],
        "augmentation": profile.augmentation_of(size).key,
        "recipe": profile.recipe(size).key,
    }
    return dict(flat(described))


def curve_table(trials: Sequence[Trial]) -> Table | Markdown:
    """Show validation accuracy by the number of training clips."""
    curve = learning_curve(trials)
    if curve is None:
        return NO_CURVE
    rows = [
        {
            "training clips": point.clips,
            "seeds": point.seeds,
            "validation, %": f"{100 * point.clean:.2f}",
            "in noise, %": f"{100 * point.noisy:.2f}",
        }
        for point in curve.points
    ]
    return Table(pd.DataFrame(rows), "learning-curve", "Validation accuracy by the number of training clips")


def curve_note(trials: Sequence[Trial]) -> Markdown:
    """Say what the learning curve promises for more clips."""
    curve = learning_curve(trials)
    if curve is None:
        return NO_CURVE
    factors = (curve.halving, curve.last_halving)
    now = percent(curve.points[-1].clean, 2)
    low, high = (percent(right, 2) for right in sorted(map(curve.of_twice, factors)))
    return Markdown(
        f"Twice as many clips leave {100 * factors[0]:.0f} % of the errors by a power law through all points, and "
        f"{100 * factors[1]:.0f} % by the last two. So if there were twice as many, {now} "
        f"might become {low} to {high}. That is for training as short as here, and for clips as good as these."
    )


def trials_table(trials: Sequence[Trial]) -> Table | Markdown:
    """Show every training, a row each."""
    if not trials:
        return NOTHING
    columns = ("variant", "seed", "steps", "validation_float", "validation_quantised", "validation_noisy", "trained_s")
    rows = [{column: asdict(trial)[column] for column in columns} for trial in trials]
    return Table(pd.DataFrame(rows), "ablation-trials", "Best validation accuracy of each training in both phases")


def picture(trials: Sequence[Trial], base: str) -> Picture | Markdown:
    """Show the accuracy of every training of one recipe, a row a variant, and the mean of the recipe as a line."""
    trials = of_recipe(trials, base)
    if not trials:
        return NOTHING
    frame = pd.DataFrame(
        {
            "name": trial.variant,
            "accuracy": trial.validation_quantised,
            "facts": f"{trial.variant}, seed {trial.seed}: {percent(trial.validation_quantised, 2)}",
        }
        for trial in trials
    )
    means = frame.groupby("name", sort=False)["accuracy"].mean()
    centres = pd.DataFrame(
        {"name": name, "accuracy": mean, "facts": f"{name}, mean: {percent(mean, 2)}"} for name, mean in means.items()
    )
    axis = alt.Axis(format="~%", tickCount=6)
    title = "validation accuracy of the quantised network"
    x = alt.X("accuracy:Q", title=title, axis=axis, scale=alt.Scale(zero=False, padding=8))
    y = gap8.named_rows(list(means.index))
    points = alt.Chart(frame).mark_point(filled=True, size=40).encode(x=x, y=y, tooltip="facts:N")
    ticks = alt.Chart(centres).mark_tick(thickness=2, color="gray").encode(x=x, y=y, tooltip="facts:N")
    layers = [ticks, points]
    if base in means:
        whole = pd.DataFrame({"accuracy": [means[base]]})
        layers.insert(0, alt.Chart(whole).mark_rule(strokeDash=[2, 3], color="gray").encode(x=x))
    chart = alt.layer(*layers).properties(width=WIDTH, height=gap8.ROW_HEIGHT * len(means))
    listed = "; ".join(f"{name}: {percent(mean, 2)}" for name, mean in means.items())
    return Picture(chart, f"Validation accuracy of every training by variant, and the means. {listed}.")
