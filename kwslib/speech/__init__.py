"""Speech in, fingerprints out. Knows nothing of networks."""

from pathlib import Path

from kwslib.errors import check_name
from kwslib.speech.corpus import Corpus

CORPORA = ("synthetic", "speech_commands")


def open_corpus(name: str, data: Path | str | None = None, seed: int = 0) -> Corpus:
    """Open a corpus by name.

    Parameters
    ----------
    name : str
        One of `CORPORA`.
    data : Path, optional
        Speech Commands: parent folder of its folders; ``$KWS_DATA`` by default.
    seed : int
        Synthetic speech: everything follows from it.

    Raises
    ------
    InputError
        For an unknown name, with the nearest one.
    DataError
        If the corpus is missing or lacks something.
    """
    check_name("corpus", name, CORPORA)
    if name == "synthetic":
        from kwslib.speech.synthetic import open_synthetic

        return open_synthetic(seed)
    from kwslib.speech.speech_commands import open_speech_commands

    return open_speech_commands(Path(data) if data else None)
