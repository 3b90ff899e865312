import re

import pytest
from click.testing import CliRunner

from kwslib.cli.main import main
from kwslib.runs.clips import DEFAULT_CLIP


def _invoke(*words):
    return CliRunner().invoke(main, ["export", *map(str, words)])


def test_a_page_of_the_released_small_network(tmp_path):
    done = _invoke("--web", tmp_path / "page", DEFAULT_CLIP)
    assert done.exit_code == 0, done.output
    assert done.output.startswith("network: released network small, ")
    files = {path.name: path.stat().st_size for path in (tmp_path / "page").iterdir()}
    rows = {name: float(size) for size, name in re.findall(r"^ +([\d.]+) KB  (\S+\.\w+)$", done.output, re.M)}
    assert rows == {name: round(size / 1000, 1) for name, size in files.items()}
    assert done.output.endswith(f"KB  in all; open {tmp_path / 'page' / 'index.html'}\n")
    again = _invoke("--web", tmp_path / "page")
    assert again.exit_code == 2 and "replace it with --force" in again.output


@pytest.mark.parametrize("words, message", [
    ([], "say what to write: --web FOLDER"),
    (["--web", "{page}", "--size", "huge"], "unknown size 'huge'"),
    (["--web", "{page}", "no-such.wav"], "no-such.wav"),
])  # fmt: skip
def test_bad_input_is_one_line_and_writes_nothing(tmp_path, words, message):
    done = _invoke(*(word.format(page=tmp_path / "page") for word in words))
    assert done.exit_code != 0
    assert done.output.startswith("error: ") and message in done.output and done.output.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_clip_in_the_page_is_kept(tmp_path):
    clip = tmp_path / "page" / "clip.wav"
    clip.parent.mkdir()
    clip.write_bytes(DEFAULT_CLIP.read_bytes())
    done = _invoke("--web", clip.parent, "--force", clip)
    assert done.exit_code == 2
    assert done.output == f"error: --web {clip.parent} is a folder that holds CLIP {clip}: name another place\n"
    assert clip.exists()
