"""A user for tasks with several turns: tells a part of the task at first, the rest as the conversation goes.

    user = SimulatedUser(teacher, "Find the cheapest flight. Book it for Ann.", turns=2)
    user.opening                        # 'Find the cheapest flight.'
    await user.reply(messages)          # the next message, or None when the user has nothing left to say

The user sees what was said and no call. A user that cannot be had, or that stops before everything was told, is a failure of the
user: such a rollout says nothing about the policy.
"""

import re

from astra_data.ledger import Unanswered
from astra_data.messages import Message
from astra_data.teacher.stand_ins import SIMULATE_USER, Said, SimulateUser
from astra_data.teacher.teacher import Abstained, Teacher
from astra_data.text.literals import literals, within

BORDER = re.compile("(?<=[.!?])\\s+(?=\\S)|(?<=[\u3002\uff01\uff1f])(?=\\S)|(?<!\\s)\\s*\\n\\s*")
SHORTEST_OPENING = 15
"""Characters; a greeting alone is no opening."""


def split(text: str, turns: int) -> list[str]:
    """The text as at most `turns` messages: what is told first, then a sentence each. No border lies inside a JSON literal."""
    told = literals(text)
    borders = [match for match in BORDER.finditer(text) if not within(match.start(), told)]
    starts, ends = [0, *(border.end() for border in borders)], [*(border.start() for border in borders), len(text)]
    parts = [text[start:end] for start, end in zip(starts, ends, strict=True)]
    first = max(len(parts) - turns + 1, 1)
    while first < len(parts) and len(text[: ends[first - 1]].strip()) < SHORTEST_OPENING:
        first += 1
    return [text[: ends[first - 1]].strip(), *(part.strip() for part in parts[first:] if part.strip())]


class SimulatedUser:
    """The user of one rollout, who sends `turns` messages at most, the opening included."""

    def __init__(self, teacher: Teacher, text: str, turns: int, *, sample: int = 0) -> None:
        self._teacher, self._sample = teacher, sample
        self._goal = split(text, turns)
        self._untold = list(range(1, len(self._goal)))
        self._left = turns - 1

    @property
    def opening(self) -> str:
        return self._goal[0]

    async def reply(self, messages: list[Message]) -> str | None:
        """The next message; None is the end. Raises `Unanswered` when the user fails."""
        if not self._left:
            self._must_have_told()
            return None
        asked = SimulateUser(goal=self._goal, untold=self._untold, conversation=_heard(messages), turns_left=self._left)
        try:
            turn = await self._teacher.answer(SIMULATE_USER, asked, sample=self._sample)
        except Abstained as abstained:
            raise Unanswered(f"user: abstained - {abstained.reason}", sent=False) from abstained
        except Unanswered as failure:
            raise Unanswered(f"user: {failure.reason}", sent=False) from failure
        if turn.done:
            self._must_have_told()
            return None
        self._left -= 1
        self._untold = [part for part in self._untold if part not in turn.tells]
        return turn.message

    def _must_have_told(self) -> None:
        if self._untold:
            raise Unanswered("user: not everything was told", sent=False)


def _heard(messages: list[Message]) -> list[Said]:
    """What the two have said to each other, without calls, results and the system's words."""
    said = [message for message in messages if message["role"] in ("user", "assistant") and message["content"]]
    return [Said(role=message["role"], content=message["content"]) for message in said]
