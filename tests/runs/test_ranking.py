import csv
import io
from dataclasses import replace

from kwslib.provenance import provenance
from kwslib.runs import ranking, run_record
from kwslib.runs.parameters import check
from kwslib.runs.ranking import DONE, FAILED, LEFT, Outcome
from kwslib.runs.run_record import Measurement


def run_with(place_measurements, name, corpus="synthetic"):
    rows = [
        Measurement("tflite", split, silence, 100, round(100 * share), share, share - 0.1, share + 0.1, [], [], [])
        for (split, silence), share in place_measurements.items()
    ]
    chosen = check(run=name, corpus=corpus)
    use, figures = run_record.CorpusUse(corpus, "", {}), run_record.NetworkFigures(0, 0, 0, 0, "")
    agreement = run_record.Agreement(0, "", 0, 0, 0, 0, 0)
    made = (use, chosen.training(), figures, rows, agreement, {}, provenance())
    found = run_record.Run(name, "small", "quick", 1, "magnitude", *made)
    return Outcome(chosen, DONE, found)


def test_ranking_follows_validation_alone():
    def shares(validation, test):
        keys = [
            (split, silence) for split in ("validation", "test") for silence in ("noise-silence", "digital-silence")
        ]
        return dict(zip(keys, (validation, 1 - validation, test, test), strict=True))

    one, other = run_with(shares(0.8, 0.2), "b"), run_with(shares(0.7, 0.9), "a")
    elsewhere = run_with(shares(0.9, 0.9), "c", "speech_commands")
    failed = Outcome(check(run="d"), FAILED, error="no\nmore")
    left = replace(failed, parameters=check(run="e"), state=LEFT, error="")
    rows = list(csv.DictReader(ranking.summary_csv([left, failed, other, elsewhere, one]).splitlines()))
    found = [(row["corpus"], row["rank"], row["run"], row["state"]) for row in rows]
    assert found == [
        ("speech_commands", "1", "c", DONE),
        ("synthetic", "1", "b", DONE),
        ("synthetic", "2", "a", DONE),
        ("synthetic", "", "d", FAILED),
        ("synthetic", "", "e", LEFT),
    ]
    assert "90.00" in ranking.table([elsewhere]) and "test" not in ranking.summary_csv([one])


def test_the_table_is_what_a_plain_csv_writer_makes():
    """Every figure with all its digits, what a run lacks left empty, and texts quoted only where they must be."""
    shares = {
        (split, silence): 1 / 3 + place / 7
        for place, (split, silence) in enumerate(
            (split, silence) for split in ("validation", "test") for silence in ("noise-silence", "digital-silence")
        )
    }
    outcomes = [
        run_with(shares, "b"),
        Outcome(check(run="d"), FAILED, error='a "word", and a comma'),
        run_with(shares, "a"),
    ]
    rows = ranking._rows(outcomes)
    names = [name for name in rows[0] if name not in ("state", "error")]
    text = io.StringIO()
    writer = csv.DictWriter(text, [*names, "state", "error"], restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    assert ranking.summary_csv(outcomes) == text.getvalue()
    failed_alone = ranking.summary_csv(outcomes[1:2]).splitlines()
    assert failed_alone[0] == "corpus,rank,run,size,profile,front_end,steps,seed,state,error"


def test_the_table_says_what_differs_from_the_presets():
    outcomes = [Outcome(check(channels=8, steps=20), LEFT), Outcome(check(seed=2), LEFT)]
    rows = list(csv.DictReader(ranking.summary_csv(outcomes).splitlines()))
    assert {row["run"]: row["changes"] for row in rows} == {
        "quick-small-8ch-20steps": "channels=8",
        "quick-small-s2": "",
    }
