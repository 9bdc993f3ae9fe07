"""The tool that a program stands for: its document, its gold call, and the Python that answers it.

    tool = draft(node.program, domain, tables, answers, style=2)
    tool.name, tool.arguments        # 'find_total_of_customer_orders', {"customer_id": "CUS-7"}

Nodes whose programs differ in nothing but their arguments have the same tool: its code holds all rows, so it answers for each of
them. Results are narrow, and errors tell nothing of the data. Tools that write share the tables of a module `world`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from astra_data.messages import JsonObject
from astra_data.rows import Question
from astra_data.worlds.domain import Domain, Tables
from astra_data.worlds.domains import DOMAINS
from astra_data.worlds.programs import arguments_of
from astra_data.worlds.shapes import Parameter, Shape, shape_of
from astra_data.worlds.sources import BODIES, ERRORS, NUMBERS, ROUND

WORLD_MODULE = "world"
WORLD_SOURCE = '''"""The tables that all tools share."""

TABLES = {}


def load(state):
    TABLES.clear()
    TABLES.update(state)


def dump():
    return TABLES
'''
"""The module behind tools with a state; its entries are `world.load` and `world.dump`."""

CHECKS = {
    "string": ("not isinstance({0}, str)", "a text"),
    "integer": ("not isinstance({0}, int) or isinstance({0}, bool)", "a whole number"),
    "boolean": ("not isinstance({0}, bool)", "true or false"),
    "number": ("not isinstance({0}, (int, float)) or isinstance({0}, bool)", "a number"),
}
"""JSON type -> the test that a value is not of it, and how it is called."""


@dataclass(frozen=True, slots=True)
class ToolDraft:
    """A tool with its gold call. `source` is one module with a top-level function `name`; the answer stands at the dotted `path`
    of its result."""

    name: str
    description: str
    parameters: JsonObject
    arguments: JsonObject
    source: str
    path: str = "result"


def drafts_of(question: Question) -> dict[str, ToolDraft]:
    """Node id -> the tool of each node of a question about a world that needs one."""
    knowledge, answers = question.knowledge, {node.id: node.answer for node in question.nodes}
    return {
        node.id: draft(node.program, DOMAINS[question.domain], knowledge["tables"], answers, style=knowledge["style"],
                       shared=knowledge["writes"])
        for node in question.nodes if node.program is not None and node.needs_tool
    }


def draft(program: JsonObject, domain: Domain, tables: Tables, answers: Mapping[str, Any], *, style: int = 0,
          shared: bool = False) -> ToolDraft:
    """The tool of a program. `style` varies names (see `shapes.STYLES`); `shared` tools read the tables of the module `world`.

    `answers` are those of the nodes that the program refers to.
    """
    shape = shape_of(program, domain, style)
    properties = {parameter.name: parameter.schema for parameter in shape.parameters}
    required = [parameter.name for parameter in shape.parameters if parameter.required]
    return ToolDraft(
        shape.name, shape.description, {"type": "object", "properties": properties, "required": required},
        arguments_of(program, answers), _source(shape, tables, shared),
    )


def _source(shape: Shape, tables: Tables, shared: bool) -> str:
    """The module of a tool."""
    signature = ", ".join(each.name if each.required else f"{each.name}=None" for each in shape.parameters)
    imports = [*shape.imports, *([f"import {WORLD_MODULE}"] if shared and shape.data else [])]
    head = f'"""{shape.description}"""\n\n' + "".join(f"{line}\n" for line in imports) + ("\n" if imports else "")
    known = [] if shared else [f"{name.upper()} = {_rows(tables[table], columns)}\n\n" for name, table, columns in shape.data]
    places = {name: f'{WORLD_MODULE}.TABLES["{table}"]' if shared else name.upper() for name, table, _ in shape.data}
    body = [line for each in shape.parameters for line in _check(each)]
    body += [f"{name} = {place}" for name, place in places.items()] + BODIES[shape.op](shape.names)
    lines = "".join(f"    {line}\n" for line in body)
    helpers = (NUMBERS if "_exact" in lines else "") + (ROUND if "_rounded" in lines else "")
    data = "".join(known)
    return f"{head}{data}\n{helpers}{ERRORS}\n\ndef {shape.name}({signature}):\n{lines}"


def _rows(rows: Mapping[str, Mapping[str, Any]], columns: tuple[str, ...]) -> str:
    """The rows as Python, with no column that the tool does not need."""
    lines = (f"    {key!r}: { {column: row[column] for column in columns}!r},\n" for key, row in rows.items())
    return "{\n" + "".join(lines) + "}"


def _check(parameter: Parameter) -> list[str]:
    test, called = CHECKS[parameter.schema["type"]]
    fails = test.format(parameter.name)
    if not parameter.required:
        fails = f"{parameter.name} is not None and {fails}"
    lines = [f"if {fails}:", f'    return _error("invalid_argument", "{parameter.name} must be {called}")']
    if "enum" in parameter.schema:
        choices = tuple(parameter.schema["enum"])
        lines += [f"if {parameter.name} not in {choices}:",
                  f'    return _error("invalid_argument", "{parameter.name} is none of the values allowed")']
    outside = [f"{parameter.name} {sign} {parameter.schema[bound]}" for bound, sign in (("minimum", "<"), ("maximum", ">"))
               if bound in parameter.schema]
    if outside:
        given = f"{parameter.name} is not None and " if not parameter.required else ""
        lines += [f"if {given}({' or '.join(outside)}):",
                  f'    return _error("invalid_argument", "{parameter.name} is out of range")']
    return lines
