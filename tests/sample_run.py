"""Write run folders as the notebook leaves them, with drawn predictions: pages can be tested without training."""

import hashlib
from dataclasses import asdict
from pathlib import Path

import numpy as np

from kwslib.accuracy import Accuracy, confusion_matrix, wilson_interval
from kwslib.artifacts import write_record
from kwslib.config.foreign import foreign_networks
from kwslib.config.presets import size_named
from kwslib.config.profiles import profile_named
from kwslib.config.schedule import BATCH_CLIPS, CosineSchedule, Schedule
from kwslib.config.words import LABELS
from kwslib.gap8.measure.deployment_record import SCHEMA, Deployment, LayerRow, StageRow, StepRow
from kwslib.gap8.measure.layer_stalls import OUTSIDE, StallRow
from kwslib.gap8.planning import record
from kwslib.gap8.planning.record import PlanRecord, StepRecord
from kwslib.provenance import provenance
from kwslib.runs import mistakes, records, run_record
from kwslib.runs.foreign import ForeignRecord
from kwslib.speech.corpus import SILENCE_PROTOCOLS, Clips
from kwslib.studies import robustness_records
from kwslib.studies.robustness_records import ALL, CorpusName, FalseAccepts, Robustness

PER_CLASS = 30


def _drawn(rng: np.random.Generator, labels: np.ndarray, right: float) -> np.ndarray:
    random = rng.integers(len(LABELS), size=len(labels))
    return np.where(rng.random(len(labels)) < right, labels, random)


def _counts(corpus: str) -> dict[str, dict[str, int]]:
    words = [*LABELS[:1], "cat", *LABELS[2:]]
    splits = ("train", "validation", "test")
    return {split: dict.fromkeys(words, PER_CLASS * (10 if split == "train" else 1)) for split in splits}


def sample_run(folder: Path, size: str = "small", profile: str = "quick", corpus: str = "synthetic") -> run_record.Run:
    """Write ``folder/<profile>-<size>`` and return it as read back."""
    rng = np.random.default_rng(len(size))
    chosen, recipe = size_named(size), profile_named(profile)
    labels = np.repeat(np.arange(len(LABELS)), PER_CLASS)
    measurements = _measurements(rng, labels)
    schedule = recipe.schedules[size]
    network = rng.bytes(1000 + chosen.parameters)
    clips = len(labels)
    name = f"{profile}-{size}"
    run = run_record.Run(
        run=name,
        size=size,
        profile=profile,
        seed=1,
        front_end=recipe.front_end,
        corpus=run_record.CorpusUse(corpus, hashlib.sha256(corpus.encode()).hexdigest(), _counts(corpus)),
        training=run_record.Training(
            size=size,
            profile=profile,
            corpus=corpus,
            front_end=chosen.front_end(recipe.front_end, recipe.input_scale).key,
            schedule=schedule,
            augmentation=asdict(recipe.augmentation),
            copies=recipe.copies[size],
            batch_clips=BATCH_CLIPS,
            validate_every_steps=recipe.validate_every_steps[size],
            seed=1,
            threads=0,
            best_step=schedule.steps,
        ),
        network=run_record.NetworkFigures(
            macs=chosen.macs,
            parameters=chosen.parameters,
            operations=chosen.operations,
            tflite_bytes=len(network),
            tflite_sha256=hashlib.sha256(network).hexdigest(),
        ),
        measurements=measurements,
        agreement=run_record.Agreement(
            clips=clips,
            tflite_kernels="drawn",
            same_winner_float_and_fake_quantised=clips - 5,
            same_winner_fake_quantised_and_tflite=clips - 1,
            same_winner_tflite_and_reference=clips,
            different_logit_codes_tflite_and_reference=0,
            largest_softmax_difference_codes=1,
        ),
        durations_s={"corpus": 1.5, "fingerprints": 3.25, "training": 100.0, "conversion": 5.0, "evaluation": 10.0},
        provenance=provenance(),
    )
    path = folder / name
    path.mkdir(parents=True)
    _write_mistakes(rng, labels, path / "mistakes")
    (path / "model.tflite").write_bytes(network)
    records.save(run, path, _history(schedule))
    sample_deployment(path, size, run.network.tflite_sha256)
    return records.load(path)


def _measurements(rng: np.random.Generator, labels: np.ndarray) -> list[run_record.Measurement]:
    found = []
    for network in run_record.NETWORKS:
        for split in ("validation", "test"):
            for silence in SILENCE_PROTOCOLS:
                accuracy = Accuracy(confusion_matrix(labels, _drawn(rng, labels, 0.9), len(LABELS)))
                found.append(run_record.Measurement.of(network, split, silence, accuracy))
    return found


def _write_mistakes(rng: np.random.Generator, labels: np.ndarray, folder: Path) -> None:
    audio = (3000 * rng.standard_normal((len(labels), 16000))).astype(np.int16)
    names = tuple(f"{LABELS[label]}/clip_{index}.wav" for index, label in enumerate(labels))
    softmax = rng.integers(0, 20, (len(labels), len(LABELS)), np.uint8)
    softmax[np.arange(len(labels)), _drawn(rng, labels, 0.9)] = 200
    heard = Clips(names, labels.astype(np.uint8), audio)
    mistakes.write(heard, mistakes.worst(heard, softmax), folder)


def _history(schedule: Schedule | CosineSchedule) -> str:
    """Return a training history as CSV, every step a little better than the one before."""
    rows = [
        f"{step},{phase},0.002,{2.5 / (1 + i):.4f},{0.3 + 0.08 * i:.4f}"
        for i, step in enumerate(np.linspace(1, schedule.steps, 8).astype(int))
        for phase in ["float" if step < schedule.float_steps else "quantised"]
    ]
    return "step,phase,learning_rate,loss,validation_accuracy\n" + "\n".join(rows) + "\n"


def sample_deployment(folder: Path, size: str, tflite_sha256: str, key: str = "drawn") -> None:
    """Write ``folder/gap8`` as a deployment leaves it, with drawn cycles; the first two layers are fused."""
    rng = np.random.default_rng(len(size))
    layers = size_named(size).layers
    memory = {"l1_peak_bytes": 60_000, "l2_peak_bytes": 300_000, "dma_in_bytes": 4_000, "dma_out_bytes": 0}
    rows = []
    for index, layer in enumerate(layers):
        cycles = int(layer.operations / rng.uniform(5, 20)) + 600
        place = {"step": max(1, index), "fused": index < 2}
        counts = {"operations": layer.operations, "macs": layer.macs}
        rows.append(
            LayerRow(layer.name, layer.kind, cycles=cycles, warm_cycles=cycles - 7, **counts, **place, **memory)
        )
    sound = StepRecord("sound", [], "front end, a frame a core", 0, "", **memory, flash_bytes=0)
    steps = [sound]
    for at, layer in enumerate(layers[1:], 1):
        names = [row.name for row in rows if row.step == at]
        predicted = 10 + sum(row.cycles for row in rows if row.step == at)
        steps.append(StepRecord(layer.kind, names, "kernel_0, whole", predicted, "", **memory, flash_bytes=0))
    kinds = ("dependency", "branch", "tcdm", "memory", "fetch", "multicycle")
    counted = {"instructions": 900, "cycles": 1000, "sleep_cycles": 50, **{f"{kind}_cycles": 10 for kind in kinds}}
    functions = ("cluster_main", "kernel_0_pointwise", "run_depthwise")
    stalls = [{"core": f"pe{core}", "function": function, **counted} for core in range(8) for function in functions]
    deployment = Deployment(
        network=folder.name,
        platform="simulator",
        platform_version="drawn",
        strategy="maps in L1, first two layers fused",
        rows=rows,
        front_end=[StageRow(f"F{at}_Stage", 40_000 // at, 39_000 // at, 100_000) for at in (1, 2, 3, 4)],
        steps=[StepRow(step.layers, step.predicted_cycles, step.portable) for step in steps],
        clips_checked=20,
        elf_digest="0123456789abcdef",
        build_s=1.0,
        run_s=0.5,
        weights_l2_bytes=40_000,
        weights_flash_bytes=0,
        stalls=[*stalls, {"core": "fc", "function": "fc_main", **counted}],
        provenance=provenance(tflite_sha256=tflite_sha256, key=key),
        layer_stalls=[StallRow(step, **counted) for step in (*range(len(steps)), OUTSIDE)],
    )
    sizes = {"l1_bytes": 65536, "l2_bytes": 524288, "runtime_l1_bytes": 8000, "code_l2_bytes": 30720}
    weights = {"weights_l2_bytes": 40_000, "weights_flash_bytes": 0}
    plan = PlanRecord(folder.name, deployment.strategy, **sizes, **weights, kernels={}, steps=steps, regions=[])
    write_record(folder / records.GAP8 / "deployment.json", deployment, SCHEMA)
    record.save(plan, folder / records.GAP8 / "plan.json")


def sample_foreign(name: str) -> ForeignRecord:
    """Return a record of somebody's network with drawn cycles; of a known network if it has the name of one."""
    origin = next((network for network in foreign_networks() if network.name == name), None)
    return ForeignRecord(
        name=name,
        file=f"{name}.tflite",
        sha256=origin.sha256 if origin else hashlib.sha256(name.encode()).hexdigest(),
        tflite_bytes=50_000,
        macs=2_656_768,
        scales="int8, per channel, unsnapped",
        strategy="maps in L1",
        cycles=200_000 + len(name),
        warm_cycles=199_000,
        predicted_cycles=190_000,
        portable="" if origin else "portable C computes S4_MaxPool_2x2 (a maximum): 3.1 % of the cycles",
        inputs_checked=20,
        platform="simulator",
        platform_version="drawn",
        provenance=provenance(),
        origin=origin,
    )


def sample_robustness(folder: Path, run: run_record.Run) -> Robustness:
    """Write ``folder/robustness`` as a measurement leaves it, with drawn accuracies and two noises."""
    points = [_robustness_point("snr", "", None, 0.9)]
    points += [_robustness_point("snr", noise, snr, 0.5) for noise in ("hiss", "hum") for snr in (0.0, 10.0)]
    points += [_robustness_point("shift", "", shift, 0.8) for shift in (-100.0, 0.0, 100.0)]
    points += [_robustness_point("level", "", gain, 0.7) for gain in (-10.0, 0.0, 10.0)]
    accepts = [FalseAccepts(noise, 0.5, 40, 1, 0.005, 200.0, 5.1, 1114.3) for noise in ("hiss", "hum")]
    accepts.append(FalseAccepts(ALL, 0.5, 80, 2, 0.01, 200.0, 24.2, 722.5))
    found = Robustness(
        run=run.run,
        size=run.size,
        tflite_sha256=run.network.tflite_sha256,
        corpus=CorpusName("speech_commands", "0"),
        noise_in_training="none of these recordings",
        seed=0,
        clips=100,
        without_signal=1,
        reference_power=1e6,
        hop_s=0.5,
        points=points,
        false_accepts=accepts,
        provenance=provenance(),
    )
    robustness_records.save(found, folder / records.ROBUSTNESS)
    return found


def _robustness_point(kind: str, noise: str, value: float | None, accuracy: float) -> robustness_records.Point:
    correct = round(100 * accuracy)
    low, high = wilson_interval(correct, 100)
    groups = (80, correct - 8, 10, 4, 10, 4)
    return robustness_records.Point(kind, noise, value, 100, correct, correct / 100, low, high, *groups, 3)
