import shutil
from dataclasses import replace

import pytest

from kwslib.errors import DataError
from kwslib.paths import models_dir, write_json
from kwslib.release import card, seeds
from kwslib.release.seeds import Count, Seed, Seeds
from kwslib.runs import records
from tests.sample_run import sample_run

CARDS = sorted(models_dir().glob(f"*/{card.CARD}"))


@pytest.fixture
def run(tmp_path):
    return sample_run(tmp_path, "small", "best", "speech_commands")


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.parent.name)
def test_cards_are_what_their_folders_say(path):
    assert path.read_text() == card.card(path.parent)


def test_a_card_has_the_figures_of_its_folder(run):
    text = card.card(run.folder)
    for silence in ("digital-silence", "noise-silence"):
        found = run.measurement("tflite", "test", silence)
        assert (
            f"| test, {silence}, 8-bit, TFLite | {found.correct} of {found.clips} | {100 * found.accuracy:.2f} % |"
            in text
        )
    assert run.corpus.hash in text
    assert f"| {run.network.tflite_bytes} |" in text
    assert "One seed was trained" in text
    assert "Data note" not in text
    assert "| cycles on GAP8, first inference (simulator) |" in text
    assert f"{run.training.schedule.steps} steps" in text
    assert "Training took" not in text
    assert "kws evaluate models/small" in text
    shutil.rmtree(run.folder / "gap8")
    assert "It was not deployed on GAP8." in card.card(run.folder)


def test_the_machines_that_trained_are_named(run):
    run.provenance.trained_on_s.update({"a graphics processor, jax": 205.4, "a processor, tensorflow": 60})
    records.save(run, run.folder, "step\n")
    assert "Training took 205 s on a graphics processor, jax, then 60 s on a processor, tensorflow." in card.card(
        run.folder
    )


def test_the_network_that_a_training_began_with_is_named(run):
    assert "It began" not in card.card(run.folder)
    for share, said in ((0.0, "is not counted here.\n"), (0.3, "Of the weights in floating point, 30 % stayed those.")):
        recipe = {"start": "best-small", "start_share": share}
        records.save(replace(run, training=replace(run.training, recipe=recipe)), run.folder, "step\n")
        text = card.card(run.folder)
        assert "It began with the weights of `best-small`, whose own training" in text and said in text
    recipe = {"start": "best-small", "start_share": 0.3, "branches": 3}
    records.save(replace(run, training=replace(run.training, recipe=recipe)), run.folder, "step\n")
    assert "stayed those. The rest is the mean of 3 branches, each from the same start." in card.card(run.folder)


def test_seeds_have_mean_and_deviation(run):
    rows = [Seed(f"r{seed}", seed, "0", *4 * [Count(100, 90 + seed, 0.9 + seed / 100)]) for seed in (1, 2, 3)]
    seeds.write(Seeds("noise-silence", rows), run.folder)
    text = card.card(run.folder)
    assert "| all | 92.00 ± 1.00 % |" in text
    assert "no other seed has more validation clips right under noise-silence" in text


def test_a_card_says_what_speech_it_was_not_measured_on(run):
    assert "not measured on other languages, running speech or" in card.card(run.folder)
    (run.folder / "streaming").mkdir()
    assert "not measured on other languages, conversations that people recorded or" in card.card(run.folder)


def test_a_card_is_refreshed_where_there_is_one(run):
    card.refresh(run.folder)
    assert not (run.folder / card.CARD).exists()
    (run.folder / card.CARD).write_text("old")
    card.refresh(run.folder)
    assert (run.folder / card.CARD).read_text() == card.card(run.folder)


def test_damaged_files_and_another_networks_deployment(run):
    (run.folder / card.NOTE).write_text("{")
    with pytest.raises(DataError, match=r"card\.json is damaged"):
        card.card(run.folder)
    write_json(run.folder / card.NOTE, {"schema": 99})
    with pytest.raises(DataError, match="written by another version"):
        card.card(run.folder)
    (run.folder / card.NOTE).unlink()
    found = records.load(run.folder)
    value = replace(found, network=replace(found.network, tflite_sha256="0" * 64))
    records.save(value, run.folder, "step\n")
    with pytest.raises(DataError, match="is the deployment of another network"):
        card.card(run.folder)
