"""Calls made again in an environment, and what they are worth: the one evaluation for synthesis, audit, formats and training.

    played = replay(environment, gold_calls(environment), sandbox)
    played.breakdown.f1, played.final_state_reached       # 1.0, True
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from astra_data.messages import MALFORMED, JsonObject, Message, assistant, tool_call, tool_result, user
from astra_data.rollout.goals import Made, ask_for_state, parsed, same
from astra_data.rollout.reward import Breakdown, breakdown
from astra_data.rollout.running import Planned, Result, Running
from astra_data.rows.environments import Environment, Goal
from astra_data.sandbox import Sandbox


@dataclass(frozen=True, slots=True)
class Played:
    """A replay. `messages` are those of a rollout that made these calls; `final_state` is null without a state."""

    environment: Environment
    messages: list[Message] = field(default_factory=list)
    made: list[Made] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    final_state: Any = None

    @property
    def breakdown(self) -> Breakdown:
        return breakdown(self.environment.turns, self.made, parameters_of(self.environment))

    @property
    def final_state_reached(self) -> bool | None:
        """Whether the state at the end is the environment's; null where it names none."""
        wanted, ignore = self.environment.world.final_state, self.environment.world.ignore
        return None if wanted is None else same(compared(wanted, ignore), compared(self.final_state, ignore))


def compared(state: Any, ignore: Sequence[str]) -> Any:
    """The part of a state that comparisons look at."""
    return {name: value for name, value in state.items() if name not in ignore} if isinstance(state, dict) else state


def parameters_of(environment: Environment) -> Mapping[str, Mapping[str, Any]]:
    """The schema of the arguments by tool."""
    return {tool.name: tool.schema.get("parameters") or {} for tool in environment.tools}


def gold_calls(environment: Environment) -> list[list[Planned]]:
    """The gold call of every goal by turn, each after those of the goals it comes after."""
    return [[(goal.tool, goal.arguments) for goal in _ordered(turn.goals)] for turn in environment.turns]


def _ordered(goals: Sequence[Goal]) -> list[Goal]:
    left, placed, inside = list(goals), list[Goal](), {goal.id for goal in goals}
    while left:
        done = {goal.id for goal in placed}
        ready = next((goal for goal in left if all(name in done for name in goal.after if name in inside)), left[0])
        left.remove(ready)
        placed.append(ready)
    return placed


def replay(environment: Environment, calls: Sequence[Sequence[Planned]], sandbox: Sandbox, *, seed: int | str = 0) -> Played:
    """Make these calls, those of turn 0 first, in a new episode. Raises as `Running` does."""
    stateful = ask_for_state(environment.turns)
    messages: list[Message] = []
    made: list[Made] = []
    results: list[Result] = []
    with Running(environment, sandbox, seed=seed) as running:
        before = running.state() if stateful else None
        for number, (turn, planned) in enumerate(zip(environment.turns, calls, strict=True)):
            running.turn = number
            messages.append(user(turn.user))
            done = running.call_with_states(planned) if stateful else [(result, None) for result in running.call_many(planned)]
            for (name, arguments), (result, after) in zip(planned, done, strict=True):
                messages += _exchange(len(made), name, arguments, result.content)
                made.append(Made(name, arguments, parsed(result.content), number, after, before))
                results.append(result)
                before = after
        final = running.state() if environment.world.dump else None
    return Played(environment, messages, made, results, final)


def _exchange(number: int, name: str, arguments: JsonObject | None, content: str) -> list[Message]:
    call = tool_call(f"call_{number}", name, {MALFORMED: ""} if arguments is None else arguments)
    return [assistant("", [call]), tool_result(call["id"], name, content)]
