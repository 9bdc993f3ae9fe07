"""Several tasks in one: which go together, what the row says of them, and that each is written once."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from scripted import ScriptedPolicy, ScriptedTeacher
from scripted_tasks import INPUTS, SERVER, paper, teacher, unstated, write

from astra_data.ledger import Ledger, Unanswered
from astra_data.pipeline.stage import Keep, Outcome, Quarantine, Reject, Resources
from astra_data.stages.tasks import STAGE, TasksConfig
from astra_data.stages.tasks.chaining import follows, groups
from astra_data.stages.tasks.config import Chained
from astra_data.teacher.roles import Player, Roles
from astra_data.teacher.teacher import Abstained
from astra_data.tools.workspace import Template

SINGLE = {"per_chain": 0, "per_server": 4, "min_tools": 1, "max_tools": 1}
"""One task for each tool of the server."""


def outcomes(expand: Any, by: ScriptedTeacher, **chained: Any) -> tuple[list[Outcome], list[Outcome]]:
    """Those of the four tasks, and those of what is made of them."""
    found = expand(STAGE, INPUTS, teacher=by, chained={"per_server": 1} | chained, **SINGLE)
    return found[:4], found[4:]


def names(*sets: Iterable[str]) -> list[str]:
    return [name for one in sets for name in one]


def test_a_chained_task_names_its_parts_and_has_all_their_tools(expand: Any) -> None:
    by = teacher()
    originals, (outcome,) = outcomes(expand, by, max_length=2)
    assert isinstance(outcome, Keep)
    known = {found.row.id: found.row for found in originals}
    task, parts = outcome.row, [known[name] for name in outcome.row.sub_tasks]
    assert (task.kind, task.chain_id, task.parent_id, task.augmentation) == ("chained", None, None, None)
    assert task.horizon == len(parts) == 2
    assert task.target_tools == names(*(part.target_tools for part in parts))
    assert follows(SERVER, parts[0].target_tools, parts[1].target_tools)
    (ask,) = by.asked("join_tasks")
    assert ask.texts == [part.text for part in parts]
    assert {tool.name for tool in ask.tools} == set(task.target_tools)
    assert all((row.horizon, row.sub_tasks) == (1, []) for row in known.values())


def test_a_chained_task_is_examined_for_what_each_of_its_parts_needs(expand: Any) -> None:
    by = teacher()
    _, (outcome,) = outcomes(expand, by, max_length=2)
    needed = {(item.tool, item.parameter) for ask in by.asked("check_coverage")[:4] for item in ask.needed}
    own = {(item.tool, item.parameter) for item in by.asked("check_coverage")[4].needed}
    assert own == {(tool, parameter) for tool, parameter in needed if tool in outcome.row.target_tools}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("earlier", "later", "fits"),
    [
        (["open_ticket"], ["show_ticket"], True),
        (["show_ticket"], ["assign_clerk"], True),
        (["open_ticket", "show_ticket"], ["assign_clerk"], True),
        (["show_ticket"], ["open_ticket"], False),
        (["open_ticket"], ["count_clerks"], False),
        (["open_ticket"], ["open_ticket", "show_ticket"], False),
        (["open_ticket", "show_ticket"], ["show_ticket"], False),
    ],
)
def test_a_task_follows_if_it_takes_something_from_the_earlier_ones_and_none_of_their_tools(
    earlier: list[str], later: list[str], fits: bool
) -> None:
    assert follows(SERVER, earlier, later) is fits


def test_groups_are_drawn_by_seed_differ_and_ask_for_nothing_twice(expand: Any) -> None:
    tasks = [outcome.row for outcome in outcomes(expand, teacher())[0]]
    wanted = Chained(per_server=3)
    drawn = groups(tasks, SERVER, 7, wanted)
    assert drawn == groups(tasks, SERVER, 7, wanted)
    assert drawn[:2] == groups(tasks, SERVER, 7, Chained(per_server=2))
    assert len({frozenset(task.id for task in group) for group in drawn}) == len(drawn) == 3
    for group in drawn:
        tools = names(*(task.target_tools for task in group))
        assert len(tools) == len(set(tools))
        assert 2 <= len(group) <= 3
        assert "count_clerks" not in tools
    assert groups([], SERVER, 7, wanted) == []


def test_where_nothing_goes_together_there_is_no_chained_task(expand: Any) -> None:
    _, found = outcomes(expand, teacher(), per_server=30)
    reasons = [outcome.reason for outcome in found if isinstance(outcome, Reject)]
    assert set(reasons) == {"task: too few tasks with something in common - shop"}
    kept = [outcome for outcome in found if isinstance(outcome, Keep)]
    assert len(kept) + len(reasons) == 30
    assert len({outcome.row.id for outcome in kept}) == len(kept)


def test_parts_are_tasks_that_passed(expand: Any) -> None:
    by = teacher(check_coverage=unstated)
    originals, (outcome,) = outcomes(expand, by)
    assert all(isinstance(found, Reject) for found in originals)
    assert isinstance(outcome, Reject)
    assert by.asked("join_tasks") == []


def test_while_a_task_of_the_server_waits_for_its_judge_nothing_is_made_of_the_others(expand: Any) -> None:
    """What is kept must not depend on what failed, or the next run would keep something else."""

    def sometimes(inputs: Any) -> Any:
        return Unanswered("answer: cut off") if inputs.target_tools == ["count_clerks"] else paper()

    originals, (outcome,) = outcomes(expand, teacher(judge_task=sometimes))
    assert sum(isinstance(found, Keep) for found in originals) == 3
    assert isinstance(outcome, Quarantine)
    assert outcome.reason == "task: a task to be chained has no outcome yet - judge: ratings: answer: cut off"


def test_while_a_task_of_the_server_is_unwritten_nothing_is_made_of_the_others(tmp_path: Path) -> None:
    def sometimes(inputs: Any) -> Any:
        return Unanswered("answer: cut off") if inputs.tools[0].name == "count_clerks" else write(inputs)

    *originals, chained = at_once(tmp_path, teacher(write_task=sometimes), per_server=1)
    assert [str(found) for found in originals if isinstance(found, Unanswered)] == ["answer: cut off"]
    assert chained == [Quarantine("task: a task to be chained has no outcome yet - answer: cut off")]


@pytest.mark.parametrize(
    ("given", "kind", "reason"),
    [
        (Abstained("no idea"), Reject, "task: the teacher abstained - no idea"),
        (Unanswered("answer: cut off"), Quarantine, "answer: cut off"),
    ],
)
def test_a_writer_that_cannot_join_leaves_the_parts_as_they_are(expand: Any, given: Exception, kind: type, reason: str) -> None:
    originals, (outcome,) = outcomes(expand, teacher(join_tasks=given))
    assert all(isinstance(found, Keep) for found in originals)
    assert isinstance(outcome, kind)
    assert outcome.reason == reason  # type: ignore[union-attr]


def test_lengths_are_in_order() -> None:
    with pytest.raises(ValidationError, match="min_length is above max_length"):
        TasksConfig.model_validate({"chained": {"min_length": 4}})


class Slow(ScriptedTeacher):
    """Lets others go first before each answer."""

    async def answer(self, ask: Any, inputs: Any, *, sample: int = 0) -> Any:
        for _ in range(3):
            await asyncio.sleep(0)
        return await super().answer(ask, inputs, sample=sample)


def resources(folder: Path, by: ScriptedTeacher) -> Resources:
    ledger = Ledger.open(folder / "other.sqlite")
    return Resources(7, ledger, Roles({"default": Player(by, ScriptedPolicy(), {})}), {}, (), {}, Template())


def at_once(folder: Path, by: ScriptedTeacher, *, backwards: bool = False, **chained: Any) -> list[Any]:
    """The outcomes of each item, or its exception, in order; all are begun at once, the last one first if `backwards`."""
    config = TasksConfig.model_validate({"chained": chained, **SINGLE})
    inputs: Any = INPUTS

    async def main() -> list[Any]:
        lent = resources(folder, by)
        try:
            async with STAGE.open(inputs, config, lent) as one:
                values = [item.value for item in STAGE.items(inputs, config, lent)][:: -1 if backwards else 1]
                return await asyncio.gather(*(one(value) for value in values), return_exceptions=True)
        finally:
            await lent.ledger.close()

    return asyncio.run(main())[:: -1 if backwards else 1]


@pytest.mark.parametrize("backwards", [False, True])
def test_each_task_is_written_once_whoever_needs_it_first(tmp_path: Path, expand: Any, backwards: bool) -> None:
    by = Slow(teacher().script)
    found = at_once(tmp_path, by, backwards=backwards, per_server=3)
    assert len(by.asked("write_task")) == 4
    one_by_one = expand(STAGE, INPUTS, teacher=teacher(), chained={"per_server": 3}, **SINGLE)
    assert [outcome for outcomes in found for outcome in outcomes] == one_by_one


def test_a_stage_that_is_given_up_leaves_nothing_under_way(tmp_path: Path) -> None:
    started = asyncio.Event()

    class Hanging(ScriptedTeacher):
        async def answer(self, ask: Any, inputs: Any, *, sample: int = 0) -> Any:
            started.set()
            await asyncio.Event().wait()

    async def main() -> int:
        lent, inputs = resources(tmp_path, Hanging({})), dict[str, Any](INPUTS)
        config = TasksConfig.model_validate({"chained": {"per_server": 1}})
        try:
            async with STAGE.open(inputs, config, lent) as one:
                work = asyncio.create_task(one(list(STAGE.items(inputs, config, lent))[-1].value))
                await started.wait()
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)
        finally:
            await lent.ledger.close()
        return len([task for task in asyncio.all_tasks() if task is not asyncio.current_task()])

    assert asyncio.run(main()) == 0
