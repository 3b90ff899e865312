import pytest

from kwslib.runs import installation
from kwslib.runs.installation import MISSING, NOTE, OK
from tests import corpora


@pytest.fixture
def place(monkeypatch, tmp_path):
    for name in ("KWS_DATA", "GAP_SDK_HOME", "KWS_RESULTS", "KWS_CC", "KWS_RISCV_CC", "KWS_PULP_OPEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KWS_CACHE", str(tmp_path / "cache"))
    return tmp_path


def by_subject(findings):
    return {finding.subject: finding for finding in findings}


def test_this_environment_is_healthy(place):
    findings = installation.examine()
    installation.require_healthy(findings)
    found = by_subject(findings)
    compilers = ("C compiler (KWS_CC)", "RISC-V compiler (KWS_RISCV_CC)")
    for name in ("Python", "notebook", "espeak-ng", *compilers, "platform simulator", "platform host"):
        assert found[name].state == OK, found[name]
    for name in ("platform gvsoc", "Speech Commands", "synthetic speech"):
        assert found[name].state == NOTE and found[name].advice
    text = installation.table(findings)
    assert all(finding.found in text and finding.advice in text for finding in findings)
    assert not (place / "cache").exists()


def test_packages_against_the_lock(tmp_path):
    import numpy

    lock = tmp_path / "requirements.lock"
    lock.write_text(
        f"# a comment\nnumpy=={numpy.__version__}\npytest==0.1\nno-such-package==1.0\n"
        'another-python-only==1.0 ; python_version == "3.99"\n'
    )
    found = by_subject(installation._packages(lock))
    assert found["packages"].found == "1 have the versions of requirements.lock"
    assert found["pytest"].state == NOTE and "0.1 is pinned" in found["pytest"].found
    assert found["no-such-package"].state == MISSING
    assert found["no-such-package"].advice == f"pip install -r {lock}"
    assert "another-python-only" not in found
    with pytest.raises(installation.Unhealthy, match="^missing: no-such-package; what to do stands above$"):
        installation.require_healthy(list(found.values()))
    assert installation._packages(tmp_path / "none")[0].state == NOTE


def test_what_is_set_wrongly(place, monkeypatch):
    monkeypatch.setenv("KWS_DATA", str(place / "nowhere"))
    monkeypatch.setenv("GAP_SDK_HOME", str(place / "nowhere"))
    monkeypatch.setenv("KWS_ROOT", str(place))
    found = by_subject(installation.examine())
    assert found["Speech Commands"].state == MISSING and "does not exist" in found["Speech Commands"].found
    assert found["platform gvsoc"].state == NOTE and "which is no folder" in found["platform gvsoc"].found
    assert found["notebook"].state == MISSING and "KWS_ROOT" in found["notebook"].advice


def test_compilers_and_platforms_that_variables_name(place, monkeypatch):
    for name, value in (("KWS_CC", "no-such-cc"), ("KWS_RISCV_CC", "no-such-gcc"), ("KWS_PULP_OPEN", str(place))):
        monkeypatch.setenv(name, value)
    found = by_subject(installation.examine())
    for subject, text in {
        "C compiler (KWS_CC)": "no C compiler 'no-such-cc'",
        "RISC-V compiler (KWS_RISCV_CC)": "no RISC-V compiler 'no-such-gcc'",
        "platform simulator": "no C compiler 'no-such-cc'",
        "platform pulp-open": f"no upstream GVSOC: {place} holds no",
    }.items():
        assert found[subject].state == NOTE and text in found[subject].found and found[subject].advice
    assert "KWS_PULP_OPEN" in found["platform pulp-open"].advice


def test_corpora_and_caches_are_measured(place, monkeypatch):
    corpora.build(place / "data")
    monkeypatch.setenv("KWS_DATA", str(place / "data"))
    (place / "cache").mkdir()
    (place / "cache" / "file").write_bytes(bytes(2_500_000))
    found = by_subject(installation.examine())
    words = len(corpora.KEYWORDS)
    train = words * corpora.COUNTS["train"] * 12 // 10
    assert found["Speech Commands"].found.startswith(f"{place / 'data'}: {train} train, ")
    assert "2.5 MB" in found["cache (KWS_CACHE)"].found


def test_a_foreign_package_of_the_same_name_is_noticed(monkeypatch):
    assert installation._distribution().state == OK
    owners = {"kwslib": ["kws-gap8", "kwslib"]}
    monkeypatch.setattr(installation.metadata, "packages_distributions", lambda: owners)
    found = installation._distribution()
    assert found.state == MISSING and "the distribution kwslib also installs" in found.found
    assert found.advice == "pip uninstall kwslib, then install kws-gap8 again"
