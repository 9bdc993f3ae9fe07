"""What the pages say of keys, columns and commands is what the code has."""

import dataclasses
import re
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from pydantic import BaseModel

from astra_data.cli.main import COMMANDS, LazyGroup
from astra_data.pipeline.recipe import RecipeHead, WorkspaceConfig, load
from astra_data.pipeline.stage import ServerOptions
from astra_data.rows import ROW_TYPES
from astra_data.rows.schema import fields, unwrap
from astra_data.stages import STAGES
from astra_data.stages.arenas.config import Distracting, Removing, Split
from astra_data.stages.decontamination import Decontaminate
from astra_data.stages.distractors.embedding import Embedder
from astra_data.stages.questions.config import Domains, Given, Verify, Worlds
from astra_data.stages.tasks.config import Augment, Chained, Scoring
from astra_data.stages.trajectories.acceptance import Acceptance
from astra_data.stages.trajectories.emulation import EmulateConfig
from astra_data.stages.verification import VerifyConfig
from astra_data.teacher.models import ModelConfig

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
AXES = {"QU", "QP", "TCU", "TCP", "TCS", "TC", "FA", "coverage", "intent", "question_quality", "scenario_realism"}
AXES |= {"tool_use_necessity", "tool_selection_difficulty", "tool_selection_uniqueness"}
CONFIGS: dict[str, type[BaseModel]] = {
    "Top-level keys": RecipeHead,
    "`servers`": ServerOptions,
    "`workspace`": WorkspaceConfig,
    "`models`": ModelConfig,
    "`chains.verify`": VerifyConfig,
    "`tasks.augment`": Augment,
    "`tasks.chained`": Chained,
    "`tasks.score`": Scoring,
    "`tasks.decontaminate`": Decontaminate,
    "`arenas.distractors`": Distracting,
    "`arenas.distractors.embedder`": Embedder,
    "`arenas.split`": Split,
    "`arenas.removed`": Removing,
    "`questions.worlds`": Worlds,
    "`questions.domains`": Domains,
    "`questions.given`": Given,
    "`questions.verify`": Verify,
    "`trajectories.accept`": Acceptance,
    "`trajectories.emulate`": EmulateConfig,
    **{f"`{stage.name}`": stage.config for stage in STAGES.values() if stage.config.model_fields},
}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def section(page: str, title: str) -> str:
    """The text below a heading of a page, up to the next heading."""
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", (ROOT / "docs" / page).read_text(), re.DOTALL | re.MULTILINE)
    assert found, f"docs/{page} has no section {title}"
    return found[1]


def rows_of(text: str) -> Iterator[list[str]]:
    """The cells of each table row that starts with code."""
    for line in text.splitlines():
        if line.startswith("| `"):
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


def default_of(model: type[BaseModel], field: str) -> Any:
    """The default as a recipe would write it."""
    default = model.model_fields[field].get_default(call_default_factory=True, validated_data={})
    return default.model_dump(exclude_defaults=True) if isinstance(default, BaseModel) else default


@pytest.mark.parametrize("title", CONFIGS)
def test_every_key_of_a_recipe_is_described_with_its_default(title: str) -> None:
    model = CONFIGS[title]
    described = {cells[0].strip("`"): cells[1] for cells in rows_of(section("recipes.md", title))}
    assert described.keys() == model.model_fields.keys()
    for field, written in described.items():
        assert (written == "required") == model.model_fields[field].is_required(), field
        if written not in ("required", "see below"):
            assert yaml.safe_load(written.strip("`")) == default_of(model, field), field


def test_the_system_prompt_is_the_one_on_the_page() -> None:
    prompt = str(STAGES["trajectories"].config.model_fields["system_prompt"].default)
    assert prompt in " ".join(section("recipes.md", "`trajectories`").split())


def test_the_recipe_on_the_page_loads(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
    path = tmp_path / "recipe.yaml"
    path.write_text(re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)[0], encoding="utf-8")
    assert load(path, STAGES).head.name == "mine"


def field_names(row_type: Any) -> Iterator[str]:
    """Every field of a row type, those of nested rows included."""
    for field, annotation in fields(row_type).items():
        yield field
        inner, _ = unwrap(annotation)
        if typing.get_origin(inner) is list:
            inner, _ = unwrap(typing.get_args(inner)[0])
        if dataclasses.is_dataclass(inner):
            yield from field_names(inner)


@pytest.mark.parametrize("kind", list(ROW_TYPES))
def test_every_column_is_described_and_no_other(kind: str) -> None:
    text = section("datasets.md", f"`{kind}`")
    columns = {column for cells in rows_of(text) for column in re.findall(r"`(\w+)`", cells[0])}
    assert columns - AXES == set(fields(ROW_TYPES[kind])) - {"id"}
    missing = {field for field in field_names(ROW_TYPES[kind]) if f"`{field}`" not in text}
    assert missing - {"id"} == set()
    identity = re.search(r"Identity: (.*?)\.\n", text)
    assert identity
    assert tuple(re.findall(r"`(\w+)`", identity[1])) == ROW_TYPES[kind].IDENTITY  # type: ignore[attr-defined]


def commands_in(text: str) -> Iterator[list[str]]:
    """The words after `astra` in code of a page."""
    for code in [*re.findall(r"```(?:\w*)\n(.*?)```", text, re.DOTALL), *re.findall(r"`([^`\n]+)`", text)]:
        for line in code.splitlines():
            if found := re.match(r"(?:\$ )?(?:\.venv/bin/)?astra ([a-z].*)", line.strip()):
                yield found[1].partition("#")[0].split()


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_commands_and_options_on_a_page_exist(path: Path) -> None:
    group = LazyGroup()
    for words in commands_in(path.read_text(encoding="utf-8")):
        assert words[0] in COMMANDS, words
        command = group.get_command(None, words[0])  # type: ignore[arg-type]
        assert command is not None
        if isinstance(command, click.Group) and len(words) > 1:
            assert words[1] in command.commands, words
            command = command.commands[words[1]]
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word.partition("=")[0] for word in words if word.startswith("--")} <= known | {"--help"}, words


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_links_of_a_page_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            file, _, anchor = target.partition("#")
            aim = path.parent / file if file else path
            assert aim.exists(), target
            titles = re.findall(r"^#+ (.*)$", aim.read_text(encoding="utf-8"), re.MULTILINE) if anchor else []
            slugs = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
            assert not anchor or anchor in slugs, target


def test_the_pages_show_commands() -> None:
    shown = {words[0] for path in PAGES for words in commands_in(path.read_text(encoding="utf-8"))}
    assert shown == set(COMMANDS)
