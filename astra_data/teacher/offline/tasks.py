"""Tasks without a model: one sentence per tool, from its description, with every value a call needs.

    First, convert the length between units with value 12.5, from unit "mile" and to unit "kilometer".

Values are JSON literals, so that a reader of the text (a person, or `reading`) finds them without guessing.
"""

import json
import random
from typing import Any

from astra_data.messages import JsonObject
from astra_data.rows import canonical
from astra_data.teacher.asks import ToolCard, WriteTask, WrittenTask
from astra_data.teacher.offline.chains import properties
from astra_data.teacher.offline.lexicon import imperative, label
from astra_data.teacher.offline.values import Draw
from astra_data.teacher.teacher import Abstained
from astra_data.tools.naming import gives_away

FROM_EARLIER = "from the earlier result"
OPENERS = {1: [""], 2: ["First, ", "Then, "]}
SECRETS = frozenset({"api_key", "token", "password"})


def write(inputs: WriteTask, sample: int) -> WrittenTask:
    """A task that states a value for every required parameter. Raises `Abstained` where a value is not to be had."""
    rng = random.Random(canonical([inputs.model_dump(mode="json"), sample]))
    draw = Draw(rng, inputs.facts)
    steps = [_sentence(tool, inputs.tools[:index], draw, inputs) for index, tool in enumerate(inputs.tools)]
    openers = OPENERS.get(len(steps)) or ["First, ", *["Then, "] * (len(steps) - 2), "Finally, "]
    sentences = [f"{opener}{step}." for opener, step in zip(openers, steps, strict=True)]
    text = " ".join(sentence[0].upper() + sentence[1:] for sentence in sentences)
    return WrittenTask(text=text, target_tools=[tool.name for tool in inputs.tools])


def _sentence(tool: ToolCard, earlier: list[ToolCard], draw: Draw, inputs: WriteTask) -> str:
    given = _arguments(tool, earlier, draw, inputs)
    request = _unnamed(imperative(tool.description, tool.name), [known.name for known in inputs.tools])
    if not given:
        return request
    parts = [f"{label(name)} {phrase}" for name, phrase in given.items()]
    listed = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    return f"{request} with {listed}"


def _arguments(tool: ToolCard, earlier: list[ToolCard], draw: Draw, inputs: WriteTask) -> dict[str, str]:
    """Parameter -> how the text states it: a JSON literal, or that it comes from an earlier result."""
    required = set(tool.parameters.get("required") or ())
    wanted = required | set(inputs.optional.get(tool.name) or ())
    stated: dict[str, str] = {}
    drawn: dict[str, Any] = {}
    for name, schema in properties(tool).items():
        if name not in wanted:
            continue
        known = f"{tool.name}.{name}" in inputs.facts or name in inputs.facts
        if name in SECRETS and not known:
            if name in required:
                raise Abstained(f"{tool.name}.{name} is a secret, and the facts give none")
            continue
        if not known and any(name in ((other.output_schema or {}).get("properties") or {}) for other in earlier):
            stated[name] = FROM_EARLIER
            continue
        drawn[name] = draw.value(tool.name, name, schema, _rivals(tool, schema, drawn))
        stated[name] = json.dumps(drawn[name], ensure_ascii=False)
    return stated


def _rivals(tool: ToolCard, schema: JsonObject, drawn: dict[str, Any]) -> list[Any]:
    """Values already drawn from the same enumeration: nobody converts a unit to itself."""
    enum = schema.get("enum")
    return [value for other, value in drawn.items() if enum and properties(tool)[other].get("enum") == enum]


def _unnamed(request: str, tools: list[str]) -> str:
    """The request with an article after its verb where that keeps it from spelling out a tool's name."""
    verb, _, rest = request.partition(" ")
    softened = f"{verb} the {rest}"
    named = any(gives_away(request, tool) for tool in tools)
    return softened if named and not any(gives_away(softened, tool) for tool in tools) else request
