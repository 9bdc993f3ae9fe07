"""The Python of tools, operation by operation: what a person would write for a lookup, a total, a transfer.

Every function checks the types of what it is given, answers `{"result": ...}`, or `{"error": {"type": ..., "message": ...}}` with
nothing of its data in it. It is pure: no clock, no randomness, no order of sets.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

ERRORS = '''def _error(kind, message):
    return {"error": {"type": kind, "message": message}}
'''

NUMBERS = '''def _exact(number):
    return Decimal(str(number))


def _plain(number):
    return int(number) if number == number.to_integral_value() else float(number)


'''

ROUND = '''def _rounded(number, decimals):
    return number.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


'''

COMBINE = {
    "total": "_plain(sum((_exact(value) for value in values), Decimal(0)))",
    "mean": "_plain(_rounded(sum(_exact(value) for value in values) / len(values), 2 if decimals is None else decimals))",
    "highest": "max(values)",
    "lowest": "min(values)",
    "count": "len(values)",
}
"""Operation -> how the list `values` becomes one."""

COMPUTE = {
    "add": "_exact({0}) + _exact({1})",
    "subtract": "_exact({0}) - _exact({1})",
    "multiply": "_exact({0}) * _exact({1})",
    "percent": "_exact({0}) * 100 / _exact({1})",
}
"""Operation -> the number it makes of two."""
ROUNDED = ("mean", "percent")
"""Operations that round to two decimals, unless their tool is told to how many."""
CALCULATED = ("add", "subtract", "multiply")
"""Operations that round only where their tool is told to how many decimals."""

Body = Callable[["Names"], list[str]]


@dataclass(frozen=True, slots=True)
class Names:
    """What a body is filled with: its parameters in order, what the program names, the noun of a row, and the date that rows may
    be limited by."""

    a: str = ""
    b: str = ""
    c: str = ""
    column: str = ""
    by: str = ""
    via: str = ""
    which: str = ""
    entity: str = ""
    dated: str = ""
    final: tuple[str, ...] = ()
    new: "NewRow | None" = None


@dataclass(frozen=True, slots=True)
class NewRow:
    """What a new row is made of: `fields` are (parameter, column, kind), `owners` (parameter, name of its rows, noun of one)."""

    key: str
    fields: tuple[tuple[str, str, str], ...]
    owners: tuple[tuple[str, str, str], ...]
    starts: Mapping[str, str]


def lookup(names: Names) -> list[str]:
    return [*unknown(names.a, "rows", names.entity), f'return {{"result": rows[{names.a}]["{names.column}"]}}']


def follow(names: Names) -> list[str]:
    return [
        *unknown(names.a, "rows", names.entity),
        f'return {{"result": targets[rows[{names.a}]["{names.via}"]]["{names.column}"]}}',
    ]


def group(names: Names) -> list[str]:
    """The rows that refer to the first parameter, those before a date left out if one is given."""
    wanted = f'row["{names.by}"] == {names.a}'
    if names.dated:
        wanted += f' and (earliest_date is None or row["{names.dated}"] >= earliest_date)'
    return [
        f"found = {{key: row for key, row in rows.items() if {wanted}}}",
        "if not found:",
        '    return _error("not_found", "nothing matches these arguments")',
    ]


def aggregate(operation: str) -> Body:
    def body(names: Names) -> list[str]:
        values = "list(found)" if operation == "count" else f'[row["{names.column}"] for row in found.values()]'
        return [*group(names), f"values = {values}", f'return {{"result": {COMBINE[operation]}}}']

    return body


def extreme(names: Names) -> list[str]:
    best = f'{names.which}(found, key=lambda key: (found[key]["{names.column}"], key))'
    return [*group(names), f'return {{"result": {best}}}']


def having(names: Names) -> list[str]:
    return [
        *group(names),
        "keys = sorted(found, reverse=True) if descending else list(found)",
        'return {"result": keys if limit is None else keys[:limit]}',
    ]


def gap(names: Names) -> list[str]:
    difference = f'_exact(rows[{names.a}]["{names.column}"]) - _exact(rows[{names.b}]["{names.column}"])'
    return [
        *unknown(names.a, "rows", names.entity), *unknown(names.b, "rows", names.entity),
        f'return {{"result": _plain({difference})}}',
    ]


def arithmetic(operation: str) -> Body:
    def body(names: Names) -> list[str]:
        refused = [f"if {names.b} == 0:", '    return _error("invalid_argument", "nothing is a share of 0")']
        rounded = "_rounded(number, 2 if decimals is None else decimals)" if operation in ROUNDED \
            else "number if decimals is None else _rounded(number, decimals)"
        return [
            *(refused if operation == "percent" else []),
            f"number = {COMPUTE[operation].format(names.a, names.b)}",
            f'return {{"result": _plain({rounded})}}',
        ]

    return body


def days(names: Names) -> list[str]:
    return [
        "try:",
        f"    first, second = date.fromisoformat({names.a}), date.fromisoformat({names.b})",
        "except ValueError:",
        '    return _error("invalid_argument", "dates are written as YYYY-MM-DD")',
        'return {"result": (second - first).days}',
    ]


def shift(names: Names) -> list[str]:
    return [
        "try:",
        f'    return {{"result": (date.fromisoformat({names.a}) + timedelta(days={names.b})).isoformat()}}',
        "except (ValueError, OverflowError):",
        '    return _error("invalid_argument", "dates are written as YYYY-MM-DD, and lie between the years 1 and 9999")',
    ]


def set_status(names: Names) -> list[str]:
    return [
        *unknown(names.a, "rows", names.entity),
        f'if rows[{names.a}]["status"] == {names.b}:',
        f'    return _error("conflict", "the {names.entity} has this status already")',
        f'rows[{names.a}]["status"] = {names.b}',
        'return {"result": "done"}',
    ]


def move(names: Names) -> list[str]:
    source, target = f'rows[{names.a}]["{names.column}"]', f'rows[{names.b}]["{names.column}"]'
    return [
        *unknown(names.a, "rows", names.entity), *unknown(names.b, "rows", names.entity),
        f"if {names.a} == {names.b} or {names.c} <= 0 or _exact({names.c}) > _exact({source}):",
        '    return _error("conflict", "not that much can be moved")',
        f"{source} = _plain(_exact({source}) - _exact({names.c}))",
        f"{target} = _plain(_exact({target}) + _exact({names.c}))",
        f'return {{"result": {source}}}',
    ]


def cancel(names: Names) -> list[str]:
    return [
        *unknown(names.a, "rows", names.entity),
        f'if rows[{names.a}]["status"] in {names.final!r}:',
        f'    return _error("conflict", "the {names.entity} can no longer be cancelled")',
        f'rows[{names.a}]["status"] = "{names.final[-1]}"',
        'return {"result": "done"}',
    ]


def create(names: Names) -> list[str]:
    assert names.new is not None
    new = names.new
    values = [f'"{column}": {parameter}' for parameter, column, _ in new.fields]
    values += [f'"{column}": "{value}"' for column, value in new.starts.items()]
    return [
        *(line for parameter, rows, entity in new.owners for line in unknown(parameter, rows, entity)),
        *(line for parameter, _, kind in new.fields for line in _sensible(parameter, kind)),
        "number = 1 + max((int(key.rsplit('-', 1)[1]) for key in rows), default=100)",
        f'key = f"{new.key}-{{number}}"',
        f"rows[key] = {{{', '.join(values)}}}",
        'return {"result": key}',
    ]


def _sensible(parameter: str, kind: str) -> list[str]:
    """Refuse numbers that are not above 0 and texts that are no date."""
    if kind in ("money", "quantity"):
        return [f"if {parameter} <= 0:", f'    return _error("invalid_argument", "{parameter} must be above 0")']
    if kind == "date":
        return [
            "try:",
            f"    date.fromisoformat({parameter})",
            "except ValueError:",
            f'    return _error("invalid_argument", "{parameter} is written as YYYY-MM-DD")',
        ]
    return []


def unknown(parameter: str, rows: str, entity: str) -> list[str]:
    """Refuse a key that is not there."""
    return [f"if {parameter} not in {rows}:", f'    return _error("not_found", "there is no such {entity}")']


BODIES: Mapping[str, Body] = {
    "lookup": lookup,
    "follow": follow,
    **{operation: aggregate(operation) for operation in COMBINE},
    "extreme": extreme,
    "having": having,
    "gap": gap,
    **{operation: arithmetic(operation) for operation in COMPUTE},
    "days": days,
    "shift": shift,
    "set": set_status,
    "cancel": cancel,
    "create": create,
    "move": move,
}
"""Operation -> the lines of its function, after the checks of types and the line that names its rows."""
