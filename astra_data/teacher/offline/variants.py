"""Tasks made of tasks without a model, and what can be said of them by reading.

A `diverse` variant has other values for the same tools. The other modes need somebody who can tell a story, so they are abstained
from. Joined tasks are said one after the other. What a text states is found by the reader that the offline policy uses; what it
does not find may still be there, so that it never says that a value is missing.
"""

import json
from typing import Any

from astra_data.teacher.asks import ToolCard, WriteTask
from astra_data.teacher.offline import tasks
from astra_data.teacher.offline.reading import Step, read, sentences
from astra_data.teacher.task_asks import (
    AugmentTask,
    CheckCoverage,
    CheckIntent,
    Coverage,
    Intent,
    JoinTasks,
    JudgeTask,
    Stated,
    TaskText,
)
from astra_data.teacher.teacher import Abstained

DRAWS = 8
"""Times that values are drawn until a text differs."""


def augment(inputs: AugmentTask, sample: int) -> TaskText:
    """The same work with other values. Raises `Abstained` for other modes, and where no other value is known."""
    if inputs.mode != "diverse":
        raise Abstained(f"rules write no {inputs.mode} variant")
    for draw in range(DRAWS):
        written = tasks.write(_task_of(inputs, draw), sample)
        if written.text != inputs.text:
            return TaskText(text=written.text)
    raise Abstained("no other values are known")


def _task_of(inputs: AugmentTask, draw: int) -> WriteTask:
    return WriteTask(
        server=inputs.server,
        tools=inputs.tools,
        ordered=True,
        facts=inputs.facts,
        optional=inputs.optional,
        seed=f"{inputs.seed}/{draw}",
    )


def join(inputs: JoinTasks, sample: int) -> TaskText:
    """The sentences of all tasks in order, strung together anew."""
    parts = [_lowered(sentence) for text in inputs.texts for sentence in sentences(text)]
    said = [f"First, {parts[0]}.", *(f"Then, {part}." for part in parts[1:-1]), f"Finally, {parts[-1]}."]
    return TaskText(text=" ".join(said))


def _lowered(sentence: str) -> str:
    return sentence if sentence[1:2].isupper() else sentence[0].lower() + sentence[1:]


def coverage(inputs: CheckCoverage, sample: int) -> Coverage:
    """The words that state each value. Raises `Abstained` as soon as one is not found."""
    steps = _steps(inputs.text, inputs.tools)
    return Coverage(
        stated=[
            Stated(tool=item.tool, parameter=item.parameter, quote=_quote(item.tool, item.parameter, steps, inputs.text))
            for item in inputs.needed
        ]
    )


def _quote(tool: str, parameter: str, steps: list[Step], text: str) -> str:
    for step in steps:
        if step.tool == tool and parameter in step.arguments:
            words = _words_for(step.arguments[parameter], text)
            if words is not None:
                return words
    raise Abstained(f"no rule finds a value for {tool}.{parameter}")


def _words_for(value: Any, text: str) -> str | None:
    """The value as the text has it: as a JSON literal, or as it is."""
    literal = json.dumps(value, ensure_ascii=False)
    return next((words for words in (literal, str(value)) if words.strip() and words in text), None)


def intent(inputs: CheckIntent, sample: int) -> Intent:
    """True if both texts are read as the same tools in the same order. Raises `Abstained` where they are not."""
    before, after = ([step.tool for step in _steps(text, inputs.tools)] for text in (inputs.original, inputs.variant))
    if None in before or before != after:
        raise Abstained("no rule tells whether the texts want the same")
    return Intent(reason="both are read as the same tools in the same order", same=True)


def rate(inputs: JudgeTask, sample: int) -> Any:
    """Raises `Abstained`: how good or how lifelike a task is, no rule knows."""
    raise Abstained("no rule rates a task")


def _steps(text: str, tools: list[ToolCard]) -> list[Step]:
    functions = [{"name": tool.name, "description": tool.description, "parameters": tool.parameters} for tool in tools]
    return read(text, [{"type": "function", "function": function} for function in functions])
