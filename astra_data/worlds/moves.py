"""The steps that a question can take from an answer: what a key, a number or a date leads on to.

    number_from(builder, {"node": "2"}, "customers")        # a node whose answer is a number, one hop further
"""

from collections.abc import Callable, Sequence
from typing import Any

from astra_data.messages import JsonObject
from astra_data.worlds.builder import Builder, Step, WeakError
from astra_data.worlds.domain import Column, Kind, Table
from astra_data.worlds.programs import COMBINING

NUMBERS: tuple[Kind, ...] = ("money", "quantity")
TRIES = 6


def value_from(builder: Builder, key: JsonObject, table: Table, kinds: tuple[str, ...]) -> Step:
    """Look up a value of the row, one column or one reference away. `kinds` are those of columns that will do."""
    columns = [column for column in table.columns if column.kind in kinds]
    links = [(link, column) for link in table.of_kind("reference")
             for column in builder.domain.table(str(link.of)).columns if column.kind in kinds]
    if columns and (not links or builder.rng.random() < 0.75):
        column = builder.rng.choice(columns)
        return builder.add("lookup", _gives(column), {table.key_name: key}, table=table.name, column=column.name)
    if not links:
        raise WeakError("no such column")
    link, column = builder.rng.choice(links)
    return builder.add("follow", _gives(column), {table.key_name: key}, table=table.name, via=link.name, target=str(link.of),
                       column=column.name)


def group_from(builder: Builder, key: JsonObject, table: Table) -> Step:
    """A number over the rows that refer to this one."""
    other, by = referring_to(builder, table)
    column = builder.rng.choice([column for column in other.columns if column.kind in NUMBERS])
    op = builder.rng.choice(COMBINING)
    return builder.add(op, "number", {table.key_name: key}, table=other.name, column=column.name, by=by.name)


def key_from(builder: Builder, key: JsonObject, table: Table) -> Step:
    """The key of another row: the one that this one refers to, or the extreme one of those that refer to it."""
    links, rng = table.of_kind("reference"), builder.rng
    if links and rng.random() < 0.6:
        link = rng.choice(links)
        return builder.add("lookup", str(link.of), {table.key_name: key}, table=table.name, column=link.name)
    other, by = referring_to(builder, table)
    column = rng.choice([column for column in other.columns if column.kind in NUMBERS])
    return builder.add("extreme", other.name, {table.key_name: key}, table=other.name, column=column.name, by=by.name,
                       which=rng.choice(("max", "min")))


def referring_to(builder: Builder, table: Table) -> tuple[Table, Column]:
    referring = list(builder.referring(table.name))
    if not referring:
        raise WeakError("nothing refers to the table")
    return builder.rng.choice(referring)


def _gives(column: Column) -> str:
    return {"money": "number", "quantity": "number", "date": "date", "reference": str(column.of)}.get(column.kind, "text")


def tried(make: Callable[[], Step]) -> Step:
    """The first step of a few that is not weak; a builder stays as it is where one is."""
    for _ in range(TRIES - 1):
        try:
            return make()
        except WeakError:
            continue
    return make()


def calculated(builder: Builder, step: Step, other: JsonObject | None = None) -> Step:
    """A number calculated from a number and another one, or one that is made up."""
    op = builder.rng.choice(("add", "subtract", "multiply", "percent") if other is None else ("add", "subtract", "percent"))
    size = int(abs(step.answer))
    stated = builder.rng.randrange(2, 10) if op == "multiply" else builder.rng.randrange(max(11, size // 50), max(400, size))
    names = ("part", "whole") if op == "percent" else ("first_number", "second_number")
    return builder.add(op, "number", {names[0]: {"node": step.id}, names[1]: other or {"value": stated}})


def dated(builder: Builder, step: Step, other: Step | None = None) -> Step:
    """The days to another date, or a date some days later."""
    if other is not None:
        return builder.add("days", "number", {"start_date": {"node": step.id}, "end_date": {"node": other.id}})
    if step.program["op"] == "shift":
        raise WeakError("a date twice shifted")
    days = {"value": builder.rng.randrange(11, 200)}
    return builder.add("shift", "date", {"start_date": {"node": step.id}, "day_count": days})


def judged(builder: Builder, step: Step, others: Sequence[Step]) -> Step:
    """What whoever reads the numbers can say: which is the greater one of two, or how three are ordered. Nothing follows it."""
    names = ("first_number", "second_number", "third_number")
    numbers = {name: {"node": each.id} for name, each in zip(names, (step, *others), strict=False)}
    return builder.add(*(("ordered", "list") if len(others) == 2 else ("greater", "number")), numbers)


def onward(builder: Builder, step: Step, *, last: bool) -> Step:
    """One more hop from a step. Unless it is the last, there is a way on from there as well."""
    return tried(lambda: _onward(builder, step, last=last))


def _onward(builder: Builder, step: Step, *, last: bool) -> Step:
    if step.gives == "number":
        return calculated(builder, step)
    if step.gives == "date":
        return dated(builder, step)
    return from_key(builder, {"node": step.id}, builder.domain.table(step.gives), last=last)


def from_key(builder: Builder, key: JsonObject, table: Table, *, last: bool) -> Step:
    """One hop from a row."""
    ways: list[Callable[[], Step]] = [
        lambda: value_from(builder, key, table, ("money", "quantity", "date", *(("name",) if last else ()))),
        lambda: group_from(builder, key, table),
    ]
    if not last:
        ways += [lambda: key_from(builder, key, table)] * 6
    return builder.rng.choice(ways)()


def start(builder: Builder, *, last: bool) -> Step:
    """A first hop, from a row that the question names."""
    return tried(lambda: _start(builder, last=last))


def _start(builder: Builder, *, last: bool) -> Step:
    table: Any = builder.rng.choice(builder.domain.tables)
    if builder.rng.random() < 0.2:
        return _by_category(builder, last=last)
    if last and builder.rng.random() < 0.2:
        column = builder.rng.choice(table.of_kind(*NUMBERS))
        keys = {f"first_{table.key_name}": builder.key(table), f"second_{table.key_name}": builder.key(table)}
        return builder.add("gap", "number", keys, table=table.name, column=column.name)
    return from_key(builder, builder.key(table), table, last=last)


def _by_category(builder: Builder, *, last: bool) -> Step:
    """Something of the rows that share a category: their keys, or a number over them."""
    rng = builder.rng
    table = rng.choice([table for table in builder.domain.tables if table.of_kind("category")])
    by = rng.choice(table.of_kind("category"))
    value = {by.name: {"value": rng.choice(sorted({row[by.name] for row in builder.tables[table.name].values()}))}}
    if last and rng.random() < 0.5:
        return builder.add("having", "list", value, table=table.name, by=by.name)
    column = rng.choice(table.of_kind(*NUMBERS))
    return builder.add(rng.choice(COMBINING), "number", value, table=table.name, column=column.name, by=by.name)
