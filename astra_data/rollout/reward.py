"""The F1 reward of an arena [A 15.3, 22.2]: 2 * solved / (goals + calls).

    scored = breakdown(turns, calls_made(messages), {"get_order": parameters})
    scored.f1, scored.credits        # 0.8, ['g1', None, 'g2', ...]: which goal each call is credited with

At most one goal is credited to a call, and a goal once; as many as can be. A malformed turn costs what a call costs: otherwise a
policy learns to end in garbage.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from astra_data.rollout.goals import Made, reaches
from astra_data.rows.environments import EnvironmentTurn


@dataclass(frozen=True, slots=True)
class Breakdown:
    """What became of a rollout. `credits` has the goal of each call, or None; `unsolved` the goals of none."""

    goals: int
    calls: int
    credits: list[str | None]
    unsolved: list[str]

    @property
    def solved(self) -> int:
        return self.goals - len(self.unsolved)

    @property
    def recall(self) -> float:
        return self.solved / self.goals

    @property
    def precision(self) -> float:
        """0 where nothing was called."""
        return self.solved / self.calls if self.calls else 0.0

    @property
    def f1(self) -> float:
        """The closed form of the harmonic mean, in [0, 1]; 0 where nothing is solved [A 15.3]."""
        return 2 * self.solved / (self.goals + self.calls)


def breakdown(turns: Sequence[EnvironmentTurn], made: Sequence[Made], parameters: Mapping[str, Mapping[str, Any]],
              malformed_turns: int = 0) -> Breakdown:
    """Credit the calls of a rollout. A call counts towards the goals of its own turn. `parameters` are the schemas by tool.

    Goal ids are unique over all turns. Raises `ValueError` where no turn has a goal: the reward is then undefined.
    """
    goals = [goal.id for turn in turns for goal in turn.goals]
    if not goals:
        raise ValueError("a rollout without goals has no reward")
    matching = _Matching()
    for index, call in enumerate(made):
        asked = turns[call.turn].goals if call.turn < len(turns) else []
        ready = [goal for goal in asked if all(before in matching.holders for before in goal.after)]
        matching.offer(index, {goal.id: goal.after for goal in ready if reaches(goal, call, parameters.get(goal.tool))})
    credited = {call: goal for goal, call in matching.holders.items()}
    return Breakdown(
        len(goals), len(made) + malformed_turns, [credited.get(index) for index in range(len(made))],
        [goal for goal in goals if goal not in matching.holders],
    )


class _Matching:
    """An assignment of goals to calls, grown call by call along augmenting paths, so that goals stay solved; without `after`
    it is a largest one. A goal that another one has waited for keeps its call: to move it later would undo the order."""

    def __init__(self) -> None:
        self.holders: dict[str, int] = {}
        self._candidates: dict[int, Mapping[str, Sequence[str]]] = {}
        self._settled: set[str] = set()

    def offer(self, call: int, goals: Mapping[str, Sequence[str]]) -> None:
        """Let the call hold one of these goals (each with those it comes after), if that takes none from others."""
        self._candidates[call] = goals
        self._augment(call, set(self._settled))

    def _augment(self, call: int, seen: set[str]) -> bool:
        for goal, after in self._candidates[call].items():
            if goal in seen:
                continue
            seen.add(goal)
            holder = self.holders.get(goal)
            if holder is None or self._augment(holder, seen):
                self.holders[goal] = call
                self._settled.update(after)
                return True
        return False
