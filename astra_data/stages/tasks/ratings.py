"""How good a task is, by one of two rubrics [A 5.3]: the paper's three axes, or the four of its released data.

    found = await ratings(case)
    found.scores[0]        # TaskScore("question_quality", 4.0, "clear, and says when it is done")
"""

import random
from typing import Any

from astra_data.rows.tasks import TaskScore
from astra_data.stages.prompts import server_card
from astra_data.stages.tasks.case import Case, Finding
from astra_data.teacher.ask import Ask
from astra_data.teacher.task_asks import JUDGE_TASK, JUDGE_TASK_RELEASED, JudgeTask, ToolLine, rating
from astra_data.teacher.teacher import Abstained

RUBRICS: dict[str, tuple[Ask[Any, Any], tuple[str, ...]]] = {
    "paper": (JUDGE_TASK, ("question_quality", "scenario_realism", "tool_use_necessity")),
    "released": (
        JUDGE_TASK_RELEASED,
        ("tool_selection_difficulty", "tool_selection_uniqueness", "question_quality", "scenario_realism"),
    ),
}
"""Rubric -> its question and its axes [A 5.3]."""

MOST_OFFERED = 64
"""Tools of the server that a judge is shown: the target tools, and others drawn by seed."""


async def ratings(case: Case) -> Finding:
    """The scores of the rubric; all of its thresholds must be reached [A 5.3]."""
    config = case.work.config.score
    if config.rubric == "none":
        return Finding([])
    ask, axes = RUBRICS[config.rubric]
    try:
        said = (await case.work.judge.answer(ask, _rated(case))).model_dump()
    except Abstained as abstained:
        scores = [TaskScore(axis, None, abstained.reason) for axis in axes]
        return Finding(scores, None if config.accept_abstained else f"no score - {abstained.reason}")
    scores = [TaskScore(axis, rating(axis, said[axis]), said[f"{axis}_reason"]) for axis in axes]
    low = next((score for score in scores if score.value is not None and score.value < config.least(score.axis)), None)
    return Finding(scores, f"{low.axis} below {config.least(low.axis)} - {low.reason}" if low else None)


def _rated(case: Case) -> JudgeTask:
    task, server = case.task, case.server
    target = set(task.target_tools)
    others = [tool.name for tool in server.tools if tool.name not in target]
    room = max(0, MOST_OFFERED - len(target))
    if len(others) > room:
        others = random.Random(f"{case.work.resources.seed}/tasks/{task.id}/offered").sample(others, room)
    offered = target.union(others)
    lines = [ToolLine(name=tool.name, description=tool.description) for tool in server.tools if tool.name in offered]
    return JudgeTask(server=server_card(server), tools=lines, text=task.text, target_tools=task.target_tools)
