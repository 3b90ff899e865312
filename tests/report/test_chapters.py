import html
import json
import os
import re
import shutil
import sys
from pathlib import Path

import nbformat
import pytest
import yaml

from kwslib import subproc
from kwslib.config.baselines import baseline_network
from kwslib.config.presets import BASELINE_SIZES
from kwslib.report import pages, size_pages
from kwslib.report.elements import count
from kwslib.runs import foreign, parameters
from tests import browsing
from tests.sample_run import sample_foreign, sample_run

ROOT = Path(__file__).resolve().parents[2]
RENDERED = size_pages.render_pages(ROOT / "book" / "templates")
WRITTEN = {path.name: path.read_text() for path in (ROOT / "book").glob("*.md") if path.name not in RENDERED}
CHAPTERS = {Path(name).stem: text for name, text in sorted((WRITTEN | RENDERED).items())}
"""Text of every chapter, those rendered from a template included."""


def contents():
    return yaml.safe_load((ROOT / "_toc.yml").read_text())


def entries():
    toc = contents()
    chapters = [chapter for part in toc["parts"] for chapter in part["chapters"]]
    return [toc["root"], *(chapter["file"] for chapter in chapters if "file" in chapter)]


def test_the_contents_name_every_chapter_and_no_other():
    assert sorted(entries()) == sorted(f"book/{stem}" for stem in CHAPTERS)
    assert len(set(entries())) == len(entries())


@pytest.mark.parametrize("stem", CHAPTERS)
def test_no_result_is_typed_into_prose(stem):
    assert pages.typed_numbers(CHAPTERS[stem]) == []


@pytest.mark.parametrize("stem", CHAPTERS)
def test_chapters_are_executed_and_show_no_code(stem):
    text = CHAPTERS[stem]
    assert yaml.safe_load(text.split("---\n")[1])["kernelspec"]["name"] == "python3"
    assert text.count("{code-cell}") == text.count("remove-input")
    assert re.search(r"^# \S", pages.prose(text), flags=re.M)


def test_no_chapter_repeats_a_sentence_of_another():
    places = {}
    for stem, text in CHAPTERS.items():
        of = "templates" if f"{stem}.md" in RENDERED else stem
        for paragraph in pages.prose(text).split("\n\n"):
            for sentence in re.split(r"(?<=[.:?!])\s+", " ".join(paragraph.split())):
                places.setdefault(sentence, set()).add(of)
    assert not {sentence: found for sentence, found in places.items() if len(found) > 1 and len(sentence) > 40}


@pytest.mark.parametrize("name", ["train.ipynb", "gap8.ipynb", "evaluate.ipynb", "measure_robustness.ipynb"])
def test_notebooks_are_thin_and_without_outputs(name):
    notebook = nbformat.read(ROOT / "book" / name, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert len(code) <= 20
    assert sum(len(cell.source.splitlines()) for cell in code) <= 150
    assert not any(cell.outputs or cell.execution_count for cell in code)
    assert sum("parameters" in cell.metadata.get("tags", ()) for cell in code) == 1


@pytest.mark.parametrize("name", ["train.ipynb", "gap8.ipynb", "evaluate.ipynb", "measure_robustness.ipynb"])
def test_every_parameter_of_a_notebook_has_a_meaning(name):
    declared = parameters.declared(name)
    assert declared
    assert not [entry for entry, parameter in declared.items() if not parameter.help]


def put_project(folder):
    for name in ("_config.yml", "_toc.yml", "CHANGELOG.md"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "kwslib", folder / "kwslib", ignore=shutil.ignore_patterns("__pycache__"))
    ignored = shutil.ignore_patterns("results", ".ipynb_checkpoints", *RENDERED)
    shutil.copytree(ROOT / "book", folder / "book", ignore=ignored)
    programs = Path("recordings")  # the chapter on cycles runs them
    shutil.copytree(ROOT / programs, folder / programs)
    # What must not become a page.
    (folder / "README.md").write_text("# No page\n")
    (folder / ".venv" / "lib").mkdir(parents=True)
    (folder / ".venv" / "lib" / "notes.md").write_text("# No page\n")


def put_notebook(path, title, error=False):
    cell = nbformat.v4.new_code_cell("print('said')", execution_count=1)
    cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text="said\n")]
    if error:
        cell.outputs = [nbformat.v4.new_output("error", ename="E", evalue="broken", traceback=["broken"])]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(f"# {title}"), cell])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    notebook.metadata["language_info"] = {"name": "python"}
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)


@pytest.fixture(scope="module", params=["clean clone", "after runs"])
def built(request, tmp_path_factory):
    """The book, built without a way to the network: from recorded results alone, or from fresh ones."""
    folder = tmp_path_factory.mktemp("project")
    put_project(folder)
    fresh = request.param == "after runs"
    for size in BASELINE_SIZES:
        sample_run(folder / "book" / "results" if fresh else folder / "models", size)
    sample_run(folder / "models", "small", "baseline", "speech_commands")
    foreign.save(sample_foreign("mlperf-tiny"), folder / "models" / foreign.FOLDER)
    if fresh:
        put_notebook(folder / "book" / "results" / "quick-small" / "train.ipynb", "An executed run")
        put_notebook(folder / "book" / "results" / "quick-small" / "gap8.ipynb", "An executed deployment")
        put_notebook(folder / "book" / "results" / "failed" / "train.ipynb", "A failed run", error=True)
        put_notebook(folder / "book" / "results" / ".partial" / "quick-small" / "train.ipynb", "A half run")
    dead = "http://127.0.0.1:9"
    variables = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), dead)
    variables |= {"PYTHONPATH": str(folder), "KWS_ROOT": str(folder), "KWS_RESULTS": "", "KWS_DATA": ""}
    command = [Path(sys.executable).with_name("jupyter-book"), "build", ".", "-W", "-n", "--keep-going"]
    done = subproc.run(command, timeout_s=1500, cwd=folder, env=variables)
    assert "build succeeded" in done.stdout
    return folder, fresh, {path.stem: path.read_text() for path in (folder / "_build/html/book").rglob("*.html")}


@pytest.mark.slow
def test_the_book_has_its_pages_and_no_others(built):
    folder, fresh, pages = built
    expected = set(CHAPTERS) | ({"train", "gap8"} if fresh else set())
    assert set(pages) == expected
    assert (folder / "_build/html/index.html").exists()
    everything = "".join(pages.values())
    assert "No page" not in everything
    assert "A failed run" not in everything
    assert "A half run" not in everything
    assert ("An executed run" in pages["index"]) == fresh
    assert ("An executed deployment" in pages["index"]) == fresh


@pytest.mark.slow
def test_every_picture_of_the_book_has_an_alternative_text(built):
    _, _, pages = built
    images = [image for text in pages.values() for image in re.findall(r"<img[^>]*>", text)]
    assert len(images) > 60
    for image in images:
        alt = re.search(r'alt="([^"]*)"', image)
        assert alt, image[:200]
        assert alt[1].strip(), image[:200]


@pytest.mark.slow
def test_the_introduction_shows_the_three_sizes_and_the_baseline(built):
    folder, fresh, pages = built
    index, this_build = html.unescape(pages["index"]), html.unescape(pages["this_build"])
    base = folder / ("book/results" if fresh else "models")
    for size in BASELINE_SIZES:
        metrics = json.loads((base / f"quick-{size}" / "metrics.json").read_text())
        for row in metrics["measurements"]:
            if (row["network"], row["split"]) == ("tflite", "test"):
                share = row["correct"] / row["clips"]
                assert f"<td>{100 * share:.2f}\u00a0% (" in this_build
        assert f"quick-{size}: {'fresh' if fresh else 'recorded'}, synthetic speech" in this_build
        assert f"{size}, the baseline" in index
    assert "89.20\u00a0% (88.30\u2060–\u206090.04)" in index


@pytest.mark.slow
def test_the_book_names_the_corpus_and_says_what_is_recorded(built):
    _, fresh, pages = built
    for size in BASELINE_SIZES:
        assert ("Fresh results" if fresh else "Recorded results") in pages[size]
        assert "All its speech is synthetic" in pages[size]
    assert "Recorded results" in pages["baseline_run"]
    assert "Speech Commands v0.02" in pages["baseline_run"]


@pytest.mark.slow
def test_every_network_can_be_downloaded(built):
    folder, fresh, pages = built
    base = folder / ("book/results" if fresh else "models")
    for size in BASELINE_SIZES:
        links = re.findall(r'href="([^"]+\.tflite)"', pages[size])
        assert len(set(links)) == 1
        linked = (folder / "_build/html/book" / links[0]).resolve()
        assert linked.read_bytes() == (base / f"quick-{size}" / "model.tflite").read_bytes()


@pytest.mark.slow
def test_the_deployments_of_the_three_sizes_are_shown_beside_the_baselines(built):
    folder, fresh, pages = built
    base = folder / ("book/results" if fresh else "models")
    for size in BASELINE_SIZES:
        rows = json.loads((base / f"quick-{size}" / "gap8" / "deployment.json").read_text())["rows"]
        cycles = sum(row["cycles"] for row in rows)
        page = html.unescape(pages[f"gap8_{size}"])
        assert "bit-exact: every layer equals the integer reference on 20 test clips" in page
        assert f"{'fresh' if fresh else 'recorded'}: simulator, version drawn" in page
        for text in (page, html.unescape(pages["this_build"]), html.unescape(pages["comparison"])):
            assert f">{count(cycles)}<" in text
            assert f">{count(baseline_network(size).cycles)}<" in text
            assert "without the front end" in text
        links = re.findall(r'href="([^"]+/(?:deployment|plan)\.json)"', page)
        assert {(folder / "_build/html/book" / link).resolve().name for link in links} == {
            "deployment.json",
            "plan.json",
        }


@pytest.mark.slow
def test_predictions_and_other_peoples_networks_are_shown(built):
    _, _, pages = built
    record = sample_foreign("mlperf-tiny")
    text = html.unescape(pages["on_gap8"])
    assert record.title in text and record.sha256 in text and f">{count(record.cycles)}<" in text
    for size in BASELINE_SIZES:
        assert "cycles of each step in the first inference, predicted and measured" in pages[f"gap8_{size}"]
        assert "ortable C computes" not in pages[f"gap8_{size}"]


@pytest.mark.slow
def test_the_changelog_is_a_page_with_links_to_the_chapters(built):
    _, _, pages = built
    changelog = (ROOT / "CHANGELOG.md").read_text()
    versions = re.findall(r"^## (.*)$", changelog, flags=re.M)
    assert len(versions) > 2
    assert [html.unescape(head) for head in re.findall(r"<h2>(.*?)<a ", pages["changes"])] == versions
    chapters = set(re.findall(r"\]\(book/(\w+)\.md\)", changelog))
    assert chapters
    assert chapters <= set(re.findall(r'href="(\w+)\.html"', pages["changes"].split("<article", 1)[1]))


@pytest.mark.slow
def test_no_page_shows_an_error_or_an_empty_glue(built):
    _, _, pages = built
    for name, text in pages.items():
        assert "Traceback" not in text, name
        assert "{glue" not in text, name
        assert "nan %" not in text, name
    assert os.sep + "tmp" + os.sep not in pages["small"]


@pytest.mark.slow
@pytest.mark.browser
def test_a_reader_finds_nothing_broken(built, tmp_path):
    """Every page in a browser, wide and narrow, light and dark; `tests/browsing.py` says what is looked for."""
    folder, _, _ = built
    assert browsing.pages_of(folder / "_build" / "html")
    assert browsing.faults(folder / "_build" / "html", tmp_path) == []
