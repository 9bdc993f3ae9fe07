"""Scores that need no judge, because it can be shown what they are [A 10].

Of a question about a world everything is known: its programs are run again. Of a recorded trajectory it is known which call took
what from which, that each node is one call, and which results led nowhere; whether the calls were enough is for a judge to say.
"""

import copy
from collections.abc import Mapping
from statistics import fmean
from typing import Any

from astra_data.rows import Question
from astra_data.rows.questions import Node, QuestionCheck
from astra_data.stages.questions import graph
from astra_data.stages.questions.made import CHECKS, Made
from astra_data.worlds.programs import OPERATIONS, run

DC, SA, SR, TC = "DC", "SA", "SR", "TC"
"""Dependency consistency, atomicity, sequential rationality, task completeness."""

SOURCES = ("worlds", "trajectories")
"""Sources of which it is known how they were made."""


def proofs(made: Made) -> list[QuestionCheck]:
    """The scores that can be shown, in their order; none for a decomposition that a model wrote."""
    question = made.question
    if question.source == "worlds":
        return [*_of_steps(made, {node.id: _one_operation(node) for node in question.nodes}), _replayed(question)]
    if question.source == "trajectories":
        return _of_steps(made, {node.id: node.call is not None for node in question.nodes})
    return []


def _of_steps(made: Made, atomic: Mapping[str, bool]) -> list[QuestionCheck]:
    nodes = made.question.nodes
    levels = graph.levels_of(graph.depends(nodes)) or {}
    needed = {node.id: set(node.depends_on) == set(made.uses[node.id]) for node in nodes}
    in_time = {node.id: node.level == levels.get(node.id) and node.id not in made.idle for node in nodes}
    return [
        mean(DC, needed, "each takes what it names"),
        mean(SA, atomic, "each is one operation"),
        mean(SR, in_time, "none waits in vain, and none leads nowhere"),
    ]


def mean(check: str, good: Mapping[str, bool], why: str, judge: str = CHECKS) -> QuestionCheck:
    """The share of all nodes that are good. `why` is the reason where all are."""
    bad = [name for name, value in good.items() if not value]
    return QuestionCheck(check, fmean(map(float, good.values())), why if not bad else f"not {', '.join(bad)}", bad, judge)


def _one_operation(node: Node) -> bool:
    return node.program is not None and node.program.get("op") in OPERATIONS


def _replayed(question: Question) -> QuestionCheck:
    """Complete if the programs, run in order, give the answers of all nodes, and these give the main one."""
    tables, answers = copy.deepcopy(question.knowledge["tables"]), dict[str, Any]()
    wrong = []
    for node in sorted(question.nodes, key=lambda node: node.level):
        try:
            answers[node.id] = run(node.program or {}, tables, answers)
        except (LookupError, TypeError, ValueError) as error:
            return QuestionCheck(TC, 0.0, f"{node.id} has no result: {error}", [node.id], CHECKS)
        if answers[node.id] != node.answer:
            wrong.append(node.id)
    last = [node.answer for node in question.nodes if node.id in graph.leaves(question.nodes)]
    final = question.answer in (last, *last[-1:])
    why = "the programs give every answer" if final and not wrong else "the programs give other answers"
    return QuestionCheck(TC, float(final and not wrong), why, wrong, CHECKS)
