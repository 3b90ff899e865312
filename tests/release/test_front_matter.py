import yaml

from kwslib.paths import models_dir
from kwslib.release import card, front_matter
from kwslib.runs import records
from tests.sample_run import sample_run


def read(text):
    return yaml.safe_load(text.split("---\n")[1])


def test_a_release_says_licence_task_data_and_accuracies():
    run = records.load(models_dir() / "small", recorded=True)
    head = read(card.card(run.folder))
    assert head["license"] == "apache-2.0"
    assert head["datasets"] == ["google/speech_commands"]
    (index,) = head["model-index"]
    assert index["name"] == run.run
    (result,) = index["results"]
    assert result["dataset"]["split"] == "test"
    for metric in result["metrics"]:
        found = run.measurement("tflite", "test", metric["name"].removeprefix("accuracy, "))
        assert abs(metric["value"] - found.correct / found.clips) < 1e-6


def test_a_run_on_other_speech_names_no_hub(tmp_path):
    head = read(front_matter.front_matter(sample_run(tmp_path, "small")))
    assert "datasets" not in head and "language" not in head
    assert head["model-index"][0]["results"][0]["dataset"]["type"] == "synthetic"


def test_the_body_of_a_card_has_no_front_matter():
    text = (models_dir() / "large" / card.CARD).read_text()
    assert front_matter.without(text).startswith("# large: an 8-bit keyword spotter\n")
    assert front_matter.without("# Plain\n") == "# Plain\n"
