"""From task to score nothing is foregone: another text makes other calls, another result another answer, wrong work fails.

The servers are real processes, the teacher and the policy are the offline ones.
"""

import json
import sqlite3
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scripted import ScriptedPolicy, calls, says

from astra_data.messages import calls_of, final_answer, results_of
from astra_data.pipeline.stage import Keep, Quarantine, Reject, ServerOptions
from astra_data.rows import Chain, Server, Task, Trajectory, identity, new_row, to_dict
from astra_data.rows.chains import Walk
from astra_data.stages.tasks import STAGE as TASKS
from astra_data.stages.tools import STAGE as TOOLS
from astra_data.stages.trajectories.stage import STAGE as TRAJECTORIES
from astra_data.teacher.offline.policy import OfflinePolicy
from astra_data.teacher.offline.teacher import OfflineTeacher
from astra_data.tools.mcp_config import ServerEntry

DESK = Path(__file__).parents[1] / "mcp_servers" / "desk.py"
FACTS = {"paint": ServerOptions(facts={"width": [3], "depth": [4], "coats": [2]})}
ROOM, PAINT = ("measure_room", {"width": 3, "depth": 4}), ("paint_needed", {"area": 12, "coats": 2})


def renewed(row: Any, **changes: Any) -> Any:
    """The row with these changes, and the id that it then has."""
    changed = replace(row, **changes)
    return replace(changed, id=identity(type(row), to_dict(changed)))


class Desk:
    """The paint desk, and a task along two of its tools: the second takes what the first returns."""

    def __init__(self, expand: Any, folder: Path) -> None:
        self._expand, self.folder = expand, folder
        starts = {"STARTS": str(folder / "starts")}
        entry = ServerEntry("paint", "stdio", sys.executable, (str(DESK), "paint"), env=starts, writes="allow")
        self.entries = {"paint": entry}
        (kept,) = expand(TOOLS, {}, servers=self.entries)
        self.server: Server = kept.row
        tools = ["measure_room", "paint_needed"]
        chain = new_row(
            Chain,
            server_id=self.server.id,
            server="paint",
            tools=tools,
            weights=[1],
            evidence=[],
            walk=Walk(7, -1.0),
            verdicts=[],
            models={},
        )
        rows = {"tools": [self.server], "chains": [chain]}
        (kept,) = expand(TASKS, rows, teacher=OfflineTeacher(), options=FACTS, per_server=0)
        self.task: Task = kept.row

    def edited(self, old: str, new: str) -> Task:
        assert old in self.task.text
        return renewed(self.task, text=self.task.text.replace(old, new))

    def outcome(self, task: Task | None = None, server: Server | None = None, policy: Any = None) -> Any:
        rows = {"tools": [server or self.server], "tasks": [task or self.task]}
        player = policy or OfflinePolicy()
        (outcome,) = self._expand(TRAJECTORIES, rows, teacher=OfflineTeacher(), policy=player, servers=self.entries)
        return outcome

    def starts(self) -> int:
        return len((self.folder / "starts").read_text().splitlines())

    def alter(self, tool: str, content: dict[str, float]) -> None:
        """Rewrite the recorded result of a tool."""
        with sqlite3.connect(self.folder / "ledger.sqlite") as ledger:
            where = "kind = 'tool' AND json_extract(request, '$.tool') = ?"
            statement = f"UPDATE effects SET digest = NULL, response = json_set(response, '$.content', ?) WHERE {where}"
            assert ledger.execute(statement, (json.dumps(content), tool)).rowcount == 1
        ledger.close()


@pytest.fixture
def desk(expand: Any, tmp_path: Path) -> Desk:
    return Desk(expand, tmp_path)


def made(row: Trajectory) -> list[tuple[str, Any]]:
    messages: list[Any] = row.messages
    return [(call.name, call.arguments) for call in calls_of(messages)]


def answer(row: Trajectory) -> str:
    messages: list[Any] = row.messages
    return final_answer(messages) or ""


def test_the_task_as_written_is_done_and_kept(desk: Desk) -> None:
    outcome = desk.outcome()
    assert isinstance(outcome, Keep)
    assert made(outcome.row) == [ROOM, PAINT]
    assert answer(outcome.row).splitlines()[1].endswith("litres 3.0")
    assert outcome.row.terminal == "answered"


def test_a_value_edited_by_hand_reaches_the_tool_and_the_answer(desk: Desk) -> None:
    row = desk.outcome(desk.edited("width 3", "width 5.5")).row
    assert made(row) == [("measure_room", {"width": 5.5, "depth": 4}), ("paint_needed", {"area": 22, "coats": 2})]
    assert "litres 5.5" in answer(row)


def test_a_value_taken_out_by_hand_is_not_made_up(desk: Desk) -> None:
    outcome = desk.outcome(desk.edited("width 3 and ", ""))
    assert isinstance(outcome, Reject)
    assert "measure_room" not in dict(made(outcome.row))


def test_a_replay_starts_no_server_and_an_altered_result_changes_the_answer(desk: Desk) -> None:
    first, starts = desk.outcome(), desk.starts()
    assert desk.outcome() == first
    desk.alter("paint_needed", {"litres": 99.25})
    altered = desk.outcome()
    assert desk.starts() == starts
    assert "litres 99.25" in answer(altered.row) and "litres 3.0" not in answer(altered.row)


def test_an_altered_result_that_a_server_with_state_contradicts_is_not_mixed_with_its_own(desk: Desk) -> None:
    stateful = replace(desk.server, tools=[replace(tool, annotations=None) for tool in desk.server.tools])
    desk.outcome(server=stateful)
    desk.alter("measure_room", {"area": 1000})
    messages: list[Any] = desk.outcome(server=stateful).row.messages
    assert list(results_of(messages).values()) == ['{"area": 12}', '{"litres": 3.0}']


def without(server: Server, name: str) -> Server:
    return replace(server, tools=[tool for tool in server.tools if tool.name != name])


@pytest.mark.parametrize("gone", ["measure_room", "paint_needed"])
def test_a_tool_that_is_gone_is_missed(desk: Desk, gone: str) -> None:
    outcome = desk.outcome(server=without(desk.server, gone))
    assert isinstance(outcome, Reject)
    assert outcome.reason == f"check: unfinished - {gone} was expected, and nothing was done in its place"
    assert gone not in dict(made(outcome.row))


def test_a_server_that_was_changed_is_another_server(desk: Desk) -> None:
    smaller = without(desk.server, "drying_time")
    outcome = desk.outcome(server=renewed(smaller))
    assert outcome == Reject("trajectory: the task's server is not among the tools - paint")


RIGHT = "Floor area: area 12. Paint: litres 3.0."


@pytest.mark.parametrize(
    ("turns", "reason"),
    [
        ([calls(ROOM), calls(PAINT, start=1), says(RIGHT)], None),
        (
            [calls(ROOM), calls(PAINT, start=1), says("area 12, litres 30.0")],
            "check: ungrounded_answer - 30.0 stands in no result",
        ),
        (
            [calls(ROOM), calls(PAINT, start=1), says("All done.")],
            "score: FA has no value - the answer words a result in its own way",
        ),
        ([calls(ROOM), calls(PAINT, start=1), says("")], "trajectory: empty_answer"),
        ([says("area 12, litres 3.0")], "check: unfinished - measure_room was expected, and nothing was done in its place"),
        ([calls(PAINT), says("litres 3.0")], "check: unfinished - measure_room was expected, and nothing was done in its place"),
        (
            [calls(("measure_room", {"width": 3, "depth": 9})), calls(PAINT, start=1), says("area 27, litres 3.0")],
            "score: QU below 0.5 - the user never gave 9",
        ),
        (
            [calls(ROOM), calls(("paint_needed", {"area": 12}), start=1), says("area 12")],
            "check: invalid_call - unknown tool or unfitting arguments",
        ),
        (
            [calls(ROOM), calls(("mix_paint", {}), start=1), says("area 12")],
            "check: invalid_call - unknown tool or unfitting arguments",
        ),
        (
            [calls(ROOM), calls(ROOM, start=1), calls(ROOM, start=2), calls(PAINT, start=3), says(RIGHT)],
            "check: repeated_call - ",
        ),
        (
            [
                calls(ROOM),
                calls(PAINT, start=1),
                calls(("drying_time", {"coats": 2, "humidity": 12}), start=2),
                says(f"{RIGHT} hours 4.48"),
            ],
            "score: the judge abstained too often - QP, TCP, TC",
        ),
    ],
)
def test_the_judge_accepts_right_work_of_any_policy_and_nothing_else(desk: Desk, turns: list[Any], reason: str | None) -> None:
    outcome = desk.outcome(policy=ScriptedPolicy(*turns))
    if reason is None:
        assert isinstance(outcome, Keep)
    else:
        assert isinstance(outcome, Reject)
        assert outcome.reason.startswith(reason)


def test_a_lost_server_is_set_aside_and_not_scored(desk: Desk) -> None:
    desk.entries["paint"] = replace(desk.entries["paint"], args=(str(DESK.parent / "server.py"), "die-at-start"))
    outcome = desk.outcome()
    assert isinstance(outcome, Quarantine)
    assert outcome.reason.startswith("tool backend: start failed")
    assert (outcome.row.scores, outcome.row.reward) == ([], None)
