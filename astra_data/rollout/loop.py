"""The one rollout loop: a policy and a toolbox take turns until there is an answer, or a reason why not.

    done = await rollout(policy, toolbox, opening, tools, max_turns=20)
    done.terminal        # 'answered'

Calls are checked against the schema before any backend sees them. A wrong name or argument is a tool error that the policy
can react to, a few times in a row. A backend that is down, or a user that fails, ends the rollout and is never a score.
"""

from dataclasses import dataclass, field
from typing import Protocol

from astra_data.exact import UNKEPT, loads
from astra_data.ledger import Unanswered
from astra_data.messages import MALFORMED, Call, JsonObject, Message, calls_of, final_answer, tool_result, user
from astra_data.rollout.debris import written_call
from astra_data.rollout.toolbox import Toolbox
from astra_data.rollout.turns import spoken
from astra_data.rows.trajectories import CallRecord, Usage
from astra_data.teacher.teacher import CUT, Policy
from astra_data.tools.result import ToolResult
from astra_data.tools.validate import argument_error

ANSWERED = "answered"
EMPTY = "empty_answer"
CUT_OFF = "cut_off"
CALLS_AS_TEXT = "calls_as_text"
TURN_LIMIT = "turn_limit"
INVALID_CALLS = "invalid_calls"
BACKEND_DOWN = "tool_backend_down"
USER_FAILED = "user_failed"
NOT_THE_POLICY = (BACKEND_DOWN, USER_FAILED)
"""Endings that say nothing about the policy."""

NO_BACKEND = "none"
"""`CallRecord.backend` of a call that no backend saw."""


class User(Protocol):
    """Who the policy talks to after the opening."""

    async def reply(self, messages: list[Message]) -> str | None:
        """The next message, or None when nothing is left to say. Raises `Unanswered` when the user fails."""
        ...


@dataclass(slots=True)
class Rollout:
    """A finished rollout. `failure` says what a `tool_backend_down` or `user_failed` came from."""

    messages: list[Message]
    calls: list[CallRecord] = field(default_factory=list)
    terminal: str = TURN_LIMIT
    failure: str = ""
    turns: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def usage(self) -> Usage:
        return Usage(self.turns, len(self.calls), self.input_tokens, self.output_tokens)


async def rollout(policy: Policy, toolbox: Toolbox, opening: list[Message], tools: list[JsonObject], *, max_turns: int,
                  sample: int = 0, other: User | None = None, max_invalid: int = 3) -> Rollout:
    """Run one rollout of at most `max_turns` assistant turns, with a message of `other` after each answer until there is none.

    `max_invalid` calls in a row that no backend may see end it. Raises `Unanswered` when the policy has no answer, `Abstained`
    when the toolbox cannot know one, `Diverged` when it lost its state.
    """
    done = Rollout(list(opening))
    while done.turns < max_turns:
        turn = await policy.act(done.messages, tools, sample=sample)
        done.turns += 1
        done.input_tokens += turn.usage.input_tokens
        done.output_tokens += turn.usage.output_tokens
        done.messages.append(turn.message)
        calls = list(calls_of([turn.message]))
        if calls and CUT.search(turn.finish):
            done.terminal = CUT_OFF  # the last of the calls may be half of one
            return done
        if calls:
            over = await _round(calls, toolbox, tools, done, max_invalid)
        else:
            done.terminal = _ending(done.messages, turn.finish, tools)
            over = done.terminal != ANSWERED or await _replied(other, done)
        if over:
            return done
    done.terminal = TURN_LIMIT
    return done


async def _round(calls: list[Call], toolbox: Toolbox, tools: list[JsonObject], done: Rollout, max_invalid: int) -> bool:
    """Make the calls of one turn. True if the rollout is over."""
    try:
        for call in calls:
            await _perform(call, toolbox, tools, done)
    except Unanswered as failure:
        done.terminal, done.failure = BACKEND_DOWN, failure.reason
        return True
    last = done.calls[-max_invalid:]
    if len(last) == max_invalid and all(record.backend == NO_BACKEND for record in last):
        done.terminal = INVALID_CALLS
    return done.terminal == INVALID_CALLS


async def _replied(other: User | None, done: Rollout) -> bool:
    """Let the user have a word. True if there is none, and the rollout is over."""
    try:
        said = None if other is None else await other.reply(done.messages)
    except Unanswered as failure:
        done.terminal, done.failure = USER_FAILED, failure.reason
        return True
    if said is not None:
        done.messages.append(user(said))
    return said is None


def _ending(messages: list[Message], finish: str, tools: list[JsonObject]) -> str:
    if final_answer(messages) is None and (finish == "length" or not CUT.search(finish)):
        return EMPTY
    if CUT.search(finish):
        return CUT_OFF
    names = {tool["function"]["name"] for tool in tools}
    others = "\n".join(str(message.get("content") or "") for message in messages if message["role"] != "assistant")
    return ANSWERED if written_call(spoken(messages[-1]), names, others) is None else CALLS_AS_TEXT


async def _perform(call: Call, toolbox: Toolbox, tools: list[JsonObject], done: Rollout) -> None:
    """Make one call, append its result message, record what became of it."""
    refusal = refused(call, tools)
    result = await toolbox.call(call.name, call.arguments) if refusal is None else refusal
    done.messages.append(tool_result(call.id, call.name, result.content))
    done.calls.append(CallRecord(call.id, call.name, not result.is_error, result.injected, result.backend))


def refused(call: Call, tools: list[JsonObject]) -> ToolResult | None:
    """The tool error of a call that no backend may see, or None if the call is in order."""
    offered = {tool["function"]["name"]: tool["function"] for tool in tools}
    if call.name not in offered:
        return _error(f"there is no tool {call.name!r}; the tools are: {', '.join(sorted(offered))}")
    if call.malformed:
        return _error(f"the arguments {_unread(str(call.arguments[MALFORMED]))}")
    wrong = argument_error(offered[call.name].get("parameters") or {}, call.arguments)
    return _error(wrong) if wrong else None


def _unread(written: str) -> str:
    """What is wrong with arguments that could not be taken as they were written."""
    shown = written[:200]
    try:
        loads(written)
    except ValueError as error:
        if str(error) in UNKEPT:
            return f"hold {error}: {shown}"
    return f"are not a JSON object: {shown}"


def _error(text: str) -> ToolResult:
    return ToolResult(f"Error: {text}", is_error=True, backend=NO_BACKEND)
