"""Where somebody's own phrases are spoken: voices one by one, each kept, then set in clips with noise and channel.

A voice that was spoken stays in the cache until the corpus is whole, so an interrupted recording goes on.
"""

import hashlib
import json
import os
import shutil
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import numpy as np

from kwslib import paths, seals
from kwslib.errors import DataError
from kwslib.speech import near_misses, soundscape
from kwslib.speech.corpus import SPLITS
from kwslib.speech.near_misses import JOIN, NEAR, ORDINARY, Saying
from kwslib.speech.own_recordings import OwnClips
from kwslib.speech.phrase_clips import NO_CLIPS, NOISE_S, Spoken, babble_of, compose, pieces_of
from kwslib.speech.phrase_corpus import (
    MANIFEST,
    NAME,
    Order,
    Phrases,
    is_complete,
    spoiled_file,
)
from kwslib.speech.phrase_script import Utterance, script_of
from kwslib.speech.sentences import PhraseTalk
from kwslib.speech.synthetic import LICENCE, NOISE_RMS, save_array
from kwslib.speech.utterances import Line, audible, espeak_version, is_click, resampled, utter

SIMILAR_KINDS = (JOIN, NEAR)
"""Of these, texts are said in streams as words that sound like a phrase. Two halves in a row would be the phrase."""

Script = Mapping[str, Mapping[str, Sequence[Utterance]]]


def open_phrases(order: Order, workers: int | None = None, say: Callable[[str], None] = lambda line: None) -> Phrases:
    """Open the corpus of some phrases; speak it on the first call, or go on where that was interrupted.

    Parameters
    ----------
    order : Order
    workers : int, optional
        Processes at a time, one for each core by default; has no influence on the samples.
    say : callable
        Gets a line for each tenth of the voices.

    Raises
    ------
    ToolError
        If espeak-ng is missing or fails.
    KwsError
        If the cache folder cannot be written.
    """
    folder = folder_of(order)
    if not is_complete(folder):
        with paths.locked(folder.with_name(f"{folder.name}.lock"), "choose another cache with KWS_CACHE"):
            if not is_complete(folder):
                if wrong := spoiled_file(folder):
                    seals.spoiled(wrong)
                settings = order.settings(espeak_version())
                _record(folder, order, settings, workers or os.cpu_count() or 1, say)
    return Phrases(folder)


def folder_of(order: Order) -> Path:
    """Return the folder in the cache that the corpus of an order has, made or not.

    Raises
    ------
    ToolError
        If espeak-ng is missing or fails.
    """
    settings = order.settings(espeak_version())
    return (paths.cache_dir() / NAME / hashlib.sha256(json.dumps(settings).encode()).hexdigest()[:16]).absolute()


def _record(folder: Path, order: Order, settings: dict, workers: int, say: Callable[[str], None]) -> None:
    with ThreadPoolExecutor(workers) as pool:
        accents = order.language.accents
        made = pool.map(lambda one: near_misses.pools(order.language, order.texts, one, order.seed), accents)
        pools = dict(zip(accents, made, strict=True))
    talk = _talk_of(order, pools[accents[0]])
    script = script_of(order.phrases, order.language, pools, talk, order.seed, order.voices)
    spoken_folder = folder.with_name(f"{folder.name}.voices")
    spoken = _speak_all(script, spoken_folder, workers, say)
    with paths.atomic_path(folder) as temporary:
        temporary.mkdir()
        _compose_all(temporary, order, settings, script, talk, spoken)
    shutil.rmtree(spoken_folder, ignore_errors=True)


def _talk_of(order: Order, pool: Mapping[str, Sequence[Saying]]) -> PhraseTalk:
    near = [saying.text for kind in SIMILAR_KINDS for saying in pool[kind]]
    readable = [text for text in near if not text.startswith("[[")]
    words = () if order.language.is_english else tuple(near_misses.ordinary_words(order.language))
    # phonemes are written as one accent does; where there are texts, any accent can read those
    similar = readable or near or [saying.text for saying in pool[ORDINARY]]
    return PhraseTalk(order.texts, tuple(similar), words)


def _speak_all(script: Script, folder: Path, workers: int, say: Callable[[str], None]) -> dict[str, list[np.ndarray]]:
    """Speak every line, `workers` voices at a time; what was spoken before is read."""
    lines = {voice: own for voices in script.values() for voice, own in voices.items()}
    folder.mkdir(parents=True, exist_ok=True)
    missing = [voice for voice in lines if _read_voice(folder, voice, len(lines[voice])) is None]
    if len(missing) < len(lines):
        say(f"{len(lines) - len(missing)} of {len(lines)} voices were spoken before")
    with tempfile.TemporaryDirectory(dir=folder) as scratch, ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(_speak_voice, folder, voice, lines[voice], Path(scratch)) for voice in missing]
        try:
            for done, future in enumerate(as_completed(futures), 1):
                future.result()
                if done % max(1, len(missing) // 10) == 0 or done == len(missing):
                    say(f"{done} of {len(missing)} voices")
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    found = {}
    for voice, own in lines.items():
        sounds = _read_voice(folder, voice, len(own))
        if sounds is None:
            raise DataError(f"what {voice} spoke in {folder} is damaged; remove the folder and try again")
        found[voice] = sounds
    return found


def _speak_voice(folder: Path, voice: str, own: Sequence[Utterance], scratch: Path) -> None:
    """Speak the lines of a voice, and keep them at 16 kHz without silence at the ends; a mere click is kept as none."""
    lines = [Line(one.saying.text, one.rate_wpm, one.pitch, one.range) for one in own]
    sounds = []
    for samples in utter(voice, lines, scratch):
        sound = audible(resampled(samples))
        sounds.append(sound[:0] if is_click(sound) else sound)
    whole = np.clip(np.rint(np.concatenate(sounds)), -32768, 32767).astype(np.int16)
    with paths.atomic_path(folder / f"{voice}.npz") as temporary, temporary.open("wb") as file:
        np.savez(file, samples=whole, lengths=[len(sound) for sound in sounds])


def _read_voice(folder: Path, voice: str, lines: int) -> list[np.ndarray] | None:
    try:
        with np.load(folder / f"{voice}.npz", allow_pickle=False) as kept:
            lengths, samples = kept["lengths"], kept["samples"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return None
    if len(lengths) != lines or lengths.sum() != len(samples):
        return None
    return np.split(samples, np.cumsum(lengths)[:-1])


def _compose_all(
    folder: Path, order: Order, settings: dict, script: Script, talk: PhraseTalk, spoken: dict[str, list[np.ndarray]]
) -> None:
    """Write the clips of all splits, the noise, the own recordings for the test, and the manifest.

    Random numbers are drawn from (seed, 10, split) for what is cut out, (seed, 11, split) for the background recordings
    and (seed, 12, split, clip) for each clip.
    """
    digests, counts, left_out = [], {}, 0
    for number, split in enumerate(SPLITS):
        rng = np.random.default_rng([order.seed, 10, number])
        sounds: list[Spoken] = []
        for voice, own in script[split].items():
            made, silent = pieces_of(voice, own, spoken[voice], rng)
            sounds, left_out = sounds + made, left_out + silent
        names, labels, audio = compose(order, number, sounds, babble_of(script[split], spoken))
        save_array(folder / f"{split}.npy", audio)
        save_array(folder / f"{split}_labels.npy", labels)
        (folder / f"{split}.txt").write_text("".join(f"{name}\n" for name in names))
        digests += [(split, name, _digest(clip)) for name, clip in zip(names, audio, strict=True)]
        counts[split] = dict(sorted(Counter(name.partition("/")[0] for name in names).items()))
    _save_own(folder, order.own.splits["test"] if order.own else NO_CLIPS)
    rng = np.random.default_rng([order.seed, 11, len(SPLITS)])
    noise = soundscape.recordings(rng, NOISE_S, babble_of(script["train"], spoken, last=True)) * NOISE_RMS
    save_array(folder / "noise.npy", np.clip(noise, -1, 1).astype(np.float32))
    digests.append(("noise", "noise.npy", _digest(noise)))
    manifest = {
        "schema": 1,
        "corpus": NAME,
        "splits": counts,
        "split_rule": "by variant of voice: none speaks in two splits, whatever its accent"
        + (f"; own recordings {order.own.rule}" if order.own else ""),
        "noise_recordings": len(noise),
        "hash": hashlib.sha256(json.dumps(sorted(digests)).encode()).hexdigest(),
        "voices": {split: list(voices) for split, voices in script.items()},
        "talk": {"similar": talk.similar, "words": talk.words},
        "left_out": left_out,
        "settings": settings,
        "licence": LICENCE,
        **seals.of_folder(folder),
    }
    paths.write_json(folder / MANIFEST, seals.sealed(manifest))


def _digest(array: np.ndarray) -> str:
    return hashlib.sha256(array.tobytes()).hexdigest()


def _save_own(folder: Path, own: OwnClips) -> None:
    save_array(folder / "own.npy", own.audio)
    save_array(folder / "own_labels.npy", own.labels)
    (folder / "own.txt").write_text("".join(f"{name}\n" for name in own.names))
