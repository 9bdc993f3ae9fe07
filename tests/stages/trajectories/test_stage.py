"""One rollout for each task and sample, on the tools that its server offers, scored; and stored rows scored again."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scripted import NUMBER, ScriptedPolicy, ScriptedTeacher, calls, card, says, schema, server
from scripted_cases import judge

from astra_data.ledger import Unanswered
from astra_data.messages import user
from astra_data.pipeline.stage import Keep, Quarantine, Reject
from astra_data.rows import Server, Task, Trajectory, new_row
from astra_data.stages.rescore import RESCORE
from astra_data.stages.trajectories.stage import STAGE
from astra_data.teacher.asks import AnswerJudgement
from astra_data.teacher.teacher import Turn
from astra_data.tools.mcp_config import ServerEntry

PROGRAM = Path(__file__).parents[2] / "mcp_servers" / "server.py"
ADD = card("add", "Adds two numbers.", schema({"a": NUMBER, "b": NUMBER}))
OTHERS = [card(name, f"Does {name}.") for name in "echo fail refuse where write read files picture structured".split()]
SERVER = server(*OTHERS[:5], ADD, *OTHERS[5:], name="sums", connection={"command": "sums"})
SERVERS = {"sums": ServerEntry("sums", "stdio", sys.executable, (str(PROGRAM),))}
TURNS = (calls(("add", {"a": 1, "b": 2})), says("It is 3."))


def task(text: str = "What is 1 and 2?", row: Server = SERVER) -> Task:
    made: Task = new_row(
        Task, server_id=row.id, server=row.name, chain_id=None, kind="server", parent_id=None, augmentation=None, text=text,
        language="en", target_tools=["add"], scores=[], models={},
    )  # fmt: skip
    return made


class Each:
    """A policy that plays `TURNS` in every rollout, and remembers the samples it was asked for."""

    name = "each"

    def __init__(self) -> None:
        self.samples: list[int] = []
        self.tools: list[list[str]] = []

    @property
    def sampling(self) -> dict[str, Any]:
        return {"temperature": 1}

    async def act(self, messages: list[Any], tools: list[Any], *, sample: int = 0) -> Turn:
        turn = sum(message["role"] == "assistant" for message in messages)
        self.samples.append(sample)
        self.tools.append([tool["function"]["name"] for tool in tools])
        return Turn(TURNS[turn])


@pytest.fixture
def outcomes(expand: Any) -> Any:
    def run(*tasks: Task, teacher: Any = None, policy: Any = None, **config: Any) -> list[Any]:
        inputs = {"tools": [SERVER], "tasks": list(tasks) or [task()]}
        return list(expand(STAGE, inputs, teacher=teacher or judge(), policy=policy or Each(), servers=SERVERS, **config))

    return run


def test_a_row_says_what_was_offered_asked_done_and_scored(outcomes: Any) -> None:
    (outcome,) = outcomes(system_prompt="Help.")
    assert isinstance(outcome, Keep)
    row: Trajectory = outcome.row
    assert row.messages[:2] == [{"role": "system", "content": "Help."}, user("What is 1 and 2?")]
    assert [message["content"] for message in row.messages[2:]] == ["", "3", "It is 3."]  # type: ignore[call-overload, index]
    assert (row.task_id, row.server, row.policy, row.sampling, row.sample) == (task().id, "sums", "each", {"temperature": 1}, 0)
    assert (row.terminal, row.reward, row.usage.calls, row.models) == ("answered", 1, 1, {"policy": "each", "judge": "scripted"})
    assert [score.axis for score in row.scores] == ["QU", "QP", "TCU", "TCP", "TCS", "TC", "FA"]


def test_a_rollout_has_the_horizon_of_its_task(outcomes: Any) -> None:
    long = replace(task(), kind="chained", sub_tasks=["a", "b", "c"], horizon=3)
    assert [outcome.row.horizon for outcome in outcomes(task("What is 2 and 3?"), long)] == [1, 3]


def test_each_sample_is_a_rollout_of_its_own(outcomes: Any) -> None:
    policy = Each()
    rows = [outcome.row for outcome in outcomes(policy=policy, samples=3)]
    assert [row.sample for row in rows] == [0, 1, 2]
    assert len({row.id for row in rows}) == 3
    assert policy.samples == [0, 0, 1, 1, 2, 2]


def test_of_too_many_tools_the_wanted_ones_are_kept_and_others_drawn_by_seed(outcomes: Any) -> None:
    shown = []
    for seed in (1, 1, 2, 3):
        policy = Each()
        outcomes(policy=policy, max_tools=4, seed=seed)
        shown.append(policy.tools[0])
    names = [tool.name for tool in SERVER.tools]
    assert all(len(tools) == 4 and "add" in tools and tools == sorted(tools, key=names.index) for tools in shown)
    assert shown[0] == shown[1] and len({tuple(tools) for tools in shown}) > 1


def test_a_task_of_an_unknown_server_is_rejected(outcomes: Any) -> None:
    assert outcomes(replace(task(), server_id="f" * 16)) == [
        Reject("trajectory: the task's server is not among the tools - sums")
    ]


def test_a_judge_that_cannot_be_had_sets_the_row_aside_with_its_conversation(outcomes: Any) -> None:
    (outcome,) = outcomes(teacher=judge(judge_planning=Unanswered("endpoint: 500")))
    assert isinstance(outcome, Quarantine)
    assert (outcome.reason, outcome.row.reward, len(outcome.row.messages)) == ("judge: QP: endpoint: 500", None, 5)


def test_a_policy_that_does_not_answer_gives_no_row(outcomes: Any) -> None:
    with pytest.raises(Unanswered, match="endpoint: 500"):
        outcomes(policy=ScriptedPolicy(Unanswered("endpoint: 500")))


def rescored(expand: Any, row: Trajectory, teacher: ScriptedTeacher, **config: Any) -> Any:
    (outcome,) = expand(RESCORE, {"trajectories": [row], "tasks": [task()]}, teacher=teacher, **config)
    return outcome


def test_stored_rows_are_scored_again_as_they_were(expand: Any, outcomes: Any) -> None:
    (before,) = outcomes()
    assert rescored(expand, before.row, judge()) == before


def test_another_judge_or_threshold_moves_rows_both_ways(expand: Any, outcomes: Any) -> None:
    harsh = judge(judge_answer=AnswerJudgement(reason="no", correctness=0, summary=1))
    (rejected,) = outcomes(teacher=harsh)
    assert rejected.reason == "score: FA below 0.75 - no"
    assert isinstance(rescored(expand, rejected.row, judge()), Keep)
    assert isinstance(rescored(expand, rejected.row, harsh, accept={"answer": 0.5}), Keep)
    assert isinstance(rescored(expand, rescored(expand, rejected.row, judge()).row, harsh), Reject)


def test_a_row_without_a_conversation_cannot_be_scored(expand: Any, outcomes: Any) -> None:
    (before,) = outcomes()
    assert rescored(expand, replace(before.row, messages=[]), judge()).reason == "trajectory: no conversation"
    opening = before.row.messages[:2]
    assert isinstance(rescored(expand, replace(before.row, messages=opening, calls=[]), judge()), Reject)
