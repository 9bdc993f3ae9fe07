"""Options that several commands share."""

import re
import shlex
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from astra_data.errors import UsageError
from astra_data.hub.bounds import LONGEST_TEXT
from astra_data.hub.bounds import MOST_COUNT as MOST
from astra_data.terminal import say
from astra_data.tools import urls

if TYPE_CHECKING:
    from astra_data.rows.fit import Unfit

F = TypeVar("F", bound=Callable[..., Any])

FOLDERS = re.compile(r"(?<![\w.:/-])[~/](?!workspace\b)(?:[^/\s,'\"\[\]{}]{0,255}/)*(?=[^/\s])")
"""The folders of a path that starts at the root or at home."""

TOLD = 20
"""Rows that are left out and told, each in a line."""
TELLING = "astra_data.left_out"
"""Where a command's context counts them."""


def store(command: F) -> F:
    return click.option(
        "--store", type=click.Path(path_type=Path, file_okay=False), default=Path("hub"), envvar="ASTRA_STORE",
        show_default=True, help="Folder that holds the datasets; also ASTRA_STORE.",
    )(command)


def as_json(command: F) -> F:
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")(command)


def running(command: F) -> F:
    """Options of commands that run stages."""
    for option in (
        click.option("--ledger", type=click.Path(path_type=Path, dir_okay=False), help="Ledger to use, not the store's own."),
        click.option("--refresh", is_flag=True, help="Collect the tools anew instead of taking the recorded ones."),
        click.option("--budget", type=click.FloatRange(min=0), help="Most USD to spend; what is left over is quarantined."),
        click.option("--concurrency", type=click.IntRange(min=1), default=16, show_default=True, help="Items in flight."),
        click.option("--limit", type=click.IntRange(min=1), help="Only the first N items of every stage."),
        click.option("--seed", type=click.IntRange(-MOST, MOST), help="Overrides the recipe's seed."),
    ):
        command = option(command)
    return command


def with_seed(overrides: Iterable[str], seed: int | None) -> list[str]:
    """The overrides of a recipe, `--seed` among them."""
    return [*overrides, *([] if seed is None else [f"seed={seed}"])]


def tell_left_out(unfit: "Unfit") -> None:
    """Say that a stored row is not what it says, and that the command goes on without it; of many, the first `TOLD`."""
    meta = click.get_current_context().meta
    told = meta[TELLING] = meta.get(TELLING, 0) + 1
    if told <= TOLD:
        say(f"astra: {unfit}; the row is left out", err=True)
    elif told == TOLD + 1:
        say(f"astra: more rows are left out; the first {TOLD} are told", err=True)


def recorded(*words: str, recipe: str | None = None, overrides: Iterable[str] = (), limit: int | None = None) -> str:
    """The command that rebuilds a version, free of this machine's folders (of a path only its last part is kept) and of users,
    passwords and keys inside addresses. Raises `UsageError` for one that no lineage holds, before anything is done."""
    told = [*words, *(["--recipe", recipe] if recipe else [])]
    told += [word for override in overrides for word in ("--set", override)]
    told += ["--limit", str(limit)] if limit else []
    shown = [Path(word).name if Path(word).is_file() else FOLDERS.sub("", urls.told(word)) for word in told]
    command = shlex.join(["astra", *shown])
    if len(command) > LONGEST_TEXT:
        mend = "name the files in a recipe, `documents: [FILE, ...]`, and give that"
        raise UsageError(f"a command of {len(command):,} characters, which no lineage holds", mend=mend)
    return command
