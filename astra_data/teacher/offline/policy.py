"""A scripted policy: reads the request, makes the calls it states one at a time, and reports what came back.

It sees the messages and the tools on offer, nothing else: not the task row, not the chain, not the recipe. A step for which no
tool is on offer is left out and reported as such. A call that failed in passing (a timeout, a lost connection, a busy server) is
made again, twice at most; any other failure is reported.
"""

import json
import re
from typing import Any

from astra_data.exact import shallow
from astra_data.ledger import Usage
from astra_data.messages import JsonObject, Message, assistant, calls_of, results_of, tool_call
from astra_data.teacher.offline.reading import Step, read
from astra_data.teacher.teacher import Turn

MAX_ITEMS = 12
MAX_TEXT = 600
TRIES = 3
PASSING = re.compile(
    r"error: (?:http (?:429|5\d\d)\b|rate limit|(?:the )?(?:request|connection) (?:timed out|refused|reset)|deadline exceeded"
    r"|the server cannot be reached)|<html><head><title>(?:bad gateway|service unavailable|gateway time-?out)",
    re.IGNORECASE,
)


class OfflinePolicy:
    """Follows the sentences of the last user message. Deterministic; costs nothing."""

    name = "offline"

    @property
    def sampling(self) -> JsonObject:
        return {}

    async def act(self, messages: list[Message], tools: list[JsonObject], *, sample: int = 0) -> Turn:
        """The next call that the request states, or the final answer."""
        question = max(index for index, message in enumerate(messages) if message["role"] == "user")
        steps = read(messages[question]["content"], tools)
        callable_steps = [step for step in steps if step.tool is not None]
        results = _settled(list(results_of(messages[question:]).values()))
        for step in callable_steps[len(results) :]:
            arguments = _filled(step, list(results_of(messages).values()))
            if arguments is not None:
                count = len(list(calls_of(messages)))
                return Turn(assistant("", [tool_call(f"call_{count}", step.tool or "", arguments)]), Usage())
            break
        return Turn(assistant(_report(steps, results)), Usage())


def _settled(results: list[str]) -> list[str]:
    """The result of each step: of a call that was made again because it failed in passing, the last one."""
    settled, tries = list[str](), 0
    for result in results:
        tries += 1
        if tries == TRIES or not _in_passing(result):
            settled.append(result)
            tries = 0
    return settled


def _in_passing(result: str) -> bool:
    """True for a failure of the way to the tool, and for a JSON object that was cut off."""
    try:
        json.loads(result)
    except json.JSONDecodeError as error:
        cut_off = result.startswith('{"') and (error.pos >= len(result) or error.msg.startswith("Unterminated string"))
        return cut_off or PASSING.match(result) is not None
    except (ValueError, RecursionError):
        return False
    return False


def _filled(step: Step, results: list[str]) -> JsonObject | None:
    """The arguments of a step, with what it takes from earlier results; None if an earlier result does not have it."""
    arguments = dict(step.arguments)
    for name in step.from_earlier:
        found = next((value for text in reversed(results) for value in _field(text, name)), None)
        if found is None:
            return None
        arguments[name] = found
    return arguments


def _field(text: str, name: str) -> list[Any]:
    """The values under a key anywhere in a JSON text, in document order."""

    def walk(value: Any) -> list[Any]:
        if isinstance(value, dict):
            own = [value[name]] if name in value else []
            return own + [found for inner in value.values() for found in walk(inner)]
        return [found for inner in value for found in walk(inner)] if isinstance(value, list) else []

    return walk(shallow(text))


def _report(steps: list[Step], results: list[str]) -> str:
    lines, unread = [], list(results)
    for step in steps:
        request = step.request[:1].upper() + step.request[1:]
        if step.tool is None:
            lines.append(f"{request}: I have no tool for this, so it is not done.")
        elif unread:
            lines.append(f"{request}: {summary(unread.pop(0))}")
        else:
            lines.append(f"{request}: not done, because something it needs was not found.")
    return "\n".join(lines)


def summary(text: str) -> str:
    """A tool result as a line of prose: the scalar fields of a JSON object, the first items of a list, or the text itself."""
    value = shallow(text)
    if isinstance(value, dict):
        pairs = list(_scalars(value, ""))[:MAX_ITEMS]
        if pairs:
            return ", ".join(f"{name} {shown}" for name, shown in pairs)
    if isinstance(value, list):
        return f"{len(value)} in all; " + "; ".join(_shown(item) for item in value[:MAX_ITEMS])
    line = " ".join(text.split())
    return line if len(line) <= MAX_TEXT else f"{line[:MAX_TEXT].rsplit(' ', 1)[0]} ..."


def _scalars(value: JsonObject, prefix: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for key, inner in value.items():
        name = f"{prefix}{key.replace('_', ' ')}"
        if isinstance(inner, dict):
            pairs += _scalars(inner, f"{name} ")
        else:
            pairs.append((name, _shown(inner)))
    return pairs


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    line = " ".join(text.split())
    return line if len(line) <= MAX_TEXT // 2 else f"{line[: MAX_TEXT // 2].rsplit(' ', 1)[0]} ..."
