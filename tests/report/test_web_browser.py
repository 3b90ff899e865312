"""The page that listens, in headless Chromium: from a server and from disk, with files and with a fake microphone."""

import re

import numpy as np
import pytest
import soundfile
import soxr

from kwslib.config.events import EventParameters
from kwslib.config.presets import BASELINE_SIZES
from kwslib.report import web_page
from kwslib.runs import networks
from kwslib.runs.listening import WordSpotter
from kwslib.speech.recording import read_recording
from tests.browser import chromium, served

pytestmark = pytest.mark.browser
WORDS = ("yes", "stop", "left", "right", "down")
RATES_HZ = (44100, 48000)
SLOWEST_MS = 50
HOPS_APART = 2
"""A fake microphone begins anywhere between two hops, so that a word may fire a hop earlier or later."""
FAKE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
STATUS = "document.querySelector('[data-part=status]').textContent"
ERROR = "document.querySelector('[data-part=error]').textContent"
ROWS = """[...document.querySelectorAll('[data-part=events] tbody tr')].reverse()
    .map((row) => [...row.cells].map((cell) => cell.textContent))"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The page with the three released networks."""
    found = tmp_path_factory.mktemp("page") / "page"
    web_page.export_page(networks.released("small"), found)
    named = {size: networks.released(size) for size in BASELINE_SIZES}
    web_page.write_assets(named, web_page.own_clips(), web_page.CLIPS_SOURCE, found)
    return found


@pytest.fixture(scope="module", params=["server", "disk"])
def address(request, folder):
    if request.param == "disk":
        yield (folder / "index.html").as_uri()
        return
    with served(folder) as root:
        yield f"{root}/index.html"


@pytest.fixture(scope="module")
def sound():
    """Words with a second of faint noise around each, int16 at 16 kHz."""
    clips = {clip.name: clip.samples for clip in web_page.own_clips()}
    noise = np.random.default_rng(1).normal(0, 10, (len(WORDS) + 1, 16000)).astype(np.int16)
    parts = [part for word, between in zip(WORDS, noise[1:], strict=True) for part in (clips[word], between)]
    return np.concatenate([noise[0], *parts])


def recording(sound, rate_hz, path):
    samples = sound if rate_hz == 16000 else soxr.resample(sound / 32768, 16000, rate_hz, quality="VHQ")
    soundfile.write(path, samples, rate_hz, subtype="PCM_16")
    return path


def listened(path, **changes):
    """What `kws listen` says of a file: begin, end and word as it prints them, and the seconds of the begin."""
    spotter = WordSpotter(networks.released("small"), EventParameters(**changes))
    return list(spotter.spot([read_recording(path).samples]))


def printed(heard):
    span, word, share = re.fullmatch(r"(.* – .*?)  (.*)  (.*)", str(heard)).groups()
    return [span, word, share]


def begin_s(row):
    hours, minutes, seconds = row[0].split(" – ")[0].split(":")
    return 3600 * int(hours) + 60 * int(minutes) + float(seconds)


def ready(page, address):
    page.open(address)
    page.wait(f"{STATUS}.includes('is ready')")


def press(page, part):
    page.run(f"document.querySelector('[data-part={part}]').click()")


def choose_file(page, path):
    root = page.call("DOM.getDocument")["root"]["nodeId"]
    node = page.call("DOM.querySelector", nodeId=root, selector="[data-part=file]")["nodeId"]
    page.call("DOM.setFileInputFiles", nodeId=node, files=[str(path)])


def score(page, path):
    choose_file(page, path)
    page.wait(f"{STATUS}.startsWith({path.name + ': '!r}) && {STATUS}.includes(' in ')")
    return page.run(ROWS)


def decision_ms(page):
    """The fastest decision: other programs of a busy machine do not count."""
    return page.run("Math.min(...document.querySelector('.kws-listen').app.times)")


def test_every_logit_of_the_test_clips_equals_the_reference(address, tmp_path):
    clips = web_page.own_clips()
    with chromium(tmp_path) as page:
        ready(page, address)
        for size in BASELINE_SIZES:
            page.run(f"document.querySelector('input[value={size}]').click()")
            page.wait(f"{STATUS}.includes('network {size}, ') && {STATUS}.includes('is ready')")
            press(page, "clips")
            text = page.wait("document.querySelector('[data-part=equal]').textContent")
            logits = len(networks.released(size).labels) * len(clips)
            assert text.startswith(f"{logits} of {logits} logits equal the recorded reference, on {len(clips)} clips;")
            page.wait(f"/playing clip [2-9]|all test clips/.test({STATUS})")  # after a second of sound
            press(page, "stop")
            page.run("document.querySelector('[data-part=equal]').textContent = ''")
        assert page.problems() == []


def test_a_logit_that_differs_is_counted(folder, tmp_path):
    with chromium(tmp_path) as page:
        ready(page, (folder / "index.html").as_uri())
        page.run(f"new Promise((end) => document.head.append(Object.assign(document.createElement('script'), {{"
                 f"src: '{web_page.CLIPS_SCRIPT}', onload: end}})))")  # fmt: skip
        page.run("void (kwsListen.clips.list[0].reference.small[3] += 1)")
        press(page, "clips")
        text = page.wait("document.querySelector('[data-part=equal]').textContent")
        logits = len(networks.released("small").labels) * len(web_page.own_clips())
        assert text.startswith(f"{logits - 1} of {logits} logits equal")
        assert page.run("document.querySelector('[data-part=equal]').className") == "kws-bad"


def test_a_file_gives_the_events_of_kws_listen(address, sound, tmp_path):
    path = recording(sound, 16000, tmp_path / "words.wav")
    with chromium(tmp_path) as page:
        ready(page, address)
        rows = score(page, path)
        assert rows == [printed(heard) for heard in listened(path)]
        assert [row[1] for row in rows] == list(WORDS)
        assert decision_ms(page) < SLOWEST_MS
        end = recording(sound[16000:28800], 16000, tmp_path / "end.wav")
        rows = score(page, end)
        assert rows == [printed(heard) for heard in listened(end)]
        assert [row[0].split(" – ")[1] for row in rows] == ["0:00:00.80"]
        for name, value in (("threshold", 0.5), ("smoothing", 1)):
            page.run(f"document.querySelector('[data-part={name}]').value = {value}")
            page.run(f"document.querySelector('[data-part={name}]').dispatchEvent(new Event('input'))")
        rows = score(page, path)
        assert rows == [printed(heard) for heard in listened(path, threshold=0.5, smoothing_hops=1)]
        for rate_hz in (8000, *RATES_HZ):
            path = recording(sound, rate_hz, tmp_path / f"{rate_hz}.wav")
            wanted = listened(path, threshold=0.5, smoothing_hops=1)
            rows = score(page, path)
            assert [row[1] for row in rows] == [heard.word for heard in wanted]
            assert all(abs(begin_s(row) - heard.begin_s) < 0.25 for row, heard in zip(rows, wanted, strict=True))
        assert page.problems() == []


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_a_microphone_gives_the_events_of_kws_listen(address, sound, tmp_path, rate_hz):
    path = recording(sound, rate_hz, tmp_path / "words.wav")
    wanted = listened(path)
    assert [heard.word for heard in wanted] == list(WORDS)
    with chromium(tmp_path, *FAKE, f"--use-file-for-fake-audio-capture={path}%noloop") as page:
        # the fake device has one rate; the context's is the one that the page hears
        page.on_every_page(
            "{ const Own = AudioContext; window.AudioContext = class extends Own { constructor() { super({ sampleRate: "
            f"{rate_hz} }}); }} }} }}"
        )
        ready(page, address)
        press(page, "listen")
        page.wait(f"({ROWS}).length >= {len(WORDS)}")
        rows, status = page.run(ROWS), page.run(STATUS)
        press(page, "stop")
        assert status.startswith(f"listening at {rate_hz:,} Hz; a decision takes")
        assert [row[1] for row in rows] == list(WORDS)
        apart_s = np.array([begin_s(row) - heard.begin_s for row, heard in zip(rows, wanted, strict=True)])
        assert np.ptp(apart_s) <= HOPS_APART * EventParameters().hop_ms / 1000 + 0.001
        assert page.problems() == []


def test_nothing_leaves_the_page(address, sound, tmp_path):
    path = recording(sound, 16000, tmp_path / "words.wav")
    with chromium(tmp_path, *FAKE, f"--use-file-for-fake-audio-capture={path}") as page:
        ready(page, address)
        press(page, "clips")
        page.wait("document.querySelector('[data-part=equal]').textContent")
        score(page, path)
        press(page, "listen")
        page.wait(f"({ROWS}).length")
        own = address.rsplit("/", 1)[0] + "/"
        assert {asked.removeprefix(own) for asked in page.requests() if not asked.startswith(("blob:", "data:"))} == {
            "index.html",
            "page.css",
            "page.js",
            "network-small.js",
            "clips.js",
        }
        # and the browser would not let it
        assert page.run("fetch('https://example.org/').then(() => 'sent', (error) => error.name)") == "TypeError"
        assert any("Content Security Policy" in text for text in page.problems())


@pytest.mark.parametrize("name, text", [
    ("NotAllowedError", "was not allowed to use the microphone: allow it"),
    ("NotFoundError", "No microphone was found: plug one in"),
    ("NotReadableError", "The microphone is busy: another program uses it"),
    ("OtherError", "The microphone cannot be used: told by a test."),
])  # fmt: skip
def test_microphones_that_fail_are_named(folder, tmp_path, name, text):
    with chromium(tmp_path) as page:
        page.on_every_page(
            "MediaDevices.prototype.getUserMedia = () => "
            f"Promise.reject(Object.assign(new Error('told by a test'), {{ name: '{name}' }}))"
        )
        ready(page, (folder / "index.html").as_uri())
        press(page, "listen")
        page.wait(f"{ERROR}.includes({text!r})")
        assert page.run(STATUS) == "" and page.run("document.querySelector('[data-part=stop]').disabled")


def test_sound_that_does_not_start_is_named(folder, tmp_path):
    with chromium(tmp_path, *FAKE) as page:
        page.on_every_page("AudioContext.prototype.resume = () => new Promise(() => {})")
        ready(page, (folder / "index.html").as_uri())
        press(page, "listen")
        page.wait(f'{ERROR}.includes("The browser\'s sound does not start")')


def test_a_browser_without_a_microphone(folder, tmp_path):
    with chromium(tmp_path, "--use-fake-ui-for-media-stream") as page:
        ready(page, (folder / "index.html").as_uri())
        press(page, "listen")
        page.wait(f"{ERROR}.startsWith('No microphone was found')")


def test_a_microphone_that_is_taken_away(folder, sound, tmp_path):
    path = recording(sound, 48000, tmp_path / "words.wav")
    with chromium(tmp_path, *FAKE, f"--use-file-for-fake-audio-capture={path}") as page:
        page.on_every_page(
            "{ const all = MediaDevices.prototype; const own = all.getUserMedia; all.getUserMedia = async function (w)"
            " { return (window.media = await own.call(this, w)); } }"
        )
        ready(page, (folder / "index.html").as_uri())
        press(page, "listen")
        page.wait(f"{STATUS}.includes('a decision takes')")
        page.run("void window.media.getAudioTracks()[0].dispatchEvent(new Event('ended'))")
        page.wait(f"{ERROR}.startsWith('The microphone was taken away')")
        assert page.run("window.media.getAudioTracks()[0].readyState") == "ended"
        assert not page.run("document.querySelector('[data-part=error]').hidden")


def test_files_that_are_no_sound_and_files_that_are_missing(folder, tmp_path):
    (tmp_path / "text.wav").write_text("no sound")
    with chromium(tmp_path) as page:
        ready(page, (folder / "index.html").as_uri())
        choose_file(page, tmp_path / "text.wav")
        page.wait(f"{ERROR}.startsWith('text.wav is no sound that this browser can decode')")
        page.run("void (kwsListen.networks[1].file = 'network-none.js')")
        page.run("document.querySelector('input[value=medium]').click()")
        page.wait(f"{ERROR} === 'network-none.js is missing beside this page: copy the whole folder.'")


def test_without_javascript_the_page_says_so(address, tmp_path):
    with chromium(tmp_path) as page:
        page.call("Emulation.setScriptExecutionDisabled", value=True)
        page.open(address)
        page.call("Emulation.setScriptExecutionDisabled", value=False)
        assert "allow JavaScript for it" in page.run("document.querySelector('noscript').textContent")
        assert page.run("document.querySelector('.kws-listen').innerText").startswith(
            "This page computes in your browser"
        )


def test_it_fits_a_telephone_in_light_and_dark(folder, tmp_path):
    with chromium(tmp_path) as page:
        grounds = set()
        for scheme in ("light", "dark"):
            page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
            page.call("Emulation.setDeviceMetricsOverride", width=390, height=800, deviceScaleFactor=2, mobile=True)
            ready(page, (folder / "index.html").as_uri())
            assert page.run("document.documentElement.scrollWidth") == 390
            grounds.add(page.run("getComputedStyle(document.querySelector('.kws-listen')).color"))
        assert len(grounds) == 2


def test_the_resampler_equals_another_one(folder, tmp_path):
    rng = np.random.default_rng(2)
    with chromium(tmp_path) as page:
        ready(page, (folder / "index.html").as_uri())
        page.run("void (window.Resampler = new Function(kwsListen.sources.engine + '; return Resampler')())")
        for rate_hz in (8000, 11025, 22050, 44100, 48000, 96000):
            spectrum = np.zeros(rate_hz // 2 + 1, complex)
            band = slice(50, int(0.85 * min(rate_hz, 16000) / 2))
            spectrum[band] = rng.normal(size=len(spectrum[band])) * np.exp(2j * np.pi * rng.random(len(spectrum[band])))
            sound = np.fft.irfft(spectrum, rate_hz).astype(np.float32)  # one period of a second
            sound /= 2 * np.abs(sound).max()
            pieces = [piece.tolist() for piece in np.array_split(np.tile(sound, 2), 7)]
            made = page.run(
                f"(() => {{ const one = new Resampler({rate_hz}); return {pieces}.flatMap("
                "(piece, i) => Array.from(one.push(Float32Array.from(piece), i === 6))); })()"
            )
            assert len(made) == 32000
            wanted = np.fft.irfft(np.fft.rfft(sound)[:8001], 16000) * 16000 / rate_hz * 32768
            middle = slice(8000, 24000)
            assert np.abs(np.array(made)[middle] - np.tile(wanted, 2)[middle]).max() < 2, rate_hz
