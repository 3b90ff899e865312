"""What README, CONTRIBUTING and the pages name exists: files, names in files, commands, options, targets, variables."""

import re
import shlex
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import click
import pytest
import yaml

from kwslib.cli.main import main
from kwslib.report import size_pages

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "models/README.md", "recordings/README.md")),
    *sorted(path for path in (ROOT / "book").glob("*.md") if path.name not in size_pages.page_names()),
]
ROOMS = ("kwslib", "tests", "book", "models", "benchmarks", "recordings", ".github", ".ci")
MADE_LATER = ("book/results", "book/generated")
PLACEHOLDER = re.compile(r"NAME|SIZE|FILE|FOLDER")
documents = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())


def blocks(text):
    """The fenced blocks of a document that hold commands."""
    return re.findall(r"^```(?:shell|bash|sh)?\n(.*?)^```$", text, flags=re.S | re.M)


def spans(text):
    """The inline code of a document."""
    return re.findall(r"(?<!`)`([^`\n]+(?:\n[^`\n]+)?)`(?!`)", re.sub(r"^```.*?^```$", "", text, flags=re.S | re.M))


def command_lines(text):
    """Every command that a document shows, split into words, without the variables in front and the comment behind."""
    shown = [line for block in blocks(text) for line in block.splitlines()] + [" ".join(s.split()) for s in spans(text)]
    for line in shown:
        for part in re.split(r"&&|\|", line.split(" #")[0]):
            try:
                words = shlex.split(part)
            except ValueError:
                continue
            while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
                words = words[1:]
            if words:
                yield [Path(words[0]).name, *words[1:]]


def test_commands_are_found_in_blocks_and_in_inline_code():
    text = "Say `kws run\n--size small`.\n\n```shell\nA=b .venv/bin/kws doctor  # all\nmake x && kws book\n```\n"
    assert list(command_lines(text)) == [
        ["kws", "doctor"],
        ["make", "x"],
        ["kws", "book"],
        ["kws", "run", "--size", "small"],
    ]


@documents
def test_files_that_are_named_exist(document):
    named = [path for span in spans(document.read_text()) for path in span.split() if path.split("/")[0] in ROOMS]
    paths = [path.rstrip(".,:/") for path in named if "/" in path and not path.startswith(MADE_LATER)]
    missing = [path for path in paths if not PLACEHOLDER.search(path) and not any(ROOT.glob(path))]
    assert not missing


@documents
def test_names_that_are_said_to_be_in_a_file_are_there(document):
    text = " ".join(document.read_text().split())
    for name, path in re.findall(r"`(?:class |enum |struct )?(\w+)` in `(kwslib/[\w/.]+\.(?:py|c|h))`", text):
        assert re.search(rf"\b{name}\b", (ROOT / path).read_text()), f"{name} in {path}"


@documents
def test_links_to_files_lead_somewhere(document):
    links = re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", document.read_text())
    assert not [link for link in links if link not in size_pages.page_names() and not (document.parent / link).exists()]


@documents
def test_kws_commands_and_their_options_exist(document):
    for words in command_lines(document.read_text()):
        if words[0] != "kws" or len(words) == 1 or not re.fullmatch(r"[a-z0-9-]+", words[1]):
            continue
        command, context, rest = main, click.Context(main), words[1:]
        while isinstance(command, click.Group) and rest and re.fullmatch(r"[a-z0-9-]+", rest[0]):
            found = command.get_command(context, rest[0])
            assert found is not None, f"{' '.join(words)}: there is no command '{rest[0]}'"
            command, context, rest = found, click.Context(found), rest[1:]
        known = {option for parameter in command.get_params(context) for option in parameter.opts}
        unknown = {word.split("=")[0] for word in rest if word.startswith("--")} - known
        assert not unknown, f"{' '.join(words)}: there is no option {unknown}"


def targets():
    """The targets of the Makefile and what each says in ``make help``."""
    return dict(re.findall(r"^([a-z-]+):.*?## (.+)$", (ROOT / "Makefile").read_text(), flags=re.M))


@documents
def test_make_targets_exist(document):
    for words in command_lines(document.read_text()):
        if words[0] != "make" or "-C" in words or "platform=" in " ".join(words):
            continue
        assert not {word for word in words[1:] if re.fullmatch(r"[a-z-]+", word)} - targets().keys()


def test_make_help_lists_every_target():
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), flags=re.M)[1].split()
    assert sorted(targets()) == sorted(phony)


def test_every_environment_variable_of_the_library_is_documented():
    sources = "\n".join(path.read_text() for path in (ROOT / "kwslib").rglob("*.py"))
    used = set(re.findall(r"\"(KWS_[A-Z_]+|GAP_SDK_HOME)\"", sources)) - {"KWS_INSTALL_S"}  # the Makefile's own
    table = set(re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "book" / "reproduce.md").read_text(), flags=re.M))
    assert used == table
    readme = set(re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "README.md").read_text(), flags=re.M))
    assert readme <= table


def test_the_newest_version_of_the_changelog_is_the_one_to_cite():
    version, date = re.search(r"^## \[([\d.]+)\] - (\S+)$", (ROOT / "CHANGELOG.md").read_text(), flags=re.M).groups()
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert (version, date) == (citation["version"], str(citation["date-released"]))


def test_pre_commit_uses_the_ruff_of_the_lock():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    used = {pin for hook in hooks for pin in hook["additional_dependencies"] if pin.startswith("ruff==")}
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    assert used == {line.removesuffix(" \\") for line in lines if line.startswith("ruff==")}


def test_markers_that_contributing_explains_are_those_of_the_tests():
    options = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    declared = {marker.split(":")[0] for marker in options["markers"]}
    section = (ROOT / "CONTRIBUTING.md").read_text().partition("## Tests")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", section, flags=re.M)) == declared


@pytest.mark.parametrize("path", sorted((ROOT / ".github").rglob("*.yml")), ids=lambda path: path.name)
def test_workflows_and_templates_are_yaml(path):
    assert isinstance(yaml.safe_load(path.read_text()), dict)


@pytest.mark.parametrize("path", sorted((ROOT / "book" / "_static").glob("*.svg")), ids=lambda path: path.stem)
def test_drawings_are_well_formed(path):
    assert ElementTree.parse(path).getroot().tag.endswith("svg")
