"""The final replay [A 21.3]: what is wrong with an arena as it will be stored, or nothing.

    flaw(arena, homes, sandbox)        # 'arena: the gold calls are not worth 1 - 0.5, unsolved: n2'
"""

from collections.abc import Mapping, Sequence

from astra_data.rollout.goals import same
from astra_data.rollout.replay import Played, gold_calls, replay
from astra_data.rollout.running import Planned, Unloadable
from astra_data.rollout.toolbox import Diverged
from astra_data.rows import Arena, Environment
from astra_data.rows.arenas import environment_of
from astra_data.rows.environments import Goal
from astra_data.sandbox import Sandbox
from astra_data.tools.result import TIMEOUT, ToolBackendDown

IDLE = 0.5
"""What calling every tool once without arguments must be worth less than."""


def flaw(arena: Arena, homes: Mapping[str, Environment], sandbox: Sandbox) -> str | None:
    """The first reason to reject the arena. `homes` are the environments that distractors come from, by id. Raises
    `ToolBackendDown` where the sandbox failed or was too slow for a verdict."""
    environment = environment_of(arena)
    names = [tool["function"]["name"] for tool in arena.tools]
    if len(set(names)) < len(names):
        return f"arena: two tools have one name - {next(name for name in names if names.count(name) > 1)}"
    try:
        return _unlike_gold(environment, sandbox) or _worth_idle(environment, sandbox) or _changed(arena, homes, sandbox)
    except Unloadable as broken:
        if broken.undecided:
            raise ToolBackendDown(TIMEOUT, f"loading: {broken.outcome.message}") from broken
        return f"arena: the tools do not load - {broken.message}"
    except Diverged:
        return "arena: the tools answer otherwise when a call is made again"


def _unlike_gold(environment: Environment, sandbox: Sandbox) -> str | None:
    gold = _made_again(environment, gold_calls(environment), sandbox)
    scored = gold.breakdown
    if scored.f1 != 1.0:
        return f"arena: the gold calls are not worth 1 - {scored.f1:g}, unsolved: {', '.join(scored.unsolved)}"
    if gold.final_state_reached is False:
        return "arena: the gold calls leave another state"
    return None


def _worth_idle(environment: Environment, sandbox: Sandbox) -> str | None:
    """No calls must be worth nothing, and each tool called once without arguments little."""
    if Played(environment).breakdown.f1:
        return "arena: no calls are worth something"
    once: list[list[Planned]] = [[(tool.name, {}) for tool in environment.tools if tool.from_turn == turn]
                                 for turn in range(len(environment.turns))]
    worth = replay(environment, once, sandbox).breakdown.f1
    return f"arena: calling every tool once is worth too much - {worth:g}" if worth >= IDLE else None


def _changed(arena: Arena, homes: Mapping[str, Environment], sandbox: Sandbox) -> str | None:
    """A distractor that answers its own gold calls otherwise than where it comes from, or that reaches a goal by them."""
    goals = [(distractor.name, goal) for distractor in arena.distractors
             for goal in _gold_of(homes[distractor.environment_id], distractor.name)]
    calls: Sequence[Planned] = [(name, goal.arguments) for name, goal in goals]
    played = _made_again(environment_of(arena), [calls, *([] for _ in arena.turns[1:])], sandbox)
    for (name, goal), made in zip(goals, played.made, strict=True):
        if goal.response is not None and not same(goal.response, made.response):
            return f"arena: a distractor answers otherwise than at home - {name}"
    return "arena: a distractor reaches a goal" if played.breakdown.solved else None


def _made_again(environment: Environment, calls: Sequence[Sequence[Planned]], sandbox: Sandbox) -> Played:
    """The replay of gold calls, which had answers before. Raises `ToolBackendDown` where one has none in time now."""
    played = replay(environment, calls, sandbox)
    if any(result.outcome is not None and result.outcome.kind == "timeout" for result in played.results):
        raise ToolBackendDown(TIMEOUT, "a gold call had no answer in time")
    return played


def _gold_of(environment: Environment, tool: str) -> list[Goal]:
    return [goal for turn in environment.turns for goal in turn.goals if goal.tool == tool]
