"""ASTRA's released RL rows, in and out [A 13]: `prompt`, and as JSON strings `tool_schema`, `tool_dict` and `sub_qa_dict`.

    environment = from_row(row, "rl.jsonl", 1)
    to_row(environment)["sub_qa_dict"]              # '{"get_stock": ["3"]}'

The form has no call, no typed answer, no order, no state and no further turn. A row that we write has all of that in one more
column, `astra_environment`, which other readers pass over, and so comes back equal. A row of four columns becomes goals of kind
`text` whose `arguments` are null: the call that reaches them is not known, and nothing that needs it can be checked.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from astra_data.errors import DataError, Place
from astra_data.formats.exporting import Refuse, fitting, new_file, put, raised, require
from astra_data.formats.importing import STATELESS, difficulty_of, files_in, foreign_rows, goals_of, stage_of
from astra_data.formats.standalone import entry_in, identifier, standalone
from astra_data.formats.strict_json import parsed
from astra_data.pipeline.stage import Item, Stage, item_of
from astra_data.rollout.goals import text_of
from astra_data.rows import Environment, Row, new_row, to_dict
from astra_data.rows.environments import EnvironmentTool, EnvironmentTurn, Goal, Match, Module
from astra_data.stages.imported import checked

COLUMNS = ("prompt", "tool_schema", "tool_dict", "sub_qa_dict")
WHOLE = "astra_environment"
"""The column with the whole environment as JSON."""
FILE = "data/train-00000-of-00001.parquet"
GROUP_ROWS = 100


def locate(source: str) -> Path | None:
    return None


def import_stage(source: Path) -> Stage:
    """See `Importer`. `source` is a JSON Lines or Parquet file, or a folder of them."""
    files = files_in(source)

    def items() -> Iterator[Item]:
        for file, number, read in foreign_rows(files):
            yield item_of(f"{file}, row {number}", partial(_read, read, file, number))

    return stage_of("astra_rl", items, files)


def _read(read: Callable[[], Row], file: str, number: int) -> Environment:
    return from_row(read(), file, number)


def from_row(row: Row, file: str, number: int) -> Environment:
    """The environment of one row. Raises `DataError` naming file, row and field."""
    for column in COLUMNS:
        if column not in row:
            raise DataError("missing", place=Place(file, number, column), mend=f"a row has the columns {', '.join(COLUMNS)}")
    if row.get(WHOLE) is not None:
        return _whole(row, file, number)
    reader = _Reader(row, file, number)
    tools, modules = reader.tools()
    turns = [EnvironmentTurn(reader.user(), reader.goals({tool.name for tool in tools}))]
    environment: Environment = new_row(
        Environment, question_id=None, source="astra_rl", domain="unknown", language=None, license=None, turns=turns,
        tools=tools, modules=modules, world=STATELESS, answer=None, audit=[], hackability=None,
        difficulty=difficulty_of(turns, tools), split_keys=[], models={},
    )
    return environment


def to_row(environment: Environment) -> Row:
    """The five columns. Where a tool is more than one function of one module, its source holds all that it needs."""
    answers: dict[str, list[str]] = {}
    for goal in goals_of(environment):
        answers.setdefault(goal.tool, []).append(text_of(goal.response if goal.answer is None else goal.answer))
    return {
        "prompt": [{"role": "user", "content": turn.user} for turn in environment.turns],
        "tool_schema": _json([{"type": "function", "function": tool.schema} for tool in environment.tools]),
        "tool_dict": _json({tool.name: standalone(environment, tool) for tool in environment.tools}),
        "sub_qa_dict": _json(answers),
        WHOLE: orjson.dumps(to_dict(environment)).decode(),
    }


def write(environments: Iterable[Environment], folder: Path, card: str, refuse: Refuse = raised) -> int:
    """See `Exporter`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    message = pa.struct([("role", pa.string()), ("content", pa.string())])
    schema = pa.schema([("prompt", pa.list_(message)), *((name, pa.string()) for name in (*COLUMNS[1:], WHOLE))])
    put(folder, "README.md", card)
    written = 0
    with new_file(folder, FILE) as file, pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for rows in _batches(map(to_row, fitting(environments, require, refuse))):
            writer.write_table(pa.Table.from_pylist(rows, schema))
            written += len(rows)
    return written


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) == GROUP_ROWS:
            yield batch
            batch = []
    if batch:
        yield batch


def _whole(row: Row, file: str, number: int) -> Environment:
    """The environment that the further column holds, if the four still say the same."""
    value = parsed(row[WHOLE], Place(file, number, WHOLE))
    environment: Environment = checked(Environment, value, file, number)
    wanted = to_row(environment)
    for column in COLUMNS:
        if row[column] != wanted[column]:
            raise DataError(f"differs from what {WHOLE} says", place=Place(file, number, column),
                            mend=f"drop the column {WHOLE} to take the four columns as they are")
    return environment


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


class _Reader:
    """One row of four columns, with its place for errors."""

    def __init__(self, row: Row, file: str, number: int) -> None:
        self._row, self._file, self._number = row, file, number

    def user(self) -> str:
        """What the prompt says, which must be said by the user alone."""
        prompt = self._row["prompt"]
        if not isinstance(prompt, list) or not prompt:
            raise self._error("prompt", "expected a list of messages", "write [{role, content}]")
        for index, message in enumerate(prompt):
            if not isinstance(message, dict) or message.get("role") != "user" or not isinstance(message.get("content"), str):
                raise self._error(f"prompt[{index}]", "not a message of the user", "write {role: user, content: text}")
        return "\n\n".join(message["content"] for message in prompt)

    def tools(self) -> tuple[list[EnvironmentTool], list[Module]]:
        """The tools in the order of their schemas, each with its source as a module of its own."""
        schemas, sources = self._schemas(), self._object("tool_dict")
        for name in sources:
            if name not in schemas:
                raise self._error(f"tool_dict.{name}", "no schema offers this tool", "add its schema, or drop its source")
        modules, tools = [], []
        for index, (name, schema) in enumerate(schemas.items()):
            if not isinstance(source := sources.get(name), str):
                raise self._error(f"tool_dict.{name}", "this tool has no source", "add its Python source")
            module = Module(f"tool_{index}_{identifier(name)}", source)
            entry = self._entry(name, source)
            modules.append(module)
            tools.append(EnvironmentTool(name, schema, f"{module.name}.{entry}"))
        return tools, modules

    def goals(self, tools: set[str]) -> list[Goal]:
        """A goal for each gold answer; which call gives it is not known."""
        goals: list[Goal] = []
        for name, answers in self._object("sub_qa_dict").items():
            field = f"sub_qa_dict.{name}"
            if name not in tools:
                raise self._error(field, "no schema offers this tool", "name a tool of tool_schema")
            if not isinstance(answers, list):
                raise self._error(field, f"expected a list of texts, got {type(answers).__name__}", "write one text per answer")
            for index, answer in enumerate(answers):
                if not isinstance(answer, str) or not answer.strip():
                    raise self._error(f"{field}[{index}]", "an answer must be a text that is not empty", "write it as a string")
                goals.append(Goal(f"g{len(goals)}", name, None, None, answer, Match("text"), []))
        if not goals:
            raise self._error("sub_qa_dict", "there is no answer, so no reward", "name at least one answer")
        return goals

    def _schemas(self) -> dict[str, Any]:
        value = parsed(self._row["tool_schema"], self._place("tool_schema"))
        if not isinstance(value, list):
            raise self._error("tool_schema", "expected a list of OpenAI tools", "write [{type, function}]")
        schemas: dict[str, Any] = {}
        for index, tool in enumerate(value):
            function = tool.get("function", tool) if isinstance(tool, dict) else None
            if not isinstance(function, dict) or not isinstance(function.get("name"), str):
                raise self._error(f"tool_schema[{index}]", "not an OpenAI tool with a name", "write {type, function}")
            if function["name"] in schemas:
                raise self._error(f"tool_schema[{index}].name", f"a second tool of the name {function['name']}",
                                  "names are unique: a call could mean either")
            if not isinstance(function.get("parameters", {}), dict):
                raise self._error(f"tool_schema[{index}].parameters", "expected an object", "write a JSON Schema")
            schemas[function["name"]] = function
        return schemas

    def _entry(self, name: str, source: str) -> str:
        try:
            return entry_in(source, name)
        except ValueError as error:
            raise self._error(f"tool_dict.{name}", str(error), "write a module with a function of the tool's name") from error

    def _object(self, column: str) -> Mapping[str, Any]:
        value = parsed(self._row[column], self._place(column))
        if not isinstance(value, dict):
            raise self._error(column, "expected a JSON object", "write {tool name: ...}")
        return value

    def _place(self, field: str) -> Place:
        return Place(self._file, self._number, field)

    def _error(self, field: str, message: str, mend: str) -> DataError:
        return DataError(message, place=self._place(field), mend=mend)
