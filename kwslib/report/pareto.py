"""The networks of the Pareto chapter: points of one speech and one set of words, seeds taken together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from kwslib.accuracy import wilson_interval
from kwslib.config import baselines
from kwslib.config.presets import BASELINE_SIZES, SIZES
from kwslib.config.words import LABELS
from kwslib.paths import book_dir, results_dir
from kwslib.release import release
from kwslib.runs import cost, foreign, front
from kwslib.runs.cost import Cost
from kwslib.runs.description import CORPUS_NAMES
from kwslib.runs.points import Point, Share

RANKING = ("validation", "noise-silence")
"""Split and silence protocol that rank; a test figure never does."""
PRESETS, OTHERS, BASELINE, VENDOR = range(4)
SERIES = (
    ("presets", False),
    ("other networks", False),
    ("the baseline's, as printed: validation, digital-silence", True),
    ("GreenWaves' later ones: test, noise-silence", True),
)
"""What stands for what, and whether its protocol is another one than `RANKING`."""
VENDOR_PREFIX = "greenwaves-"
PAGES = {**{f"quick-{size}": "this_build.html" for size in BASELINE_SIZES}, "baseline-small": "baseline_run.html"}
"""Pages of recorded runs, by name."""


@dataclass(frozen=True)
class Network:
    """A network with everything that was measured of it.

    Attributes
    ----------
    name : str
        Of its first run.
    series : int
        Index of `SERIES`.
    accuracy, low, high : float
        Mean over its seeds, and Wilson's interval of that share on the clips of one set.
    clips : int
        Of a seed.
    protocol : str
        Split and silence protocol.
    cost : Cost
    points : tuple of Point
        One for each seed; none of the baseline's and the vendor's networks.
    link : str
        Address of its page, seen from the chapter.
    """

    name: str
    series: int
    accuracy: float
    low: float
    high: float
    clips: int
    protocol: str
    cost: Cost
    points: tuple[Point, ...]
    link: str

    @property
    def ranks(self) -> bool:
        """Whether its accuracy compares with the others'."""
        return not SERIES[self.series][1]

    @property
    def seeds(self) -> str:
        """Its seeds, for people."""
        return ", ".join(str(point.seed) for point in self.points)

    def mean(self, split: str, silence: str) -> Share:
        """Return correct clips, the mean over its seeds rounded, on a split."""
        shares = [point.share(split, silence) for point in self.points]
        return Share(split, silence, round(sum(one.correct for one in shares) / len(shares)), shares[0].clips)


@dataclass(frozen=True)
class Group:
    """Networks that may stand in one picture: of one corpus and one set of words.

    Attributes
    ----------
    title : str
    key : str
        Short name for files.
    networks : tuple of Network
    """

    title: str
    key: str
    networks: tuple[Network, ...]

    @property
    def compares(self) -> bool:
        """Whether there is anything to compare."""
        return sum(one.ranks for one in self.networks) > 1

    def front(self, kind: str) -> list[Network]:
        """Return the networks that no other one beats in validation accuracy and one kind of cost, by rising cost."""
        ranked = [one for one in self.networks if one.ranks and value(one.cost, kind) is not None]
        found = front.indices([value(one.cost, kind) or 0 for one in ranked], [one.accuracy for one in ranked])
        return [ranked[index] for index in found]


def value(costs: Cost, kind: str) -> float | None:
    """Return one kind of cost; None where it is not known."""
    found: float | None = getattr(costs, kind)
    return found


def groups(points: Iterable[Point], sweep: str = "") -> list[Group]:
    """Divide points by corpus and words: the baseline's task first, beside the baseline's and the vendor's networks.

    Parameters
    ----------
    points : iterable of Point
    sweep : str
        Name of the sweep that all points are from; without the networks of others then.
    """
    found: dict[tuple[str, tuple[str, ...]], list[Point]] = {}
    for point in points:
        found.setdefault((point.corpus, tuple(point.words)), []).append(point)
    task = (baselines.CORPUS, LABELS)
    made = []
    for key in sorted(found, key=lambda one: (one != task, one[0] == "synthetic", one)):
        corpus, words = key
        title = CORPUS_NAMES.get(corpus, corpus)
        title += "" if words == LABELS else f", the words {', '.join(words[2:6])}{', …' if len(words) > 6 else ''}"
        name = corpus if words == LABELS else f"{corpus}-{len(words) - 2}words"
        others = [*_baselines(), *vendors()] if key == task and not sweep else []
        made.append(Group(title, f"{name}-{sweep}".rstrip("-"), (*_networks(found[key]), *others)))
    return made


def _networks(points: Sequence[Point]) -> list[Network]:
    """Points that differ in the seed alone are one network."""
    same: dict[tuple[Any, str], list[Point]] = {}
    for point in points:
        same.setdefault((point.architecture, point.recipe), []).append(point)
    return [_network(sorted(one, key=lambda point: point.seed)) for one in same.values()]


def _network(points: Sequence[Point]) -> Network:
    first = points[0]
    shares = [point.share(*RANKING) for point in points]
    clips = shares[0].clips
    correct = sum(one.correct for one in shares) / len(shares)
    low, high = wilson_interval(round(correct), clips)
    return Network(
        name=first.run,
        series=PRESETS if first.architecture in SIZES.values() else OTHERS,
        accuracy=correct / clips,
        low=low,
        high=high,
        clips=clips,
        protocol=", ".join(RANKING),
        cost=first.cost,
        points=tuple(points),
        link=link(first),
    )


def link(point: Point) -> str:
    """Return the address of a point's page: its notebook, its size's page, or its entry in the chapter."""
    if not point.recorded and (results_dir() / point.run / "train.ipynb").exists():
        inside = results_dir().resolve() == (book_dir() / "results").resolve()
        return f"results/{point.run}/train.html" if inside else anchor(point.run)
    released = {run.run: f"{size}.html" for size in SIZES if (run := release.released(size))}
    return PAGES.get(point.run) or released.get(point.run) or anchor(point.run)


def anchor(run: str) -> str:
    """Return the address of a network's entry in the chapter."""
    return f"#network-{run}"


def _baselines() -> list[Network]:
    found = []
    for name, size in BASELINE_SIZES.items():
        printed = baselines.baseline_network(name)
        accuracy = printed.accuracy["validation"]
        low, high = accuracy.interval
        costs = Cost(printed.cycles, cost.weight_bytes(size))
        found.append(
            Network(
                name=f"the baseline's {name}",
                series=BASELINE,
                accuracy=accuracy.share,
                low=low,
                high=high,
                clips=accuracy.clips,
                protocol=f"validation, {baselines.SILENCE}, as it printed",
                cost=costs,
                points=(),
                link="baseline_errata.html",
            )
        )
    return found


def vendors() -> list[Network]:
    """GreenWaves' later networks of the same topologies, as their record says; their validation is not known."""
    found = []
    for record in foreign.load_all():
        name = record.name.removeprefix(VENDOR_PREFIX)
        if name == record.name or name not in BASELINE_SIZES:
            continue
        share = baselines.vendor_accuracy(name, RANKING[1])
        found.append(
            Network(
                name=record.title,
                series=VENDOR,
                accuracy=share["accuracy"],
                low=share["low"],
                high=share["high"],
                clips=int(share["clips"]),
                protocol=f"test, {RANKING[1]}",
                cost=Cost(record.cycles, cost.weight_bytes(BASELINE_SIZES[name])),
                points=(),
                link="on_gap8.html",
            )
        )
    return found
