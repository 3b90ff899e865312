import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from jinja2 import UndefinedError

from kwslib import subproc
from kwslib.config.presets import BASELINE_SIZES, SIZES
from kwslib.report import size_pages

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "book" / "templates"
NAMES = [f"{size}.md" for size in SIZES] + [f"gap8_{size}.md" for size in SIZES]


def test_every_size_has_its_pages():
    pages = size_pages.render_pages(TEMPLATES)
    assert sorted(pages) == sorted(size_pages.page_names()) == sorted(NAMES)
    for size in SIZES:
        for name, heading in ((f"{size}.md", size.capitalize()), (f"gap8_{size}.md", f"{size.capitalize()} on GAP8")):
            assert f"\n# {heading}\n" in pages[name]
            assert f'overview.shown_run("{size}")' in pages[name]
            assert "{{" not in pages[name] and "{%" not in pages[name]
            assert yaml.safe_load(pages[name].split("---\n")[1])["kernelspec"]["name"] == "python3"
            assert pages[name].endswith("\n")


def test_only_pages_of_the_baselines_sizes_compare_with_it():
    pages = size_pages.render_pages(TEMPLATES)
    for size in SIZES:
        has = size in BASELINE_SIZES
        for part in ("run_page.baseline_matrix", "run_page.matrix_difference", "### Beside the baseline's matrix"):
            assert (part in pages[f"{size}.md"]) == has
        for part in ("baseline_network", "The baseline printed", "cycles_picture(deployment, run.size)"):
            assert (part in pages[f"gap8_{size}.md"]) == has
        assert ("The baseline has no network of this size" in pages[f"{size}.md"]) != has


def test_the_pages_are_in_the_contents_and_not_in_git():
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text())
    listed = {chapter.get("file") for part in contents["parts"] for chapter in part["chapters"]}
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    for name in NAMES:
        assert f"book/{Path(name).stem}" in listed
        assert f"/book/{name}" in ignored


def test_git_has_no_copy():
    git = subprocess.run(["git", "-C", ROOT, "ls-files", "book"], capture_output=True, text=True, timeout=60)
    if git.returncode:
        pytest.skip("this is no checkout")
    assert "book/templates/size.md.j2" in git.stdout.splitlines()
    assert not {f"book/{name}" for name in NAMES} & set(git.stdout.splitlines())


def test_a_page_that_is_the_same_keeps_its_date(tmp_path):
    (tmp_path / "templates").mkdir()
    for name in size_pages.TEMPLATES:
        (tmp_path / "templates" / name).write_text("# {{ title }}, {{ size }}\n")
    assert sorted(path.name for path in size_pages.write_pages(tmp_path)) == sorted(NAMES)
    assert (tmp_path / "small.md").read_text() == "# Small, small\n"
    assert size_pages.write_pages(tmp_path) == []
    (tmp_path / "small.md").write_text("an old page")
    assert size_pages.write_pages(tmp_path) == [tmp_path / "small.md"]


def test_an_unknown_name_in_a_template_is_an_error(tmp_path):
    for name in size_pages.TEMPLATES:
        (tmp_path / name).write_text("{{ nothing }}")
    with pytest.raises(UndefinedError, match="nothing"):
        size_pages.render_pages(tmp_path)


def test_sphinx_writes_the_pages_before_it_reads_the_contents(tmp_path):
    connected = {}
    app = SimpleNamespace(
        srcdir=tmp_path, connect=lambda event, do, priority: connected.update({event: (do, priority)})
    )
    size_pages.setup(app)
    do, priority = connected["config-inited"]
    assert priority < 900  # sphinx-external-toc's
    (tmp_path / "book" / "templates").mkdir(parents=True)
    for name in size_pages.TEMPLATES:
        (tmp_path / "book" / "templates" / name).write_text("# {{ title }}\n")
    do(app, None)
    assert {path.name for path in (tmp_path / "book").glob("*.md")} == set(NAMES)


def test_jupyter_book_itself_renders_the_pages(tmp_path):
    extension = {"sphinx": {"extra_extensions": ["kwslib.report.size_pages"]}}
    config = {"title": "A book", "only_build_toc_files": True, "execute": {"execute_notebooks": "off"}, **extension}
    first, *others = (f"book/{Path(name).stem}" for name in NAMES)
    contents = {"format": "jb-book", "root": first, "chapters": [{"file": name} for name in others]}
    (tmp_path / "_config.yml").write_text(yaml.safe_dump(config))
    (tmp_path / "_toc.yml").write_text(yaml.safe_dump(contents))
    (tmp_path / "book" / "templates").mkdir(parents=True)
    for name in size_pages.TEMPLATES:
        (tmp_path / "book" / "templates" / name).write_text(f"# {{{{ title }}}} made from {name}\n")
    command = [Path(sys.executable).with_name("jupyter-book"), "build", ".", "-W", "-n", "--keep-going"]
    search = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    subproc.run(command, timeout_s=600, cwd=tmp_path, env={"PYTHONPATH": search})
    html = tmp_path / "_build" / "html" / "book"
    assert {path.stem for path in html.glob("*.html")} == {Path(name).stem for name in NAMES}
    assert "Large made from gap8.md.j2" in (html / "gap8_large.html").read_text()
