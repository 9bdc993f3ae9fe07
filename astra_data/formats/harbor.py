"""Harbor task trees, out and back (harborframework.com): one folder per environment, which `load_dataset` reads as it is.

    write(environments, Path("tree"), card)
    load_dataset("tree", split="train")[0]["instruction"]

    <id>/task.toml, instruction.md
    <id>/environment/      the agent's container, and that of the tools: an MCP server that logs every call
    <id>/tests/            the verifier: our reward from that log, standard library alone
    <id>/solution/         the gold calls

`[metadata.astra]` of task.toml, which agents do not see, holds the whole environment, so that it comes back equal from the tree
and from the rows of `load_dataset` alike.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from astra_data.errors import DataError, Place
from astra_data.formats.harbor_task import GOALS, TASK, TOOLS, files_of, goals_file, tools_of
from astra_data.formats.importing import stage_of
from astra_data.formats.strict_json import parsed
from astra_data.pipeline.stage import Item, Stage
from astra_data.rows import Environment
from astra_data.stages.imported import checked


def locate(source: str) -> Path | None:
    return None


def import_stage(source: Path) -> Stage:
    """See `Importer`. `source` is a tree, or one task of it. Tasks that were not written by `write` are a `DataError`."""
    files = sorted(source.rglob(TASK))
    if not files:
        raise DataError(f"there is no {TASK}", place=Place(source.name), mend="name the folder of a Harbor task tree")

    def items() -> Iterator[Item]:
        for number, file in enumerate(files, 1):
            environment = read(file.parent, number)
            yield Item(environment.id, environment)

    return stage_of("harbor", items, files)


def read(task: Path, number: int | None = None) -> Environment:
    """The environment of a task folder. Raises `DataError` if it is not of ours, or if its files were edited since."""
    place = Place(f"{task.name}/{TASK}", number)
    try:
        config = tomllib.loads((task / TASK).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"not readable TOML: {error}", place=place) from error
    environment = from_row({"metadata": config.get("metadata")}, place.file, number)
    for name, wanted in ((TOOLS, tools_of(environment)), (GOALS, goals_file(environment))):
        there = Place(f"{task.name}/{name}")
        if not (task / name).is_file() or parsed((task / name).read_text(encoding="utf-8"), there) != wanted:
            raise DataError(f"differs from what [metadata.astra] of {TASK} says", place=there,
                            mend="edit the environment in the store and export it again")
    return environment


def from_row(row: Mapping[str, Any], file: str = "harbor", number: int | None = None) -> Environment:
    """The environment of a row as `load_dataset` reads it from a tree. Raises `DataError` for a task that is not of ours."""
    metadata = row.get("metadata")
    ours = metadata.get("astra") if isinstance(metadata, dict) else None
    place = Place(file, number, "metadata.astra.environment")
    if not isinstance(ours, dict) or "environment" not in ours:
        raise DataError("no environment is in this task", place=place,
                        mend="only tasks written by `astra convert --to-format harbor` hold tools and goals as data")
    environment: Environment = checked(Environment, parsed(ours["environment"], place), file, number or 1)
    return environment


def write(environments: Iterable[Environment], folder: Path, card: str) -> int:
    """See `Exporter`."""
    (folder / "README.md").write_text(card, encoding="utf-8")
    written = 0
    for environment in environments:
        if not environment.turns:
            raise DataError("an environment without a turn asks for nothing", place=Place(environment.id), mend="leave it out")
        for name, text in files_of(environment).items():
            path = folder / environment.id / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
            path.chmod(0o755 if path.suffix == ".sh" else 0o644)
        written += 1
    return written
