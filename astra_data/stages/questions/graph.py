"""The graph of a decomposition: is it one, how deep is each node, and what of it can be put right without asking anybody.

    problem(question)                                 # Problem("a circle", ["2", "3"]), or None
    question, check = repaired(question, uses)        # unused dependencies gone, levels computed

Nodes are known by their ids alone: that they are numbered, without gaps or at all, is nowhere assumed.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from astra_data.rows import Question
from astra_data.rows.questions import Node, QuestionCheck
from astra_data.stages.questions.made import CHECKS, changed


@dataclass(frozen=True, slots=True)
class Problem:
    """Why the nodes are no decomposition, and which of them."""

    what: str
    nodes: list[str]

    def __str__(self) -> str:
        return f"{self.what}: {', '.join(self.nodes)}" if self.nodes else self.what


def problem(question: Question) -> Problem | None:
    """The first thing that keeps the nodes from being a graph in levels, with an answer at each and a final one [A 21.3.1]."""
    nodes = question.nodes
    if not nodes:
        return Problem("there is no sub-question", [])
    ids = [node.id for node in nodes]
    levels = levels_of(depends(nodes))
    level = {node.id: node.level for node in nodes}
    tests: list[tuple[str, Iterable[str]]] = [
        ("an id comes twice", (name for name, count in Counter(ids).items() if count > 1)),
        ("an unknown dependency", (node.id for node in nodes if not set(node.depends_on) <= set(ids))),
        ("a circle", () if levels is not None else _circular(nodes)),
        ("levels do not rise", (node.id for node in nodes if any(level.get(d, 0) >= node.level for d in node.depends_on))),
        ("a level below 1", (node.id for node in nodes if node.level < 1)),
        ("no answer", (node.id for node in nodes if is_empty(node.answer))),
    ]
    for what, found in tests:
        if at_fault := list(found):
            return Problem(what, at_fault)
    return Problem("no final answer", []) if is_empty(question.answer) else None


def is_empty(answer: Any) -> bool:
    return answer is None or (isinstance(answer, str) and not answer.strip()) or answer in ([], {})


def depends(nodes: Sequence[Node]) -> dict[str, list[str]]:
    return {node.id: node.depends_on for node in nodes}


def levels_of(depends_on: Mapping[str, Sequence[str]]) -> dict[str, int] | None:
    """The least level of each node, from 1; None if some wait for one another or for what is not there."""
    levels: dict[str, int] = {}
    left = dict(depends_on)
    while left:
        ready = [name for name, needs in left.items() if all(need in levels for need in needs)]
        if not ready:
            return None
        levels |= {name: 1 + max((levels[need] for need in left[name]), default=0) for name in ready}
        left = {name: needs for name, needs in left.items() if name not in levels}
    return levels


def _circular(nodes: Sequence[Node]) -> list[str]:
    """The nodes that lie on a circle or behind one."""
    left = depends(nodes)
    while free := [name for name, needs in left.items() if not set(needs) & left.keys()]:
        left = {name: needs for name, needs in left.items() if name not in free}
    return list(left)


def leaves(nodes: Sequence[Node]) -> set[str]:
    """The nodes that no other one depends on."""
    return {node.id for node in nodes} - {name for node in nodes for name in node.depends_on}


def scenario_of(nodes: Sequence[Node]) -> str:
    """Which of the four arrangements the levels are [A 8.2]."""
    widths = Counter(node.level for node in nodes)
    parallel = "parallel_" if max(widths.values()) > 1 else ""
    return f"{parallel}multi_hop" if len(widths) > 1 else f"{parallel}single_hop"


def repaired(question: Question, uses: Mapping[str, Sequence[str]]) -> tuple[Question, QuestionCheck]:
    """The question with just the dependencies that are used and the least levels, and a check that says what had to be changed:
    its value is the share of nodes left as they were. The levels of a circle are left alone: see `problem`."""
    nodes = [replace(node, depends_on=_used(node, uses[node.id])) for node in question.nodes]
    levels = levels_of(depends(nodes)) or {node.id: node.level for node in nodes}
    nodes = [replace(node, level=levels[node.id]) for node in nodes]
    notes = {old.id: note for old, new in zip(question.nodes, nodes, strict=True) if (note := _note(old, new))}
    said = "; ".join(f"{name}: {note}" for name, note in notes.items()) or "every dependency is used, every level the least"
    check = QuestionCheck("topology", (len(nodes) - len(notes)) / len(nodes), said, list(notes), CHECKS)
    if not notes:
        return question, check
    return changed(question, nodes=nodes, scenario=scenario_of(nodes), hops=max(levels.values())), check


def _used(node: Node, used: Sequence[str]) -> list[str]:
    """The dependencies that are used, in the order in which they were named, and then those that were not."""
    return list(dict.fromkeys([*(name for name in node.depends_on if name in used), *used]))


def _note(old: Node, new: Node) -> str:
    """What was changed of a node."""
    unused = [name for name in dict.fromkeys(old.depends_on) if name not in new.depends_on]
    unnamed = [name for name in new.depends_on if name not in old.depends_on]
    parts = [f"does not use {', '.join(unused)}"] if unused else []
    parts += [f"uses {', '.join(unnamed)}, too"] if unnamed else []
    parts += ["names a dependency twice"] if len(old.depends_on) > len(set(old.depends_on)) else []
    if new.level != old.level:
        parts.append(f"level {old.level} is {new.level}")
    return ", ".join(parts)
