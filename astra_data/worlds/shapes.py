"""The shape of a program: all of it but its arguments, as the document of a tool says it.

    shape = shape_of({"op": "total", "table": "orders", ...}, SHOP, style=0)
    shape.name, [parameter.name for parameter in shape.parameters]
"""

from collections.abc import Mapping
from dataclasses import dataclass

from astra_data.messages import JsonObject
from astra_data.worlds.domain import Column, Domain, Table
from astra_data.worlds.sources import CALCULATED, COMBINE, ROUNDED, Names, NewRow

STYLES = 4
GROUPS = (*COMBINE, "extreme", "having")
VERBS = (
    {"lookup": "get", "follow": "get", "total": "sum", "mean": "average", "highest": "max", "lowest": "min", "count": "count",
     "having": "list", "gap": "compare", "set": "set", "move": "transfer", "cancel": "cancel", "create": "create"},
    {"lookup": "lookup", "follow": "lookup", "total": "total", "mean": "mean", "highest": "highest", "lowest": "lowest",
     "count": "number", "having": "filter", "gap": "difference", "set": "update", "move": "move",
     "cancel": "cancellation", "create": "creation"},
    {"lookup": "find", "follow": "find", "total": "compute_total", "mean": "compute_average", "highest": "find_highest",
     "lowest": "find_lowest", "count": "count_all", "having": "find_all", "gap": "subtract", "set": "change", "move": "shift",
     "cancel": "call_off", "create": "add"},
    {"lookup": "read", "follow": "read", "total": "total", "mean": "average", "highest": "peak", "lowest": "minimum",
     "count": "size", "having": "select", "gap": "delta", "set": "assign", "move": "rebook", "cancel": "withdraw",
     "create": "register"},
)
"""For each style, operation -> the verb of its tool."""

CALCULATORS = {
    "add": ("Add two numbers.", ("first_number", "second_number"), ("add_numbers", "sum_of_two", "plus", "calculate_sum")),
    "subtract": ("Subtract the second number from the first.", ("first_number", "second_number"),
                 ("subtract_numbers", "difference_of_two", "minus", "calculate_difference")),
    "multiply": ("Multiply two numbers.", ("first_number", "second_number"),
                 ("multiply_numbers", "product_of_two", "times", "calculate_product")),
    "percent": ("Say what percentage of the whole a part is, rounded to two decimals.", ("part", "whole"),
                ("percentage_share", "share_in_percent", "percent_of_whole", "calculate_percentage")),
    "days": ("Count the days from one date to another.", ("start_date", "end_date"),
             ("days_between", "date_difference", "count_days", "calculate_days")),
    "shift": ("Add a number of days to a date.", ("start_date", "day_count"),
              ("add_days", "date_plus_days", "shift_date", "later_date")),
}
"""Operation -> description, parameters, and the name in each style."""

DATE = {"type": "string", "description": "Date as YYYY-MM-DD."}
MEANS = {"total": "Sum", "mean": "Average, rounded to two decimals,", "highest": "Highest value", "lowest": "Lowest value"}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter, in the order of the program's arguments, then optional ones."""

    name: str
    schema: JsonObject
    required: bool = True


DECIMALS = {"type": "integer", "minimum": 0, "maximum": 6, "description": "Decimals to round to."}
OPTIONS: Mapping[str, tuple[Parameter, ...]] = {
    **dict.fromkeys((*ROUNDED, *CALCULATED), (Parameter("decimals", DECIMALS, required=False),)),
    "having": (
        Parameter("descending", {"type": "boolean", "description": "Whether the highest id comes first."}, required=False),
        Parameter("limit", {"type": "integer", "minimum": 1, "description": "Most ids to list."}, required=False),
    ),
}
"""Operation -> what its tool can do beside; gold calls leave it out."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a tool is but for its rows. `data` lists (local name, table, columns); `names` fills the body of its code."""

    op: str
    name: str
    description: str
    parameters: tuple[Parameter, ...]
    data: tuple[tuple[str, str, tuple[str, ...]], ...]
    names: Names
    imports: tuple[str, ...]


def shape_of(program: JsonObject, domain: Domain, style: int = 0) -> Shape:
    """The shape of a program, named in one of `STYLES` styles."""
    op = program["op"]
    if op in CALCULATORS:
        return _calculator(op, style)
    table = domain.table(program["table"])
    parameters = _parameters(program, domain, table)
    dated = _dated(op, table)
    if dated:
        optional = {**DATE, "description": f"Only {_plural(table)} whose {_spelled(dated)} is this date or later (YYYY-MM-DD)."}
        parameters = (*parameters, Parameter("earliest_date", optional, required=False))
    parameters = (*parameters, *OPTIONS.get(op, ()))
    filled = {letter: each.name for letter, each in zip("abc", parameters, strict=False)}
    filled |= {key: program[key] for key in ("column", "by", "via", "which") if key in program}
    names = Names(**filled, entity=_spelled(table.entity), dated=dated, final=tuple(program.get("final", ())),
                  new=_new_row(program, domain) if op == "create" else None)
    imports = ("from datetime import date",) if op == "create" and table.of_kind("date") else _imports(op)
    return Shape(op, _name(program, domain, style), _description(program, domain), parameters, _data(program, dated), names,
                 imports)


def _new_row(program: JsonObject, domain: Domain) -> NewRow:
    columns = [domain.table(program["table"]).column(name) for name in program["columns"]]
    fields = tuple((name, column.name, column.kind) for name, column in zip(program["arguments"], columns, strict=True))
    owners = tuple((name, owner, _spelled(domain.table(owner).entity)) for name, owner in program["owners"].items())
    return NewRow(program["key"], fields, owners, program["starts"])


def _calculator(op: str, style: int) -> Shape:
    description, parameters, called = CALCULATORS[op]
    kinds = {"days": (DATE, DATE), "shift": (DATE, {"type": "integer", "description": "Number of days."})}
    number = {"type": "number", "description": "A number."}
    schemas = kinds.get(op, (number, number))
    given = tuple(Parameter(name, schema) for name, schema in zip(parameters, schemas, strict=True))
    given = (*given, *OPTIONS.get(op, ()))
    return Shape(op, called[style % STYLES], description, given, (), Names(a=parameters[0], b=parameters[1]), _imports(op))


def _imports(op: str) -> tuple[str, ...]:
    if op in ("days", "shift"):
        return ("from datetime import date, timedelta",) if op == "shift" else ("from datetime import date",)
    if op in (*ROUNDED, *CALCULATED):
        return ("from decimal import ROUND_HALF_UP, Decimal",)
    return ("from decimal import Decimal",) if op in ("total", "gap", "move") else ()


def _parameters(program: JsonObject, domain: Domain, table: Table) -> tuple[Parameter, ...]:
    """The parameters of a tool over a table, one for each argument of the program."""
    names = list(program["arguments"])
    if program["op"] in GROUPS:
        owner = _owner(program, domain)
        shared = {"type": "string", "description": f"The {_spelled(program['by'])} that they all have."}
        return (Parameter(names[0], shared if owner is None else _key(owner)),)
    if program["op"] == "create":
        return tuple(Parameter(name, _field(column, domain))
                     for name, column in zip(names, map(table.column, program["columns"]), strict=True))
    if program["op"] == "set":
        allowed = {"type": "string", "enum": list(table.states), "description": "The new status."}
        return Parameter(names[0], _key(table)), Parameter(names[1], allowed)
    keys = [Parameter(name, _key(table)) for name in names[:2]]
    if program["op"] == "move":
        return (*keys, Parameter(names[2], {"type": "number", "description": f"How much {_spelled(program['column'])} to move."}))
    return tuple(keys)


def _field(column: Column, domain: Domain) -> JsonObject:
    """A value of a new row."""
    if column.kind == "reference":
        return _key(domain.table(str(column.of)))
    described = {"description": f"The {_spelled(column.name)} of the new row{_counted(column)}."}
    if column.kind == "date":
        return DATE
    if column.kind == "category":
        return {"type": "string", "enum": list(column.of), **described}
    return {"type": {"money": "number", "quantity": "integer"}.get(column.kind, "string"), **described}


def _owner(program: JsonObject, domain: Domain) -> Table | None:
    """The table that rows are grouped by a reference to; none where they are grouped by a category."""
    column = domain.table(program["table"]).column(program["by"])
    return domain.table(str(column.of)) if column.kind == "reference" else None


def _key(table: Table) -> JsonObject:
    return {"type": "string", "description": f"Id of the {_spelled(table.entity)}, such as {table.key}-000."}


def _dated(op: str, table: Table) -> str:
    """The date that rows may be limited by, or nothing."""
    dates = table.of_kind("date")
    return dates[0].name if op in GROUPS and dates else ""


def _data(program: JsonObject, dated: str) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    needed = [program[key] for key in ("by", "column", "via") if key in program and not (key == "column" and "target" in program)]
    status = ["status"] if program["op"] in ("set", "cancel") else []
    columns = tuple(dict.fromkeys([*needed, *([dated] if dated else []), *status]))
    rows = [("rows", program["table"], columns)]
    if "target" in program:
        rows.append(("targets", program["target"], (program["column"],)))
    rows += [(owner, owner, ()) for owner in dict.fromkeys(program.get("owners", {}).values())]
    return tuple(rows)


def _name(program: JsonObject, domain: Domain, style: int) -> str:
    op, table = program["op"], domain.table(program["table"])
    owner = _owner(program, domain) if op in GROUPS else None
    by = owner.entity if owner else program["by"] if op in GROUPS and op != "having" else ""
    if op == "extreme":
        superlative = "highest" if program["which"] == "max" else "lowest"
        return _joined(style, superlative, f"{program['column']}_{table.entity}", by)
    verb = VERBS[style % STYLES][op]
    noun = {
        "lookup": f"{table.entity}_{program.get('column')}",
        "follow": f"{table.entity}_{program.get('via')}_{program.get('column')}",
        "count": table.name,
        "having": f"{table.name}_by_{program.get('by')}",
        "gap": f"{table.entity}_{program.get('column')}",
        "set": f"{table.entity}_status",
        "cancel": table.entity,
        "create": table.entity,
        "move": f"{table.entity}_{program.get('column')}",
    }.get(op, f"{table.entity}_{program.get('column')}")
    return _joined(style, verb, noun, by)


def _joined(style: int, verb: str, noun: str, by: str) -> str:
    """Verb first, noun first, with `of`, or as a query."""
    if style % STYLES == 1:
        return f"{noun}_{verb}_by_{by}" if by else f"{noun}_{verb}"
    if style % STYLES == 2:
        return f"{verb}_{noun}_of_{by}" if by else f"{verb}_{noun}"
    if style % STYLES == 3:
        return f"query_{by}_{noun}_{verb}" if by else f"query_{noun}_{verb}"
    return f"{verb}_{by}_{noun}" if by else f"{verb}_{noun}"


def _description(program: JsonObject, domain: Domain) -> str:
    op, table = program["op"], domain.table(program["table"])
    entity, column = _spelled(table.entity), _spelled(program.get("column", ""))
    unit = _unit(program, domain)
    if op in GROUPS and op != "having":
        owner = _owner(program, domain)
        some = f"of one {_spelled(owner.entity)}" if owner else f"with a certain {_spelled(program['by'])}"
        among = f"among the {_plural(table)} {some}"
        if op == "count":
            return f"Number of {_plural(table)} {some}."
        if op == "extreme":
            return f"Id of the {entity} with the {'highest' if program['which'] == 'max' else 'lowest'} {column} {among}."
        return f"{MEANS[op]} of the {column} {among}{unit}."
    return {
        "lookup": f"The {column} of one {entity}{unit}.",
        "follow": f"The {column} of the {_spelled(program.get('via', ''))} that one {entity} belongs to{unit}.",
        "having": f"Ids of all {_plural(table)} with a certain {_spelled(program.get('by', ''))}.",
        "gap": f"How much higher the {column} of one {entity} is than that of another{unit}.",
        "set": f"Change the status of one {entity}. Returns `done`.",
        "move": f"Move some {column} from one {entity} to another. Returns what is left in the first.",
        "cancel": f"Cancel one {entity}, which must not be {' or '.join(table.final)}. Returns `done`.",
        "create": f"Create a new {entity}. Returns its id.",
    }[op]


def _unit(program: JsonObject, domain: Domain) -> str:
    if "column" not in program:
        return ""
    column = domain.table(program.get("target") or program["table"]).column(program["column"])
    return _counted(column)


def _counted(column: Column) -> str:
    return " in EUR" if column.kind == "money" else f" in {column.unit}" if column.unit else ""


def _spelled(word: str) -> str:
    return word.replace("_", " ")


def _plural(table: Table) -> str:
    return table.name.replace("_", " ")
