"""Speech in, fingerprints out. Knows nothing of networks."""

from collections.abc import Sequence
from pathlib import Path

from kwslib.config.words import KEYWORDS
from kwslib.errors import InputError, check_name
from kwslib.speech.corpus import Corpus

CORPORA = ("synthetic", "speech_commands", "folder", "phrases")


def open_corpus(name: str, data: Path | str | None = None, words: Sequence[str] = KEYWORDS, *, seed: int = 0) -> Corpus:
    """Open a corpus by name.

    Parameters
    ----------
    name : str
        One of `CORPORA`.
    data : Path, optional
        Speech Commands: parent folder of its folders. A folder: the one that holds a folder of clips a word. Phrases:
        the one that ``kws words`` made.
        ``$KWS_DATA`` by default.
    words : sequence of str
        The keywords; Google's ten by default.
    seed : int
        Synthetic speech: everything follows from it.

    Raises
    ------
    InputError
        For an unknown name, with the nearest one, or words that synthetic speech does not have.
    DataError
        If the corpus is missing or lacks something.
    """
    check_name("corpus", name, CORPORA)
    check_words(name, words)
    if name == "synthetic":
        from kwslib.speech.synthetic import open_synthetic

        return open_synthetic(seed)
    if name == "folder":
        from kwslib.paths import speech_dir
        from kwslib.speech.folder import Folder

        folder = speech_dir(data)
        if folder is None:
            raise InputError("no data folder is named: give --data FOLDER or set KWS_DATA")
        return Folder(folder, words)
    if name == "phrases":
        from kwslib.paths import speech_dir
        from kwslib.speech.phrase_corpus import open_folder

        return open_folder(speech_dir(data), tuple(words))
    from kwslib.speech.speech_commands import open_speech_commands

    return open_speech_commands(Path(data) if data else None, words)


def check_words(corpus: str, words: Sequence[str]) -> None:
    """Raise InputError if a corpus cannot have these words, whatever lies in its folder."""
    if corpus == "synthetic" and tuple(words) != KEYWORDS:
        other = next((word for word in words if word not in KEYWORDS), None)
        raise InputError(
            f"synthetic speech has the words {','.join(KEYWORDS)}, all of them in this order"
            + (f", and not '{other}'" if other else "")
            + ": for other words, name a folder of recordings with --data, or let voices speak them: kws words"
        )


def corpus_in(data: Path | None) -> str:
    """Name the corpus that a data folder holds; synthetic speech where there is none.

    Examples
    --------
    >>> corpus_in(None)
    'synthetic'
    """
    if data is None:
        return "synthetic"
    from kwslib.speech.folder import has_words
    from kwslib.speech.phrase_corpus import is_phrases
    from kwslib.speech.speech_commands import MAIN_FOLDER, TEST_FOLDER

    if is_phrases(data):
        return "phrases"
    official = any((data / folder).is_dir() for folder in (MAIN_FOLDER, TEST_FOLDER))
    return "folder" if not official and has_words(data) else "speech_commands"
