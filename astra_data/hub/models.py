"""Models that others have made: a folder, or a repo of the Hub. Numbers are taken from them, and nothing is run.

    folder = fetched("org/model", "main")       # config, tokenizer and weights; of what else the repo holds nothing is downloaded
    AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=False, use_safetensors=True)

Weights are read as safetensors alone: reading a pickle can run a program. The libraries hold to that if they are told to; a file
of a model that tells them otherwise is refused here.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from astra_data.errors import DataError
from astra_data.filenames import inside
from astra_data.hub.client import retried

TAKEN: Final = ("*.safetensors", "*.json", "*.jinja", "*.txt", "*.model", "*.spm")
LEFT: Final = ("onnx/*", "openvino/*", "original/*", "consolidated*", "checkpoint-*/*")
"""The same weights in other forms."""
PICKLED: Final = frozenset((".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".h5", ".msgpack"))
WEIGHTS: Final = re.compile(r"[A-Za-z0-9_][\w.-]{0,120}\.safetensors")
SAFE: Final = ".safetensors"
INDEX: Final = ".index.json"
VOCABULARIES: Final = ("tokenizer.json", "vocab.json", "added_tokens.json")
DEPTH: Final = 64
CLASS: Final = re.compile(r"sentence_transformers(?:\.[a-z_]+){0,5}\.[A-Z][A-Za-z0-9]+")
LARGEST: Final = 32 << 20
"""Bytes of a JSON file that says how a model is built."""
CONVERT: Final = "choose a revision with safetensors, or have someone who trusts it load it and save_pretrained it again"


def fetched(name: str, revision: str | None = None) -> Path:
    """The folder of a model, checked. Raises `DataError` as `check` does, and `EndpointError` where the Hub does not serve it."""
    given = Path(name).expanduser()
    if given.is_dir():
        check(given, name)
        return given
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    only: dict[str, Any] = {"allow_patterns": list(TAKEN), "ignore_patterns": list(LEFT)}
    try:
        got = Path(retried(lambda: snapshot_download(name, revision=revision, **only), name))
    except HFValidationError as error:
        raise DataError(f"model {name} cannot be loaded: there is no such folder, and the Hub has no such names",
                        mend="name a folder, or a model of the Hub as org/name") from error
    check(got, name)
    return got


def check(folder: Path, name: str) -> None:
    """Raise `DataError` for a model whose weights are no safetensors, or whose files name code, other models or other folders."""
    if (folder / "adapter_config.json").exists():
        raise DataError(f"model {name} cannot be loaded: it holds adapters of another model",
                        mend="merge them into its weights with merge_and_unload, and name what save_pretrained makes of it")
    parts = [folder, *_modules(folder, f"model {name}: modules.json")]
    _check_weights(parts, name)
    for file in sorted(file for part in dict.fromkeys(parts) for file in part.glob("*.json")):
        if file.name not in VOCABULARIES:
            called = f"model {name}: {file.relative_to(folder).as_posix()}"
            if wrong := next(_wrong(_read(file, called), file.name.endswith(INDEX)), None):
                raise DataError(f"{called} {wrong}", mend="choose another model: this is never done")


def _check_weights(parts: list[Path], name: str) -> None:
    files = [path for part in dict.fromkeys(parts) for path in part.iterdir() if path.is_file()]
    safe = {path.parent for path in files if path.suffix == SAFE}
    pickled = sorted(path.name for path in files if path.suffix in PICKLED and path.parent not in safe)
    if pickled:
        held = ", ".join(pickled[:3])
        raise DataError(f"model {name} cannot be loaded: it has weights as pickles alone ({held})", mend=CONVERT)
    if not safe:
        raise DataError(f"model {name} cannot be loaded: it holds no weights as safetensors", mend=CONVERT)


def _modules(folder: Path, called: str) -> Iterator[Path]:
    """The folders of the modules of a sentence-transformers model. Raises `DataError` for one that leads elsewhere."""
    if not (folder / "modules.json").exists():
        return
    found = _read(folder / "modules.json", called)
    for module in found if isinstance(found, list) else [found]:
        kind, path = (module.get(key) if isinstance(module, dict) else None for key in ("type", "path"))
        if not isinstance(kind, str) or not CLASS.fullmatch(kind) or not isinstance(path, str):
            raise DataError(f"{called} names the class {str(kind)[:100]!r}, which is none of sentence-transformers",
                            mend="choose another model: no other code is run")
        part = inside(folder, *path.split("/")) if path else folder
        if part.is_dir():
            yield part


def _read(file: Path, called: str) -> Any:
    try:
        if file.stat().st_size <= LARGEST:
            return json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{called} is no JSON file", mend="choose another model, or fetch it again") from error
    raise DataError(f"{called} is too large to be read", mend="choose another model")


def _wrong(found: Any, index: bool, depth: int = 0) -> Iterator[str]:
    """What a file asks for beside numbers."""
    if depth > DEPTH:
        yield "is nested too deeply"
        return
    if isinstance(found, str) and found.startswith("sentence_transformers.") and not CLASS.fullmatch(found):
        yield "names what is no class of sentence-transformers"
    pairs = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    for key, value in pairs:
        if key == "trust_remote_code" and value:
            yield "wants code of its repo to be run"
        elif key == "configuration_files" and value:
            yield "wants other files to be read in its place"
        elif str(key).endswith("_implementation") and "/" in str(value):
            yield "wants code of another repo to be run"
        elif (key == "weight_map" and index) or (key == "transformers_weights" and value is not None):
            names = list(value.values()) if isinstance(value, dict) else [value]
            if not all(WEIGHTS.fullmatch(str(one).removesuffix(".index.json")) for one in names):
                yield "names weights that are no safetensors of its folder"
        yield from _wrong(value, index, depth + 1)
