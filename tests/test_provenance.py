import json
import subprocess
from importlib import metadata

import pytest

from kwslib import provenance
from kwslib.artifacts import to_plain


@pytest.fixture
def repository(tmp_path, monkeypatch):
    def git(*words):
        identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        command = ["git", "-C", tmp_path, *identity, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "-q")
    (tmp_path / "file").write_text("one")
    git("add", "file")
    git("commit", "-qm", "one")
    monkeypatch.setenv("KWS_ROOT", str(tmp_path))
    provenance.commit.cache_clear()
    yield tmp_path, git
    provenance.commit.cache_clear()


def test_commit_and_dirty(repository):
    folder, git = repository
    (folder / "untracked").write_text("")
    assert provenance.commit() == (git("rev-parse", "HEAD"), False)
    (folder / "file").write_text("two")
    provenance.commit.cache_clear()
    assert provenance.commit() == (git("rev-parse", "HEAD"), True)


def test_outside_of_a_checkout(monkeypatch, tmp_path):
    monkeypatch.setenv("KWS_ROOT", str(tmp_path))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    provenance.commit.cache_clear()
    assert provenance.commit() == ("unknown", None)
    provenance.commit.cache_clear()


def test_versions():
    found = provenance.installed(("numpy", "no-such-package"))
    assert found == {"numpy": metadata.version("numpy"), "no-such-package": "not installed"}


def test_block_is_json_and_names_what_may_differ():
    block = provenance.provenance(key="3", trained_on_s={"a processor, tensorflow": 1.5})
    block = to_plain(block)
    assert json.loads(json.dumps(block)) == block
    assert block["key"] == "3"
    assert set(provenance.VOLATILE) <= block.keys()
    assert block["date"].endswith("+00:00")
