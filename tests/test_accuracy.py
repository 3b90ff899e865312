import json
from math import log, sqrt
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, chi2

from kwslib.accuracy import Accuracy, confusion_matrix, poisson_interval, wilson_interval
from kwslib.config.words import LABELS
from kwslib.errors import InputError
from tests.places import ROOT


def recorded(value, *names):
    """Every object in a JSON value that has all of these names."""
    if isinstance(value, dict):
        if all(name in value for name in names):
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for entry in value:
            yield from recorded(entry, *names)


def test_the_recorded_wilson_intervals_come_out_bit_for_bit():
    rows = [
        row
        for path in sorted((ROOT / "models").rglob("*.json"))
        for row in recorded(json.loads(path.read_text()), "correct", "clips", "low", "high")
    ]
    assert len(rows) > 300
    for row in rows:
        assert wilson_interval(row["correct"], row["clips"]) == (row["low"], row["high"])


def test_the_recorded_poisson_intervals_come_out():
    rows = [
        row
        for path in sorted((ROOT / "models").rglob("robustness.json"))
        for row in recorded(json.loads(path.read_text()), "accepts", "hours", "low", "high")
    ]
    assert len(rows) > 100
    for row in rows:
        low, high = poisson_interval(row["accepts"])
        assert low / row["hours"] == pytest.approx(row["low"], rel=1e-12)
        assert high / row["hours"] == pytest.approx(row["high"], rel=1e-12)


@given(st.integers(1, 20000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.5, 0.999))
def test_wilson_is_scipys(counts, confidence):
    found = binomtest(*counts).proportion_ci(confidence, method="wilson")
    assert wilson_interval(*counts, confidence) == pytest.approx((found.low, found.high), rel=1e-9, abs=1e-12)


@given(st.integers(0, 2000), st.floats(0.5, 0.999))
def test_poisson_limits_are_half_of_chi_squareds(count, confidence):
    tail = (1 - confidence) / 2
    low, high = poisson_interval(count, confidence)
    assert low == pytest.approx(chi2.ppf(tail, 2 * count) / 2 if count else 0.0, rel=1e-9)
    assert high == pytest.approx(chi2.isf(tail, 2 * count + 2) / 2, rel=1e-9)


@pytest.mark.parametrize(
    ("correct", "clips", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_as_published(correct, clips, low, high):
    """Table I of R. G. Newcombe, Two-sided confidence intervals for the single proportion, 1998 (method 3)."""
    assert wilson_interval(correct, clips) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 20000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.5, 0.999))
def test_wilson_inverts_the_score_test(counts, confidence):
    """Its ends are the proportions whose score test has just this significance."""
    correct, clips = counts
    share = correct / clips
    for end in wilson_interval(correct, clips, confidence):
        if min(end, 1 - end) < 1e-12:
            assert share == round(end)
            continue
        score = (share - end) / sqrt(end * (1 - end) / clips)
        assert 2 * NormalDist().cdf(-abs(score)) == pytest.approx(1 - confidence, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("counts", [(0, 0), (3, 2), (-1, 5)])
def test_no_interval(counts):
    with pytest.raises(InputError, match=f"no interval for {counts[0]} of {counts[1]}"):
        wilson_interval(*counts)


@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), min_size=1, max_size=200))
def test_confusion_matrix_counts(pairs):
    labels, winners = (np.array(column) for column in zip(*pairs, strict=True))
    found = Accuracy(confusion_matrix(labels, winners, len(LABELS)))
    for label in range(12):
        for winner in range(12):
            assert found.confusion[label, winner] == pairs.count((label, winner))
        chosen, given_label = winners[labels == label], labels[winners == label]
        assert found.recall[label] == (pytest.approx(np.mean(chosen == label)) if len(chosen) else None)
        assert found.precision[label] == (pytest.approx(np.mean(given_label == label)) if len(given_label) else None)
    assert found.clips == len(pairs)
    assert found.correct == np.sum(labels == winners)
    assert found.share == pytest.approx(np.mean(labels == winners))
    assert found.interval == wilson_interval(found.correct, found.clips)


# Garwood's table of the exact 95 % limits, as reprinted in Pearson and Hartley, Biometrika Tables, table 40.
@pytest.mark.parametrize(
    ("count", "low", "high"),
    [(0, 0, 3.69), (1, 0.0253, 5.57), (2, 0.242, 7.22), (5, 1.62, 11.67), (10, 4.80, 18.39), (50, 37.11, 65.92)],
)
def test_poisson_intervals_are_garwoods(count, low, high):
    assert poisson_interval(count) == pytest.approx((low, high), abs=0.006)


def test_a_poisson_interval_without_events_ends_at_the_logarithm_of_the_tail():
    assert poisson_interval(0) == (0.0, pytest.approx(-log(0.025), rel=1e-9))


@pytest.mark.parametrize(("count", "confidence"), [(-1, 0.95), (3, 0), (3, 1)])
def test_no_poisson_interval_of_nonsense(count, confidence):
    with pytest.raises(InputError, match="no interval for"):
        poisson_interval(count, confidence)
