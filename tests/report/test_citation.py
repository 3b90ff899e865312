"""BibTeX of the project and of what it stands on, read again by pybtex."""

import pytest
import yaml
from pybtex.database import parse_string

from kwslib import provenance
from kwslib.errors import DataError
from kwslib.report import citation
from tests.places import ROOT


def entries():
    text = citation.bibtex().text
    assert text.startswith("```bibtex\n") and text.endswith("\n```")
    return parse_string("\n".join(text.splitlines()[1:-1]), "bibtex").entries


def test_every_work_of_the_citation_file_is_an_entry():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    titles = [work["title"] for work in (cited, *cited["references"])]
    assert [entry.fields["title"].strip("{}") for entry in entries().values()] == titles


def test_the_project_names_version_and_commit():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    own = entries()["kws-gap8"]
    assert own.type == "software"
    assert own.fields["year"] == cited["date-released"][:4]
    assert own.fields["note"] == f"Version {cited['version']}, commit {provenance.commit()[0][:10]}"
    assert str(own.persons["author"][0]) == "{The KWS-GAP8 contributors}"


def test_authors_of_a_paper():
    paper = entries()["zhang2017"]
    assert paper.type == "article"
    assert [str(one) for one in paper.persons["author"]][:2] == ["Zhang, Yundong", "Suda, Naveen"]
    assert paper.fields["url"] == "https://arxiv.org/abs/1711.07128"


@pytest.mark.parametrize("text", ["", "[]", "title: a\n", "a: [", "references: {}"])
def test_a_damaged_file_is_refused(tmp_path, monkeypatch, text):
    monkeypatch.setenv("KWS_ROOT", str(tmp_path))
    (tmp_path / "CITATION.cff").write_text(text)
    with pytest.raises(DataError, match=r"CITATION\.cff .*restore it"):
        citation.bibtex()


def test_a_missing_file_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("KWS_ROOT", str(tmp_path))
    with pytest.raises(DataError, match=r"CITATION\.cff .*restore it"):
        citation.bibtex()
