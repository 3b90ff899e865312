"""What model hubs read at the head of a card: licence, task, data, and the measured accuracies, as YAML.

The form is Hugging Face's (model cards with a ``model-index``), which other tools read as well.
"""

from typing import Any

import yaml

from kwslib.runs.description import corpus_name
from kwslib.runs.run_record import Run
from kwslib.speech.corpus import SILENCE_PROTOCOLS

MARK = "---\n"
TAGS = ("keyword-spotting", "tinyml", "ds-cnn", "int8", "tflite", "gap8")
HUB_DATA = {"speech_commands": "google/speech_commands"}
"""Names of corpora on Hugging Face's hub."""


def front_matter(run: Run) -> str:
    """Return the head of a run's card, with its marks.

    The accuracies are those of the 8-bit file on the test split, a share each, under both silence protocols.
    """
    values: dict[str, Any] = {
        "license": "apache-2.0",
        "pipeline_tag": "audio-classification",
        "tags": list(TAGS),
        "metrics": ["accuracy"],
    }
    data: dict[str, Any] = {"name": corpus_name(run), "type": run.corpus.name, "split": "test"}
    if run.corpus.name in HUB_DATA:
        hub = HUB_DATA[run.corpus.name]
        values |= {"language": ["en"], "datasets": [hub]}
        data |= {"type": hub, "config": "v0.02"}
    measured = [
        {
            "type": "accuracy",
            "name": f"accuracy, {silence}",
            "value": round(run.measurement("tflite", "test", silence).accuracy, 6),
        }
        for silence in SILENCE_PROTOCOLS
    ]
    task = {"type": "audio-classification", "name": "keyword spotting"}
    values["model-index"] = [{"name": run.run, "results": [{"task": task, "dataset": data, "metrics": measured}]}]
    return f"{MARK}{yaml.safe_dump(values, sort_keys=False, allow_unicode=True)}{MARK}"


def without(card: str) -> str:
    r"""Return a card without its front matter.

    Examples
    --------
    >>> without("---\nlicense: mit\n---\n\n# A card\n")
    '# A card\n'
    """
    if not card.startswith(MARK):
        return card
    return card.split(f"\n{MARK}", 1)[1].lstrip("\n")
