"""Programs: what the tool of a node does, as data, and what comes of it.

    {"op": "total", "table": "orders", "column": "amount", "by": "customer",
     "arguments": {"customer_id": {"node": "1"}}}

An argument is a `value`, or the answer of another `node`. `run` is the reference that the code of tools must agree with.

| op | arguments | result |
| --- | --- | --- |
| lookup | a key | the value of `column` in that row |
| follow | a key | the value of `column` in the row of another table that `via` refers to |
| total, mean, highest, lowest, count | what `by` is to be | over the rows where it is, of `column` |
| extreme | what `by` is to be | the key of the row with the highest (`which`: `max`) or lowest `column` among them |
| having | what `by` is to be | the keys of those rows, as a list |
| gap | two keys | how much more `column` is in the first row than in the second |
| add, subtract, multiply, percent | two numbers | `percent` is the share of the second in the first |
| days | two dates | days from the first to the second |
| shift | a date and a number | the date so many days later |
| greater, ordered | two numbers; three numbers | the greater one; all in ascending order; no tool is needed |
| set | a key and a status | `done`; the row then has the status |
| cancel | a key | `done`; the row then has the last of the statuses in `final`; it may have had none of them |
| create | the values of `columns` | the key of the new row, one above the highest; it has what it `starts` with besides |
| move | two keys and a number | what is left in the first row; so much went to the second |
"""

import datetime
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from astra_data.messages import JsonObject
from astra_data.worlds.domain import Rows, Tables
from astra_data.worlds.numbers import exact, plain

CENT = Decimal("0.01")
WRITES = frozenset({"set", "move", "cancel", "create"})
COMBINING = ("total", "mean", "highest", "lowest")


class ImpossibleError(ValueError):
    """The program has no result for these arguments."""


def arguments_of(program: JsonObject, answers: Mapping[str, Any]) -> JsonObject:
    """The arguments of the gold call, with the answers of other nodes in their places."""
    return {
        name: answers[given["node"]] if "node" in given else given["value"] for name, given in program["arguments"].items()
    }


def references_of(program: JsonObject) -> list[str]:
    """The nodes whose answers the program takes, each once, in order."""
    return list(dict.fromkeys(given["node"] for given in program["arguments"].values() if "node" in given))


def tables_of(program: JsonObject) -> list[str]:
    """The tables that a program reads or changes."""
    named = [program[key] for key in ("table", "target") if key in program]
    return list(dict.fromkeys([*named, *program.get("owners", {}).values()]))


def run(program: JsonObject, tables: Tables, answers: Mapping[str, Any]) -> Any:
    """The exact result of a program; writes change `tables`. Raises `ImpossibleError`."""
    values = list(arguments_of(program, answers).values())
    if program["op"] in (*ARITHMETIC, *UNAIDED):
        return (ARITHMETIC | UNAIDED)[program["op"]](*values)
    return TABULAR[program["op"]](program, tables, *values)


def _row(rows: Rows, key: Any) -> dict[str, Any]:
    if key not in rows:
        raise ImpossibleError(f"no row {key}")
    return rows[key]


def _lookup(program: JsonObject, tables: Tables, key: Any) -> Any:
    return _row(tables[program["table"]], key)[program["column"]]


def _follow(program: JsonObject, tables: Tables, key: Any) -> Any:
    target = _row(tables[program["table"]], key)[program["via"]]
    return _row(tables[program["target"]], target)[program["column"]]


def group(program: JsonObject, tables: Tables, key: Any) -> Rows:
    """The rows whose `by` is `key`. Raises `ImpossibleError` where none does."""
    found = {name: row for name, row in tables[program["table"]].items() if row[program["by"]] == key}
    if not found:
        raise ImpossibleError(f"no row with {program['by']} {key}")
    return found


def _aggregate(combine: Callable[[list[Any]], Any]) -> Callable[[JsonObject, Tables, Any], Any]:
    return lambda program, tables, key: combine([row[program["column"]] for row in group(program, tables, key).values()])


def _mean(values: list[Any]) -> int | float:
    return plain((sum(map(exact, values), Decimal(0)) / len(values)).quantize(CENT, ROUND_HALF_UP))


def _extreme(program: JsonObject, tables: Tables, key: Any) -> str:
    rows = group(program, tables, key)
    best = max if program["which"] == "max" else min
    return best(rows, key=lambda name: (rows[name][program["column"]], name))


def _having(program: JsonObject, tables: Tables, value: Any) -> list[str]:
    return list(group(program, tables, value))


def _gap(program: JsonObject, tables: Tables, first: Any, second: Any) -> int | float:
    rows, column = tables[program["table"]], program["column"]
    return plain(exact(_row(rows, first)[column]) - exact(_row(rows, second)[column]))


def _set(program: JsonObject, tables: Tables, key: Any, status: Any) -> Any:
    row = _row(tables[program["table"]], key)
    if row["status"] == status:
        raise ImpossibleError(f"{key} is {status} already")
    row["status"] = status
    return "done"


def _cancel(program: JsonObject, tables: Tables, key: Any) -> Any:
    row = _row(tables[program["table"]], key)
    if row["status"] in program["final"]:
        raise ImpossibleError(f"{key} is {row['status']}, which is final")
    row["status"] = program["final"][-1]
    return "done"


def _create(program: JsonObject, tables: Tables, *values: Any) -> str:
    rows = tables[program["table"]]
    for name, value in zip(program["arguments"], values, strict=True):
        if name in program["owners"]:
            _row(tables[program["owners"][name]], value)
    key = f"{program['key']}-{1 + max((int(key.rsplit('-', 1)[1]) for key in rows), default=100)}"
    rows[key] = dict(zip(program["columns"], values, strict=True)) | program["starts"]
    return key


def _move(program: JsonObject, tables: Tables, first: Any, second: Any, number: Any) -> int | float:
    rows, column = tables[program["table"]], program["column"]
    source, target = _row(rows, first), _row(rows, second)
    if first == second or exact(number) <= 0 or exact(number) > exact(source[column]):
        raise ImpossibleError("not that much can be moved")
    source[column] = plain(exact(source[column]) - exact(number))
    target[column] = plain(exact(target[column]) + exact(number))
    return plain(exact(source[column]))


def _percent(part: Any, whole: Any) -> int | float:
    if exact(whole) == 0:
        raise ImpossibleError("nothing is a share of 0")
    return plain((exact(part) * 100 / exact(whole)).quantize(CENT, ROUND_HALF_UP))


def _date(text: Any) -> datetime.date:
    return datetime.date.fromisoformat(text)


TABULAR: Mapping[str, Callable[..., Any]] = {
    "lookup": _lookup,
    "follow": _follow,
    "total": _aggregate(lambda values: plain(sum(map(exact, values), Decimal(0)))),
    "mean": _aggregate(_mean),
    "highest": _aggregate(max),
    "lowest": _aggregate(min),
    "count": lambda program, tables, key: len(group(program, tables, key)),
    "extreme": _extreme,
    "having": _having,
    "gap": _gap,
    "set": _set,
    "cancel": _cancel,
    "create": _create,
    "move": _move,
}
ARITHMETIC: dict[str, Callable[..., Any]] = {
    "add": lambda first, second: plain(exact(first) + exact(second)),
    "subtract": lambda first, second: plain(exact(first) - exact(second)),
    "multiply": lambda first, second: plain(exact(first) * exact(second)),
    "percent": _percent,
    "days": lambda first, second: (_date(second) - _date(first)).days,
    "shift": lambda date, number: (_date(date) + datetime.timedelta(days=number)).isoformat(),
}
UNAIDED: dict[str, Callable[..., Any]] = {"greater": max, "ordered": lambda *numbers: sorted(numbers)}
"""What whoever reads the numbers can say without a tool."""
OPERATIONS = frozenset({*TABULAR, *ARITHMETIC, *UNAIDED})
