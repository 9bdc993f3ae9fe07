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
from functools import partial
from pathlib import Path
from typing import Any

from astra_data.errors import DataError, Place
from astra_data.formats import exporting
from astra_data.formats.exporting import Refuse, fitting, put, raised
from astra_data.formats.harbor_task import GOALS, INSTALLABLE, TASK, TOOLS, files_of, goals_file, packages_of, tools_of
from astra_data.formats.importing import stage_of
from astra_data.formats.sources import below, text_of
from astra_data.formats.strict_json import parsed
from astra_data.pipeline.stage import Item, Stage, item_of
from astra_data.rows import Environment
from astra_data.stages.imported import checked


def locate(source: str) -> Path | None:
    return None


def import_stage(source: Path) -> Stage:
    """See `Importer`. `source` is a tree, or one task of it. Tasks that were not written by `write` are a `DataError`."""
    files = below(source, TASK)
    if not files:
        raise DataError(f"there is no {TASK}", place=Place(source.name), mend="name the folder of a Harbor task tree")

    def items() -> Iterator[Item]:
        for number, file in enumerate(files, 1):
            yield item_of(f"{file.parent.name}/{TASK}", partial(read, file.parent, number, source))

    return stage_of("harbor", items, files)


def read(task: Path, number: int | None = None, source: Path | None = None) -> Environment:
    """The environment of a task folder, which lies in `source`.

    Raises `DataError` if it is not of ours, or if its files were edited since, and as `own` does.
    """
    place = Place(f"{task.name}/{TASK}", number)
    try:
        config = tomllib.loads(text_of(task / TASK, source or task))
    except (ValueError, RecursionError) as error:
        raise DataError(f"not readable TOML: {error}", place=place) from error
    environment = from_row({"metadata": config.get("metadata")}, place.file, number)
    exporting.require(environment)
    for name, wanted in ((TOOLS, tools_of(environment)), (GOALS, goals_file(environment))):
        there = Place(f"{task.name}/{name}")
        if not (task / name).exists() or parsed(text_of(task / name, source or task), there) != wanted:
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


def write(environments: Iterable[Environment], folder: Path, card: str, refuse: Refuse = raised) -> int:
    """See `Exporter`."""
    put(folder, "README.md", card)
    written = 0
    for environment in fitting(environments, require, refuse):
        for name, text in files_of(environment).items():
            put(folder, f"{environment.id}/{name}", text, 0o755 if name.endswith(".sh") else 0o644)
        written += 1
    return written


def require(environment: Environment) -> None:
    """See `Exporter`."""
    exporting.require(environment)
    if not environment.turns:
        raise exporting.refused(environment, "without a turn it asks for nothing")
    if unknown := sorted(packages_of(environment) - INSTALLABLE.keys()):
        raise exporting.refused(environment, f"its tools import {unknown[0]}, which is not installed for what others wrote")
