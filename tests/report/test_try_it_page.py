import json
import shutil
from types import SimpleNamespace

import pytest

from kwslib.paths import models_dir
from kwslib.report import try_it_page, web_page
from tests.places import ROOT


@pytest.fixture
def project(monkeypatch, tmp_path):
    """A project with the small network released alone."""
    shutil.copytree(models_dir() / "small", tmp_path / "models" / "small")
    (tmp_path / "book").mkdir()
    monkeypatch.setenv("KWS_ROOT", str(tmp_path))
    monkeypatch.delenv("KWS_RESULTS", raising=False)
    try_it_page._bytes.cache_clear()
    return tmp_path


def test_the_build_writes_what_the_page_loads(project):
    connected = {}
    app = SimpleNamespace(srcdir=project, connect=lambda event, do, priority: connected.update({event: do}))
    try_it_page.setup(app)
    connected["config-inited"](app, None)
    folder = project / "book" / "_static" / "listen"
    sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
    assert set(sizes) == {"network-small.js", "page.js", "page.css", "clips.js"}
    (row,) = json.loads(try_it_page.table().json)
    assert row["network"] == "small" and row["network, bytes"] == sizes["network-small.js"]
    assert row["all, bytes"] == sum(sizes.values())
    html = try_it_page.app()._repr_html_()
    for name in web_page.SHARED:
        assert f'"../_static/listen/{name}"' in html
    assert "<noscript>" in html


def test_without_a_released_network_the_page_says_so(monkeypatch, tmp_path):
    monkeypatch.setenv("KWS_ROOT", str(tmp_path))
    assert try_it_page.write_assets(tmp_path / "book") is None
    assert "No network is released yet" in try_it_page.app().text and try_it_page.table().text == ""
    assert not list(tmp_path.iterdir())


def test_git_keeps_no_copy():
    assert "/book/_static/listen/" in (ROOT / ".gitignore").read_text().splitlines()
