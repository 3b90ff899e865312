"""What is installed, where the caches are, what is missing and what to do about it."""

import platform
import shutil
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from kwslib import __version__, paths
from kwslib.errors import KwsError

PYTHONS = ((3, 11), (3, 12), (3, 13))
"""Those that the lock pins packages for."""
MIN_FREE_BYTES = 5 << 30
"""An installation takes 2.5 GB, the synthetic corpus and its fingerprints about one."""
DISTRIBUTION = "kws-gap8"
OK, NOTE, MISSING = "ok", "note", "MISSING"


class Unhealthy(KwsError):
    """Something that is needed is missing."""


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, `OK`, `NOTE` (works without) or `MISSING` (needed), what was found, what to do."""

    subject: str
    state: str
    found: str
    advice: str = ""


def examine() -> list[Finding]:
    """Look at everything; changes nothing."""
    return [
        _python(),
        _distribution(),
        *_packages(paths.project_root() / "requirements.lock"),
        _notebook(),
        _espeak(),
        *_compilers(),
        *_platforms(),
        *_folders(),
        _speech_commands(),
        _synthetic(),
        _disk(),
    ]


def _python() -> Finding:
    found = f"{platform.python_version()} in {sys.prefix}, kwslib {__version__}"
    if sys.version_info[:2] in PYTHONS:
        return Finding("Python", OK, found)
    names = ", ".join(f"{major}.{minor}" for major, minor in PYTHONS)
    return Finding("Python", MISSING, found, f"use one of Python {names}, for which all versions are pinned")


def _distribution() -> Finding:
    """The package ``kwslib`` on PyPI belongs to somebody else, and is imported by the same name."""
    owners = sorted(set(metadata.packages_distributions().get("kwslib", [])))
    foreign = [name for name in owners if name != DISTRIBUTION]
    here = Path(__file__).resolve().parents[1]
    if not foreign:
        return Finding("kwslib", OK, f"{here}, of the distribution {DISTRIBUTION}")
    found = f"{here}; the distribution {', '.join(foreign)} also installs a package of this name"
    return Finding("kwslib", MISSING, found, f"pip uninstall {' '.join(foreign)}, then install {DISTRIBUTION} again")


def _packages(lock: Path) -> list[Finding]:
    from kwslib.runs.lock import read_lock

    try:
        pinned = read_lock(lock)
    except KwsError as error:
        return [Finding("packages", NOTE, str(error))]
    findings, right = [], 0
    for name, (wanted, _) in pinned.items():
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            version = ""
        if version == wanted:
            right += 1
            continue
        state, found = (NOTE, version) if version else (MISSING, "not installed")
        findings.append(Finding(name, state, f"{found}, {wanted} is pinned", f"pip install -r {lock}"))
    return [Finding("packages", OK, f"{right} have the versions of {lock.name}"), *findings]


def _notebook() -> Finding:
    from kwslib.runs.parameters import declared

    try:
        return Finding("notebook", OK, f"{paths.book_dir() / 'train.ipynb'}, {len(declared())} parameters")
    except KwsError as error:
        return Finding("notebook", MISSING, str(error), "run in a checkout, or set KWS_ROOT to one")


def _espeak() -> Finding:
    from kwslib.speech.utterances import espeak_version

    try:
        return Finding("espeak-ng", OK, f"{espeak_version()}, speaks the synthetic corpus")
    except KwsError as error:
        return Finding(
            "espeak-ng", MISSING, str(error).splitlines()[0], "pip install --force-reinstall espeakng-loader"
        )


def _compilers() -> list[Finding]:
    from kwslib import toolchain
    from kwslib.gap8.program import cross_compilers

    programs = "without it no program is built for GAP8"
    wanted = (
        ("C", toolchain.HOST_VARIABLE, toolchain.find_host, f"{programs}, and fingerprints take much longer"),
        ("RISC-V", cross_compilers.RISCV_VARIABLE, cross_compilers.find_riscv, programs),
    )
    findings = []
    for language, variable, find, advice in wanted:
        subject = f"{language} compiler ({variable})"
        try:
            findings.append(Finding(subject, OK, find().name))
        except KwsError as error:
            findings.append(Finding(subject, NOTE, str(error), advice))
    return findings


def _platforms() -> list[Finding]:
    from kwslib.gap8.platforms.platform import availability

    findings = []
    for one in availability():
        subject = f"platform {one.name}"
        if one.problem:
            findings.append(Finding(subject, NOTE, one.problem.splitlines()[0], f"optional; it needs {one.needs}"))
        else:
            findings.append(Finding(subject, OK, one.version))
    return findings


def _size(folder: Path) -> str:
    if not folder.exists():
        return "not there yet"
    total = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return f"{total / 1e6:,.1f} MB"


def _folders() -> list[Finding]:
    folders = {"cache (KWS_CACHE)": paths.cache_dir(), "results (KWS_RESULTS)": paths.results_dir()}
    return [Finding(name, OK, f"{folder}, {_size(folder)}") for name, folder in folders.items()]


def _speech_commands() -> Finding:
    from kwslib.speech import corpus_in
    from kwslib.speech.speech_commands import open_speech_commands

    if paths.speech_dir() is None:
        return Finding("Speech Commands", NOTE, "KWS_DATA is not set", "optional; get it with: kws data fetch")
    if corpus_in(paths.speech_dir()) == "folder":
        return Finding("Speech Commands", NOTE, f"KWS_DATA is a folder of words, {paths.speech_dir()}")
    try:
        corpus = open_speech_commands()
    except KwsError as error:
        return Finding("Speech Commands", MISSING, str(error), "correct KWS_DATA or unset it")
    counts = ", ".join(f"{sum(words.values())} {split}" for split, words in corpus.manifest["splits"].items())
    return Finding("Speech Commands", OK, f"{corpus.folder}: {counts}")


def _synthetic() -> Finding:
    made = sorted((paths.cache_dir() / "synthetic").glob("*/manifest.json"))
    if not made:
        return Finding("synthetic speech", NOTE, "not generated yet", "the first run generates it, in a minute or two")
    return Finding("synthetic speech", OK, f"{len(made)} generated in {paths.cache_dir() / 'synthetic'}")


def _disk() -> Finding:
    folder = paths.cache_dir()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    found = f"{free / 1e9:.1f} GB free at {folder}"
    if free < MIN_FREE_BYTES:
        return Finding("disk", NOTE, found, f"{MIN_FREE_BYTES / 1e9:.0f} GB are comfortable; or set KWS_CACHE")
    return Finding("disk", OK, found)


def table(findings: list[Finding]) -> str:
    """The findings as text, a line each, what to do below."""
    width = max(len(finding.subject) for finding in findings)
    lines = []
    for finding in findings:
        lines.append(f"{finding.state:<7}  {finding.subject:<{width}}  {finding.found}")
        if finding.advice:
            lines.append(f"{'':<7}  {'':<{width}}  → {finding.advice}")
    return "\n".join(lines)


def require_healthy(findings: list[Finding]) -> None:
    """Raise Unhealthy if something needed is missing, with its names."""
    missing = [finding.subject for finding in findings if finding.state == MISSING]
    if missing:
        raise Unhealthy(f"missing: {', '.join(missing)}; what to do stands above")
