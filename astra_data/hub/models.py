"""Models that others have made: a folder, or a repo of the Hub. Numbers are taken from them, and nothing is run.

    folder = fetched("org/model", "main")       # config, tokenizer and weights; of what else the repo holds nothing is downloaded
    AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=False, use_safetensors=True)

Weights are read as safetensors alone: reading a pickle can run a program. The libraries hold to that if they are told to; a file
of a model that tells them otherwise is refused here.
"""

import json
import os
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from astra_data.errors import DataError
from astra_data.filenames import NAME, inside
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
LAYER: Final = re.compile(r"torch\.nn(?:\.modules\.[a-z]+)?\.[A-Z][A-Za-z0-9]+")
CLASSES: Final = {"tokenizer_class": CLASS, "activation_function": LAYER}
"""What a class that a file names by its whole path must be."""
MOST_FILES: Final = 10_000
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
    """Raise `DataError` for a model whose weights are no safetensors, or whose files name code, other models or other folders.

    All that lies in it is looked at, wherever a library may find it: models have modules, and these have parts.
    """
    files = list(_files(folder, name))
    if any(file.name == "adapter_config.json" for file in files):
        raise DataError(f"model {name} cannot be loaded: it holds adapters of another model",
                        mend="merge them into its weights with merge_and_unload, and name what save_pretrained makes of it")
    for file in files:
        if file.suffix == ".json" and file.name not in VOCABULARIES:
            called = f"model {name}: {file.relative_to(folder).as_posix()}"
            found = _read(file, called)
            if file == folder / "modules.json":
                _check_modules(folder, found, called)
            if wrong := next(_wrong(found, file.name.endswith(INDEX)), None):
                raise DataError(f"{called} {wrong}", mend="choose another model: this is never done")
    _check_weights(files, name)


def _files(folder: Path, name: str) -> Iterator[Path]:
    """The files below a folder in order, but hidden ones and `LEFT`, to which no module may lead."""
    left = MOST_FILES
    for top, below, names in os.walk(folder):
        here = Path(top)
        below[:] = sorted(part for part in below if not part.startswith(".") and not (here == folder and _is_left(part)))
        left -= len(below) + len(names)
        if left < 0:
            raise DataError(f"model {name} cannot be loaded: its folder holds more than {MOST_FILES:,} files",
                            mend="name the folder of the model alone")
        for part in below:
            if (here / part).is_symlink():
                raise DataError(f"model {name} cannot be loaded: its folder {part[:100]!r} is a link",
                                mend="put a copy of the folder in its place")
        yield from (here / one for one in sorted(names) if (here / one).is_file())


def _is_left(part: str) -> bool:
    return any(fnmatchcase(f"{part}/x", pattern) for pattern in LEFT)


def _check_weights(files: list[Path], name: str) -> None:
    """A folder that holds pickles must hold what is read in their place: the safetensors of the same name, or of all shards."""
    there = frozenset(files)
    pickled = [file.name for file in files if file.suffix.lower() in PICKLED and file.parent / f"model{SAFE}" not in there
               and (file.name == "pytorch_model.bin" or file.parent / f"model{SAFE}{INDEX}" not in there)]
    if pickled:
        held = ", ".join(pickled[:3])
        raise DataError(f"model {name} cannot be loaded: it has weights as pickles alone ({held})", mend=CONVERT)
    if not any(file.suffix == SAFE for file in files):
        raise DataError(f"model {name} cannot be loaded: it holds no weights as safetensors", mend=CONVERT)


def _check_modules(folder: Path, found: Any, called: str) -> None:
    """Raise `DataError` for a module of a sentence-transformers model that leads elsewhere."""
    for module in found if isinstance(found, list) else [found]:
        kind, path = (module.get(key) if isinstance(module, dict) else None for key in ("type", "path"))
        if not isinstance(kind, str) or not CLASS.fullmatch(kind) or not isinstance(path, str):
            raise DataError(f"{called} names the class {str(kind)[:100]!r}, which is none of sentence-transformers",
                            mend="choose another model: no other code is run")
        if path and (_is_left(path.split("/")[0]) or not inside(folder, *path.split("/"))):
            raise DataError(f"{called} leads to {path[:100]!r}, which is not looked at", mend="choose another model")


def _read(file: Path, called: str) -> Any:
    try:
        if file.stat().st_size <= LARGEST:
            return json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{called} is no JSON file", mend="choose another model, or fetch it again") from error
    raise DataError(f"{called} is too large to be read", mend="choose another model")


def _wrong(found: Any, index: bool, depth: int = 0) -> Iterator[str]:
    """What a file asks for beside numbers. `types` are the parts of a router, each a folder with its class."""
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
        elif key == "types" and isinstance(value, dict) and not all(_is_part(*part) for part in value.items()):
            yield "names what is no class of sentence-transformers, or no part of it"
        elif key in CLASSES and isinstance(value, str) and "." in value and not CLASSES[key].fullmatch(value):
            yield "names a class that is none of the library"
        elif str(key).endswith("_implementation") and "/" in str(value):
            yield "wants code of another repo to be run"
        elif (key == "weight_map" and index) or (key == "transformers_weights" and value is not None):
            names = list(value.values()) if isinstance(value, dict) else [value]
            if not all(WEIGHTS.fullmatch(str(one).removesuffix(".index.json")) for one in names):
                yield "names weights that are no safetensors of its folder"
        yield from _wrong(value, index, depth + 1)


def _is_part(path: str, kind: Any) -> bool:
    parts = path.split("/")
    return all(map(NAME.fullmatch, parts)) and not _is_left(parts[0]) and isinstance(kind, str) and bool(CLASS.fullmatch(kind))
