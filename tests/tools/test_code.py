"""A tool that runs what it is told is called only where the recipe says so, since what is run leads anywhere."""

from typing import Any

import pytest

from astra_data.tools.declared import Declared
from astra_data.tools.mcp_config import ServerEntry
from astra_data.tools.permission import refusals

THROWN = ServerEntry("shop", "stdio", "uvx", ("shop-mcp", "/workspace"))
TEXT, YES = {"type": "string"}, {"type": "boolean"}


def schema(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def why(name: str, parameters: Any, text: str = "", entry: ServerEntry = THROWN) -> str | None:
    return refusals(entry, [Declared(name, text, parameters)])[name]


RUNNING = [
    *(("shell_execute", "command", ""), ("anything", "cmd", ""), ("do", "shellCommand", ""), ("apply", "argv", "")),
    ("do", "js", ""),
    *(("run_python", "text", ""), ("PythonRepl", "input", ""), ("execute", "x", ""), ("interact_with_process", "input", "")),
    *(("pip_install", "name", ""), ("invoke_tool", "name", ""), ("evaluate", "expression", ""), ("bash", "x", "")),
    ("do", "args", ""),
    *(("apply", "x", "The shell command that is applied."), ("apply", "x", "Python code."), ("apply", "x", "JavaScript snippet")),
    *(("apply", "x", "A script, which is then executed."), ("apply", "x", "Command line of the tool.")),
    ("do", "source_code", ""),
]


@pytest.mark.parametrize(("name", "parameter", "text"), RUNNING)
@pytest.mark.parametrize("kind", [TEXT, {}, {"type": "array"}, {"anyOf": [TEXT, {"type": "null"}]}, {"$ref": "#/$defs/T"}])
def test_what_runs_what_it_is_told_is_not_called_even_on_the_workspace_alone(
    name: str, parameter: str, text: str, kind: dict[str, Any]
) -> None:
    parameters = schema(**{parameter: kind | {"description": text}}) | {"$defs": {"T": TEXT}}
    said = why(name, parameters)
    assert said is not None and said.endswith("what is run leads anywhere")
    nested = schema(options={"type": "array", "items": parameters}) | {"$defs": {"T": TEXT}}
    assert why(name, nested) is not None
    assert why(name, parameters, entry=THROWN.permitting(frozenset({name}))) is None


@pytest.mark.parametrize("text", ["Runs any shell command.", "Execute Python code in a process.", "Code is executed at once."])
def test_a_tool_that_says_so_runs_what_it_is_told(text: str) -> None:
    assert why("do", schema(x=TEXT), text) is not None
    assert why("do", schema(x=YES), text) is None, "nothing can be told by yes and no"


@pytest.mark.parametrize(
    ("name", "parameters", "text"),
    [
        ("write_query", schema(query=TEXT), "Execute an INSERT, UPDATE, or DELETE query on the database."),
        ("execute_sql", schema(sql=TEXT, params={"type": "array"}), ""),
        ("write_file", schema(path=TEXT, content=TEXT), "Write text to a file."),
        ("set_country", schema(country_code=TEXT, zipCode=TEXT, currency_code=TEXT), ""),
        ("merge_cells", schema(command={"enum": ["merge", "unmerge"]}, action=TEXT), ""),
        ("set_formula", schema(formula=TEXT), "Evaluated when the workbook is opened."),
        ("set_script", schema(script_id=TEXT, program={"type": "integer"}), ""),
        ("t_test", schema(data={"type": "array", "items": {"type": "number"}}), "Run a test."),
    ],
)
def test_what_only_asks_or_writes_in_the_workspace_is_called(name: str, parameters: Any, text: str) -> None:
    assert why(name, parameters, text) is None
