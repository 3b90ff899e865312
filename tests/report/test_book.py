import pytest

from kwslib.errors import KwsError
from kwslib.report import book
from kwslib.runs.claim import RunBusy, claim

CELL = (
    "---\njupytext:\n  text_representation:\n    extension: .md\n    format_name: myst\n"
    "kernelspec:\n  name: python3\n  display_name: Python 3\n---\n# Words\n\n"
    "```{code-cell}\nimport kwslib\nprint('made by', kwslib.__name__)\n```\n"
)


@pytest.fixture
def root(tmp_path, monkeypatch):
    root = tmp_path / "project"
    root.mkdir()
    (root / "_config.yml").write_text(
        "title: A book\nonly_build_toc_files: true\nexecute:\n  execute_notebooks: force\n  raise_on_error: true\n"
    )
    (root / "_toc.yml").write_text("format: jb-book\nroot: index\n")
    (root / "index.md").write_text(CELL)
    monkeypatch.setenv("KWS_ROOT", str(root))
    monkeypatch.chdir("/")
    return root


def test_the_book_is_whole_or_as_it_was(root):
    told = []
    index = book.build(tell=told.append)
    assert told == ["book │ executing index · 100 %", "book │ writing index · 100 %"]
    assert index == root / "_build" / "html" / "index.html"
    assert "made by kwslib" in index.read_text()
    assert sorted(path.name for path in (root / "_build").iterdir()) == [".locks", "book.log", "html"]
    (root / "index.md").write_text("# Words\n\n[](nowhere.md)\n")
    with pytest.raises(book.BookFaulty, match="(?s)the whole log is .*book.log\n.*index.md:3: WARNING: .*nowhere"):
        book.build()
    (root / "index.md").write_text(CELL.replace("print", "nonsense"))
    with pytest.raises(book.BookFaulty, match="NameError: name 'nonsense' is not defined"):
        book.build()
    assert "made by kwslib" in index.read_text()


def test_a_second_build_is_told_of_the_first(root, tmp_path):
    with claim(root / "_build" / "book"), pytest.raises(RunBusy, match="being written by process .*: wait for it"):
        book.build(tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere").exists()


def test_folder_that_cannot_be_written(root, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(KwsError, match="cannot write .*give --build-dir"):
        book.build(tmp_path / "file" / "build")
