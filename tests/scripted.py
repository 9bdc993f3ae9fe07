"""Players of the tests' own, and short ways to say what they work on.

policy = ScriptedPolicy(calls(("add", {"a": 1, "b": 2})), says("It is 3."))
judge = ScriptedTeacher({"judge_planning": [Judgement(reason="good", score=1)]})
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from astra_data.ledger import Unanswered, Usage
from astra_data.messages import JsonObject, Message, assistant, tool_call
from astra_data.rows import Server, new_row
from astra_data.rows.tools import Source, Tool
from astra_data.teacher.ask import Ask
from astra_data.teacher.asks import ToolCard
from astra_data.teacher.teacher import Abstained, Turn
from astra_data.tools.result import ToolResult

TEXT, NUMBER = {"type": "string"}, {"type": "number"}


def schema(required: Mapping[str, Any] | None = None, /, **optional: Any) -> JsonObject:
    properties = dict(required or {}) | optional
    return {"type": "object", "properties": properties, "required": list(required or {})}


def card(name: str, description: str, parameters: JsonObject | None = None, returns: JsonObject | None = None) -> ToolCard:
    return ToolCard(name=name, description=description, parameters=parameters or schema(), output_schema=returns)


def offered(*cards: ToolCard) -> list[JsonObject]:
    """The tools as a policy gets them."""
    return [
        {"type": "function", "function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters}}
        for tool in cards
    ]


def server(*cards: ToolCard, name: str = "shop", connection: Any = None, annotations: Any = None) -> Server:
    row: Server = new_row(
        Server,
        name=name,
        version="1",
        title=name.title(),
        description=f"A {name}.",
        domain=None,
        language="en",
        license="MIT",
        source=Source("live", None, None, None),
        connection=connection,
        flags=[],
        models={},
        tools=[Tool(tool.name, tool.description, tool.parameters, tool.output_schema, annotations) for tool in cards],
    )
    return row


def calls(*wanted: tuple[str, JsonObject], start: int = 0) -> Message:
    """An assistant turn that makes these calls; their ids count from `start`."""
    made = [tool_call(f"call_{start + index}", name, arguments) for index, (name, arguments) in enumerate(wanted)]
    return assistant("", made)


def says(text: str) -> Message:
    return assistant(text)


@dataclass
class ScriptedTeacher:
    """Answers the asks it has a script for, one entry after the other (the last one stays); an exception is raised.

    A script may also be a function of the inputs. `seen` holds what was asked, in order.
    """

    script: Mapping[str, Any]
    name: str = "scripted"
    seen: list[tuple[str, Any]] = field(default_factory=list)

    async def answer(self, ask: Ask[Any, Any], inputs: Any, *, sample: int = 0) -> Any:
        turn = sum(name == ask.name for name, _ in self.seen)
        self.seen.append((ask.name, inputs))
        given = self.script.get(ask.name, Abstained(f"no script for {ask.name}"))
        if isinstance(given, list):
            given = given[min(turn, len(given) - 1)]
        given = given(inputs) if callable(given) else given
        if isinstance(given, Exception):
            raise given
        return given

    def asked(self, name: str) -> list[Any]:
        """The inputs of every ask of this name."""
        return [inputs for asked, inputs in self.seen if asked == name]


class ScriptedPolicy:
    """Takes these turns and no others. `saw` are the messages it had before each."""

    name = "scripted"

    def __init__(self, *turns: Message | Turn | Exception) -> None:
        self._turns, self.saw = list(turns), list[list[Message]]()

    @property
    def sampling(self) -> JsonObject:
        return {}

    async def act(self, messages: list[Message], tools: list[JsonObject], *, sample: int = 0) -> Turn:
        self.saw.append(list(messages))
        turn = self._turns[len(self.saw) - 1]
        if isinstance(turn, Exception):
            raise turn
        return turn if isinstance(turn, Turn) else Turn(turn, Usage(3, 2))


class ScriptedToolbox:
    """Answers calls by the functions it is given, and remembers what reached it."""

    def __init__(self, **tools: Callable[..., Any]) -> None:
        self._tools, self.reached = tools, list[tuple[str, JsonObject]]()

    async def call(self, name: str, arguments: JsonObject) -> ToolResult:
        self.reached.append((name, arguments))
        answer = self._tools[name](**arguments)
        return answer if isinstance(answer, ToolResult) else ToolResult(str(answer), is_error=False)


def down() -> ToolResult:
    """A tool function whose backend is gone."""
    raise Unanswered("tool backend: died")
