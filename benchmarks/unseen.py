"""Environments that nobody looked at: of worlds, of recorded calls, and of code that a writer wrote.

    rows = worlds(60, "seed")           # kept and rejected ones alike
"""

import asyncio
import json
import random
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

from astra_data.audit import Bench
from astra_data.errors import UsageError
from astra_data.pipeline.stage import Keep, Reject
from astra_data.rows import Environment, Question, new_row
from astra_data.rows.questions import Node
from astra_data.sandbox import Sandbox
from astra_data.stages.environments.config import EnvironmentsConfig
from astra_data.stages.environments.stage import environment_of
from astra_data.stages.environments.synthesis import Work
from astra_data.teacher.environment_asks import Arguments, Code, ScaleTool, ToolDocument, WriteCall, WriteCode, WriteTool
from astra_data.teacher.offline.teacher import OfflineTeacher
from astra_data.teacher.teacher import Teacher
from astra_data.worlds import DOMAINS, LANGUAGES, SCENARIOS, Wanted, compose

KINDS = ("height", "depth", "length", "width", "age", "price", "weight", "capacity")
PLACES = [f"{start}{end}" for start in ("Al", "Bre", "Cor", "Dun", "Els") for end in ("mouth", "ford", "ton")]
KNOWN = 9
"""Places that a table has."""
RESULTS = {
    "object": ('return {"value": TABLE[place], "of": place}', 'return {"error": {"type": "unknown", "message": "no such place"}}',
               "value"),
    "sentence": ('return f"It is {TABLE[place]} today."', 'return "Error: nothing is known of this place"', None),
    "list": ('return [place, [TABLE[place]]]', 'raise LookupError("no such place")', "1.0"),
}
"""How a written tool answers, how it refuses, and where its answer stands."""
CODE = '''TABLE = {table}


def {name}(place, unit=None):
    if not isinstance(place, str) or place not in TABLE:
        {refuse}
    {answer}
'''


def questions(count: int, seed: str) -> Iterator[Question]:
    """Questions of all domains, scenarios and languages, of up to seven hops; a fifth writes. A form that cannot be had is left
    out."""
    for number in range(count):
        rng = random.Random(f"{seed}/{number}")
        scenario = rng.choice(SCENARIOS)
        hops = 1 if "single" in scenario else rng.randrange(3, 8)
        writes = scenario in ("multi_hop", "parallel_multi_hop") and rng.random() < 0.4
        try:
            yield compose(Wanted(rng.choice(list(DOMAINS)), rng.choice(list(LANGUAGES)), scenario, hops, writes=writes),
                          f"{seed}/{number}")
        except UsageError:
            continue


def worlds(count: int, seed: str) -> list[Environment]:
    return _made(questions(count, seed), OfflineTeacher())


def recorded(count: int, seed: str) -> list[Environment]:
    """The gold calls of worlds without a state, as a trajectory has them: tool, arguments and result, and no more."""
    asked = [one for one in questions(3 * count, seed) if not any(node.effect for node in one.nodes)][:count]
    rows = {row.question_id: row for row in _made(asked, OfflineTeacher())}
    return _made((_as_recorded(one, rows[one.id]) for one in asked if one.id in rows), OfflineTeacher())


def _as_recorded(question: Question, row: Environment) -> Question:
    goals = {goal.id: goal for turn in row.turns for goal in turn.goals}
    nodes = [replace(node, program=None, call={
        "tool": goals[node.id].tool, "arguments": goals[node.id].arguments, "content": json.dumps(goals[node.id].response),
    }) if node.id in goals else replace(node, program=None) for node in question.nodes]
    changes = {"source": "trajectories", "world": None, "nodes": nodes,
               "knowledge": {"calls": [node.call for node in nodes if node.call]}}
    values = {field.name: getattr(question, field.name) for field in fields(question) if field.name != "id"}
    renewed: Question = new_row(Question, **values | changes)
    return renewed


def written(count: int, seed: str) -> list[Environment]:
    """Tools over tables of places that answer with objects, sentences or lists, and refuse by objects, texts or exceptions."""
    return _made((_of_places(random.Random(f"{seed}/{number}")) for number in range(count)), Writer())


def _of_places(rng: random.Random) -> Question:
    nodes, knowledge = list[Node](), dict[str, Any]()
    for number, kind in enumerate(rng.sample(KINDS, rng.randrange(1, 5))):
        names = rng.sample(PLACES, KNOWN)
        style, place = rng.choice(list(RESULTS)), rng.choice(names)
        table = {name: rng.randrange(100, 99_999) for name in names}
        knowledge[kind] = {"style": style, "table": table}
        answer, of = (str(table[place]), "text") if style == "sentence" else (table[place], "integer")
        nodes.append(Node(f"n{number}", 1, f"What is the {kind} of {place}?", answer, of, [], True))
    asked: Question = new_row(
        Question, source="given", domain="places", language="en", scenario="parallel_single_hop", template=None, world=None,
        knowledge=knowledge, question=" ".join(node.question for node in nodes), answer=nodes[-1].answer,
        answer_type=nodes[-1].answer_type, nodes=nodes, checks=[], quality=1.0, hops=1, models={},
    )
    return asked


class Writer:
    """Answers the asks of synthesis for the questions about places."""

    name = "writer"

    async def answer(self, ask: Any, inputs: Any, *, sample: int = 0) -> Any:
        return getattr(self, ask.name)(inputs)

    def write_tool(self, inputs: WriteTool) -> ToolDocument:
        kind = _kind(inputs.case.question)
        return ToolDocument(name=f"{kind}_of", description=f"Tells the {kind} of a place.", parameters={
            "type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]})

    def scale_tool(self, inputs: ScaleTool) -> ToolDocument:
        more = {**inputs.document.parameters["properties"], "unit": {"type": "string", "description": "How to count."}}
        return inputs.document.model_copy(update={"parameters": {**inputs.document.parameters, "properties": more}})

    def write_call(self, inputs: WriteCall) -> Arguments:
        return Arguments(arguments={"place": inputs.case.question.rpartition(" of ")[2].rstrip("?")})

    def write_code(self, inputs: WriteCode) -> Code:
        known = inputs.case.knowledge[_kind(inputs.case.question)]
        answer, refuse, path = RESULTS[known["style"]]
        source = CODE.format(table=known["table"], name=inputs.document.name, answer=answer, refuse=refuse)
        return Code(source=source, answer_path=path)


def _kind(question: str) -> str:
    return question.removeprefix("What is the ").partition(" of ")[0]


def _made(asked: Any, writer: Teacher) -> list[Environment]:
    """The environments of questions, kept or rejected, with the audit's word on them as it stands in the row."""
    async def all_of(work: Work) -> list[Environment]:
        outcomes = [await environment_of(work, one) for one in asked]
        return [outcome.row for outcome in outcomes if isinstance(outcome, Keep | Reject) and outcome.row is not None]

    config = EnvironmentsConfig(isolation="best_effort", merge=not isinstance(writer, Writer))
    with Sandbox(2, "best_effort") as sandbox, Bench.open(isolation="best_effort") as bench:
        return asyncio.run(all_of(Work(config, writer, sandbox, bench)))
