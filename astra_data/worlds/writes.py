"""What a question can have changed on the way, and what it asks for then: something that would be otherwise without the change.

    written(builder, step, "create", last=False)        # a row for the one that `step` found; then a total over those it has
"""

from collections.abc import Callable
from typing import Any

from astra_data.messages import JsonObject
from astra_data.worlds.builder import Builder, Step, WeakError
from astra_data.worlds.domain import DAYS, Column, Domain, Table, date_of, money_of
from astra_data.worlds.moves import NUMBERS, referring_to, tried
from astra_data.worlds.names import name_of
from astra_data.worlds.programs import COMBINING


def kinds(domain: Domain) -> list[str]:
    """The writes that a domain has a place for."""
    found = {op for table in domain.tables for op in ("set", "cancel", "move") if _place(table)[op]}
    return sorted(found | {"create" for table in domain.tables if table.of_kind("reference")})


def _place(table: Table) -> dict[str, bool]:
    return {"set": bool(table.states), "cancel": bool(table.final), "move": bool(table.moves), "create": True}


def written(builder: Builder, step: Step, op: str, *, last: bool) -> Step:
    """A write to the row that a step found, or for it, and a read that depends on the write. Only the `last` one is a list."""
    table = builder.domain.table(step.gives)
    if not _place(table)[op]:
        raise WeakError("that cannot be written")
    if op == "cancel":
        return cancelled(builder, step, table, last=last)
    return {"set": status_set, "move": moved, "create": created}[op](builder, step, table)


def status_set(builder: Builder, step: Step, table: Table) -> Step:
    """Give the row another status, then ask for a number over all rows that have it."""
    now = builder.tables[table.name][step.answer]["status"]
    status = builder.rng.choice([state for state in table.states if state != now])
    change = builder.add("set", "text", {table.key_name: {"node": step.id}, "status": {"value": status}}, table=table.name)
    return tried(lambda: _of_status(builder, change, table, status, last=False))


def cancelled(builder: Builder, step: Step, table: Table, *, last: bool) -> Step:
    """Cancel the row, then ask for something of those that still have the status it had."""
    now = builder.tables[table.name][step.answer]["status"]
    change = builder.add("cancel", "text", {table.key_name: {"node": step.id}}, table=table.name, final=list(table.final))
    return tried(lambda: _of_status(builder, change, table, now, last=last))


def _of_status(builder: Builder, change: Step, table: Table, status: str, *, last: bool) -> Step:
    value, rest = {"status": {"value": status}}, {"table": table.name, "by": "status", "after": [change.id]}
    if last and builder.rng.random() < 0.3:
        return builder.add("having", "list", value, **rest)
    column = builder.rng.choice(table.of_kind(*NUMBERS))
    return builder.add(builder.rng.choice(COMBINING), "number", value, column=column.name, **rest)


def moved(builder: Builder, step: Step, table: Table) -> Step:
    """Move a part of the row's number to another row, then compare the two."""
    other, there = builder.key(table), builder.tables[table.name][step.answer][table.moves]
    number = {"value": builder.rng.randrange(1, max(2, int(there)))}
    keys = {f"from_{table.key_name}": {"node": step.id}, f"to_{table.key_name}": other}
    change = builder.add("move", "number", {**keys, "number": number}, table=table.name, column=table.moves)
    compared = {f"first_{table.key_name}": {"node": step.id}, f"second_{table.key_name}": other}
    return builder.add("gap", "number", compared, table=table.name, column=table.moves, after=[change.id])


def created(builder: Builder, step: Step, table: Table) -> Step:
    """Create a row that refers to the one found, then ask for a number over all rows that do."""
    other, by = referring_to(builder, table)
    stated = [column for column in other.columns if not (other.states and column.name == "status")]
    named = {_parameter(column, other, builder): column for column in stated}
    arguments = {name: {"node": step.id} if column == by else _made_up(column, builder) for name, column in named.items()}
    owners = {name: column.of for name, column in named.items() if column.kind == "reference"}
    change = builder.add("create", other.name, arguments, table=other.name, key=other.key,
                         columns=[column.name for column in stated], owners=owners,
                         starts={"status": other.states[0]} if other.states else {})
    return tried(lambda: _of_owner(builder, step, other, by, change))


def _of_owner(builder: Builder, step: Step, other: Table, by: Column, change: Step) -> Step:
    owner, column = builder.domain.table(step.gives), builder.rng.choice(other.of_kind(*NUMBERS))
    return builder.add(builder.rng.choice(COMBINING), "number", {owner.key_name: {"node": step.id}}, table=other.name,
                       column=column.name, by=by.name, after=[change.id])


def _parameter(column: Column, table: Table, builder: Builder) -> str:
    """The parameter of a column: of a reference, by the row that it names."""
    if column.kind != "reference":
        return column.name
    key, alone = builder.domain.table(str(column.of)).key_name, sum(other.of == column.of for other in table.columns) == 1
    return key if alone else f"{column.name}_{key}"


def _made_up(column: Column, builder: Builder) -> JsonObject:
    """A value for a new row."""
    rng = builder.rng
    if column.kind == "reference":
        return builder.key(builder.domain.table(str(column.of)))
    made: dict[str, Callable[[], Any]] = {
        "category": lambda: rng.choice(column.of),
        "date": lambda: date_of(rng.randrange(DAYS)),
        "money": lambda: money_of(rng.randrange(column.least * 100 + 1, column.most * 100)),
        "quantity": lambda: rng.randrange(column.least, column.most),
        "name": lambda: name_of(str(column.of), rng),
    }
    return {"value": made[column.kind]()}
