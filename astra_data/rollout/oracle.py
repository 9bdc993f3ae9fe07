"""The scripted oracle: makes the gold calls of an arena in the order of `after`, then states the answer.

    done = await act(arena, Oracle(arena), sandbox)        # worth 1 wherever the arena is sound

Calls that wait for one another are made in different turns, so that no argument is used before a result has told it; of those
that do not, up to `calls_per_turn` are made at once. In an arena from which something was removed the oracle says so.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from astra_data.messages import JsonObject, Message, assistant, tool_call
from astra_data.rollout.goals import stands_in, text_of
from astra_data.rows import Arena
from astra_data.rows.environments import Goal
from astra_data.teacher.teacher import Turn

Words = Mapping[str, str]

WORDS: Mapping[str, Words] = {
    "en": {
        "answer": "The answer is {}.", "done": "Done.", "tool": "I cannot do that: there is no tool for it.",
        "argument": "Which {} do you mean?",
    },
    "de": {
        "answer": "Die Antwort ist {}.", "done": "Erledigt.", "tool": "Das kann ich nicht tun: es gibt kein Werkzeug daf\u00fcr.",
        "argument": "Welcher Wert ist gemeint: {}?",
    },
}
"""Language -> what the oracle says; English where a language is not there."""


class Oracle:
    """The policy of one arena. Goals whose gold call is not known are passed over."""

    name = "oracle"

    def __init__(self, arena: Arena, calls_per_turn: int = 1) -> None:
        self._arena, self._most = arena, calls_per_turn
        said = [str(message["content"]) for message in arena.prompt]
        heard = ["\n".join([*said, *(turn.user for turn in arena.turns[: number + 1])]) for number in range(len(arena.turns))]
        self._turns = [rounds(turn.goals, calls_per_turn, said) for turn, said in zip(arena.turns, heard, strict=True)]
        self._words = WORDS.get(arena.language or "", WORDS["en"])

    @property
    def sampling(self) -> JsonObject:
        return {"calls_per_turn": self._most}

    async def act(self, messages: list[Message], tools: list[JsonObject], *, sample: int = 0) -> Turn:
        """See `Policy.act`."""
        asked = [index for index, message in enumerate(messages) if message["role"] == "user"]
        turn, made = len(asked) - 1, sum(message["role"] == "assistant" for message in messages[asked[-1] :])
        if made < len(self._turns[turn]):
            number = sum(len(message.get("tool_calls") or ()) for message in messages)
            goals = self._turns[turn][made]
            return Turn(assistant("", [tool_call(f"call_{number + place}", goal.tool, goal.arguments)
                                       for place, goal in enumerate(goals, 1)]))
        return Turn(assistant(self._last() if turn == len(self._turns) - 1 else self._words["done"]))

    def _last(self) -> str:
        removed = self._arena.removed
        if removed is not None:
            return self._words[removed.kind].format((removed.argument or "").replace("_", " "))
        answer = self._arena.answer
        return self._words["done"] if answer is None else self._words["answer"].format(told(answer))


def rounds(goals: Sequence[Goal], most: int, said: str) -> list[list[Goal]]:
    """The goals with a known gold call in turns of at most `most`, each after those that it waits for."""
    left = [goal for goal in goals if goal.arguments is not None]
    waiting = waits(left, said)
    done: list[list[Goal]] = []
    while left:
        over = {goal.id for turn in done for goal in turn}
        ready = [goal for goal in left if waiting[goal.id] <= over] or left
        done.append(ready[:most])
        left = [goal for goal in left if goal not in done[-1]]
    return done


def waits(goals: Sequence[Goal], said: str) -> dict[str, set[str]]:
    """For each goal those that its gold call waits for: those it comes after, and those before it whose results tell one of its
    arguments that the user has not said."""
    inside, found = {goal.id for goal in goals}, dict[str, set[str]]()
    for number, goal in enumerate(goals):
        new = [value for value in map(text_of, _leaves(goal.arguments)) if not stands_in(value, said)]
        tellers = {one.id for one in goals[:number] if any(stands_in(value, text_of(one.response)) for value in new)}
        found[goal.id] = (set(goal.after) & inside) | tellers
    return found


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _leaves(part)
    elif value is not None and not isinstance(value, bool):
        yield value


def told(answer: Any) -> str:
    """An answer as a person would write it: parts of lists and objects one after the other."""
    if isinstance(answer, list):
        return ", ".join(map(told, answer))
    if isinstance(answer, dict):
        return ", ".join(f"{name}: {told(value)}" for name, value in answer.items())
    return text_of(answer)
