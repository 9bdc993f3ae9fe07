"""The main question: all nodes told in one request, as a person would put it.

    told("multi_hop", builder, speaker)       # 'What is the city of the customer of order ORD-481?'
"""

import re
from typing import Any

from astra_data.rows import Question
from astra_data.text import occurrences
from astra_data.worlds.builder import Builder, Step
from astra_data.worlds.programs import UNAIDED, WRITES, references_of
from astra_data.worlds.sentences import Speaker
from astra_data.worlds.wording.wording import Phrase

BEFORE, AFTER = re.compile(r"[\w.,-]"), re.compile(r"\w|[.,-]\d")
"""What makes a text in front or behind part of a longer word or number."""
CALCULATED = ("add", "subtract", "multiply", "percent")
NESTED = 1
"""Calculations that are told within one phrase; more are told step by step."""


def told(scenario: str, builder: Builder, speaker: Speaker) -> str:
    """The request whose answer is that of the last node (of all nodes, for parallel single hops)."""
    steps = {step.id: step for step in builder.steps}

    def described(node: str) -> Phrase:
        return speaker.phrase(steps[node].program, described)

    if scenario == "parallel_single_hop":
        return speaker.listed([step.program for step in builder.steps], described)
    last = builder.steps[-1]
    orders = [step for step in builder.steps if step.program["op"] in WRITES]
    request = _calculation(last, steps, speaker) or speaker.sentence(last.program, described)
    for order in reversed(orders):
        request = speaker.then(speaker.sentence(order.program, described), request)
    return request


def _calculation(last: Step, steps: dict[str, Step], speaker: Speaker) -> str:
    """The run of calculations that ends the question, told step by step; nothing if it is short."""

    def described(node: str) -> Phrase:
        return speaker.phrase(steps[node].program, described)

    end, beside, step = "result", list[Phrase](), last
    if last.program["op"] in UNAIDED:
        first, *others = references_of(last.program)
        end, beside, step = f"result_{last.program['op']}", [described(node) for node in others], steps[first]
    run: list[tuple[str, Phrase]] = []
    while step.program["op"] in CALCULATED:
        first_number, second = step.program["arguments"].values()
        run.insert(0, (step.program["op"], described(second["node"]) if "node" in second else speaker.constant(second["value"])))
        step = steps[first_number["node"]]
    return speaker.steps(described(step.id), run, end, *beside) if len(run) > NESTED else ""


def leaks(question: Question) -> bool:
    """Whether an answer can be read off the request, or a sub-question's off its own words, if it needs a tool at all."""
    return any(
        stands(answer, question.question) or (node.needs_tool and stands(answer, node.question))
        for node in question.nodes if not node.effect for answer in _texts(node.answer)
    )


def _texts(answer: Any) -> list[str]:
    return [str(value) for value in answer] if isinstance(answer, list) else [str(answer)]


def stands(answer: str, text: str) -> bool:
    """Whether the answer stands in the text, not as a part of a longer word or number."""
    return occurrences.stands(answer, text, BEFORE, AFTER)
