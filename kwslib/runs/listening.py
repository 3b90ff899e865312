"""A network that listens to a stream: frames, decisions at every hop, events."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from kwslib.config.events import EventParameters, hop_frames
from kwslib.config.front_end import CLIP_SAMPLES, SAMPLE_RATE_HZ, FrontEnd
from kwslib.gap8.program import host_library
from kwslib.gap8.program.event_library import HostEventDetector
from kwslib.gap8.program.listener_library import HostListener
from kwslib.gap8.program.listening import listening, tail_samples
from kwslib.integer.events import Event, rules
from kwslib.integer.graph import UINT8_SHIFT
from kwslib.runs.known_network import Network
from kwslib.speech.frames import FrameStream

KERNELS = "the device's own C, on the host"
"""What computes the decisions of a `Listener`, for records."""
WINDOW_S = CLIP_SAMPLES / SAMPLE_RATE_HZ


class Listener:
    """Runs a network on the last second of a stream, once each hop, with the front end that devices compute.

    The device's own C does it, from the samples on. A network that was trained with ``power`` hears its integer form;
    one with ``magnitude``, which has no integer form, hears fingerprints that are computed here. Before the stream
    there is digital silence. Decision h (from 0) is made when h + 1 hops of sound are there.

    Parameters
    ----------
    network : Network
        With labels and a softmax.
    hop_ms : int
        A multiple of the stride of its front end.

    Raises
    ------
    InputError
        If the network's input is no fingerprint, the hop does not fit its front end, or it cannot listen.
    kwslib.errors.KwsError
        If its host library cannot be made.
    """

    def __init__(self, network: Network, hop_ms: int) -> None:
        front_end = network.needed_front_end()
        hop_frames(device_form(front_end), hop_ms)  # which refuses a hop that does not fit
        if front_end.kind == "magnitude":
            self._source: _DeviceDecisions | _FingerprintDecisions = _FingerprintDecisions(network, hop_ms)
        else:
            self._source = _DeviceDecisions(network, EventParameters(hop_ms=hop_ms), front_end)

    def restart(self) -> None:
        """Begin a new stream."""
        self._source.restart()

    def hear(self, samples: np.ndarray) -> np.ndarray:
        """Take the next samples, int16 (any number), and return the decisions that they allow.

        Returns
        -------
        ndarray of int8, shape (hops, classes)
            Core codes of the network's output.
        """
        return self._source.decisions(samples)


class _DeviceDecisions:
    """The program that listens, from samples on."""

    def __init__(self, network: Network, parameters: EventParameters, front_end: FrontEnd) -> None:
        self.front_end = device_form(front_end)
        graph = network.graph.with_front_end(front_end)
        self._listener = HostListener(graph, listening(graph, parameters, network.labels))

    def restart(self) -> None:
        self._listener.restart()

    def decisions(self, samples: np.ndarray) -> np.ndarray:
        return self._listener.hear(samples).outputs

    def events(self, samples: np.ndarray) -> Sequence[Event]:
        return self._listener.hear(samples).events


class _FingerprintDecisions:
    """The device's network on fingerprints that are computed here."""

    def __init__(self, network: Network, hop_ms: int) -> None:
        self.front_end = network.needed_front_end()
        self._input = network.graph.input
        self._hop_frames = hop_frames(self.front_end, hop_ms)
        self._program = host_library.prepare(network.graph)
        self.restart()

    def restart(self) -> None:
        self._stream = FrameStream(self.front_end, self._input.scale, self._input.zero_point + UINT8_SHIFT)
        self._codes = np.repeat(_core(self._stream.silent_frame())[None], self.front_end.shape[0], axis=0)

    def decisions(self, samples: np.ndarray) -> np.ndarray:
        codes = np.concatenate([self._codes, _core(self._stream.feed(samples))])
        frames, coefficients = self.front_end.shape
        hops = (len(codes) - frames) // self._hop_frames
        windows = np.lib.stride_tricks.sliding_window_view(codes, frames, axis=0)
        chosen = windows[self._hop_frames :: self._hop_frames][:hops].swapaxes(1, 2)
        self._codes = codes[hops * self._hop_frames :]
        given = np.ascontiguousarray(chosen).reshape(hops, frames * coefficients)
        return host_library.run_here(self._program, given).codes


def device_form(front_end: FrontEnd) -> FrontEnd:
    """What a device computes: the integer form of a front end; ``magnitude``, which has none, as it is."""
    return front_end if front_end.kind == "magnitude" else front_end.integer_form


def _core(codes: np.ndarray) -> np.ndarray:
    """uint8 codes as int8 core codes."""
    return (codes ^ np.uint8(UINT8_SHIFT)).view(np.int8)


@dataclass(frozen=True)
class Heard:
    """A word in a stream: it was found in the second of sound from `begin_s` to `end_s`, less at either end of it."""

    word: str
    begin_s: float
    end_s: float
    probability: float

    def __str__(self) -> str:
        return f"{clock(self.begin_s)} – {clock(self.end_s)}  {self.word}  {100 * self.probability:.0f} %"


def clock(seconds: float) -> str:
    """A time as hours, minutes and seconds: ``0:00:03.12``.

    Examples
    --------
    >>> clock(3723.456)
    '1:02:03.46'
    """
    hundredths = round(max(0.0, seconds) * 100)
    return f"{hundredths // 360000}:{hundredths // 6000 % 60:02}:{hundredths % 6000 / 100:05.2f}"


class WordSpotter:
    """Tells the words of a stream. The device's own C finds them, from the samples on.

    A network of ``magnitude``, which has no integer form, hears fingerprints that are computed here.

    Parameters
    ----------
    network : Network
        With labels and a softmax.
    parameters : EventParameters

    Raises
    ------
    InputError
        As `Network.check_spots_words`, or if the parameters do not fit the network.
    """

    def __init__(self, network: Network, parameters: EventParameters) -> None:
        network.check_spots_words()
        assert network.labels is not None
        self.labels, self.parameters = network.labels, parameters
        self._normalised = network.normalised
        self._source = _source_of_events(network, parameters)

    def restart(self) -> None:
        """Begin a new stream."""
        self._source.restart()

    def describe(self) -> str:
        """Say in one line how events are made."""
        one = self.parameters
        own = "".join(f", {word} {value:g}" for word, value in one.thresholds.items())
        level = "; its authors scaled each clip to full scale, a stream is not" if self._normalised else ""
        return (
            f"listening with front end {self._source.front_end.key}, a decision every {one.hop_ms} ms, "
            f"{one.smoothing_hops} averaged; threshold {one.threshold:g}{own}{level}"
        )

    def hear(self, samples: np.ndarray) -> list[Heard]:
        """Take the next samples, int16 (any number), and return the words that they complete."""
        return self._heard(samples, inf)

    def spot(self, pieces: Iterable[np.ndarray]) -> Iterator[Heard]:
        """Tell the words of a whole stream, given in pieces of int16; silence follows, so that none is cut off."""
        self.restart()
        samples = 0
        for piece in pieces:
            samples += len(piece)
            yield from self.hear(piece)
        yield from self._heard(np.zeros(tail_samples(self.parameters), np.int16), samples / SAMPLE_RATE_HZ)

    def _heard(self, samples: np.ndarray, sound_s: float) -> list[Heard]:
        return [heard_of(event, self.labels, self.parameters, sound_s) for event in self._source.events(samples)]


def heard_of(event: Event, labels: Sequence[str], parameters: EventParameters, sound_s: float = inf) -> Heard:
    """Return what an event says to people: the word, and the second in which it was found.

    Parameters
    ----------
    event : Event
    labels : sequence of str
    parameters : EventParameters
    sound_s : float
        Length of the stream. The silence before and behind it is heard, but is no part of it.
    """
    end_s = (event.hop + 1) * parameters.hop_ms / 1000
    begin_s = max(0.0, end_s - WINDOW_S)
    return Heard(labels[event.label], min(begin_s, sound_s), min(end_s, sound_s), event.share)


class _FingerprintEvents:
    """Events of fingerprints that are computed here."""

    def __init__(self, network: Network, parameters: EventParameters) -> None:
        self._decisions = _FingerprintDecisions(network, parameters.hop_ms)
        self.front_end = self._decisions.front_end
        self._rules = rules(parameters, network.labels or ())
        self.restart()

    def restart(self) -> None:
        self._decisions.restart()
        self._detector = HostEventDetector(self._rules)

    def events(self, samples: np.ndarray) -> Sequence[Event]:
        return self._detector.feed(self._decisions.decisions(samples))


def _source_of_events(network: Network, parameters: EventParameters) -> _DeviceDecisions | _FingerprintEvents:
    front_end = network.needed_front_end()
    if front_end.kind == "magnitude":
        return _FingerprintEvents(network, parameters)
    return _DeviceDecisions(network, parameters, front_end)
