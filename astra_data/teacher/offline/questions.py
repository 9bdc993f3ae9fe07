"""Questions without a model: the wording of recorded calls, and the completeness that can be read off an answer.

A step is worded from the description of its tool and its arguments. Whether a decomposition is good, no rule knows; only where
the main answer is made of the answers of the steps and of nothing else is it plain that they are enough.
"""

import json
from typing import Any

from astra_data.messages import JsonObject
from astra_data.teacher.asks import ToolCard
from astra_data.teacher.offline.judges import NUMBER
from astra_data.teacher.offline.lexicon import imperative, label
from astra_data.teacher.offline.policy import summary
from astra_data.teacher.question_asks import Completeness, JudgeSteps, StepCard, WordedStep, WordedSteps, WordSteps
from astra_data.teacher.teacher import Abstained


def word(inputs: WordSteps, sample: int) -> WordedSteps:
    """What each tool does, with every value that its call was given."""
    return WordedSteps(steps=[WordedStep(id=step.id, question=_sentence(step.tool, step.arguments)) for step in inputs.steps])


def _sentence(tool: ToolCard, arguments: JsonObject) -> str:
    request = imperative(tool.description, tool.name)
    given = [f"{label(name)} {json.dumps(value, ensure_ascii=False)}" for name, value in arguments.items()]
    listed = f" with {', '.join(given)}" if given else ""
    return f"{request[:1].upper()}{request[1:]}{listed}."


def completeness(inputs: JudgeSteps, sample: int) -> Completeness:
    """Complete if the answer is that of a step that no other one uses, lists those of steps, or tells the answers of all of these
    and no number of its own. Raises `Abstained` otherwise."""
    used = {name for step in inputs.steps for name in step.depends_on}
    last = [step for step in inputs.steps if step.id not in used]
    if len(last) == 1 and inputs.answer == last[0].answer:
        return Completeness(reason="the answer is that of the last step", missing=[], complete=True)
    if isinstance(inputs.answer, list) and inputs.answer == [step.answer for step in last]:
        return Completeness(reason="the answer lists those of the last steps", missing=[], complete=True)
    if isinstance(inputs.answer, str) and _tells(inputs.answer, last, inputs):
        return Completeness(reason="the answer tells what the steps found, and no number besides", missing=[], complete=True)
    raise Abstained("no rule tells whether the steps are enough")


def _tells(answer: str, last: list[StepCard], inputs: JudgeSteps) -> bool:
    said = " ".join([inputs.question, *(f"{step.question} {_text(step.answer)}" for step in inputs.steps)])
    known = set(map(float, NUMBER.findall(said)))
    own = [number for number in NUMBER.findall(answer) if float(number) not in known]
    return not own and all(summary(_text(step.answer)) in answer for step in last)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
