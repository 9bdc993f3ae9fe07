"""Without a model: recorded calls become tools, tools of one name become one, and what no rule knows is said to be unknown."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from astra_data.pipeline.stage import Keep, Outcome, Reject
from astra_data.rollout.replay import gold_calls, replay
from astra_data.rollout.running import Running
from astra_data.rows import Question, new_row
from astra_data.rows.questions import Node
from astra_data.sandbox import Sandbox
from astra_data.stages.environments import STAGE
from astra_data.teacher.offline.teacher import OfflineTeacher

Expand = Callable[..., list[Outcome]]


def recorded(name: str, tool: str, arguments: dict[str, Any], content: str, answer: Any, kind: str, level: int = 1) -> Node:
    call = {"tool": tool, "arguments": arguments, "content": content}
    return Node(name, level, f"{name}?", answer, kind, [], True, call=call)


def asked(*nodes: Node) -> Question:
    row: Question = new_row(
        Question, source="trajectories", domain="desk", language="en", scenario="parallel_single_hop", template=None, world=None,
        knowledge={"calls": [one.call for one in nodes]}, question="All of it?", answer=nodes[-1].answer,
        answer_type=nodes[-1].answer_type, nodes=list(nodes), checks=[], quality=1.0, hops=1, models={},
    )
    return row


TICKET = recorded("t1", "show-ticket", {"ticket": 4}, '{"state": "open", "by": ["Mia"]}', "Mia", "text")
OTHER = recorded("t2", "show-ticket", {"ticket": 5, "full": True}, '{"state": "shut", "by": ["Ole"]}', "Ole", "text")
TIME = recorded("now", "now", {}, "12:30, more or less", "12:30, more or less", "text")


def made(expand: Expand, *nodes: Node) -> Outcome:
    (outcome,) = expand(STAGE, {"questions": [asked(*nodes)]}, teacher=OfflineTeacher(), isolation="best_effort")
    return outcome


def test_recorded_calls_become_tools_that_answer_them_and_nothing_else(expand: Expand) -> None:
    outcome = made(expand, TICKET, OTHER, TIME)
    assert isinstance(outcome, Keep)
    row = outcome.row
    assert [tool.name for tool in row.tools] == ["show_ticket", "now"]
    assert row.tools[0].schema["parameters"]["required"] == ["ticket"]
    assert [(goal.id, goal.match.path) for goal in row.turns[0].goals] == [("t1", "by.0"), ("t2", "by.0"), ("now", None)]
    assert (row.models, row.split_keys) == ({"writer": "offline"}, [f"question:{row.question_id}"])
    with Sandbox(workers=1, isolation="best_effort") as sandbox:
        assert replay(row, gold_calls(row), sandbox).breakdown.f1 == 1.0
        with Running(row, sandbox) as running:
            known, without, unknown = running.call_many([("show_ticket", {"ticket": number, **more}) for number, more in (
                (4, {}), (5, {}), (6, {"full": True}))])
        assert json.loads(known.content)["state"] == "open"
        assert without.content == unknown.content == (
            '{"error": {"type": "unknown", "message": "nothing is known for these arguments"}}'
        )


def test_one_call_answered_in_two_ways_stays_two_tools(expand: Expand) -> None:
    later = recorded("t3", "show-ticket", {"ticket": 4}, '{"state": "shut", "by": ["Pia"]}', "Pia", "text")
    outcome = made(expand, TICKET, later)
    assert isinstance(outcome, Keep)
    assert [tool.name for tool in outcome.row.tools] == ["show_ticket", "show_ticket_2"]
    assert [(check.check, check.passed) for check in outcome.row.audit if check.check == "merge"] == [("merge", None)]


@pytest.mark.parametrize(
    ("node", "said"),
    [
        (Node("n", 1, "Who?", "Mia", "text", [], True), "the teacher abstained - nothing is recorded"),
        (recorded("n", "show", {"from": 3}, "4", 4, "integer"), "'from' is no Python name"),
        (recorded("n", "show", {"ticket": 3}, "14", 4, "integer"), "no verified tool - verification: the answer"),
    ],
)
def test_what_no_rule_knows_is_rejected_with_its_reason(expand: Expand, node: Node, said: str) -> None:
    outcome = made(expand, node)
    assert isinstance(outcome, Reject) and said in outcome.reason
