"""The page that listens: networks in the device's own C, compiled for a browser, in a folder that any host can serve.

A folder holds ``page.js`` (the program), ``page.css``, ``network-NAME.js`` (WebAssembly, weights included, and what the
page must know of a network) and ``clips.js`` (test clips, and the logits that the integer reference computes of them).
All of them are scripts, so that a page opened from disk works as well as one from a server. What runs in the browser
lies in ``kwslib/report/web``.
"""

import base64
import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from kwslib.config.events import EventParameters, hop_frames
from kwslib.config.front_end import CLIP_SAMPLES
from kwslib.config.words import is_word
from kwslib.errors import DataError, InputError
from kwslib.gap8.planning import planner
from kwslib.gap8.program import web_library
from kwslib.integer import input_codes, reference
from kwslib.paths import atomic_path
from kwslib.report import elements
from kwslib.report.elements import Html
from kwslib.runs import deployments
from kwslib.runs.clips import for_device
from kwslib.runs.known_network import Network
from kwslib.speech.recording import read_recording

SOURCES = Path(__file__).with_name("web")
CLIPS = SOURCES / "clips"
"""The first official test clip of some words, in the order of the file names; Speech Commands v0.02, CC BY 4.0."""
CLIPS_SOURCE = "The clips are from Speech Commands by Google (CC BY 4.0), official test archive."
INDEX, SCRIPT, STYLE, CLIPS_SCRIPT = "index.html", "page.js", "page.css", "clips.js"
SHARED = (SCRIPT, STYLE)
"""What a browser loads beside the network."""
LEVEL = 9  # of zlib
FRAGMENT = """<div class="kws-listen"><noscript><p><strong>This page computes in your browser, and nothing leaves it:
allow JavaScript for it.</strong></p></noscript></div>
<link rel="stylesheet" href="{{ style }}">
<script src="{{ script }}" defer></script>"""


@dataclass(frozen=True, eq=False)
class Clip:
    """A second of sound that travels with the page: its name, and int16 samples (16000,)."""

    name: str
    samples: np.ndarray


def own_clips() -> list[Clip]:
    """The clips of this package."""
    return read_clips(sorted(CLIPS.glob("*.flac")))


def read_clips(paths: Sequence[Path]) -> list[Clip]:
    """Read the first second of sound files; zeros follow where there is less.

    Raises
    ------
    kwslib.errors.KwsError
        If a file cannot be read.
    """
    clips = []
    for path in paths:
        samples = np.zeros(CLIP_SAMPLES, np.int16)
        found = read_recording(path, 0.0).samples
        samples[: len(found)] = found
        clips.append(Clip(path.stem, samples))
    return clips


def prepare(network: Network) -> Network:
    """Return a network as the page runs it: its program begins with sound.

    Raises
    ------
    InputError
        If no device computes its front end, its classes have no names, or its output is no probabilities.
    """
    network.check_spots_words()
    network.needed_front_end().integer_form  # noqa: B018  # refuses the front end that has none
    return for_device(network, [])


def write_assets(networks: dict[str, Network], clips: Sequence[Clip], source: str, folder: Path) -> dict[str, int]:
    """Write what a page needs into a folder.

    Parameters
    ----------
    networks : dict of str to Network
        By the names that the page shows; the first one is chosen when the page opens.
    clips : sequence of Clip
    source : str
        Where the clips are from, a sentence.
    folder : Path
        Is there.

    Returns
    -------
    dict of str to int
        Bytes of each file.

    Raises
    ------
    kwslib.errors.KwsError
        If a network is refused, or cannot be compiled.
    """
    ready = {name: prepare(network) for name, network in networks.items()}
    files = {network_file(name): _network_script(name, network) for name, network in ready.items()}
    about = [
        {"name": name, "file": network_file(name), "kilobytes": -(-len(files[network_file(name)].encode()) // 1000)}
        for name in ready
    ]
    files[SCRIPT] = _page_script(about, source)
    files[CLIPS_SCRIPT] = _clips_script(ready, clips)
    files[STYLE] = (SOURCES / STYLE).read_text()
    for name, text in files.items():
        (folder / name).write_text(text)
    return {name: len(text.encode()) for name, text in files.items()}


def network_file(name: str) -> str:
    """Name of the script of a network."""
    return f"network-{re.sub('[^A-Za-z0-9_-]', '-', name)}.js"  # part of an address


def fragment(base: str) -> Html:
    """Return the part of a page that becomes the application.

    Parameters
    ----------
    base : str
        Where the files of `write_assets` lie, as an address that ends with a slash, or empty.
    """
    return elements.fill(FRAGMENT, style=base + STYLE, script=base + SCRIPT)


def export_page(
    network: Network, folder: Path, clips: Sequence[Clip] | None = None, force: bool = False
) -> dict[str, int]:
    """Write a page that listens with one network: a folder for any static host, which also opens from disk.

    Parameters
    ----------
    network : Network
    folder : Path
        Appears whole or not at all.
    clips : sequence of Clip, optional
        Test clips; those of this package by default.
    force : bool
        Replace a page that is there.

    Returns
    -------
    dict of str to int
        Bytes of each file.

    Raises
    ------
    InputError
        If the folder holds something else, or a page and `force` is not given; or as for `prepare`.
    kwslib.errors.KwsError
        If the network does not fit GAP8, or cannot be compiled.
    """
    is_page = (folder / SCRIPT).is_file() and (folder / INDEX).is_file()
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir()) and not is_page):
        raise InputError(f"{folder} is there and no exported page: choose another folder")
    if is_page and not force:
        raise InputError(f"{folder} holds an exported page: choose another folder, or replace it with --force")
    source = CLIPS_SOURCE if clips is None else ""
    clips = own_clips() if clips is None else clips
    name = network.run.folder.name if network.run else network.path.stem
    environment = Environment(loader=FileSystemLoader(SOURCES), undefined=StrictUndefined, autoescape=True)
    words = ", ".join(label for label in network.labels or () if is_word(label))
    index = environment.get_template(f"{INDEX}.j2").render(
        title="A page that listens", text=f"Say one of these: {words}.", app=fragment("")
    )
    with atomic_path(folder) as page:
        page.mkdir()
        sizes = write_assets({name: network}, clips, source, page)
        (page / INDEX).write_text(index)
    return {INDEX: len(index.encode()), **sizes}


def _packed(data: bytes) -> str:
    """Bytes as base64 of deflate, which a browser undoes by itself."""
    return base64.b64encode(zlib.compress(data, LEVEL)).decode()


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _network_script(name: str, network: Network) -> str:
    """What the page must know of a network, and its module."""
    graph, labels, events = network.graph, network.labels or (), EventParameters()
    front_end = graph.front_end
    assert front_end is not None and network.front_end is not None  # by `prepare`
    layers, profile = _layers(network)
    hop_ms = events.hop_ms - events.hop_ms % front_end.stride_ms or front_end.stride_ms
    told = {
        "source": network.source,
        "labels": labels,
        "reported": [is_word(label) for label in labels],
        "frames": front_end.frames,
        "coefficients": front_end.coefficients,
        "strideMs": front_end.stride_ms,
        "strideSamples": front_end.stride_samples,
        "windowSamples": front_end.window_samples,
        "hopMs": hop_ms,
        "hopFrames": hop_frames(front_end, hop_ms),
        "smoothing": events.smoothing_hops,
        "threshold": events.threshold,
        "refractoryMs": events.refractory_ms,
        "suppressionMs": events.suppression_ms,
        "layers": layers,
        "profile": profile,
        "wasm": _packed(web_library.module(graph)),
    }
    return f"kwsListen.loaded[{_json(name)}] = {_json(told)};\n"


def _layers(network: Network) -> tuple[list[dict[str, Any]], str]:
    """Cycles of every stage and layer, and where they are from: the record, or the planner's prediction."""
    try:
        if network.run is None:
            raise DataError("a file has no record")
        found = deployments.of_run(network.run).deployment
    except DataError:
        plan = planner.plan(network.graph)
        names = [", ".join(network.graph.layers[i].name for i in step.layers) or "front end" for step in plan.steps]
        rows = [(name, step.predicted_cycles) for name, step in zip(names, plan.steps, strict=True)]
        text = "predicted by the planner: nobody has recorded this network on GAP8"
    else:
        rows = [(stage.name, stage.cycles) for stage in found.front_end]
        rows += [(row.name, row.cycles) for row in found.rows]
        text = f"recorded on GAP8, platform {found.platform}"
    return [{"name": name, "cycles": cycles} for name, cycles in rows], text


def _page_script(about: list[dict[str, Any]], source: str) -> str:
    """The program: what the page has, the two sources that run elsewhere, then what runs here."""
    has = {
        "networks": about,
        "clips": {"file": CLIPS_SCRIPT, "source": source},
        "sources": {name: (SOURCES / f"{name}.js").read_text() for name in ("engine", "capture")},
        "loaded": {},
    }
    own = [(SOURCES / name).read_text() for name in ("sound.js", SCRIPT)]
    return f"globalThis.kwsListen = {_json(has)};\n(() => {{\n" + "\n".join(own) + "})();\n"


def _clips_script(networks: dict[str, Network], clips: Sequence[Clip]) -> str:
    """The clips, and the logits that the integer reference computes of each."""
    samples = np.stack([clip.samples for clip in clips]) if clips else np.zeros((0, CLIP_SAMPLES), np.int16)
    logits = {
        name: reference.run(network.graph, input_codes.codes_of(network.graph, samples)).logits
        for name, network in networks.items()
    }
    rows = [
        {
            "name": clip.name,
            "sound": _packed(_differences(clip.samples)),
            "reference": {name: found[index].tolist() for name, found in logits.items()},
        }
        for index, clip in enumerate(clips)
    ]
    return f"kwsListen.clips.list = {_json(rows)};\n"


def _differences(samples: np.ndarray) -> bytes:
    """Differences of neighbours, which pack well: all lower bytes, then all upper ones."""
    steps = np.diff(samples, prepend=np.int16(0)).astype("<i2")
    return steps.view(np.uint8).reshape(-1, 2).T.tobytes()
