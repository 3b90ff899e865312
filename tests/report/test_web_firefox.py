"""The page that listens, in headless Firefox: test clips, a file, and a microphone that plays a tone."""

import numpy as np
import pytest
import soundfile

from kwslib.report import web_page
from kwslib.runs import networks
from tests.firefox import firefox
from tests.report.test_web_browser import ERROR, ROWS, STATUS, WORDS, listened, printed

pytestmark = pytest.mark.browser
FAKE = {"media.navigator.streams.fake": True, "media.navigator.permission.disabled": True}
"""A microphone that plays a tone, and no question whether the page may hear it."""
CLICK = "document.querySelector('[data-part={}]').click()"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The page with the small network, opened from disk."""
    folder = tmp_path_factory.mktemp("page") / "page"
    web_page.export_page(networks.released("small"), folder)
    return (folder / "index.html").as_uri()


def ready(page, address):
    page.open(address)
    page.wait(f"{STATUS}.includes('is ready')")


def test_every_logit_of_the_test_clips_equals_the_reference(address, tmp_path):
    clips = web_page.own_clips()
    with firefox(tmp_path) as page:
        ready(page, address)
        page.run(CLICK.format("clips"))
        text = page.wait("document.querySelector('[data-part=equal]').textContent")
        logits = len(networks.released("small").labels) * len(clips)
        assert text.startswith(f"{logits} of {logits} logits equal the recorded reference, on {len(clips)} clips;")
        assert page.problems() == []


def test_a_file_gives_the_events_of_kws_listen(address, tmp_path):
    clips = {clip.name: clip.samples for clip in web_page.own_clips()}
    gaps = np.random.default_rng(1).normal(0, 10, (len(WORDS) + 1, 16000)).astype(np.int16)
    parts = [part for word, gap in zip(WORDS, gaps[1:], strict=True) for part in (clips[word], gap)]
    path = tmp_path / "words.wav"
    soundfile.write(path, np.concatenate([gaps[0], *parts]), 16000, subtype="PCM_16")
    with firefox(tmp_path) as page:
        ready(page, address)
        page.choose_file("[data-part=file]", path)
        page.wait(f"{STATUS}.startsWith('words.wav: ') && {STATUS}.includes(' in ')")
        rows = page.run(ROWS)
        assert rows == [printed(heard) for heard in listened(path)]
        assert [row[1] for row in rows] == list(WORDS)
        assert page.problems() == []


def test_it_listens_at_the_rate_of_the_microphone(address, tmp_path):
    with firefox(tmp_path, **FAKE) as page:
        ready(page, address)
        page.run(CLICK.format("listen"))
        listens = f"/^listening at [0-9,]+ Hz; a decision takes/.test({STATUS})"
        page.wait(f"{listens} || {ERROR} !== ''")
        if "sound does not start" in page.run(ERROR):
            pytest.skip("Firefox finds no sound output here, and says so")
        page.wait(listens)
        page.run(CLICK.format("stop"))
        assert page.problems() == []
