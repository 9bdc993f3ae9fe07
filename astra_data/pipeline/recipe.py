"""A recipe: one YAML file that says everything a run depends on.

    name: demo
    seed: 7
    mcp: mcp.json
    models: {default: offline}
    tasks: {per_server: 12}

Top-level keys are those of `RecipeHead` and the stage names. Unknown keys are errors that name the nearest known one;
`tasks.per_server=4` on the command line overrides one value.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from astra_data import resources
from astra_data.errors import Place, UsageError
from astra_data.pipeline.complaints import did_you_mean
from astra_data.pipeline.document import MOST, checked, known_keys, override, read
from astra_data.pipeline.stage import ServerOptions, Stage, StageConfig, Stages
from astra_data.teacher.roles import Model
from astra_data.tools.workspace import Template

NAME = r"^[a-z0-9][a-z0-9._-]{0,63}$"


class WorkspaceConfig(BaseModel):
    """What every rollout finds in `/workspace`: a folder that is copied, then commands run once inside the copy."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: str | None = None
    setup: list[list[str]] = []


ROLES = frozenset({"default", "labeller", "writer", "policy", "judge", "emulator", "user"})
"""Who takes part in stages of ours; a stage may name others."""
NUMBERED = re.compile(r"[a-z]{1,40}_\d{1,3}")
"""How the players of a panel are called."""


class RecipeHead(BaseModel):
    """The keys of a recipe that are not stages. Paths are relative to the recipe's file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=NAME)
    seed: int = Field(default=0, ge=-MOST, le=MOST)
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

    def config(self, stage: Stage) -> StageConfig:
        """What it says of a stage; the defaults of one that is none of a recipe's, such as an import."""
        return self.stages.get(stage.name) or stage.config()

    def path(self, relative: str) -> Path:
        return self.folder / Path(relative).expanduser()

    def template(self, secrets: frozenset[str] = frozenset()) -> Template:
        """The template of the workspaces, which show none of `secrets`."""
        workspace = self.head.workspace
        folder = self.path(workspace.folder) if workspace.folder else None
        return Template(folder, tuple(tuple(command) for command in workspace.setup), secrets=secrets)


def find(name: str) -> Path:
    """The file of a recipe given as a path or as the name of a packaged one. Raises `UsageError` with what there is."""
    path = Path(name).expanduser()
    if path.is_file():
        return path
    packaged = resources.folder("recipes")
    if (packaged / name / "pipeline.yaml").is_file():
        return packaged / name / "pipeline.yaml"
    known = sorted(entry.parent.name for entry in packaged.glob("*/pipeline.yaml"))
    raise UsageError(f"no recipe {name!r}", mend=f"give a YAML file, or a packaged recipe; {did_you_mean(name, known)}")


def load(path: Path, stages: Stages, overrides: Iterable[str] = ()) -> Recipe:
    """Read and check a recipe. Raises `UsageError` naming the file and field."""
    document = read(path)
    for text in overrides:
        override(document, text)
    head_keys = [key for key in document if key not in stages]
    known_keys(head_keys, [*RecipeHead.model_fields, *stages], path)
    head = checked(RecipeHead, {key: document[key] for key in head_keys}, path)
    configs = {name: checked(stage.config, _section(document, name), path, name) for name, stage in stages.items()}
    known = ROLES | {role for name, stage in stages.items() for role in stage.roles_of(configs[name])}
    if unknown := next((role for role in head.models if role not in known and not NUMBERED.fullmatch(role)), None):
        raise UsageError(f"no role is called {unknown!r}", place=Place(path.name, field=f"models.{unknown}"),
                         mend=did_you_mean(unknown, sorted(known)))
    return Recipe(head, configs, path.resolve().parent, path.parent.name if path.name == "pipeline.yaml" else path.name)


def _section(document: dict[str, Any], stage: str) -> Any:
    """What the recipe says of a stage; a stage without a word has its defaults."""
    return {} if document.get(stage) is None else document[stage]
