"""The page of an inspection: the sound of every clip that is a file."""

import base64
import os

from kwslib.report import inspection_page
from kwslib.speech import inspection
from tests.corpora import write_wav


def test_the_page_waits_for_no_pipe(tmp_path):
    for number in range(3):
        write_wav(tmp_path / "yes" / f"{number}.wav", [0] * 16000)
    os.mkfifo(tmp_path / "yes" / "pipe.wav")
    (tmp_path / "yes" / "folder.wav").mkdir()
    (tmp_path / "yes" / "gone.wav").symlink_to("nowhere")
    found = inspection.inspect(tmp_path)
    unreadable = {one.path for one in found.findings if one.kind == "unreadable"}
    assert unreadable == {"yes/pipe.wav", "yes/folder.wav", "yes/gone.wav"}
    text = inspection_page.html(found)
    assert base64.b64encode((tmp_path / "yes" / "0.wav").read_bytes()).decode() in text
    assert "yes/pipe.wav" in text
