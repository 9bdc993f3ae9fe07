"""One function scores the messages of a rollout in an arena, whoever's loop has made them: ours, or a trainer's.

    done = scored(arena, messages)
    done.f1, done.credits                               # 0.8, ['g1', None, 'g2', ...]
    Terms(answer=1.0).value(done)                       # the final answer counts as one goal more

Everything is read from the messages: unknown names, malformed calls and malformed turns never reach a tool, and yet count. The
paper's reward [A 15.3] looks at calls alone; `Terms` adds what it cannot see, each as one goal more that the last message is the
call for: `2 * (solved + w * right) / (goals + w + calls + w)`. All weights are 0 by default: that is the paper's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from astra_data.messages import Message, calls_of, final_answer
from astra_data.rollout.answers import answers
from astra_data.rollout.figures import invents
from astra_data.rollout.goals import Made, ask_for_state, calls_made
from astra_data.rollout.refusals import asks_back, declines
from astra_data.rollout.replay import replay
from astra_data.rollout.reward import Breakdown, breakdown
from astra_data.rollout.turns import is_plain, malformed_turns, numbered, spoken
from astra_data.rows.arenas import Arena, environment_of
from astra_data.sandbox import Sandbox

Mode = Literal["f1", "recall", "precision"]
States = Sequence[tuple[Any, Any]]
"""The state before and after each call, in order."""


@dataclass(frozen=True, slots=True)
class Scored:
    """What a rollout is worth, and why. `breakdown.calls` counts malformed turns.

    `turns` are those of the policy. `answered` says whether the last message states the arena's answer, null where it has none;
    `declined` whether it rightly says what is missing, null where nothing is, or in a language that we cannot judge.
    """

    breakdown: Breakdown
    turns: int
    malformed_turns: int
    malformed_calls: int
    unknown_calls: int
    distractor_calls: int
    answered: bool | None
    declined: bool | None

    @property
    def goals(self) -> int:
        return self.breakdown.goals

    @property
    def solved(self) -> int:
        return self.breakdown.solved

    @property
    def calls(self) -> int:
        return self.breakdown.calls

    @property
    def credits(self) -> list[str | None]:
        return self.breakdown.credits

    @property
    def f1(self) -> float | None:
        """Null without goals, as are recall and precision."""
        return Terms("f1").value(self)

    @property
    def recall(self) -> float | None:
        return Terms("recall").value(self)

    @property
    def precision(self) -> float | None:
        return Terms("precision").value(self)

    @property
    def valid(self) -> bool:
        """Whether every turn and every call was well-formed, and there was one."""
        return self.turns > 0 and not self.malformed_turns and not self.malformed_calls


@dataclass(frozen=True, slots=True)
class Terms:
    """A reward. `answer` and `decline` weigh, in goals, a right final answer, and a refusal or a question back where a tool or a
    value is missing. With both 0 it is the paper's."""

    mode: Mode = "f1"
    answer: float = 0.0
    decline: float = 0.0

    def value(self, done: Scored) -> float | None:
        """The reward in [0, 1]; null where neither goals nor a weighted term say anything."""
        weight, right = self._extra(done)
        gained, wanted, spent = done.solved + right, done.goals + weight, done.calls + weight
        if not wanted:
            return None
        if not gained:
            return 0.0
        return gained / {"f1": (wanted + spent) / 2, "recall": wanted, "precision": spent}[self.mode]

    def _extra(self, done: Scored) -> tuple[float, float]:
        """(weight of what is right beside the calls, what of it was gained)."""
        weighed = [(weight, right) for weight, right in ((self.answer, done.answered), (self.decline, done.declined))
                   if right is not None]
        return sum(weight for weight, _ in weighed), sum(weight for weight, right in weighed if right)


def scored(arena: Arena, messages: Sequence[Message], states: States | None = None) -> Scored:
    """Score a conversation, prompt included. `states` are needed where a goal asks for one; see `states_of`.

    Raises `ValueError` where they are missing.
    """
    told = numbered(messages)
    made = _with_states(arena, calls_made(told), states)
    calls = list(calls_of(told))
    schemas = {tool["function"]["name"]: tool["function"].get("parameters") or {} for tool in arena.tools}
    distractors = {distractor.name for distractor in arena.distractors}
    malformed = malformed_turns(told)
    return Scored(
        breakdown(arena.turns, made, schemas, len(malformed)) if _goals(arena) else _nothing(made, len(malformed)),
        turns=sum(message["role"] == "assistant" for message in told),
        malformed_turns=len(malformed),
        malformed_calls=sum(call.malformed for call in calls),
        unknown_calls=sum(call.name not in schemas for call in calls),
        distractor_calls=sum(call.name in distractors for call in calls),
        answered=None if arena.answer is None else _answered(arena, told),
        declined=None if arena.removed is None else _declined(arena, told, made),
    )


def states_of(arena: Arena, messages: Sequence[Message], sandbox: Sandbox) -> list[tuple[Any, Any]] | None:
    """The states that the calls of a conversation went through, by making those that have a result again; null where no goal asks
    for one. Raises as `replay` does."""
    if not ask_for_state(arena.turns):
        return None
    told = numbered(messages)
    results = {message.get("tool_call_id") for message in told if message["role"] == "tool"}
    made = [(call.id in results, one) for call, one in zip(calls_of(told), calls_made(told), strict=True)]
    planned = [[(one.name, one.arguments) for done, one in made if done and one.turn == number]
               for number in range(len(arena.turns))]
    again = iter(replay(environment_of(arena), planned, sandbox).made)
    found = []
    for done, one in made:
        played = next(again) if done and one.turn < len(arena.turns) else one
        found.append((played.before, played.state))
    return found


def _goals(arena: Arena) -> bool:
    return any(turn.goals for turn in arena.turns)


def _nothing(made: Sequence[Made], malformed: int) -> Breakdown:
    """The breakdown where there is no goal to reach."""
    return Breakdown(0, len(made) + malformed, [None] * len(made), [])


def _with_states(arena: Arena, made: list[Made], states: States | None) -> list[Made]:
    if not ask_for_state(arena.turns):
        return made
    if states is None or len(states) != len(made):
        raise ValueError("an arena with goals of kind state is scored with the states around each call")
    return [Made(one.name, one.arguments, one.response, one.turn, after, before)
            for one, (before, after) in zip(made, states, strict=True)]


def _final(messages: Sequence[Message]) -> str:
    """The last message in plain words, or nothing."""
    said = spoken(messages[-1]) if final_answer(list(messages)) is not None else ""
    return said if is_plain(said) else ""


def _known(messages: Sequence[Message]) -> list[str]:
    """What the policy was told: by the system, the user and the tools."""
    return [str(message.get("content") or "") for message in messages if message["role"] != "assistant"]


def _answered(arena: Arena, messages: Sequence[Message]) -> bool:
    final = _final(messages)
    return bool(final) and answers(arena.answer, final, "\n".join(_known(messages)))


def _declined(arena: Arena, messages: Sequence[Message], made: Sequence[Made]) -> bool | None:
    """Whether the last message says that a tool is missing, or asks for the missing value; with no call to the tool in question,
    which could only be with a made-up name or value, and no figure that nobody has told."""
    removed, final = arena.removed, _final(messages)
    assert removed is not None
    said = declines(final, arena.language)
    if removed.kind == "argument":
        said = asks_back(final, arena.language, removed.argument or "")
    if said is None:
        return None
    return said and not any(call.name == removed.tool for call in made) and not invents(final, _known(messages))
