"""Questions about made-up places, and a writer whose every answer about them is good, except where a test says otherwise.

    with ScriptedEndpoint(Writer(QUESTIONS).reply) as endpoint: ...
"""

import json
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from astra_data.rows import Question, new_row
from astra_data.rows.questions import Node

OTHERS = {"Aa": 901, "Bb": 902, "Cc": 903, "Dd": 904, "Ee": 905}
CODE = '''DATA = {data}


def {name}(place, unit="metres"):
    if not isinstance(place, str) or place not in DATA:
        return {{"error": {{"type": "unknown", "message": "no such place"}}}}
    return {{"value": DATA[place], "unit": unit}}
'''


def node(name: str, kind: str, place: str, answer: int, *depends_on: str, level: int = 1) -> Node:
    return Node(name, level, f"What is the {kind} of {place}?", answer, "integer", list(depends_on), True)


def leaf(*depends_on: str, level: int) -> Node:
    return Node("last", level, "Which of them is more?", "the first", "text", list(depends_on), False)


def question(scenario: str, text: str, *nodes: Node) -> Question:
    last = nodes[-1]
    row: Question = new_row(
        Question, source="given", domain="places", language="en", scenario=scenario, template=None, world=None, knowledge={},
        question=text, answer=last.answer, answer_type=last.answer_type, nodes=list(nodes), checks=[], quality=1.0,
        hops=max(one.level for one in nodes), models={},
    )
    return row


def four(number: int) -> list[Question]:
    """One question of each scenario, all with places of their own."""
    a, b, c, d = (f"{name}ville {number}" for name in ("Ar", "Bo", "Cu", "De"))
    base = 10 * number
    return [
        question("single_hop", f"How high is the tower of {a}?", node("n1", "height", a, base + 1)),
        question("parallel_single_hop", f"Which is deeper, {b} or {c}?", node("n1", "depth", b, base + 2),
                 node("n2", "depth", c, base + 3), leaf("n1", "n2", level=2)),
        question("multi_hop", f"How wide is what is as long as {d}?", node("n1", "length", d, base + 4),
                 node("n2", "width", f"{d} twin", base + 5, "n1", level=2)),
        question("parallel_multi_hop", f"Compare {a} and {b} with {c}.", node("n1", "age", a, base + 6),
                 node("n2", "price", b, base + 7), node("n3", "weight", c, base + 8, "n1", "n2", level=2),
                 leaf("n3", level=3)),
    ]


QUESTIONS = [row for number in (1, 2, 3) for row in four(number)]
"""Twelve; those about a depth hold two sub-questions of one intent each."""


def tool(name: str, **more: Any) -> dict[str, Any]:
    properties = {"place": {"type": "string"}, **more}
    return {"name": name, "description": "Tells it of a place.",
            "parameters": {"type": "object", "properties": properties, "required": ["place"]}}


class Writer:
    """Answers by the prompt alone. `spoil` takes the ask's name, the prompt and the good answer, and gives the answer sent."""

    def __init__(self, questions: list[Question],
                 spoil: Callable[[str, str, Any], Any] = lambda name, prompt, good: good) -> None:
        self._nodes = {one.question: one for row in questions for one in row.nodes}
        self._spoil = spoil

    def reply(self, request: dict[str, Any]) -> str:
        name = request["response_format"]["json_schema"]["name"]
        prompt = request["messages"][1]["content"]
        return json.dumps(self._spoil(name, prompt, getattr(self, name)(prompt)))

    def write_tool(self, prompt: str) -> Any:
        return tool(f"{kind_of(line(prompt, 'Question: '))}_of")

    def scale_tool(self, prompt: str) -> Any:
        document = line(prompt, "The tool: ")
        return tool(document["name"], unit={"type": "string"})

    def write_call(self, prompt: str) -> Any:
        return {"arguments": {"place": place_of(line(prompt, "Question: "))}}

    def write_code(self, prompt: str) -> Any:
        asked = line(prompt, "Question: ")
        return {"source": code(f"{kind_of(asked)}_of", {place_of(asked): self._nodes[asked].answer}), "answer_path": "value"}

    def cluster_tools(self, prompt: str) -> Any:
        by_kind = defaultdict(list)
        for text in prompt.splitlines():
            if text.startswith('{"id"'):
                by_kind[kind_of(json.loads(text)["question"])].append(json.loads(text)["id"])
        return {"clusters": [{"intent": kind, "ids": ids} for kind, ids in by_kind.items()]}

    def merge_tool(self, prompt: str) -> Any:
        old = [json.loads(text)["question"] for text in prompt.splitlines() if text.startswith('{"question"')]
        new = line(prompt, "The new question: ")["question"]
        data = {place_of(asked): self._nodes[asked].answer for asked in [*old, new]}
        document = tool(f"{kind_of(new)}_of", unit={"type": "string"})
        return {"description": document["description"], "parameters": document["parameters"],
                "source": code(document["name"], data), "arguments": {"place": place_of(new)}, "answer_path": "value"}


def code(name: str, data: dict[str, int]) -> str:
    return CODE.format(name=name, data=json.dumps(OTHERS | data))


def line(prompt: str, start: str) -> Any:
    """The JSON after the words that a line starts with."""
    return json.loads(next(text for text in prompt.splitlines() if text.startswith(start)).removeprefix(start))


def kind_of(asked: str) -> str:
    return asked.removeprefix("What is the ").partition(" of ")[0]


def place_of(asked: str) -> str:
    return asked.partition(" of ")[2].removesuffix("?")
