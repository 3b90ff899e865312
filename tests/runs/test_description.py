from kwslib.runs import description
from kwslib.runs.run_record import NETWORKS
from tests.sample_run import sample_run


def test_nested_values_become_named_rows():
    value = {"a_b": 1, "inner": {"x": [1, 2]}, "stages": [{"rate": 0.5}, {"rate": 0.25}]}
    assert description.pairs(value).to_numpy().tolist() == [
        ["a b", "1"],
        ["inner: x", "1, 2"],
        ["stages 1: rate", "0.5"],
        ["stages 2: rate", "0.25"],
    ]


def test_a_run_is_named_as_a_reader_knows_it(tmp_path):
    run = sample_run(tmp_path, "small")
    assert description.corpus_name(run) == "synthetic speech"
    assert description.state(run) == "fresh"
    assert description.steps(run) == run.training.schedule.steps
    assert tuple(description.FORM_NAMES) == NETWORKS
