import hashlib
import shutil
import tarfile

import pytest

from kwslib import __version__, subproc
from kwslib.errors import InputError
from kwslib.release import bundle


@pytest.fixture
def checkout(tmp_path):
    root = tmp_path / "checkout"
    root.mkdir()
    (root / "requirements.lock").write_text("numpy==2.0\n")
    (root / "a.txt").write_text("a\n")
    git = ["git", "-C", root, "-c", "user.name=A", "-c", "user.email=a@b.c"]
    subproc.run([*git, "init", "-q"], timeout_s=60)
    subproc.run([*git, "add", "-A"], timeout_s=60)
    subproc.run([*git, "commit", "-qm", "one"], timeout_s=60)
    return root


def test_a_commit_gives_the_same_bytes_twice_and_sums_that_hold(checkout, tmp_path):
    first = bundle.write(tmp_path / "one", checkout)
    clone = tmp_path / "clone"
    subproc.run(["git", "clone", "-q", checkout, clone], timeout_s=60)
    second = bundle.write(tmp_path / "two", clone)
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == sorted(path.name for path in first)
    for line in (tmp_path / "one" / bundle.SUMS).read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((tmp_path / "one" / name).read_bytes()).hexdigest() == digest
    with tarfile.open(first[0]) as archive:
        names = {member.name for member in archive if member.isfile()}
    assert names == {f"kws-gap8-{__version__}/{name}" for name in ("requirements.lock", "a.txt")}


def test_changed_files_and_a_folder_without_history_are_refused(checkout, tmp_path):
    (checkout / "a.txt").write_text("b\n")
    with pytest.raises(InputError, match="tracked files were changed .*a.txt"):
        bundle.write(tmp_path / "one", checkout)
    shutil.rmtree(checkout / ".git")
    with pytest.raises(InputError, match="is no checkout"):
        bundle.write(tmp_path / "one", checkout)
    assert not (tmp_path / "one").exists()
