"""A YAML file that a person wrote: read, overridden and checked, with errors that name file and field.

    document = read(path)
    override(document, "tasks.per_server=4")
    checked(TasksConfig, document["tasks"], path, "tasks")
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from astra_data.bounded import yaml_text
from astra_data.errors import Place, UsageError
from astra_data.pipeline.complaints import complaint, did_you_mean

MOST = 2**63 - 1
"""The largest number that records and keys hold."""
M = TypeVar("M", bound=BaseModel)


def read(path: Path) -> dict[str, Any]:
    """The mapping that the file holds. Raises `UsageError` with the line where it is no YAML."""
    try:
        document = yaml_text.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot be read: {error}", place=Place(path.name), mend="name a YAML file in UTF-8") from error
    except yaml.YAMLError as error:
        place = Place(path.name, _line(error))
        raise UsageError(f"not YAML: {_said(error)}", place=place, mend="check brackets, quotes and indentation") from error
    if not isinstance(document, dict):
        raise UsageError("a recipe is a mapping", place=Place(path.name), mend="start it with `name: my-recipe`")
    return document


def override(document: dict[str, Any], text: str) -> None:
    """Set the value that `text`, KEY=VALUE with a dotted key, names; mappings on the way are made where there are none."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise UsageError(f"{text!r} overrides nothing", mend="write KEY=VALUE, such as tasks.per_server=4")
    *parents, last = key.split(".")
    target = document
    for name in parents:
        if target.get(name) is None:
            target[name] = {}
        target = target[name]
        if not isinstance(target, dict):
            raise UsageError(f"{key}: {name} is not a mapping", mend="override one of the values beside it")
    try:
        target[last] = yaml_text.loads(value)
    except yaml.YAMLError as error:
        mend = f"put quotes around it: '{key}=\"...\"'"
        raise UsageError(f"{key}: {value!r} is not YAML: {_said(error)}", mend=mend) from error


def known_keys(keys: Iterable[str], known: list[str], path: Path) -> None:
    """Raise `UsageError` for the first key that is not known."""
    for key in keys:
        if key not in known:
            raise UsageError("unknown key", place=Place(path.name, field=str(key)), mend=did_you_mean(str(key), known))


def checked(model: type[M], values: Any, path: Path, prefix: str = "") -> M:
    """The values as a `model`. Raises `UsageError` for the first that is wrong; `prefix` is where they stand in the file."""
    _require_numbers(values, path, prefix)
    try:
        return model.model_validate(values)
    except ValidationError as error:
        inner, message, mend = complaint(model, error)
        field = ".".join(part for part in (prefix, inner) if part)
        raise UsageError(message, place=Place(path.name, field=field or None), mend=mend) from error


def _require_numbers(value: Any, path: Path, where: str) -> None:
    """Raise `UsageError` for a number that no record can hold."""
    if isinstance(value, int) and abs(value) > MOST:
        raise UsageError("the number is out of range", place=Place(path.name, field=where or None),
                         mend=f"write one between {-MOST} and {MOST}")
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        _require_numbers(one, path, f"{where}.{key}".lstrip("."))


def _said(error: yaml.YAMLError) -> str:
    """What the parser says, without its drawing of the line."""
    problem = error.problem if isinstance(error, yaml.MarkedYAMLError) else None
    return problem or " ".join(str(error).split())


def _line(error: yaml.YAMLError) -> int | None:
    """The line of the file, from 1, where the parser gave up."""
    mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
    return None if mark is None else mark.line + 1
