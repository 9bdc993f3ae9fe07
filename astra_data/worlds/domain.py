"""What a domain is: tables with typed columns and keys, and the rows that a seed makes of it.

    tables = populate(SHOP, random.Random("7/shop"), rows=12)
    tables["orders"]["O-481"]["total"]        # 129.5

A domain is one file that says what there is; everything else is derived from it.
"""

import datetime
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, TypeVar

from astra_data.worlds.names import name_of
from astra_data.worlds.numbers import plain

Kind = Literal["name", "category", "money", "quantity", "date", "reference"]
Rows = dict[str, dict[str, Any]]
"""Key -> row."""
Tables = dict[str, Rows]

EPOCH = datetime.date(2024, 1, 1)
DAYS = 900
"""Dates lie in the days after `EPOCH`."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `of` names the style of names, the choices of a category, or the table of a reference; `least` and `most` bound
    numbers (money in whole units). `unit` is what a quantity is counted in."""

    name: str
    kind: Kind
    of: str | tuple[str, ...] = ()
    least: int = 1
    most: int = 1000
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table. `entity` names one row, `key` the prefix of its keys. `states` are the values of its column `status` that a tool
    may set, the first that of a new row; a row in a `final` one cannot be cancelled, and cancelling sets the last of
    these. `moves` names the number that can be moved from one row to another."""

    name: str
    entity: str
    key: str
    columns: tuple[Column, ...]
    states: tuple[str, ...] = ()
    final: tuple[str, ...] = ()
    moves: str = ""

    @property
    def key_name(self) -> str:
        """The parameter that names a row."""
        return f"{self.entity}_id"

    def column(self, name: str) -> Column:
        """Raises `LookupError` for a name that no column has."""
        return _called(self.columns, name)

    def of_kind(self, *kinds: Kind) -> list[Column]:
        return [column for column in self.columns if column.kind in kinds]


@dataclass(frozen=True, slots=True)
class Domain:
    """Linked tables. A reference points to a table before its own. `words` has the nouns by language, see `wording`."""

    name: str
    tables: tuple[Table, ...]
    words: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)

    def table(self, name: str) -> Table:
        """Raises `LookupError` for a name that no table has."""
        return _called(self.tables, name)


Named = TypeVar("Named", Column, Table)


def _called(parts: tuple[Named, ...], name: str) -> Named:
    for part in parts:
        if part.name == name:
            return part
    raise LookupError(f"none is called {name!r}")


def populate(domain: Domain, rng: random.Random, rows: int) -> Tables:
    """Rows for every table: `rows`, and at least 4."""
    tables: Tables = {}
    count = max(4, rows)
    for table in domain.tables:
        keys = sorted(rng.sample(range(101, 999), count))
        values = [_values(column, count, rng, tables) for column in table.columns]
        tables[table.name] = {
            f"{table.key}-{key}": {column.name: each[row] for column, each in zip(table.columns, values, strict=True)}
            for row, key in enumerate(keys)
        }
    return tables


def copied(tables: Tables) -> Tables:
    """The same rows, to be changed."""
    return {name: {key: dict(row) for key, row in rows.items()} for name, rows in tables.items()}


def _values(column: Column, count: int, rng: random.Random, tables: Tables) -> list[Any]:
    """The values of a column. Names, numbers and dates are distinct, so that each tells its row."""
    if column.kind == "category":
        return [rng.choice(column.of) for _ in range(count)]
    if column.kind == "reference":
        return _references(sorted(tables[str(column.of)]), count, rng)
    if column.kind == "date":
        return [date_of(day) for day in rng.sample(range(DAYS), count)]
    if column.kind == "money":
        return [money_of(cents) for cents in rng.sample(range(column.least * 100 + 1, column.most * 100), count)]
    if column.kind == "quantity":
        return rng.sample(range(column.least, max(column.most, column.least + count)), count)
    return _distinct(lambda: name_of(str(column.of), rng), count)


def date_of(day: int) -> str:
    """The date so many days after `EPOCH`."""
    return (EPOCH + datetime.timedelta(days=day)).isoformat()


def money_of(cents: int) -> int | float:
    return plain(Decimal(cents) / 100)


def _references(keys: list[str], count: int, rng: random.Random) -> list[str]:
    """Half of the rows refer to a key of their own, which only they lead to; the others share a few keys, which have groups."""
    own = min(count, len(keys)) // 2
    chosen = rng.sample(keys, own + max(2, (count - own) // 3))
    shared = chosen[own:]
    picked = [*chosen[:own], *(shared[index % len(shared)] for index in range(count - own))]
    rng.shuffle(picked)
    return picked


def _distinct(make: Callable[[], str], count: int) -> list[str]:
    made: dict[str, None] = {}
    while len(made) < count:
        made[make()] = None
    return list(made)
