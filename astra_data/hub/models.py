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
from astra_data.filenames import NAME, inside
from astra_data.hub.client import retried
from astra_data.models.files import LARGEST, LEFT, PICKLED, SAFE, VOCABULARIES, is_left, looked_through
from astra_data.models.weights import OTHER, claimed, shapes_of

TAKEN: Final = ("*.safetensors", "*.json", "*.jinja", "*.txt", "*.model", "*.spm")
WEIGHTS: Final = re.compile(r"[A-Za-z0-9_][\w.-]{0,120}\.safetensors")
INDEX: Final = ".index.json"
DEPTH: Final = 64
CLASS: Final = re.compile(r"sentence_transformers(?:\.[a-z_]+){0,5}\.[A-Z][A-Za-z0-9]+")
LAYER: Final = re.compile(r"torch\.nn(?:\.modules\.[a-z]+)?\.[A-Z][A-Za-z0-9]+")
CLASSES: Final = {"tokenizer_class": CLASS, "activation_function": LAYER}
"""What a class that a file names by its whole path must be."""
CONVERT: Final = "choose a revision with safetensors, or have someone who trusts it load it and save_pretrained it again"


def fetched(name: str, revision: str | None = None, *, weights: bool = True) -> Path:
    """The folder of a model, checked; without `weights` that of its tokenizer. Raises `DataError` as `check` does, and
    `EndpointError` where the Hub does not serve it."""
    given = Path(name).expanduser()
    if given.is_dir():
        check(given, name, weights=weights)
        return given
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    only: dict[str, Any] = {"allow_patterns": list(TAKEN), "ignore_patterns": [*LEFT, *(() if weights else (f"*{SAFE}",))]}
    try:
        got = Path(retried(lambda: snapshot_download(name, revision=revision, **only), name))
    except HFValidationError as error:
        raise DataError(f"model {name} cannot be loaded: there is no such folder, and the Hub has no such names",
                        mend="name a folder, or a model of the Hub as org/name") from error
    check(got, name, weights=weights)
    return got


def check(folder: Path, name: str, *, weights: bool = True) -> None:
    """Raise `DataError` for a model whose files have no end or name code, other models or other folders, or, with `weights`,
    whose weights are no safetensors, or hold less than a config claims.

    All that lies in it is looked at, wherever a library may find it: models have modules, and these have parts.
    """
    files = looked_through(folder, name)
    if any(file.name == "adapter_config.json" for file in files):
        raise DataError(f"model {name} cannot be loaded: it holds adapters of another model",
                        mend="merge them into its weights with merge_and_unload, and name what save_pretrained makes of it")
    said = {file: f"model {name}: {file.relative_to(folder).as_posix()}" for file in files}
    found = {file: _asked(folder, file, said[file]) for file in files if file.suffix == ".json" and file.name not in VOCABULARIES}
    if not weights:
        return
    _check_weights(files, name)
    tensors = sum(len(shapes_of(file, said[file])) for file in files if file.suffix == SAFE)
    for file, config in found.items():
        if file.name == "config.json":
            check_claims(config, tensors, said[file])


def check_claims(config: Any, tensors: int, called: str) -> None:
    """Raise `DataError` for a config that claims more than weights of so many tensors hold."""
    if said := claimed(config, tensors):
        raise DataError(f"{called} {said}", mend=OTHER)


def _asked(folder: Path, file: Path, called: str) -> Any:
    """What a JSON file says. Raises `DataError` where it asks for what is never done."""
    found = read_json(file, called)
    if file == folder / "modules.json":
        _check_modules(folder, found, called)
    if wrong := next(_wrong(found, file.name.endswith(INDEX)), None):
        raise DataError(f"{called} {wrong}", mend="choose another model: this is never done")
    return found


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
        if path and (is_left(path.split("/")[0]) or not inside(folder, *path.split("/"))):
            raise DataError(f"{called} leads to {path[:100]!r}, which is not looked at", mend="choose another model")


def read_json(file: Path, called: str) -> Any:
    """A JSON file of a model, or its config alone. Raises `DataError` for one that is none."""
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
    return all(map(NAME.fullmatch, parts)) and not is_left(parts[0]) and isinstance(kind, str) and bool(CLASS.fullmatch(kind))
