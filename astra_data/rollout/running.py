"""An environment at work in the sandbox: the one way to call its tools and to read its state.

    with Running(environment, sandbox) as running:
        running.call("order_total", {"order": "O-17"}).content        # '{"total": 93.5}'

Arguments are held against the schema before any code sees them. A call that ends the episode (too long, too much memory, a crash)
is an error for whoever made it and leaves no effect: the next call finds a new episode, brought to the same state by making the
calls before it again. An infrastructure failure is raised, and is never a result.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from astra_data.errors import DataError
from astra_data.ledger import Unanswered
from astra_data.messages import MALFORMED, Call, JsonObject
from astra_data.rollout.goals import text_of
from astra_data.rollout.loop import refused
from astra_data.rollout.toolbox import Diverged
from astra_data.rows.environments import Environment
from astra_data.sandbox import Call as Sent
from astra_data.sandbox import Episode, Image, Outcome, Sandbox
from astra_data.tools.result import DIED, ToolBackendDown, ToolResult

BACKEND: Final = "sandbox"
CLOCK: Final = 1767225600.0
"""POSIX seconds at which the time stands still for all tools: the start of 2026."""

Planned = tuple[str, JsonObject | None]
"""A call to be made: name and arguments; null for arguments that are no JSON object."""


class Unloadable(DataError):  # noqa: N818 - a state of the environment
    """The modules of an environment do not load, or its state does not. `outcome` says why."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(f"the environment does not load: {failure_of(outcome)}", mend="make it again, or leave it out")
        self.outcome = outcome

    @property
    def undecided(self) -> bool:
        """Whether only the wall's clock ran out: of code that has loaded before, that says more of a busy machine than of it."""
        return self.outcome.kind == "timeout"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a call. `outcome` is null where no code saw it."""

    content: str
    is_error: bool
    outcome: Outcome | None = None


def failure_of(outcome: Outcome) -> str:
    """What a failed call tells its caller: the error that the code raised, else the kind of its end; the same every time."""
    return f"{outcome.error_type}: {outcome.message}" if outcome.kind == "error" else f"the call ended with {outcome.kind}"


def result_of(outcome: Outcome) -> Result:
    """The text form of a result: texts as they are, anything else as JSON. An object with an `error` and nothing else is one."""
    if outcome.kind not in ("ok", "output_limit"):
        return Result(f"Error: {failure_of(outcome)}", True, outcome)
    value = outcome.value
    return Result(text_of(value), isinstance(value, dict) and list(value) == ["error"], outcome)


def image_of(environment: Environment) -> Image:
    return Image(tuple((module.name, module.source) for module in environment.modules))


class Running:
    """An environment with its episode, opened at the first call. `turn` (from 0) decides which tools are on offer. One thread at
    a time. Raises `Unloadable`, and `ToolBackendDown` where the sandbox failed."""

    def __init__(self, environment: Environment, sandbox: Sandbox, *, seed: int | str = 0, clock: float = CLOCK) -> None:
        self.environment, self.turn = environment, 0
        self._sandbox, self._seed, self._clock = sandbox, seed, clock
        self._entries = {tool.name: tool.entry for tool in environment.tools}
        self._episode: Episode | None = None
        self._sent: list[tuple[Sent, Outcome]] = []

    def open(self) -> None:
        """Load the environment now, not at the first call."""
        self._live()

    def offered(self) -> list[JsonObject]:
        """The tools of this turn, as a policy gets them."""
        return [{"type": "function", "function": tool.schema} for tool in self.environment.tools if tool.from_turn <= self.turn]

    def call(self, name: str, arguments: JsonObject | None) -> Result:
        """Make one call in this turn."""
        return self.call_many([(name, arguments)])[0]

    def call_many(self, planned: Sequence[Planned]) -> list[Result]:
        """Make calls one after the other, in one exchange with the sandbox."""
        return [result for result, _ in self._performed(planned, states=False)]

    def call_with_states(self, planned: Sequence[Planned]) -> list[tuple[Result, Any]]:
        """As `call_many`, each with the state after it."""
        return self._performed(planned, states=True)

    def state(self) -> Any:
        """The state, null for an environment without one."""
        dump = self.environment.world.dump
        return None if dump is None else self._value(self._send([Sent(dump)])[0])

    def _performed(self, planned: Sequence[Planned], *, states: bool) -> list[tuple[Result, Any]]:
        dump = self.environment.world.dump if states else None
        refusals, sent = [], list[Sent]()
        for name, arguments in planned:
            refusal = self._refused(name, arguments)
            refusals.append(refusal)
            sent += [] if refusal or arguments is None else [Sent(self._entries[name], arguments)]
            sent += [] if dump is None else [Sent(dump)]
        outcomes = iter(self._send(sent))
        done = []
        for refusal in refusals:
            result = refusal or result_of(next(outcomes))
            done.append((result, None if dump is None else self._value(next(outcomes))))
        return done

    def _refused(self, name: str, arguments: JsonObject | None) -> Result | None:
        call = Call("", name, {MALFORMED: ""} if arguments is None else arguments, 0)
        refusal = refused(call, self.offered())
        return None if refusal is None else Result(refusal.content, True)

    def _send(self, calls: Sequence[Sent]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        while len(outcomes) < len(calls):
            rest = calls[len(outcomes) :]
            for call, outcome in zip(rest, self._live().call_many(rest), strict=True):
                _demand(outcome)
                outcomes.append(outcome)
                if not outcome.alive:
                    self._end()
                    break
                self._sent.append((call, outcome))
        return outcomes

    def _live(self) -> Episode:
        """The episode, in the state that the calls so far have left."""
        if self._episode is None:
            self._episode = self._sandbox.start(image_of(self.environment), seed=self._seed, clock=self._clock)
            _loaded(self._episode.loaded)
            world = self.environment.world
            if world.load is not None:
                _loaded(self._episode.call(world.load, {"state": world.initial_state}))
            again = self._episode.call_many([call for call, _ in self._sent])
            for (_, before), now in zip(self._sent, again, strict=True):
                _demand(now)
                if (before.kind, before.value) != (now.kind, now.value):
                    raise Diverged
        return self._episode

    def _value(self, outcome: Outcome) -> Any:
        """What `dump` returned; a state that cannot be read is one that cannot be loaded either."""
        _loaded(outcome)
        return outcome.value

    def _end(self) -> None:
        if self._episode is not None:
            self._episode.close()
            self._episode = None

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *_: object) -> None:
        self._end()


def _demand(outcome: Outcome) -> None:
    if outcome.kind == "infrastructure":
        raise ToolBackendDown(DIED, f"sandbox: {outcome.message}")


def _loaded(outcome: Outcome) -> None:
    _demand(outcome)
    if outcome.kind not in ("ok", "output_limit"):
        raise Unloadable(outcome)


class SandboxToolbox:
    """The `Toolbox` of a rollout in an environment. Use as an async context manager."""

    def __init__(self, environment: Environment, sandbox: Sandbox, *, seed: int | str = 0) -> None:
        self.running = Running(environment, sandbox, seed=seed)

    async def call(self, name: str, arguments: JsonObject) -> ToolResult:
        """See `Toolbox.call`."""
        try:
            result = await asyncio.to_thread(self.running.call, name, arguments)
        except ToolBackendDown as down:
            raise Unanswered(str(down)) from down
        return ToolResult(result.content, result.is_error, backend=BACKEND)

    def next_turn(self) -> list[JsonObject]:
        """Go on to the next turn of the user. The tools that are on offer there."""
        self.running.turn += 1
        return self.running.offered()

    async def __aenter__(self) -> "SandboxToolbox":
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.running.__exit__)
