"""Hard tasks out of solved ones: several tasks of one server that have something in common, in one request.

    groups(tasks, server, 7, Chained(per_server=2))      # [(task, task), (task, task, task)]

A task can follow others if one of its tools takes what they were given or bring about, by the same evidence as in chains, and if
it needs none of their tools, so that nothing is asked twice. How many tasks are joined is the horizon.
"""

import random
from collections.abc import Sequence

from astra_data.pipeline.stage import Keep, Outcome, Quarantine, Reject
from astra_data.rows import Server, Task, new_row
from astra_data.stages import evidence
from astra_data.stages.prompts import server_card, tool_card
from astra_data.stages.tasks.case import Case, Work
from astra_data.stages.tasks.config import Chained
from astra_data.stages.tasks.scrutiny import admit, needed_of
from astra_data.teacher.task_asks import JOIN_TASKS, JoinTasks, Needed
from astra_data.teacher.teacher import Abstained, Unanswered
from astra_data.text.language import language_of

TRIES = 20
"""Groups that are drawn for each that is wanted."""


async def chained(work: Work, server: Server, number: int, originals: Sequence[Outcome]) -> Outcome:
    """The `number`th chained task of a server, made of those of its tasks that passed.

    While one of them has no outcome yet, nothing is drawn: what is kept must not depend on what failed.
    """
    waiting = next((outcome for outcome in originals if isinstance(outcome, Quarantine)), None)
    if waiting:
        return Quarantine(f"task: a task to be chained has no outcome yet - {waiting.reason}")
    tasks = [outcome.row for outcome in originals if isinstance(outcome, Keep)]
    drawn = groups(tasks, server, work.resources.seed, work.config.chained)
    if number >= len(drawn):
        return Reject(f"task: too few tasks with something in common - {server.name}")
    try:
        text = (await work.writer.answer(JOIN_TASKS, _ask(server, drawn[number]))).text
    except Abstained as abstained:
        return Reject(f"task: the teacher abstained - {abstained.reason}")
    except Unanswered as failure:
        return Quarantine(failure.reason)
    task = _row(server, drawn[number], text, {"writer": work.writer.name})
    return await admit(Case(work, server, task, _needed(server, drawn[number])))


def groups(tasks: Sequence[Task], server: Server, seed: int, config: Chained) -> list[tuple[Task, ...]]:
    """Up to `per_server` different groups of tasks, drawn by seed."""
    rng = random.Random(f"{seed}/tasks/{server.id}/chained")
    found: dict[frozenset[str], tuple[Task, ...]] = {}
    for _ in range(TRIES * config.per_server if tasks else 0):
        group = _grown(tasks, server, rng, rng.randint(config.min_length, config.max_length))
        if len(group) >= config.min_length:
            found.setdefault(frozenset(task.id for task in group), group)
    return list(found.values())[: config.per_server]


def _grown(tasks: Sequence[Task], server: Server, rng: random.Random, length: int) -> tuple[Task, ...]:
    """A task and such that can follow it, as many as there are up to `length`."""
    group = [rng.choice(tasks)]
    while len(group) < length:
        names = [name for task in group for name in task.target_tools]
        following = [task for task in tasks if follows(server, names, task.target_tools)]
        if not following:
            break
        group.append(rng.choice(following))
    return tuple(group)


def follows(server: Server, earlier: Sequence[str], later: Sequence[str]) -> bool:
    """Whether a task of these later tools has something in common with the earlier ones, and none of their tools."""
    known = {tool.name: tool for tool in server.tools}
    before = [known[name] for name in earlier]
    if not set(later).isdisjoint(earlier):
        return False
    found = (item for name in later for item in evidence.of_chain([*before, known[name]]))
    return any(item.hop == len(before) and item.source is not None for item in found)


def _ask(server: Server, group: Sequence[Task]) -> JoinTasks:
    names = {name for task in group for name in task.target_tools}
    return JoinTasks(
        server=server_card(server),
        tools=[tool_card(tool) for tool in server.tools if tool.name in names],
        texts=[task.text for task in group],
    )


def _needed(server: Server, group: Sequence[Task]) -> list[Needed]:
    """What each task alone needs of the user, each parameter once."""
    needed = {(item.tool, item.parameter): item for task in group for item in needed_of(server, task.target_tools)}
    return list(needed.values())


def _row(server: Server, group: Sequence[Task], text: str, models: dict[str, str]) -> Task:
    task: Task = new_row(
        Task,
        server_id=server.id,
        server=server.name,
        chain_id=None,
        kind="chained",
        parent_id=None,
        augmentation=None,
        text=text,
        language=language_of(text),
        target_tools=[name for task in group for name in task.target_tools],
        scores=[],
        models=models,
        sub_tasks=[task.id for task in group],
        horizon=len(group),
    )
    return task
