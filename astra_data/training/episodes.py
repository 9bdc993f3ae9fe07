"""The episode of one rollout: an arena at work in the sandbox, and the conversation that grows in it.

    episode = Episode(arena, sandbox)
    episode.say(assistant("", [tool_call("call_1", "total", {"order": "A"})]))
    episode.work()                  # [{"role": "tool", "name": "total", "content": '{"total": 3}', ...}]
    episode.scored().f1

Results and errors have the texts that `rollout` gives: a call that no tool may see gets the same error, and `MAX_INVALID` of them
in a row end the rollout. A sandbox that fails ends it without a score. A lock keeps the threads of an episode apart.
"""

import threading
from collections.abc import Sequence
from typing import Any, Final

from astra_data.errors import SandboxError
from astra_data.messages import Call, JsonObject, Message, calls_of, final_answer, tool_result
from astra_data.rollout.goals import ask_for_state
from astra_data.rollout.loop import (
    ANSWERED,
    BACKEND_DOWN,
    CUT_OFF,
    EMPTY,
    INVALID_CALLS,
    NO_BACKEND,
    TURN_LIMIT,
    Rollout,
    refused,
)
from astra_data.rollout.running import BACKEND, Planned, Result, Running, Unloadable
from astra_data.rollout.scoring import Scored, scored
from astra_data.rollout.toolbox import Diverged
from astra_data.rows.arenas import Arena, environment_of
from astra_data.rows.trajectories import CallRecord
from astra_data.sandbox import Sandbox
from astra_data.tools.result import ToolBackendDown, ToolResult

MAX_INVALID: Final = 3
FAILURES: Final = (ToolBackendDown, Unloadable, Diverged, SandboxError)
"""What ends a rollout without saying anything about the policy."""


class Episode:
    """One rollout in an arena of one user turn.

    `calls` says what became of each call that was made; `failure` what the sandbox died of, and is empty while it lives; `cut`
    whether the last turn ran out of room; `marked` whether a result held tokens of the chat template as text.
    """

    def __init__(self, arena: Arena, sandbox: Sandbox) -> None:
        self.arena = arena
        self.messages: list[Message] = list(arena.prompt)
        self.calls: list[CallRecord] = []
        self.failure = ""
        self.cut = self.marked = False
        self.input_tokens = self.output_tokens = 0
        self._running = Running(environment_of(arena), sandbox)
        self._stateful = ask_for_state(arena.turns)
        self._state: Any = None
        self._states: list[tuple[Any, Any]] = []
        self._scored: tuple[int, Scored] | None = None
        self._open = False
        self._lock = threading.Lock()

    @property
    def tools(self) -> list[JsonObject]:
        """The tools on offer, verbatim as the arena has them."""
        return [tool for tool, entry in zip(self.arena.tools, self.arena.entries, strict=True) if entry.from_turn == 0]

    @property
    def said(self) -> list[Message]:
        """What came after the prompt."""
        return self.messages[len(self.arena.prompt) :]

    @property
    def lost(self) -> bool:
        """Whether nothing but calls that no tool may see have been made for a while."""
        last = self.calls[-MAX_INVALID:]
        return len(last) == MAX_INVALID and all(record.backend == NO_BACKEND for record in last)

    def open(self) -> None:
        """Load the arena, if it is not loaded yet."""
        with self._lock:
            self._loaded()

    def say(self, message: Message) -> bool:
        """Add a turn of the policy. Whether it calls a tool."""
        self.messages.append(message)
        return bool(message.get("tool_calls"))

    def work(self) -> list[Message]:
        """Make the calls of the last turn and add their results; nothing is added if the sandbox fails."""
        calls = list(calls_of(self.messages[-1:]))
        with self._lock:
            results = self._made(calls) if self._loaded() else []
        self.messages += results
        return results

    def withdraw(self, results: Sequence[Message]) -> None:
        """Take back the last results, for which the context has no room: the calls count, and have reached nothing."""
        kept = len(self._states) - len(results)
        del self.messages[len(self.messages) - len(results) :]
        self._states[kept:] = [(before, before) for before, _ in self._states[kept:]]

    def scored(self) -> Scored:
        """What the conversation is worth so far."""
        if self._scored is None or self._scored[0] != len(self.messages):
            unmade = sum(1 for _ in calls_of(self.messages)) - len(self._states)
            states = [*self._states, *[(self._state, self._state)] * unmade]
            self._scored = len(self.messages), scored(self.arena, self.messages, states)
        return self._scored[1]

    def rollout(self) -> Rollout:
        """The conversation as the rollout loop would give it."""
        turns = sum(message["role"] == "assistant" for message in self.said)
        return Rollout(self.messages, self.calls, self._terminal(), self.failure, turns, self.input_tokens, self.output_tokens)

    def _terminal(self) -> str:
        if self.failure:
            return BACKEND_DOWN
        if self.lost:
            return INVALID_CALLS
        if self.messages[-1]["role"] != "assistant" or self.messages[-1].get("tool_calls"):
            return TURN_LIMIT
        if final_answer(self.messages) is None:
            return EMPTY
        return CUT_OFF if self.cut else ANSWERED

    def close(self) -> None:
        with self._lock:
            self._running.__exit__()

    def _loaded(self) -> bool:
        """Load the arena if need be. False if the sandbox, or the arena's own code, fails at it or has failed before."""
        if not self._open and not self.failure:
            try:
                self._running.open()
                self._state = self._running.state() if self._stateful else None
                self._open = True
            except FAILURES as error:
                self.failure = str(error)
        return not self.failure

    def _made(self, calls: Sequence[Call]) -> list[Message]:
        refusals = [refused(call, self.tools) for call in calls]
        planned = [(call.name, call.arguments) for call, refusal in zip(calls, refusals, strict=True) if refusal is None]
        try:
            done = iter(self._performed(planned))
        except FAILURES as error:
            self.failure = str(error) or "the arena's code answers otherwise when it is called again"
            return []
        return [self._recorded(call, refusal, (refusal, self._state) if refusal else next(done))
                for call, refusal in zip(calls, refusals, strict=True)]

    def _performed(self, planned: Sequence[Planned]) -> list[tuple[Result, Any]]:
        if self._stateful:
            return self._running.call_with_states(planned)
        return [(result, None) for result in self._running.call_many(planned)]

    def _recorded(self, call: Call, refusal: ToolResult | None, done: tuple[Result | ToolResult, Any]) -> Message:
        result, state = done
        backend = BACKEND if refusal is None else NO_BACKEND
        self.calls.append(CallRecord(call.id, call.name, not result.is_error, False, backend))
        self._states.append((self._state, state))
        self._state = state
        return tool_result(call.id, call.name, result.content)
