"""What the stages see of a model: a teacher that answers asks, and a policy that takes turns.

    verdict = await teacher.answer(JUDGE, inputs, sample=2)
    turn = await policy.act(messages, tools)

Neither invents anything: no answer is `Unanswered`, and a teacher of rules that does not know is `Abstained`.
"""

import re
from dataclasses import dataclass, field
from typing import Protocol

from astra_data.ledger import Unanswered, Usage
from astra_data.messages import JsonObject, Message
from astra_data.teacher.ask import Ask, I, O

CUT = re.compile(r"length|max_|limit|context|filter|safety|recitation|blocked|prohibited", re.IGNORECASE)
"""Reasons for which endpoints end a turn before its end, whatever stands there, in the words of any of them."""


class Abstained(Exception):  # noqa: N818 - an answer, not an error
    """The teacher has no opinion, and says so. Becomes null in the row, never a number."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Turn:
    """One assistant message. `finish` is the endpoint's word for why it ended; those of `CUT` say that it was cut off."""

    message: Message
    usage: Usage = field(default_factory=Usage)
    finish: str = "stop"


class Teacher(Protocol):
    """Answers typed questions. `name` is the model's, as rows record it."""

    @property
    def name(self) -> str: ...

    async def answer(self, ask: Ask[I, O], inputs: I, *, sample: int = 0) -> O:
        """The answer to a sample of an ask: equal arguments give the same answer. Raises `Abstained`, `Unanswered`."""
        ...


class Policy(Protocol):
    """Plays the assistant of a conversation. `sampling` is what a row needs to say how its turns were drawn."""

    @property
    def name(self) -> str: ...

    @property
    def sampling(self) -> JsonObject: ...

    async def act(self, messages: list[Message], tools: list[JsonObject], *, sample: int = 0) -> Turn:
        """The next assistant message, which may be empty. `tools` are OpenAI objects. Raises `Unanswered`."""
        ...


__all__ = ["Abstained", "Policy", "Teacher", "Turn", "Unanswered"]
