"""What importers share: rows of foreign files with their places, and the stage that makes a version of environments.

    for file, number, read in foreign_rows([Path("rl.parquet")]): read()         # JSON Lines or Parquet
"""

import hashlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from astra_data.errors import DataError, Place
from astra_data.formats.sources import below
from astra_data.hub.tree import sha256_file
from astra_data.hub.writer import jsonl_rows
from astra_data.pipeline.stage import Expand, Inputs, Item, Keep, Outcome, Resources, Stage, StageConfig, taken
from astra_data.rows import Environment, Row
from astra_data.rows.environments import EnvironmentDifficulty, EnvironmentTool, EnvironmentTurn, Goal, World
from astra_data.stages.imported import ImportConfig

STATELESS = World(None, None, None, [], None)
VERSION = 1
"""Of all importers: raised when the same files give other environments than before."""

SUFFIXES = (".parquet", ".jsonl")
Open = Callable[[Any], AbstractAsyncContextManager[Expand]]


def stage_of(form: str, items: Callable[[], Iterable[Item]], files: Sequence[Path], opened: Open | None = None,
             config: type[StageConfig] = ImportConfig) -> Stage:
    """A stage that imports the environments of these items, keyed by the form and the bytes of `files`. `opened` takes the
    config; without it the items hold environments, or why there is none, as `item_of` makes them."""

    @asynccontextmanager
    async def kept(config: Any) -> AsyncIterator[Expand]:
        async def expand(row: Environment | DataError) -> list[Outcome]:
            return [Keep(taken(row))]

        yield expand

    def fingerprint(config: Any, resources: Resources) -> dict[str, str]:
        return {"form": form, "files": digest_of(files)}

    def all_items(inputs: Inputs, config: Any, resources: Resources) -> Iterator[Item]:
        yield from items()

    def open_stage(inputs: Inputs, config: Any, resources: Resources) -> AbstractAsyncContextManager[Expand]:
        return (opened or kept)(config)

    return Stage("environments", VERSION, (), config, all_items, open_stage, fingerprint=fingerprint)


def digest_of(files: Sequence[Path]) -> str:
    """SHA-256 over the digests of the files in order."""
    total = hashlib.sha256()
    for file in files:
        total.update(sha256_file(file).encode())
    return total.hexdigest()


def files_in(source: Path) -> list[Path]:
    """A file, or the Parquet (if none, JSON Lines) files of a folder. Raises `DataError` if there is none, and as `own` does."""
    if source.is_file():
        return [source]
    for suffix in SUFFIXES:
        if found := below(source, f"*{suffix}"):
            return found
    raise DataError("there are no rows", place=Place(source.name), mend="name a .jsonl or .parquet file, or a folder of them")


def foreign_rows(files: Iterable[Path]) -> Iterator[tuple[str, int, Callable[[], Row]]]:
    """(file name, row from 1, what gives the row). Raises `DataError` for a file of another kind; what gives a row does for one
    that is no object."""
    for file in files:
        rows = _parquet_rows(file) if file.suffix == ".parquet" else jsonl_rows(file)
        for number, read in rows:
            yield file.name, number, partial(_object, read, Place(file.name, number))


def _object(read: Callable[[], Any], place: Place) -> Row:
    row = read()
    if not isinstance(row, dict):
        raise DataError("expected an object", place=place, mend="write one row per line")
    return row


def _parquet_rows(file: Path) -> Iterator[tuple[int, Callable[[], Any]]]:
    from astra_data.hub import parquet

    number = 0
    with parquet.opened(file) as opened:
        for batch in parquet.batches(opened, file):
            for row in parquet.rows(batch, file.name, number):
                number += 1
                yield number, partial(dict, row)


def difficulty_of(turns: Sequence[EnvironmentTurn], tools: Sequence[EnvironmentTool]) -> EnvironmentDifficulty:
    """The counts of an environment without a known question. Its hops are the longest chain of goals that come after others."""
    goals = [goal for turn in turns for goal in turn.goals]
    level: dict[str, int] = {}
    for goal in goals:
        level[goal.id] = 1 + max((level.get(before, 0) for before in goal.after), default=0)
    return EnvironmentDifficulty(max(level.values(), default=0), len(goals), len(tools), len(turns))


def goals_of(environment: Environment) -> list[Goal]:
    """The goals of all turns."""
    return [goal for turn in environment.turns for goal in turn.goals]
