"""Write run folders as the notebook leaves them, with drawn predictions: pages can be tested without training."""

import hashlib
from dataclasses import asdict
from pathlib import Path

import numpy as np

from kwslib import mistakes, results
from kwslib.provenance import provenance
from kwslib.sizes import profile_named, size_named
from kwslib.speech.corpus import LABELS, SILENCE_PROTOCOLS, Clips
from kwslib.statistics import Accuracy, confusion_matrix

PER_CLASS = 30


def _drawn(rng: np.random.Generator, labels: np.ndarray, right: float) -> np.ndarray:
    random = rng.integers(len(LABELS), size=len(labels))
    return np.where(rng.random(len(labels)) < right, labels, random)


def _counts(corpus: str) -> dict[str, dict[str, int]]:
    words = [*LABELS[:1], "cat", *LABELS[2:]]
    splits = ("train", "validation", "test")
    return {split: dict.fromkeys(words, PER_CLASS * (10 if split == "train" else 1)) for split in splits}


def sample_run(folder: Path, size: str = "small", profile: str = "quick", corpus: str = "synthetic") -> results.Run:
    """Write ``folder/<profile>-<size>`` and return it as read back."""
    rng = np.random.default_rng(len(size))
    chosen, recipe = size_named(size), profile_named(profile)
    labels = np.repeat(np.arange(len(LABELS)), PER_CLASS)
    measurements = []
    for network in results.NETWORKS:
        for split in ("validation", "test"):
            for silence in SILENCE_PROTOCOLS:
                winners = _drawn(rng, labels, 0.9)
                accuracy = Accuracy(confusion_matrix(labels, winners))
                measurements.append(results.Measurement.of(network, split, silence, accuracy))
    schedule = recipe.schedules[size]
    network = rng.bytes(1000 + chosen.parameters)
    clips = len(labels)
    name = f"{profile}-{size}"
    run = results.Run(
        run=name,
        size=size,
        profile=profile,
        seed=1,
        front_end=recipe.front_end,
        corpus={"name": corpus, "hash": hashlib.sha256(corpus.encode()).hexdigest(), "splits": _counts(corpus)},
        training={
            "size": size,
            "profile": profile,
            "schedule": asdict(schedule),
            "augmentation": asdict(recipe.augmentation),
            "seed": 1,
            "best_step": schedule.steps,
        },
        network={
            "macs": chosen.macs,
            "parameters": chosen.parameters,
            "operations": chosen.operations,
            "tflite_bytes": len(network),
            "tflite_sha256": hashlib.sha256(network).hexdigest(),
        },
        measurements=measurements,
        agreement={
            "clips": clips,
            "tflite_kernels": "drawn",
            "same_winner_float_and_fake_quantised": clips - 5,
            "same_winner_fake_quantised_and_tflite": clips - 1,
            "same_winner_tflite_and_reference": clips,
            "different_logit_codes_tflite_and_reference": 0,
            "largest_softmax_difference_codes": 1,
        },
        durations_s={"corpus": 1.5, "fingerprints": 3.25, "training": 100.0, "conversion": 5.0, "evaluation": 10.0},
        provenance=provenance(),
    )
    steps = np.linspace(1, schedule.steps, 8).astype(int)
    rows = [
        f"{step},{phase},0.002,{2.5 / (1 + i):.4f},{0.3 + 0.08 * i:.4f}"
        for i, step in enumerate(steps)
        for phase in ["float" if step < schedule.float_steps else "quantised"]
    ]
    history = "step,phase,learning_rate,loss,validation_accuracy\n" + "\n".join(rows) + "\n"
    audio = (3000 * rng.standard_normal((clips, 16000))).astype(np.int16)
    names = tuple(f"{LABELS[label]}/clip_{index}.wav" for index, label in enumerate(labels))
    softmax = rng.integers(0, 20, (clips, len(LABELS)), np.uint8)
    softmax[np.arange(clips), _drawn(rng, labels, 0.9)] = 200
    heard = Clips(names, labels.astype(np.uint8), audio)
    path = folder / name
    path.mkdir(parents=True)
    mistakes.write(heard, mistakes.worst(heard, softmax), path / "mistakes")
    (path / "model.tflite").write_bytes(network)
    results.save(run, path, history)
    return results.load(path)
