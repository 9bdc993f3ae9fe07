"""The record inside every trained model: `lineage.json`, what it was made from and how to make it again.

    record.inputs[0].address        # 'org/astra-sft@1f0e...': the version it was trained on
    record.base                     # the record of the model it started from, if that was one of ours

It holds no path of this machine. Where the base was trained by us too, its record is inside, so that the data of every stage can
be told from the last model alone.
"""

import dataclasses
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import orjson

import astra_data
from astra_data.errors import DataError, Place
from astra_data.hub import lineage
from astra_data.hub.lineage import Code, Input
from astra_data.tools.environment import credentials
from astra_data.tools.scrub import Scrub
from astra_data.training.data import Chosen
from astra_data.training.recipe import SftRecipe

LIBRARIES = ("accelerate", "datasets", "peft", "torch", "transformers", "trl")
FILE = lineage.FILE


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """`stage` is `sft` or `grpo`. `metrics` are the last values of the run, `data` is what the preflight counted.

    `commit` is that of the Hub model that the training started from, null for a folder or random weights.
    """

    name: str
    stage: str
    recipe: dict[str, Any]
    source: str
    seed: int
    command: str
    inputs: list[Input]
    licenses: list[str]
    code: Code
    env: dict[str, str]
    commit: str | None = None
    base: dict[str, Any] | None = None
    data: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    kind: str = "model"
    format: int = lineage.FORMAT


def new_record(recipe: SftRecipe, stage: str, command: str, sets: Iterable[Chosen]) -> ModelRecord:
    """The record of a run that begins on these rows."""
    chosen = list(sets)
    env = {name: installed(name) for name in LIBRARIES} | {"device": _device()}
    code = Code("astra-data", astra_data.__version__)
    base = base_record(recipe)
    known = sorted({*(base or {}).get("licenses", []), *(one for rows in chosen for one in rows.licenses)})
    told, inputs = portable(recipe), [rows.source for rows in chosen]
    return ModelRecord(recipe.name, stage, told, recipe.source, recipe.seed, command, inputs, known, code, env, base=base)


def portable(recipe: SftRecipe) -> dict[str, Any]:
    """The recipe as plain values, without the folder of the run and with no more than the end of a model's folder."""
    values = recipe.model_dump(mode="json", exclude={"output"})
    name = values["model"]["name"]
    if name is not None and Path(name).expanduser().is_dir():
        values["model"]["name"] = "./" + "/".join(Path(name).absolute().parts[-2:])
    return values


def base_record(recipe: SftRecipe) -> dict[str, Any] | None:
    """The record of the model that the run starts from, in its folder or on the Hub; None for a model of others.

    Raises `DataError` for one that says it is a record of ours and is none.
    """
    name = recipe.model.name
    if name is None:
        return None
    folder = Path(name).expanduser()
    file = folder / FILE if folder.is_dir() else _on_hub(name, recipe.model.revision)
    record = lineage.read_json(file) if file is not None and file.is_file() else {}
    if not isinstance(record, dict) or record.get("kind") != "model":
        return None
    _require_records(record, str(file))
    return record


def _require_records(record: dict[str, Any] | None, file: str) -> None:
    """Raise `DataError` unless this, and every record inside it, has the fields of a record, of the right types."""
    from pydantic import TypeAdapter, ValidationError

    adapter = TypeAdapter(ModelRecord)
    while record:
        try:
            checked = adapter.validate_json(orjson.dumps(record))
            Path(checked.recipe["model"]["name"] or "")
        except (ValidationError, KeyError, TypeError):
            mend = "take another model, or remove this file"
            raise DataError("says that it is the record of a model, and is none", place=Place(file), mend=mend) from None
        record = checked.base


def _on_hub(name: str, revision: str | None) -> Path | None:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, HFValidationError, OfflineModeIsEnabled, RepositoryNotFoundError

    try:
        return Path(hf_hub_download(name, FILE, revision=revision))
    except (EntryNotFoundError, HFValidationError, OfflineModeIsEnabled, RepositoryNotFoundError):
        return None  # no record of ours, or no Hub: then loading the weights says so


def ancestors(record: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The record and those of the models before it, newest first."""
    yield record
    if isinstance(record.get("base"), Mapping):
        yield from ancestors(record["base"])


def dump(record: ModelRecord) -> bytes:
    """The record as JSON for people, without what the environment holds as a secret."""
    return lineage.dump(Scrub(credentials(os.environ)).json(dataclasses.asdict(record)))


def _device() -> str:
    import torch

    if torch.cuda.is_available():
        return str(torch.cuda.get_device_name())
    return str(torch.accelerator.current_accelerator() or "cpu")
