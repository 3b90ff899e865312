"""The Pareto chapter: accuracy against each kind of cost, the networks that are worth it, and which one to take."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from kwslib.config.blocks import model_size_info
from kwslib.report import elements, overview
from kwslib.report.elements import Html, Markdown, Table, count
from kwslib.report.figures.accuracy import Point, accuracy_against_cost
from kwslib.report.figures.picture import Picture
from kwslib.report.pareto import RANKING, SERIES, Group, Network, groups, value
from kwslib.runs import points
from kwslib.runs.cost import QUANTITIES, Cost
from kwslib.runs.points import SweepRecord
from kwslib.speech.corpus import SILENCE_PROTOCOLS

BUDGETS = (25_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 12_000_000)
"""Cycles that the chapter answers for."""
QUESTION = 100_000
"""The budget that its text asks for."""
Y_LABEL = "accuracy, 8-bit"
CARDS = """<details class="kws-networks"><summary>Every network, and the command that trains it</summary>
{%- for network, command, facts in cards %}<div id="network-{{ network.name }}"><p><strong>{{ network.name }}</strong>
{{ facts }}</p><pre>{{ command }}</pre></div>{% endfor -%}
</details>"""


def found() -> list[Group]:
    """Return the networks there are, fresh and recorded, by corpus and words."""
    return groups(points.collect(overview.all_runs()))


def of_sweeps() -> list[Group]:
    """Return the networks of each recorded sweep by themselves: they were trained for the same number of steps."""
    return [group for sweep in points.recorded() for group in groups(sweep.points, sweep.name)]


def amount(kind: str, number: float | None) -> str:
    """Return an amount of a kind for people: whole numbers with their thousands apart, others in four digits."""
    if number is None:
        return "–"
    text = count(number) if QUANTITIES[kind].unit in ("cycles", "bytes") else f"{number:.4g}"
    return f"{text} {QUANTITIES[kind].unit}"


def describe(network: Network) -> str:
    """Return what is known of a network besides its name, a line for each fact."""
    lines = [f"{100 * network.accuracy:.2f} % on {count(network.clips)} clips ({network.protocol})"]
    lines += [f"{QUANTITIES[kind].title}: {amount(kind, value(network.cost, kind))}" for kind in QUANTITIES]
    if network.points:
        first = network.points[0]
        lines.append(f"{first.steps} steps; seeds: {network.seeds}; front end {first.front_end}")
    return "\n".join(lines)


def picture(group: Group, kind: str) -> Picture | Html:
    """Show the accuracy of a group's networks against one kind of cost, with the front."""
    best = {network.name for network in group.front(kind)}
    points = [
        Point(
            name=network.name,
            series=SERIES[network.series][0],
            accuracy=network.accuracy,
            low=network.low,
            high=network.high,
            cost=costs,
            facts=describe(network),
            link=network.link,
            front=network.name in best,
            hollow=not network.ranks,
            named=network.name in best,
        )
        for network in sorted(group.networks, key=lambda one: one.series)
        for costs in (value(network.cost, kind),)
        if costs is not None
    ]
    if not points:
        return Html("")
    title = QUANTITIES[kind].title
    cost = title if QUANTITIES[kind].unit in title else f"{title}, {QUANTITIES[kind].unit}"
    return accuracy_against_cost(points, cost, f"{Y_LABEL}, {', '.join(RANKING)}")


def pictures(group: Group) -> Html:
    """Show the picture of the cycles, and those of the other kinds folded below it."""
    rest = [
        elements.fill(
            "<details><summary>Against {{ title }}</summary>{{ picture }}</details>",
            title=QUANTITIES[kind].title,
            picture=picture(group, kind),
        )
        for kind in QUANTITIES
        if kind != "cycles"
    ]
    return elements.join([elements.fill("{{ picture }}", picture=picture(group, "cycles")), *rest])


def table(group: Group) -> Table:
    """Return the networks whose accuracy ranks, by rising cycles: validation accuracy and every kind of cost."""
    best = {network.name for network in group.front("cycles")}
    ranked = sorted((one for one in group.networks if one.ranks), key=lambda one: (one.cost.cycles, one.name))
    frame = pd.DataFrame(
        {
            "network": network.name,
            "front": "front" if network.name in best else "",
            "steps": network.points[0].steps,
            "seeds": network.seeds,
            "accuracy": network.accuracy,
            "low": network.low,
            "high": network.high,
            **_costs(network.cost),
        }
        for network in ranked
    )
    caption = f"{group.title}: 8-bit networks, {', '.join(RANKING)}, mean over the seeds, with Wilson's 95 % interval"
    return Table(frame, f"pareto-{group.key}", caption, _formats(), dense=True)


def _costs(costs: Cost) -> dict[str, Any]:
    return {head(kind): value(costs, kind) for kind in QUANTITIES}


def head(kind: str) -> str:
    """Return the head of a column of one kind of cost."""
    return {"cycles": "cycles", "ms": "ms", "energy_uj": "est. µJ", "bytes": "bytes", "l1": "L1", "l2": "L2"}[kind]


def _formats() -> dict[str, Any]:
    return {
        head("ms"): lambda number: f"{number:.3f}",
        head("energy_uj"): lambda number: count(round(number)),
        "steps": lambda number: str(number),
    }


def chosen(group: Group, cycles: float) -> Network | None:
    """Return the network of the highest validation accuracy that takes at most some cycles; None if there is none."""
    fits = [network for network in group.front("cycles") if network.cost.cycles <= cycles]
    return fits[-1] if fits else None


def choices(group: Group) -> Table:
    """Return for each budget of cycles the network that validation chooses, and its test accuracy."""
    rows = []
    for budget in BUDGETS:
        network = chosen(group, budget)
        if network is None:
            continue
        row: dict[str, Any] = {
            "at most": f"{count(budget)} cycles",
            "network": network.name,
            "cycles": network.cost.cycles,
            "bytes": network.cost.bytes,
            "steps": network.points[0].steps,
            "accuracy, validation": network.accuracy,
        }
        for silence in SILENCE_PROTOCOLS:
            share = network.mean("test", silence)
            row[f"accuracy, test, {silence}"] = share.accuracy
        rows.append(row)
    caption = f"{group.title}: chosen by validation ({RANKING[1]}); test accuracy of what was chosen"
    return Table(pd.DataFrame(rows), f"pareto-{group.key}-choices", caption, {"steps": str})


def texts(group: Group) -> dict[str, str]:
    """Return what the chapter's prose names: the answer to its question."""
    network = chosen(group, QUESTION)
    return {
        "pareto_question": f"{count(QUESTION)} cycles",
        "pareto_answer": network.name if network else "none of these networks",
        "pareto_accuracy": f"{100 * network.accuracy:.2f} %" if network else "–",
        "pareto_cycles": count(network.cost.cycles) if network else "–",
        "pareto_networks": str(sum(one.ranks for one in group.networks)),
    }


def cards(group: Group) -> Html:
    """List every network with the numbers of its blocks, its front end and a command that trains it."""
    rows = []
    for network in group.networks:
        if network.points:
            first = network.points[0]
            facts = f"{count(first.architecture.macs)} MAC, {count(first.architecture.parameters)} parameters, "
            facts += f"front end {first.front_end}, {first.steps} steps, seeds {network.seeds}"
            rows.append((network, command(network), facts))
    return elements.fill(CARDS, cards=rows)


def command(network: Network) -> str:
    """Return a command that trains a network of the same shape for as many steps."""
    size = network.points[0].architecture
    numbers = " ".join(map(str, model_size_info(size.blocks)))
    return (
        f'kws run --size {size.name} --model-size-info "{numbers}" --window-ms {size.window_ms} '
        f"--stride-ms {size.stride_ms} --coefficients {size.coefficients} --steps {network.points[0].steps}"
    )


def origins(sweeps: Sequence[SweepRecord] | None = None) -> Markdown:
    """Say from which sweeps the recorded networks are, how many were refused, when and from which commit."""
    lines = [
        f"* Sweep `{one.name}`: {len(one.points)} runs, {len(one.refused)} refused before training or not made; "
        f"{one.provenance.date[:10]}, commit {one.provenance.short_commit}."
        for one in (points.recorded() if sweeps is None else sweeps)
    ]
    return Markdown("\n".join(lines) or "No sweep is recorded yet; the networks are those of single runs.")
