"""An environment in the sandbox: what its tools answer, what no code sees, and what a failure leaves behind."""

import asyncio
import os
import signal
from dataclasses import replace

import pytest
from scripted import ScriptedPolicy, calls, says
from small_environments import BANK, SHOP

from astra_data.ledger import Unanswered
from astra_data.messages import MALFORMED, user
from astra_data.rollout.loop import rollout
from astra_data.rollout.running import CLOCK, Running, SandboxToolbox, Unloadable
from astra_data.rows.environments import Module
from astra_data.sandbox import Limits, Sandbox
from astra_data.tools.result import ToolBackendDown


def test_results_are_texts_as_they_are_and_json_otherwise(sandbox: Sandbox) -> None:
    with Running(SHOP, sandbox) as running:
        done = running.call_many([("total", {"order": "A"}), ("say", {"text": "3 caf\u00e9s"}), ("total", {"order": "Z"})])
        assert [(one.content, one.is_error) for one in done] == [
            ('{"total": 3, "unit": "EUR"}', False),
            ("3 caf\u00e9s", False),
            ('{"error": {"type": "unknown", "message": "no such order"}}', True),
        ]
        assert running.call("clock", {}).content == str(CLOCK)
        failed = running.call("fail", {"how": "badly"})
        assert (failed.content, failed.is_error) == ("Error: KeyError: 'badly'", True)


def test_no_code_sees_an_unknown_tool_or_arguments_outside_the_schema(sandbox: Sandbox) -> None:
    with Running(SHOP, sandbox) as running:
        done = running.call_many([("no_such", {}), ("total", {"order": 3}), ("total", {}), ("total", None), ("count", {})])
        assert all(one.is_error and one.outcome is None for one in done)
        assert [one.content for one in done[1:4]] == [
            'Error: arguments.order: 3 is not of type "string"',
            'Error: arguments: "order" is a required property',
            "Error: the arguments are not a JSON object: ",
        ]
        assert "there is no tool 'count'" in done[4].content, "it is on offer from the third turn only"
        running.turn = 2
        assert running.call("count", {}).content == "1"


def test_a_call_that_ends_the_episode_leaves_the_state_as_it_was(sandbox: Sandbox) -> None:
    with Running(SHOP, sandbox) as running:
        running.turn = 2
        wanted = [("count", {}), ("count", {}), ("spin", {"seconds": 1.0}), ("count", {})]
        done = running.call_many(wanted)
        assert [one.content for one in done] == ["1", "2", "Error: the call ended with cpu_limit", "3"]


def test_the_state_is_loaded_read_and_not_shared(sandbox: Sandbox) -> None:
    with Running(BANK, sandbox) as running:
        assert running.state() == {"accounts": {"X": 5, "Y": 5}}
        running.call("pay", {"account": "X", "amount": 1})
        assert running.state() == {"accounts": {"X": 4, "Y": 5}, "log": 1}
    with Running(BANK, sandbox) as running:
        assert running.state() == {"accounts": {"X": 5, "Y": 5}}
    with Running(SHOP, sandbox) as running:
        assert running.state() is None


@pytest.mark.parametrize("source", ["def total(", "raise SystemExit", "1 / 0"])
def test_modules_that_do_not_load_are_an_error_of_the_environment(sandbox: Sandbox, source: str) -> None:
    broken = replace(SHOP, modules=[Module("shop", source)])
    with Running(broken, sandbox) as running, pytest.raises(Unloadable, match="does not load"):
        running.call("total", {"order": "A"})


def test_a_rollout_uses_it_like_any_toolbox(sandbox: Sandbox) -> None:
    async def run() -> None:
        async with SandboxToolbox(SHOP, sandbox) as toolbox:
            policy = ScriptedPolicy(calls(("total", {"order": "B"}), ("total", {MALFORMED: "{"})), says("13"))
            done = await rollout(policy, toolbox, [user("How much?")], toolbox.running.offered(), max_turns=3)
            assert [(one.ok, one.backend) for one in done.calls] == [
                (True, "sandbox"),
                (False, "none"),
            ]
            assert done.messages[2]["content"] == '{"total": 13, "unit": "EUR"}'
            toolbox.next_turn()
            assert "count" in [one["function"]["name"] for one in toolbox.next_turn()]

    asyncio.run(run())


def test_a_lost_sandbox_is_no_result() -> None:
    async def ask(toolbox: SandboxToolbox) -> None:
        with pytest.raises(Unanswered, match="tool backend: died"):
            await toolbox.call("total", {"order": "A"})

    with Sandbox(workers=1, isolation="best_effort", limits=Limits()) as pool, Running(SHOP, pool) as running:
        assert running.call("total", {"order": "A"}).content
        episode = running._live()
        os.kill(episode.pid, signal.SIGKILL)
        with pytest.raises(ToolBackendDown):
            running.call("total", {"order": "A"})
        toolbox = SandboxToolbox(SHOP, pool)
        os.kill(toolbox.running._live().pid, signal.SIGKILL)
        asyncio.run(ask(toolbox))
        toolbox.running.__exit__()
