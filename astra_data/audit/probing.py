"""Makes the calls that an audit asks for, bare: no schema stands before the code.

    seen = probed(environment, probes, sandbox)        # one `Seen` per probe, each as if it was the first call after those before

All of a row's probes go in one exchange with one episode; with a state, each begins with loading it. A probe that ends its
episode costs another one, and after a few of those no more are made.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from astra_data.audit.mutants import Mutant
from astra_data.messages import JsonObject
from astra_data.rollout.goals import Made, parsed, reaches
from astra_data.rollout.running import CLOCK, image_of, result_of
from astra_data.rows.environments import Environment, Goal
from astra_data.sandbox import Call, Outcome, Sandbox
from astra_data.tools.result import DIED, ToolBackendDown

MOST_DEATHS = 2
ENDS_WELL = ("ok", "error", "output_limit", "infrastructure", "recursion")


@dataclass(frozen=True, slots=True)
class Probe:
    """A mutant of a goal's gold call. `before` are the gold calls that come first where there is a state."""

    goal: Goal
    turn: int
    mutant: Mutant
    before: tuple[tuple[str, JsonObject], ...]


@dataclass(frozen=True)
class Seen:
    """What became of a probe. `outcome` is null where it was not made any more; the states are those before and after it."""

    probe: Probe
    outcome: Outcome | None
    state_before: Any = None
    state_after: Any = None

    @cached_property
    def content(self) -> str:
        """All that the call let out: its result and what it printed."""
        return "" if self.outcome is None else f"{result_of(self.outcome).content}\n{self.outcome.stdout}".strip()

    @property
    def answered(self) -> bool:
        return self.outcome is not None and self.outcome.kind in ("ok", "output_limit") and not declines(self.outcome.value)

    @property
    def died(self) -> bool:
        return self.outcome is not None and self.outcome.kind not in ENDS_WELL

    @cached_property
    def reached(self) -> bool:
        """Whether the probe reaches its goal after all."""
        if self.outcome is None or self.outcome.kind not in ("ok", "output_limit"):
            return False
        goal, content = self.probe.goal, result_of(self.outcome).content
        return reaches(goal, Made(goal.tool, self.probe.mutant.arguments, parsed(content), self.probe.turn, self.state_after,
                                  self.state_before))


def declines(value: Any) -> bool:
    """Whether a result is an error that the tool tells: an object that says so, or a text that begins with the word."""
    if isinstance(value, dict):
        return bool(value.get("error") or value.get("errors")) or value.get("success") is False or value.get("ok") is False \
            or str(value.get("status", "")).lower() in ("error", "failed", "failure", "invalid")
    return isinstance(value, str) and value.lstrip("[({ ").lower().startswith(("error", "invalid"))


def probed(environment: Environment, probes: Sequence[Probe], sandbox: Sandbox) -> list[Seen]:
    """One `Seen` per probe. Raises `ToolBackendDown` where the sandbox failed."""
    seen: list[Seen] = []
    deaths = 0
    while len(seen) < len(probes) and deaths < MOST_DEATHS:
        made = _episode(environment, probes[len(seen) :], sandbox)
        seen += made
        deaths += bool(made and made[-1].outcome is not None and not made[-1].outcome.alive)
        if not made:
            break
    return seen + [Seen(probe, None) for probe in probes[len(seen) :]]


def _episode(environment: Environment, probes: Sequence[Probe], sandbox: Sandbox) -> list[Seen]:
    """What was seen of the probes up to the first that ended the episode."""
    entries = {tool.name: tool.entry for tool in environment.tools}
    world, calls, starts = environment.world, list[Call](), list[int]()
    for probe in probes:
        if world.load is not None:
            calls.append(Call(world.load, {"state": world.initial_state}))
            calls += [Call(entries[name], arguments) for name, arguments in probe.before]
        calls += [Call(world.dump)] if world.dump else []
        starts.append(len(calls))
        calls.append(Call(entries[probe.goal.tool], probe.mutant.arguments))
        calls += [Call(world.dump)] if world.dump else []
    with sandbox.start(image_of(environment), clock=CLOCK) as episode:
        outcomes = episode.call_many(calls)
    seen = []
    for probe, at in zip(probes, starts, strict=True):
        outcome = outcomes[at]
        demand(outcome)
        before, after = (outcomes[at - 1].value, outcomes[at + 1].value) if world.dump else (None, None)
        seen.append(Seen(probe, outcome, before, after))
        if not outcome.alive:
            break
    return seen


def demand(outcome: Outcome) -> None:
    """Raise `ToolBackendDown` for an outcome that says nothing of the code."""
    if outcome.kind == "infrastructure":
        raise ToolBackendDown(DIED, f"sandbox: {outcome.message}")
