"""The rows of a recipe: resolved, pinned, checked, and turned into tokens of which some are trained.

    chosen = choose(recipe, recipe.data.train, recipe.data.split, SftRow, store)
    chosen.place.address                 # 'org/astra-sft@1f0e...': the very version
    tokens = tokenise(chosen, tokenizer, template)     # columns input_ids, labels, broken, refused

Labels are the token ids where the assistant speaks, -100 elsewhere: the system, the user and what tools answer are never trained.
What looks like a token of the template in a row's texts is none: see `rendering`.
"""

import functools
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import TemplateError

from astra_data.errors import DataError, Place
from astra_data.hub.addresses import FolderAddress, parse
from astra_data.hub.digests import check_rows
from astra_data.hub.lineage import Input
from astra_data.hub.load import Located, load, resolve
from astra_data.hub.parquet import BATCH_ROWS
from astra_data.hub.store import Store
from astra_data.rows import ROW_TYPES, Row, features
from astra_data.rows.fit import Unfit, sound
from astra_data.templates import TooMuchError
from astra_data.training.marks import Refused
from astra_data.training.recipe import SftRecipe
from astra_data.training.rendering import Renderer, renderer_of

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedTokenizerBase

IGNORED = -100
"""The label of a token that is not trained."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Rows of one version. `source` is how lineages name it; `licenses` are those of all its ancestors; `left_out` are rows that
    are not what they say."""

    rows: "Dataset"
    place: Located
    source: Input
    licenses: tuple[str, ...]
    left_out: tuple[Unfit, ...] = ()


def choose(recipe: SftRecipe, address: str, split: str | None, kind: str, store: Path) -> Chosen:
    """The rows of a dataset of one kind, such as `sft`. Raises `DataError` for another kind or schema, or if no row is left."""
    place = locate(address, store)
    record = place.lineage()
    if record is not None and record.kind != kind:
        raise DataError(f"{address} holds {record.kind}, and {kind} are needed", mend=f"name a dataset of {kind} in data.train")
    rows: Any = load(place.address, store=store, config=place.config, every=True)
    _require_schema(rows, kind, address)
    check_rows(place, place.config or "default")
    rows, left_out = _sound(rows, kind, place.address)
    if split is not None:
        rows = rows.filter(lambda value: value == split, input_columns="split", keep_in_memory=False)
    if recipe.data.limit is not None:
        rows = rows.select(range(min(recipe.data.limit, len(rows))))
    if not len(rows):
        raise DataError(f"{address} has no row" + (f" of split {split}" if split else ""), mend="choose another split or dataset")
    digest = record.rows(place.config or "default") if record else ""
    named = f"./{place.path.name}" if isinstance(parse(place.address), FolderAddress) else place.address
    repo, commit = place.published
    source = Input(kind, named, repo, commit, place.tree, digest, place.config or "default")
    return Chosen(rows, place, source, tuple(record.licenses) if record else (), left_out)


def sets_of(recipe: SftRecipe, kind: str, store: Path) -> dict[str, Chosen]:
    """The rows to train on and, where the recipe names some, to measure on. Raises as `choose` does."""
    data = recipe.data
    sets = {"train": choose(recipe, data.train, data.split, kind, store)}
    if data.validation is not None or data.validation_split is not None:
        sets["validation"] = choose(recipe, data.validation or data.train, data.validation_split, kind, store)
    return sets


def locate(address: str, store: Path) -> Located:
    """The version that an address names."""
    return resolve(parse(address), Store.open(store))


def tokenise(chosen: Chosen, tokenizer: "PreTrainedTokenizerBase", template: str, processes: int | None = None) -> "Dataset":
    """Columns `input_ids` and `labels`, one row for each conversation, whole. `broken` is whether its texts held marks of the
    template; `refused` is why it cannot be trained on, and empty where it can. Raises `DataError` with the row."""
    from datasets import Features, List, Value

    columns = Features({"input_ids": List(Value("int32")), "labels": List(Value("int32")), "broken": Value("bool"),
                        "refused": Value("string")})
    options = {"tokenizer": tokenizer, "template": template, "address": chosen.place.address}
    return chosen.rows.map(
        _tokens, with_indices=True, fn_kwargs=options, remove_columns=chosen.rows.column_names, features=columns,
        num_proc=processes, desc="Tokenising",
    )


def _tokens(row: Row, index: int, tokenizer: Any, template: str, address: str) -> Row:
    place = Place(address, index + 1, "messages")
    try:
        made = _renderer(tokenizer, template).render(row["messages"], row["tools"], trained=True)
    except Refused as refusal:
        return {"input_ids": [], "labels": [], "broken": False, "refused": refusal.message}
    except TooMuchError as error:
        raise DataError(error.message, place=place, mend=error.mend) from error
    except (TemplateError, TypeError, ValueError) as error:
        raise DataError(f"the chat template refuses it: {error}", place=place, mend="choose another model.template") from error
    if not any(made.mask):
        raise DataError("no token of it would be trained", place=place, mend="remove rows without an assistant's turn")
    labels = [token if trained else IGNORED for token, trained in zip(made.ids, made.mask, strict=True)]
    return {"input_ids": made.ids, "labels": labels, "broken": made.broken, "refused": ""}


@functools.lru_cache(maxsize=2)
def _renderer(tokenizer: Any, template: str) -> Renderer:
    """Made once in each process that tokenises."""
    return renderer_of(tokenizer, template)


def _sound(rows: "Dataset", kind: str, address: str) -> tuple["Dataset", tuple[Unfit, ...]]:
    """The rows that are what they say, and the others. Where all are, the dataset is the same one."""
    left_out: list[Unfit] = []
    tables: Any = rows.with_format("arrow").iter(BATCH_ROWS)
    batches = (batch for table in tables for batch in table.combine_chunks().to_batches())
    deque(sound(ROW_TYPES[kind], batches, address, left_out.append, set(), partial=False, refused=False), maxlen=0)
    if not left_out:
        return rows, ()
    others = {unfit.number - 1 for unfit in left_out}
    return rows.select([index for index in range(len(rows)) if index not in others]), tuple(left_out)


def _require_schema(rows: "Dataset", kind: str, address: str) -> None:
    """Raise `DataError` unless the columns are those of this version of the package."""
    ours = features(ROW_TYPES[kind])
    missing = sorted(ours.keys() - rows.features.keys())
    other = sorted(rows.features.keys() - ours.keys())
    changed = sorted(name for name in ours.keys() & rows.features.keys() if rows.features[name] != ours[name])
    kinds = (("without", missing), ("with unknown", other), ("with another type of", changed))
    words = [f"{what} {', '.join(names)}" for what, names in kinds if names]
    if words:
        mend = f"make it again with this version of astra-data: astra make {kind} ..."
        raise DataError(f"{address} has {kind} rows of another schema, {'; '.join(words)}", mend=mend)
