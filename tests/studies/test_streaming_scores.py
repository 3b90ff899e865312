from dataclasses import replace

import numpy as np
import pytest

from kwslib.config.streams import NEGATIVES, SIMILAR, SNR_DB, StreamStudy
from kwslib.runs import networks
from kwslib.studies import streaming_scores as scores
from kwslib.studies.streaming_changes import CHANGES
from tests.studies.test_streaming import STUDY, Drawn


def test_every_stream_has_a_name_and_more_hours_are_more_streams():
    study = StreamStudy(hours=2, clips=30)
    words = {"choice": 300, "report": 250}
    tasks = scores.tasks(study, words, CHANGES)
    assert len({task.name for task in tasks}) == len(tasks)
    negative = [task for task in tasks if task.kind in NEGATIVES]
    assert {task.kind for task in negative} == set(NEGATIVES)
    assert abs(len(negative) * study.shard_s / 3600 - 2 * study.hours) < 0.5
    assert sum(task.kind == SIMILAR for task in tasks) == 2
    positive = [task for task in tasks if task.kind == "positive"]
    assert len(positive) == 2 * 3 * (1 + len(SNR_DB))
    assert set(tasks) < set(scores.tasks(replace(study, hours=4), words, CHANGES))


def test_decisions_are_kept_for_one_network_corpus_and_study():
    small, medium = networks.of_run("quick-small"), networks.of_run("quick-medium")
    folders = [
        scores.material_of(Drawn(), network, None, study).folder
        for network, study in [
            (small, STUDY),
            (medium, STUDY),
            (small, replace(STUDY, seed=1)),
            (small, replace(STUDY, clips=3)),
            (small, replace(STUDY, hop_ms=480)),
        ]
    ]
    assert len(set(folders)) == len(folders)
    more = scores.material_of(Drawn(), small, None, replace(STUDY, hours=9.0)).folder
    assert more == folders[0]


@pytest.mark.slow
@pytest.mark.slice
def test_streams_are_scored_in_other_processes(tmp_path):
    network = networks.of_run("quick-small")
    material = replace(scores.material_of(Drawn(), network, "power", STUDY), folder=tmp_path)
    task = scores.Task("choice", "noise", 0)
    said = []
    scores.score_all(material, [task], 1, said.append)
    bench = scores.bench_of(material)
    assert scores.bench_of(replace(material, corpus=Drawn())) is bench
    here = scores.score(bench.listener, scores.make(bench.sounds["choice"], task, STUDY).samples)
    kept = scores.collect(material, [task])[task]
    assert np.array_equal(kept.codes, here) and kept.seconds == STUDY.shard_s
    assert "1 of 1 streams" in said
