"""Model cards: the `README.md` of a trained model, rendered from `cards/model.md.jinja` and nothing but its record.

    text = render(read_json(folder / "lineage.json"), repo="org/mine")

The card leads back to the very versions of the datasets, through every model of ours that the training started from.
"""

from collections.abc import Mapping
from typing import Any

from astra_data.hub.addresses import REPO
from astra_data.hub.markdown import front_matter, templates
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

    return templates().get_template("model.md.jinja").render(
        head=front_matter(head(record)),
        recipe=yaml.safe_dump(record["recipe"], sort_keys=False, allow_unicode=True, width=119).rstrip(),
        repo=repo or f"org/{record['name']}",
        record=record,
        inputs=[(stage, source) for stage in ancestors(record) for source in _inputs(stage)],
        metrics=[(METRICS.get(name, name), f"{value:.5g}") for name, value in telling(record["metrics"]).items()],
    )


def head(record: Record) -> dict[str, Any]:
    """The YAML head of the card, in the order in which it is written."""
    stages = list(ancestors(record))
    repos = {source["repo"] for stage in stages for source in _inputs(stage)}
    datasets = sorted(repo for repo in repos if REPO.fullmatch(repo))
    base = _first_base(stages[-1])
    return {
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
        **({"base_model": base} if REPO.fullmatch(base) else {}),
        **({"datasets": datasets} if datasets else {}),
        "tags": ["astra", f"astra:{record['stage']}", "trl", *(["lora"] if record["recipe"].get("lora") else [])],
        "astra": {
            "kind": record["kind"],
            "stage": record["stage"],
            "seed": record["seed"],
            "inputs": [source["address"] for source in _inputs(record)],
            "ancestors": [source["address"] for stage in stages[1:] for source in _inputs(stage)],
        },
    }


def _inputs(stage: Record) -> list[dict[str, str]]:
    """The versions that a stage was trained on. The record of a base may be a stranger's, and lack any part of it."""
    sources = stage.get("inputs")
    known = [source for source in sources if isinstance(source, Mapping)] if isinstance(sources, list) else []
    return [{name: str(source.get(name) or "") for name in ("role", "address", "repo", "tree", "rows")} for source in known]


def _first_base(stage: Record) -> str:
    """The model that the first of all stages started from; empty for random weights."""
    recipe = stage.get("recipe")
    model = recipe.get("model") if isinstance(recipe, Mapping) else None
    return str(model.get("name") or "") if isinstance(model, Mapping) else ""
