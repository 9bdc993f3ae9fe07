"""A recipe: one YAML file that says everything a run depends on.

    name: demo
    seed: 7
    mcp: mcp.json
    models: {default: offline}
    tasks: {per_server: 12}

Top-level keys are those of `RecipeHead` and the stage names. Unknown keys are errors that name the nearest known one;
`tasks.per_server=4` on the command line overrides one value.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from astra_data import resources
from astra_data.errors import Place, UsageError
from astra_data.pipeline.complaints import complaint, did_you_mean
from astra_data.pipeline.stage import ServerOptions, StageConfig, Stages
from astra_data.teacher.roles import Model
from astra_data.tools.workspace import Template

M = TypeVar("M", bound=BaseModel)
NAME = r"^[a-z0-9][a-z0-9._-]{0,63}$"


class WorkspaceConfig(BaseModel):
    """What every rollout finds in `/workspace`: a folder that is copied, then commands run once inside the copy."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: str | None = None
    setup: list[list[str]] = []


class RecipeHead(BaseModel):
    """The keys of a recipe that are not stages. Paths are relative to the recipe's file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=NAME)
    seed: int = 0
    mcp: str | None = None
    documents: list[str] = []
    servers: dict[str, ServerOptions] = {}
    workspace: WorkspaceConfig = WorkspaceConfig()
    models: dict[str, Model] = Field(default={"default": "offline"}, description="model by role")


@dataclass(frozen=True, slots=True)
class Recipe:
    """A checked recipe: its head, one config per stage, and the folder its paths start from."""

    head: RecipeHead
    stages: Mapping[str, StageConfig]
    folder: Path
    source: str

    def path(self, relative: str) -> Path:
        return self.folder / Path(relative).expanduser()

    def template(self) -> Template:
        workspace = self.head.workspace
        folder = self.path(workspace.folder) if workspace.folder else None
        return Template(folder, tuple(tuple(command) for command in workspace.setup))


def find(name: str) -> Path:
    """The file of a recipe given as a path or as the name of a packaged one. Raises `UsageError` with what there is."""
    path = Path(name).expanduser()
    if path.is_file():
        return path
    packaged = resources.folder("recipes")
    if (packaged / name / "pipeline.yaml").is_file():
        return packaged / name / "pipeline.yaml"
    known = sorted(entry.parent.name for entry in packaged.glob("*/pipeline.yaml"))
    raise UsageError(f"no recipe {name!r}", mend=f"give a YAML file, or one of: {', '.join(known)}")


def load(path: Path, stages: Stages, overrides: Iterable[str] = ()) -> Recipe:
    """Read and check a recipe. Raises `UsageError` naming the file and field."""
    document = _read(path)
    for override in overrides:
        _override(document, override)
    head_keys = [key for key in document if key not in stages]
    _known(head_keys, [*RecipeHead.model_fields, *stages], path)
    head = _checked(RecipeHead, {key: document[key] for key in head_keys}, path, "")
    configs = {name: _checked(stage.config, _section(document, name), path, name) for name, stage in stages.items()}
    return Recipe(head, configs, path.resolve().parent, path.parent.name if path.name == "pipeline.yaml" else path.name)


def _section(document: dict[str, Any], stage: str) -> Any:
    """What the recipe says of a stage; a stage without a word has its defaults."""
    return {} if document.get(stage) is None else document[stage]


def _read(path: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot be read: {error}", place=Place(path.name), mend="name a YAML file in UTF-8") from error
    except yaml.YAMLError as error:
        place = Place(path.name, _line(error))
        raise UsageError(f"not YAML: {_said(error)}", place=place, mend="check brackets, quotes and indentation") from error
    if not isinstance(document, dict):
        raise UsageError("a recipe is a mapping", place=Place(path.name), mend="start it with `name: my-recipe`")
    return document


def _said(error: yaml.YAMLError) -> str:
    """What the parser says, without its drawing of the line."""
    problem = error.problem if isinstance(error, yaml.MarkedYAMLError) else None
    return problem or " ".join(str(error).split())


def _line(error: yaml.YAMLError) -> int | None:
    """The line of the file, from 1, where the parser gave up."""
    mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
    return None if mark is None else mark.line + 1


def _override(document: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise UsageError(f"{override!r} overrides nothing", mend="write KEY=VALUE, such as tasks.per_server=4")
    *parents, last = key.split(".")
    target = document
    for name in parents:
        if target.get(name) is None:
            target[name] = {}
        target = target[name]
        if not isinstance(target, dict):
            raise UsageError(f"{key}: {name} is not a mapping", mend="override one of the values beside it")
    try:
        target[last] = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mend = f"put quotes around it: '{key}=\"...\"'"
        raise UsageError(f"{key}: {text!r} is not YAML: {_said(error)}", mend=mend) from error


def _known(keys: Iterable[str], known: list[str], path: Path) -> None:
    for key in keys:
        if key not in known:
            raise UsageError("unknown key", place=Place(path.name, field=str(key)), mend=did_you_mean(str(key), known))


def _checked(model: type[M], values: Any, path: Path, prefix: str) -> M:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        inner, message, mend = complaint(model, error)
        field = ".".join(part for part in (prefix, inner) if part)
        raise UsageError(message, place=Place(path.name, field=field), mend=mend) from error
