"""What can go wrong at an endpoint, and plans that say when.

Fault.status(429, retry_after_s=0.01)     Fault("truncate")     once_each(7, 0.2, [Fault("cut"), Fault("fence")])
"""

import hashlib
import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. Kinds that replace the response: `status`, `hang` (no answer ever), `cut` (the connection ends inside
    the body), `no_choices`, `not_json`. Kinds that spoil the script's text: those of `SPOILERS`.
    """

    kind: str
    code: int = 500
    retry_after_s: float | None = None
    error: dict[str, Any] | None = None

    @classmethod
    def status(cls, code: int, retry_after_s: float | None = None, error: dict[str, Any] | None = None) -> "Fault":
        """A response of this status. `retry_after_s` becomes the header, in seconds."""
        return cls("status", code, retry_after_s, error)


Plan = Callable[[int, dict[str, Any]], Fault | None]
"""`(index of the request, its body) -> the fault, if any`. Indexes count from 0 in order of arrival."""


def always(fault: Fault) -> Plan:
    return lambda index, request: fault


def at(index: int, fault: Fault) -> Plan:
    return lambda arrived, request: fault if arrived == index else None


def once_each(seed: int, rate: float, faults: list[Fault], times: int = 1) -> Plan:
    """A share of all requests, chosen by their content, fails the first `times` times it is seen."""
    seen: Counter[str] = Counter()

    def plan(index: int, request: dict[str, Any]) -> Fault | None:
        content = hashlib.sha256(orjson.dumps(request, option=orjson.OPT_SORT_KEYS)).hexdigest()
        seen[content] += 1
        draw = random.Random(f"{seed}:{content}")
        return draw.choice(faults) if draw.random() < rate and seen[content] <= times else None

    return plan


def refuse_formats(*kinds: str) -> Plan:
    """HTTP 400 for a `response_format` of these types, as endpoints without it answer."""

    def plan(index: int, request: dict[str, Any]) -> Fault | None:
        kind = (request.get("response_format") or {}).get("type")
        return Fault.status(400, error={"message": f"{kind} is not supported"}) if kind in kinds else None

    return plan


def _as_strings(text: str) -> str:
    """Every boolean and number of a flat JSON object as a string: `{"a": false}` -> `{"a": "false"}`."""
    value = json.loads(text)
    return json.dumps({k: json.dumps(v) if isinstance(v, bool | int | float) else v for k, v in value.items()})


SPOILERS: dict[str, Callable[[str], str]] = {
    "think": lambda text: f'<think>Perhaps {{"draft": 1}}? No: {{</think>\n\n{text}',
    "lost_think_tag": lambda text: f"Perhaps not.</think>{text}",
    "unclosed_think": lambda text: f"<think>It must be {text}",
    "fence": lambda text: f"```json\n{text}\n```",
    "prose": lambda text: f"Sure! Here is the object {{as asked}}:\n{text}\nI hope it helps (see [1]).",
    "strings": _as_strings,
    "truncate": lambda text: text[: max(1, len(text) - 3)],
    "empty": lambda text: "",
    "words": lambda text: "I would rather not say.",
}
"""Kind -> what it does to the text of an answer. `truncate` also sets the finish reason to `length`."""
