"""All first tools of a question are tried in one episode; what that leaves open is tried tool by tool."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from scripted import ScriptedTeacher

from astra_data.pipeline.stage import Keep, Outcome, Reject
from astra_data.rows import Question, new_row
from astra_data.rows.questions import Node
from astra_data.sandbox import Episode, Image, Sandbox
from astra_data.stages.environments import STAGE
from astra_data.teacher.environment_asks import Arguments, Code, ToolDocument

Expand = Callable[..., list[Outcome]]
CPU_S = 0.7
"""Tells the sandbox of the stage from the pools of the audit."""
ANSWERS = {"age": 3, "size": 71, "rank": 9}
NODES = [Node(name, 1, f"{name} of Rome?", answer, "integer", [], True) for name, answer in ANSWERS.items()]
QUESTION: Question = new_row(
    Question, source="given", domain="towns", language="en", scenario="parallel_single_hop", template=None, world=None,
    knowledge=None, question="What are age, size and rank of Rome?", answer=9, answer_type="integer", nodes=NODES, checks=[],
    quality=None, hops=1, models={},
)
TABLES = {"accounts": {"X": {"balance": 5}}}
STATEFUL = replace(QUESTION, knowledge={"tables": TABLES}, nodes=[
    replace(NODES[0], answer=4, effect={"accounts": {"X": {"balance": 4}}}),
    replace(NODES[1], answer=2, depends_on=["age"], level=2, effect={"accounts": {"X": {"balance": 2}}}),
])


def source(name: str, answer: int, towns: str = "Rome Oslo Bern Riga Kyiv") -> str:
    values = {town: answer + 100 * place for place, town in enumerate(towns.split())}
    return (f"VALUES = {values}\n\ndef {name}(town):\n    if not isinstance(town, str) or town not in VALUES:\n"
            "        return {'error': {'type': 'not_found', 'message': 'no such town'}}\n    return {'value': VALUES[town]}\n")


def taking(name: str, amount: int) -> str:
    return (f"import world\n\ndef {name}(town):\n    if town != 'Rome':\n        return {{'error': {{'type': 'not_found'}}}}\n"
            f"    account = world.TABLES['accounts']['X']\n    account['balance'] -= {amount}\n"
            "    return {'value': account['balance']}\n")


def writer(sources: dict[str, list[str]]) -> ScriptedTeacher:
    """Writes the sources of each tool one after the other."""
    left = {name: list(versions) for name, versions in sources.items()}

    def document(name: str) -> ToolDocument:
        town = {"type": "string"}
        return ToolDocument(name=name, description=f"{name} of a town.",
                            parameters={"type": "object", "properties": {"town": town}, "required": ["town"]})

    def code(inputs: Any) -> Code:
        versions = left[inputs.document.name]
        return Code(source=versions.pop(0) if len(versions) > 1 else versions[0], answer_path="value")

    return ScriptedTeacher({
        "write_tool": lambda inputs: document(inputs.case.question.split()[0]),
        "scale_tool": lambda inputs: inputs.document,
        "write_call": lambda inputs: Arguments(arguments={"town": "Rome"}),
        "write_code": code,
    })


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Image]:
    """The images of the episodes that the stage itself starts, in order."""
    images: list[Image] = []
    start = Sandbox.start

    def counted(self: Sandbox, image: Image, *arguments: Any, **options: Any) -> Episode:
        if self.limits.cpu_s == CPU_S:
            images.append(image)
        return start(self, image, *arguments, **options)

    monkeypatch.setattr(Sandbox, "start", counted)
    return images


def made(expand: Expand, question: Question, teacher: ScriptedTeacher) -> Outcome:
    (outcome,) = expand(STAGE, {"questions": [question]}, teacher=teacher, isolation="best_effort", cpu_s=CPU_S, merge=False)
    return outcome


def test_one_episode_settles_all_and_is_the_replay_of_the_row(expand: Expand, started: list[Image]) -> None:
    outcome = made(expand, QUESTION, writer({node.id: [source(node.id, node.answer)] for node in NODES}))
    assert isinstance(outcome, Keep), outcome
    assert [goal.response for goal in outcome.row.turns[0].goals] == [{"value": node.answer} for node in NODES]
    assert [[name for name, _ in image.modules] for image in started] == [["tool_age", "tool_size", "tool_rank"]]


@pytest.mark.parametrize("bad", ["def size(town):\n    return {'value': 8}\n", "def size(town):\n    raise SystemExit\n",
                                 "1 / 0\ndef size(town):\n    return {'value': 71}\n"])
def test_a_bad_first_tool_is_written_again_and_harms_no_other(expand: Expand, started: list[Image], bad: str) -> None:
    teacher = writer({node.id: [*([bad] if node.id == "size" else []), source(node.id, node.answer)] for node in NODES})
    outcome = made(expand, QUESTION, teacher)
    assert isinstance(outcome, Keep), outcome
    assert [inputs.case.question.split()[0] for inputs in teacher.asked("write_code")] == ["age", "size", "rank", "size"]
    alone = [image.modules[0][0] for image in started if len(image.modules) == 1]
    assert {name: alone.count(name) for name in alone} == {"tool_age": 1, "tool_size": 2, "tool_rank": 1}


def test_where_there_is_a_state_too(expand: Expand, started: list[Image]) -> None:
    outcome = made(expand, STATEFUL, writer({"age": [taking("age", 1)], "size": [taking("size", 2)]}))
    assert [[name for name, _ in image.modules] for image in started] == [["world", "tool_age", "tool_size"]]
    assert outcome.row is not None and outcome.row.world.final_state == {"accounts": {"X": {"balance": 2}}}


def test_a_later_write_waits_for_the_tool_before_it(expand: Expand, started: list[Image]) -> None:
    teacher = writer({"age": [taking("age", 3), taking("age", 1)], "size": [taking("size", 2)]})
    outcome = made(expand, STATEFUL, teacher)
    assert outcome.row is not None and [goal.response for goal in outcome.row.turns[0].goals] == [{"value": 4}, {"value": 2}]
    assert len(teacher.asked("write_code")) == 3, "what comes after a tool that failed is not written anew for it"


def test_a_write_without_a_tool_stops_those_after_it(expand: Expand) -> None:
    teacher = writer({"age": [taking("age", 3)], "size": [taking("size", 2)]})
    outcome = made(expand, STATEFUL, teacher)
    assert isinstance(outcome, Reject) and "the state must then hold" in outcome.reason and "'value': 2" not in outcome.reason
    asked = [inputs.case.question.split()[0] for inputs in teacher.asked("write_code")]
    assert asked.count("size") == 1
