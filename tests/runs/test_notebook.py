"""A notebook runs on this very interpreter, and leaves its run's name but no folder of this machine."""

import io
import json
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from kwslib.runs import notebook


def written(folder, *code):
    cells = [new_markdown_cell("# One run\n\nAbout it."), new_code_cell("value = 1", metadata={"tags": ["parameters"]})]
    made = new_notebook(cells=[*cells, *map(new_code_cell, code)])
    made.metadata["kernelspec"] = {"name": "no-such-kernel", "display_name": "none", "language": "python"}
    nbformat.write(made, folder / "template.ipynb")
    return folder / "template.ipynb"


def run(folder, *code, **more):
    stream = io.StringIO()
    notebook.execute(
        written(folder, *code),
        folder / "out.ipynb",
        {"value": 7},
        folder=folder,
        log=folder / "kernel.log",
        variables={"KWS_MARK": "a$b"},
        title="quick-small",
        stream=stream,
        **more,
    )
    return nbformat.read(folder / "out.ipynb", as_version=4), stream.getvalue()


def test_an_executed_notebook(tmp_path):
    show = "import os, sys; print(value, sys.executable, os.environ['KWS_MARK'], os.environ['MALLOC_MMAP_MAX_'])"
    made, printed = run(tmp_path, show)
    assert printed.split() == ["7", sys.executable, "a$b", "0"]
    assert made.cells[0].source == "# One run: quick-small\n\nAbout it."
    assert str(tmp_path) not in json.dumps(made.metadata)


def test_a_cell_that_fails_is_named_and_kept(tmp_path):
    with pytest.raises(notebook.NotebookError, match="^ZeroDivisionError in cell [0-9]+: division by zero$"):
        run(tmp_path, "1 / 0")
    kept = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    assert any(output.output_type == "error" for cell in kept.cells for output in cell.get("outputs", ()))


def test_a_process_that_ends_is_told_with_its_last_words(tmp_path, caplog):
    code = "import os, sys; print('out of everything', file=sys.__stderr__, flush=True); os._exit(3)"
    with pytest.raises(notebook.NotebookError, match="process was ended.*out of everything"):
        run(tmp_path, code)
    assert not [record for record in caplog.records if record.name == "papermill"]  # it is told once


def test_a_byte_that_changed_in_an_executed_notebook_is_noticed(tmp_path, capsys):
    run(tmp_path, "print(6 * 7)")
    path = tmp_path / "out.ipynb"
    content = path.read_bytes()
    assert notebook.is_intact(path) and not capsys.readouterr().err
    for old, new in ((b"42", b"43"), (b"print", b"prinT"), (b"}", b"")):
        assert old in content
        path.write_bytes(content.replace(old, new, 1))
        assert not notebook.is_intact(path)
        assert f"warning: {path} was damaged on the disk" in capsys.readouterr().err
    path.unlink()
    assert not notebook.is_intact(path) and not capsys.readouterr().err
