"""Model cards: the `README.md` of a trained model, rendered from `cards/model.md.jinja` and nothing but its record.

    text = render(read_json(folder / "lineage.json"), repo="org/mine")

The card leads back to the very versions of the datasets, through every model of ours that the training started from.
"""

from collections.abc import Mapping
from typing import Any

from astra_data.hub import cards
from astra_data.training.metrics import telling
from astra_data.training.record import ancestors

Record = Mapping[str, Any]
METRICS = {
    "train_loss": "mean loss over the run", "first_loss": "first logged loss", "last_loss": "last logged loss",
    "eval_loss": "loss on the validation rows", "mean_token_accuracy": "share of trained tokens guessed, last logged",
    "eval_mean_token_accuracy": "share of them guessed on the validation rows", "step": "steps",
}
"""Metrics that need a word of explanation; others are shown by their name."""


def render(record: Record, repo: str | None = None) -> str:
    """The card of the model with this record; without `repo` a stand-in is shown."""
    import yaml

    return cards.templates().get_template("model.md.jinja").render(
        head=yaml.safe_dump(head(record), sort_keys=False, allow_unicode=True, width=119).rstrip(),
        recipe=yaml.safe_dump(record["recipe"], sort_keys=False, allow_unicode=True, width=119).rstrip(),
        repo=repo or f"org/{record['name']}",
        record=record,
        stages=list(ancestors(record)),
        metrics=[(METRICS.get(name, name), value) for name, value in telling(record["metrics"]).items()],
    )


def head(record: Record) -> dict[str, Any]:
    """The YAML head of the card, in the order in which it is written."""
    stages = list(ancestors(record))
    datasets = sorted({source["repo"] for stage in stages for source in stage["inputs"] if source["repo"]})
    base = stages[-1]["recipe"]["model"]["name"]
    return {
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
        **({"base_model": base} if base and base.count("/") == 1 and not base.startswith((".", "/", "~")) else {}),
        **({"datasets": datasets} if datasets else {}),
        "tags": ["astra", f"astra:{record['stage']}", "trl", *(["lora"] if record["recipe"].get("lora") else [])],
        "astra": {
            "kind": record["kind"],
            "stage": record["stage"],
            "seed": record["seed"],
            "inputs": [source["address"] for source in record["inputs"]],
            "ancestors": [source["address"] for stage in stages[1:] for source in stage["inputs"]],
        },
    }
