"""The one rollout loop: a policy and a toolbox take turns until there is an answer, or a reason why not.

    done = await rollout(policy, toolbox, opening, tools, max_turns=20)
    done.terminal        # 'answered'

Calls are checked against the schema before any backend sees them. A wrong name or argument is a tool error that the policy
can react to; a backend that is down ends the rollout and is never a score.
"""

from dataclasses import dataclass, field

from astra_data.ledger import Unanswered
from astra_data.messages import MALFORMED, Call, JsonObject, Message, calls_of, final_answer, tool_result
from astra_data.rollout.toolbox import Toolbox
from astra_data.rows.trajectories import CallRecord, Usage
from astra_data.teacher.teacher import Policy
from astra_data.tools.result import ToolResult
from astra_data.tools.validate import argument_error

ANSWERED = "answered"
EMPTY = "empty_answer"
CUT_OFF = "cut_off"
TURN_LIMIT = "turn_limit"
BACKEND_DOWN = "tool_backend_down"


@dataclass(slots=True)
class Rollout:
    """A finished rollout. `failure` says what a `tool_backend_down` came from."""

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
                  sample: int = 0) -> Rollout:
    """Run one rollout of at most `max_turns` assistant turns. Raises `Unanswered` when the policy has no answer, `Diverged`
    when the toolbox lost its state."""
    done = Rollout(list(opening))
    while done.turns < max_turns:
        turn = await policy.act(done.messages, tools, sample=sample)
        done.turns += 1
        done.input_tokens += turn.usage.input_tokens
        done.output_tokens += turn.usage.output_tokens
        done.messages.append(turn.message)
        calls = list(calls_of([turn.message]))
        if not calls:
            done.terminal = _ending(done.messages, turn.finish)
            return done
        try:
            for call in calls:
                await _perform(call, toolbox, tools, done)
        except Unanswered as failure:
            done.terminal, done.failure = BACKEND_DOWN, failure.reason
            return done
    return done


def _ending(messages: list[Message], finish: str) -> str:
    if final_answer(messages) is None:
        return EMPTY
    return CUT_OFF if finish == "length" else ANSWERED


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
        return _error(f"the arguments are not a JSON object: {str(call.arguments[MALFORMED])[:200]}")
    wrong = argument_error(offered[call.name].get("parameters") or {}, call.arguments)
    return _error(wrong) if wrong else None


def _error(text: str) -> ToolResult:
    return ToolResult(f"Error: {text}", is_error=True, backend="none")
