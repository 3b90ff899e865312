import json
from pathlib import Path

import numpy as np
import pytest

from kwslib.artifacts import to_plain
from kwslib.config.presets import SIZES
from kwslib.config.profiles import PROFILES
from kwslib.config.schedule import Stage
from kwslib.config.words import KEYWORDS
from kwslib.errors import InputError
from kwslib.runs import parameters, records
from kwslib.runs.parameters import check, check_all, check_cell
from kwslib.studies import own_words_plan
from tests.corpora import write_wav

RECORDED = sorted(path.parent for path in Path(__file__).parents[2].glob("models/*/metrics.json"))


@pytest.fixture(autouse=True)
def no_data(monkeypatch, tmp_path):
    monkeypatch.delenv("KWS_DATA", raising=False)
    monkeypatch.setenv("KWS_RESULTS", str(tmp_path / "results"))


@pytest.fixture
def own(tmp_path):
    """A folder with one clip of each of three words."""
    for word in ("marvin", "sheila", "cat"):
        write_wav(tmp_path / "own" / word / "0.wav", np.ones(16000, np.int16))
    return str(tmp_path / "own")


def test_defaults_are_a_quick_small_run():
    chosen = check()
    assert chosen.run == "quick-small"
    assert chosen.corpus == "synthetic"
    assert chosen.schedule == PROFILES["quick"].schedules["small"]
    assert chosen.front_end == SIZES["small"].front_end("power")
    assert chosen.validate_every_steps == PROFILES["quick"].validate_every_steps["small"]
    assert chosen.given == {"corpus": "synthetic", "front_end": "power", "run": "quick-small"}


def test_given_resolves_to_the_same_run(monkeypatch, tmp_path):
    monkeypatch.setenv("KWS_DATA", str(tmp_path))
    first = check(size="large", steps=40, seed=3, front_end="power", threads=1)
    monkeypatch.delenv("KWS_DATA")
    again = check(**first.given)
    assert again == first
    assert again.key == first.key
    assert first.corpus == "speech_commands"
    assert first.data == str(tmp_path)


def test_run_name_says_what_differs():
    assert check(seed=2, size="medium").run == "quick-medium-s2"
    assert check(front_end="power", steps=20, profile="baseline").run == "baseline-small-power-20steps"
    assert check(corpus="synthetic").run == "quick-small-synthetic"
    assert check(run="mine").run == "mine"


def test_data_chooses_speech_commands(tmp_path):
    assert check(data=str(tmp_path)).corpus == "speech_commands"
    assert check(data=str(tmp_path), corpus="synthetic").data == ""


def test_steps_squeeze_schedule_and_validation():
    whole, squeezed = check(size="medium"), check(size="medium", steps=84)
    assert squeezed.schedule.steps == 84
    ratio = squeezed.validate_every_steps / 84
    assert ratio == pytest.approx(whole.validate_every_steps / whole.schedule.steps, rel=0.1)


@pytest.mark.parametrize(
    "change",
    [
        {"size": "large"},
        {"profile": "baseline"},
        {"seed": 2},
        {"steps": 60},
        {"front_end": "magnitude"},
        {"threads": 1},
    ],
)
def test_key_follows_what_decides_the_result(change):
    assert check(**change).key != check().key
    assert json.loads(json.dumps(check(**change).config)) == check(**change).config


def test_key_does_not_follow_names_and_folders(tmp_path):
    assert check(run="mine").key == check().key
    one, other = (check(corpus="speech_commands", data=str(tmp_path / name)) for name in "ab")
    assert one.key == other.key


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"sise": "small"}, r"unknown parameter 'sise': choose one of size, .*; did you mean 'size'\?"),
        ({"size": "smal"}, r"unknown size 'smal': choose one of tiny, small, medium, large; did you mean 'small'\?"),
        ({"profile": "quik"}, r"unknown profile 'quik': .*; did you mean 'quick'\?"),
        ({"corpus": "sinthetic"}, r"unknown corpus 'sinthetic': .*; did you mean 'synthetic'\?"),
        ({"front_end": "powr"}, r"unknown front end 'powr': .*; did you mean 'power'\?"),
        ({"steps": -5}, "steps is -5: give a positive number"),
        ({"steps": 3}, "steps must be at least 6"),
        ({"seed": -1}, "seed is -1: give an integer of at least 0"),
        ({"threads": -2}, r"threads is -2: give 0 \(all\) or more"),
        ({"seed": "1"}, "parameter seed is '1': give a whole number"),
        ({"seed": True}, "parameter seed is True: give a whole number"),
        ({"steps": 2.5}, "parameter steps is 2.5: give a whole number"),
        ({"size": 5}, "parameter size is 5: give text"),
        ({"run": "../x"}, r"'\.\./x' cannot name a run"),
        ({"run": "failed"}, "'failed' cannot name a run"),
    ],
)
def test_bad_values_are_refused(values, message):
    with pytest.raises(InputError, match=message):
        check(**values)


@pytest.mark.parametrize("folder", RECORDED, ids=lambda path: path.name)
def test_recorded_runs_are_what_the_same_parameters_make(folder):
    """With everything at its preset, key and name are those from before there were more parameters."""
    run = records.load(folder)
    plain = to_plain(run.training)
    del plain["best_step"]
    if run.corpus.name == "phrases":
        assert own_words_plan.plan(run.training.words).chosen.config == plain
        assert own_words_plan.plan(run.training.words).chosen.run == run.run
        return
    same = {"size": run.size, "profile": run.profile, "seed": run.seed, "threads": run.training.threads}
    chosen = check(**same, corpus=run.corpus.name, run=run.run)
    if plain.get("teacher_sha256") and plain["teacher_sha256"] == chosen.config.get("teacher_sha256"):
        plain["recipe"]["teacher"] = chosen.recipe.teacher  # then released for a size, now called by its run's name
    assert chosen.config == plain
    assert check(size=run.size, profile=run.profile, seed=run.seed).run == run.run


def test_every_setting_goes_where_it_belongs(own):
    chosen = check(
        words="marvin,sheila",
        data=own,
        model_size_info="2 8 10 4 2 2 8 3 3 1 1",
        window_ms=30,
        stride_ms=10,
        coefficients=13,
        bands=20,
        lower_hz=0,
        input_scale=0.75,
        learning_rates="0.01,0.001",
        stage_steps="20,10",
        quantise_after=15,
        batch_clips=25,
        copies=3,
        validate_every_steps=5,
        noise_probability=0,
        hold_out_noise=True,
        time_masks=2,
        mask_frames=9,
    )
    assert chosen.words == ("marvin", "sheila") and chosen.corpus == "folder" and chosen.data == own
    size = chosen.size
    assert size.model_size_info == (2, 8, 10, 4, 2, 2, 8, 3, 3, 1, 1) and size.classes == 4
    assert chosen.front_end.shape == size.input_shape == (98, 13) and chosen.front_end.scale == 0.75
    assert (chosen.front_end.bands, chosen.front_end.lower_hz, chosen.front_end.upper_hz) == (20, 0, 4000)
    assert size.layers[-1].output_shape == (1, 1, 4)
    assert chosen.schedule.stages == (Stage(0.01, 20), Stage(0.001, 10)) and chosen.schedule.float_steps == 15
    assert (chosen.batch_clips, chosen.copies, chosen.validate_every_steps) == (25, 3, 5)
    assert chosen.augmentation.noise_probability == 0 and chosen.augmentation.hold_out_noise
    assert chosen.recipe.time_masks == 2 and chosen.recipe.mask_frames == 9
    assert not chosen.same_task
    assert check(**chosen.given) == chosen


def test_a_list_is_taken_like_its_text(own):
    assert check(words=["marvin", "sheila"], data=own).key == check(words="marvin, sheila", data=own).key
    numbers = [2, 8, 10, 4, 2, 2, 8, 3, 3, 1, 1]
    assert check(model_size_info=numbers).key == check(model_size_info=" ".join(map(str, numbers))).key
    assert check(learning_rates=[0.1, 0.2, 0.3], stage_steps=[4, 5, 6]).schedule.steps == 15


def test_what_is_given_as_the_preset_has_it_changes_nothing():
    size, plain = SIZES["small"], check()
    same = check(
        words=list(KEYWORDS),
        model_size_info=list(size.model_size_info),
        window_ms=40,
        coefficients=10,
        steps=1400,
        quantise_after=1050,
        batch_clips=100,
        noise_volume=0.1,
        teacher="",
    )
    assert (same.run, same.key) == (plain.run, plain.key)


def test_check_cell_takes_the_parameters_among_the_variables():
    assert check_cell({"size": "large", "seed": 4, "pd": json}) == check(size="large", seed=4)


def test_a_teacher_knows_the_words(own):
    taught = {"profile": "best", "size": "medium", "data": own, "teacher": "large", "teacher_share": 0.5}
    chosen = check(**taught)
    assert chosen.recipe.teacher == "large" and chosen.recipe.teacher_share == 0.5
    with pytest.raises(InputError, match="the teacher 'large' knows the words yes, no, .* not marvin: give teacher"):
        check(**taught, words="marvin")
    with pytest.raises(InputError, match="the teacher 'best-large' knows the words .* not marvin: give teacher"):
        check(profile="best", size="medium", data=own, words="marvin")
    untaught = check(profile="best", size="small", data=own, words="marvin")
    assert untaught.recipe == PROFILES["best"].recipe("small")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"model_size_info": "1 8 60 4 2 2"}, "kernel 60x4 of block 1 of 1 does not fit its map of 49x10"),
        ({"coefficients": 3}, "the kernel 10x4 of block 1 of 5 does not fit its map of 49x3 .*; nearest: 10x3"),
        ({"strides": "50x2"}, "leaves nothing of its map of 49x10"),
        ({"strides": "2x2,2x1"}, "the stride 2x1 of block 2 of 5 is not the same for rows and columns.*; nearest: 1x1"),
        ({"coefficients": 41}, "coefficients is 41: give 1 to 40"),
        ({"bands": 8}, "coefficients is 10: give 1 to 8, the mel bands"),
        ({"lower_hz": 5000}, "the mel bands are to lie from 5000 to 4000 Hz"),
        ({"fft_points": 512}, "fft_points is 512: give a power of two from the window's 640 samples"),
        ({"window_ms": 1001}, "window_ms is 1001: give at most 1000"),
        ({"stage_steps": "9,9,9", "steps": 30}, "steps is 30 and stage_steps add up to 27: give 27"),
        ({"stage_steps": "9,9"}, "stage_steps has 2 numbers and the profile has 3"),
        ({"stage_steps": "9,x,9"}, "stage_steps has 'x': give whole numbers"),
        ({"learning_rates": "0.1,-1,1"}, "learning_rates has -1: give positive numbers"),
        ({"channels": 8, "model_size_info": "1 8 3 3 1 1"}, "model_size_info says the whole network: leave channels"),
        ({"words": "yes,,no"}, "word 2 of 3 is empty"),
        ({"words": "yes,yes"}, "word 'yes' is given twice"),
        ({"words": "../x"}, "cannot be a word: .*; nearest: 'x'"),
        ({"words": "<b>"}, "cannot be a word: .*; nearest: 'b'"),
        ({"words": "x" * 300}, r"\(300 characters\)"),
        ({"words": "marvin"}, "synthetic speech has the words yes,no,.* not 'marvin': .* name a folder"),
        ({"words": "no,yes"}, "synthetic speech has the words yes,no,.* all of them in this order: for other words"),
        ({"words": [True, False]}, "words has true where text belongs: YAML reads a bare yes, no, on or off so"),
        ({"words": [["yes"]]}, r"words has \['yes'\] where text or a number belongs"),
        ({"channels": -1}, "channels is -1: give a positive number"),
        ({"noise_probability": 2}, "noise_probability is 2.0: give a number from 0 to 1"),
        ({"noise_probability": float("nan")}, "noise_probability is nan: give a number"),
        ({"label_smoothing": -1}, "label_smoothing is -1.0: give a number from 0 to 1"),
        ({"teacher_share": 0.5}, "a teacher needs a teacher_share"),
        ({"teacher": "huge", "teacher_share": 0.5, "words": ""}, "needs the network 'huge'"),
        ({"start": "huge"}, "needs the network 'huge'"),
        (
            {"start": "medium"},
            "start is medium, .* not those of small: S1_Conv2d_172x1x10x4_Relu stands where",
        ),
        ({"mask_frames": 50}, "mask_frames is 50, and a fingerprint has 49 frames .*: give at most 49"),
        ({"mask_coefficients": 10}, "mask_coefficients is 10, .*: give at most 9"),
        ({"hold_out_noise": 1}, "parameter hold_out_noise is 1: give true or false"),
        ({"run": "x" * 300}, r"\(300 characters\)' cannot name a run: .*; nearest: 'x{100}'"),
        ({"run": "<b>a/b</b>"}, "cannot name a run: .*; nearest: 'b-a-b-b'"),
        ({"run": "quick-small", "channels": 8}, "names the run of a preset, .*; nearest: 'quick-small-8ch'"),
    ],
)
def test_contradictions_are_refused_before_anything_starts(values, message, tmp_path):
    with pytest.raises(InputError, match=message):
        check(**values).config  # noqa: B018
    assert not (tmp_path / "results").exists()


def test_two_runs_of_one_name_are_refused():
    with pytest.raises(InputError, match="two runs would write the folder 'mine'"):
        check_all([{"seed": 1, "run": "mine"}, {"seed": 2, "run": "mine"}])


def test_missing_notebook_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("KWS_ROOT", str(tmp_path))
    with pytest.raises(InputError, match="cannot read the notebook .*KWS_ROOT must name the checkout"):
        parameters.declared()
