"""The stage: one item is one rollout of the policy on one task.

A server that is only documented is emulated; a task may be told by a simulated user, a part at a time. Tools that may not be
called are not on offer, and a task that needs one is rejected. A rollout that ended for want of its tools or its user says
nothing about the policy: it is set aside, without a score; so is one whose server the user's own `mcp.json` does not name.
"""

import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pydantic import Field

from astra_data.errors import ToolError
from astra_data.messages import JsonObject, Message, user
from astra_data.pipeline import calling
from astra_data.pipeline.stage import Expand, Inputs, Item, Outcome, Quarantine, Reject, Resources, Stage, StageConfig
from astra_data.rollout.emulator import Emulator
from astra_data.rollout.loop import BACKEND_DOWN, NOT_THE_POLICY, Rollout, rollout
from astra_data.rollout.toolbox import Diverged, LiveToolbox, Toolbox
from astra_data.rollout.user import SimulatedUser
from astra_data.rows import Server, Task, Trajectory, content_id, new_row
from astra_data.stages.prompts import openai_tool
from astra_data.stages.trajectories.acceptance import Acceptance, advice, decide
from astra_data.stages.trajectories.axes import Case, reward, score
from astra_data.stages.trajectories.emulation import EmulateConfig, emulated, emulators, played
from astra_data.teacher.asks import JUDGES
from astra_data.teacher.stand_ins import STAND_INS
from astra_data.teacher.teacher import Abstained, Policy, Teacher
from astra_data.tools.connect import match_of, open_pool
from astra_data.tools.result import ANOTHER_SERVER, NOT_NAMED

if TYPE_CHECKING:
    from astra_data.tools.pool import Pool

SYSTEM_PROMPT = (
    "You are a helpful assistant with tools. Use them when they are needed to do what the user asks, take every value from the "
    "conversation, and report what was done and found. Answer in the user's language."
)
MAX_RESTARTS = 2


class TrajectoriesConfig(StageConfig):
    """How rollouts are run and which are accepted."""

    samples: int = Field(default=1, ge=1, description="rollouts per task")
    max_turns: int = Field(default=20, ge=1, description="most assistant turns [A 6.2]")
    max_tools: int = Field(default=64, ge=1, description="most tools on offer: the target tools and others of the server")
    max_invalid: int = Field(default=3, ge=1, description="invalid calls in a row that end a rollout")
    user_turns: int = Field(default=1, ge=1, description="most messages of the user; above 1 one is simulated")
    emulate: EmulateConfig = EmulateConfig()
    system_prompt: str = SYSTEM_PROMPT
    judge_samples: int = Field(default=1, ge=1, description="times that the judge is asked about each thing it judges")
    accept: Acceptance = Acceptance()


@dataclass(frozen=True, slots=True)
class Wanted:
    """A rollout to be run."""

    task: Task
    sample: int


@dataclass(frozen=True, slots=True)
class Setting:
    """What all rollouts of a run share. `emulators` and `alone`, the tools that may not be called, are by server id; `user` is
    None where tasks are told at once.

    `closed` fills with the servers that turned out not to be startable, so that no policy is asked about them again.
    """

    config: TrajectoriesConfig
    resources: Resources
    pool: "Pool"
    emulators: Mapping[str, Emulator]
    policy: Policy
    judge: Teacher
    user: Teacher | None
    alone: Mapping[str, Mapping[str, str]]
    closed: dict[str, Quarantine] = field(default_factory=dict)


def items(inputs: Inputs, config: TrajectoriesConfig, resources: Resources) -> Iterator[Item]:
    for task in inputs["tasks"]:
        for sample in range(config.samples):
            yield Item(task.id, Wanted(task, sample))


def roles(config: TrajectoriesConfig) -> tuple[str, ...]:
    """Who takes part. Whether there is anything to emulate only the rows say."""
    return ("policy", "judge", "emulator", *(("user",) if config.user_turns > 1 else ()))


@asynccontextmanager
async def open_stage(inputs: Inputs, config: TrajectoriesConfig, resources: Resources) -> AsyncIterator[Expand]:
    servers, players = {server.id: server for server in inputs["tools"]}, resources.roles
    stateless = frozenset(server.name for server in servers.values() if _shareable(server, resources))
    simulated = players.teacher("user") if config.user_turns > 1 else None
    live = [server for server in servers.values() if not played(server, resources)]
    async with open_pool(live, resources.servers, resources.template, stateless) as pool:
        alone = {server.id: calling.refused(server, resources) for server in servers.values()}
        setting = Setting(config, resources, pool, emulators(servers.values(), resources), players.policy("policy"),
                          players.teacher("judge"), simulated, alone)
        outcomes = Counter[str]()

        async def expand(wanted: Wanted) -> list[Outcome]:
            outcome = await _outcome(wanted, servers.get(wanted.task.server_id), setting)
            outcomes[_unstarted(outcome)] += 1
            return [outcome]

        yield expand
    if outcomes and not outcomes[""]:
        raise ToolError(f"no server could be started: {min(outcomes)}")


def _unstarted(outcome: Outcome) -> str:
    """The reason of an outcome whose server was not to be started; empty for any other."""
    reason = outcome.reason if isinstance(outcome, Quarantine) else ""
    return reason if reason.startswith((NOT_NAMED, ANOTHER_SERVER)) else ""


async def _outcome(wanted: Wanted, server: Server | None, setting: Setting) -> Outcome:
    task = wanted.task
    if server is None:
        return Reject(f"trajectory: the task's server is not among the tools - {task.server}")
    alone = setting.alone[server.id]
    if barred := next((tool for tool in task.target_tools if tool in alone), None):
        return Reject(f"trajectory: may not be called - {barred}: {alone[barred]}")
    if server.id in setting.closed:
        return setting.closed[server.id]
    tools = _offered(server, task, setting)
    try:
        done = await _run(wanted, server, tools, setting)
    except Abstained as abstained:
        return Reject(f"trajectory: not executable offline - {abstained.reason}")
    outcome = await _finish(wanted, tools, done, setting)
    if not done.calls and (reason := _unstarted(outcome)):
        setting.closed[server.id] = Quarantine(reason)
    return outcome


def _shareable(server: Server, resources: Resources) -> bool:
    """True if rollouts may share one process: the recipe says so, or every tool is declared read-only."""
    return resources.option(server.name).stateless or all(tool.read_only for tool in server.tools)


def _offered(server: Server, task: Task, setting: Setting) -> list[JsonObject]:
    """The tools on offer: all of the server's that may be called, or the target tools and others drawn by seed if there are too
    many."""
    closed = {*task.target_tools, *setting.alone[server.id]}
    others = [tool.name for tool in server.tools if tool.name not in closed]
    room = max(setting.config.max_tools - len(set(task.target_tools)), 0)
    rng = random.Random(f"{setting.resources.seed}/trajectories/{task.id}")
    chosen = set(task.target_tools) | set(others if len(others) <= room else rng.sample(others, room))
    return [openai_tool(tool) for tool in server.tools if tool.name in chosen]


async def _run(wanted: Wanted, server: Server, tools: list[JsonObject], setting: Setting) -> Rollout:
    """One rollout, begun afresh if the tools' state could not be restored."""
    policy, resources = setting.policy, setting.resources
    name = content_id([wanted.task.id, policy.name, policy.sampling, wanted.sample, setting.config.system_prompt, tools])
    if emulator := setting.emulators.get(server.id):
        return await _play(wanted, emulated(emulator, name, setting.config.emulate, resources), tools, setting)
    fixture = resources.template.digest
    refusal = match_of(server, resources.servers).refusal
    async with LiveToolbox(server, setting.pool, resources.ledger, rollout=name, fixture=fixture, refusal=refusal) as toolbox:
        for _ in range(MAX_RESTARTS + 1):
            try:
                return await _play(wanted, toolbox, tools, setting)
            except Diverged:
                await toolbox.restart()
    down = "tool backend: its state could not be restored"
    return Rollout(_opening(wanted.task.text, setting), terminal=BACKEND_DOWN, failure=down)


async def _play(wanted: Wanted, toolbox: Toolbox, tools: list[JsonObject], setting: Setting) -> Rollout:
    config, text, other = setting.config, wanted.task.text, None
    if setting.user is not None:
        other = SimulatedUser(setting.user, text, config.user_turns, sample=wanted.sample)
    opening = _opening(other.opening if other else text, setting)
    return await rollout(setting.policy, toolbox, opening, tools, max_turns=config.max_turns, sample=wanted.sample,
                         other=other, max_invalid=config.max_invalid)


def _opening(text: str, setting: Setting) -> list[Message]:
    return [{"role": "system", "content": setting.config.system_prompt}, user(text)]


async def _finish(wanted: Wanted, tools: list[JsonObject], done: Rollout, setting: Setting) -> Outcome:
    """The scored row and what becomes of it; a rollout that lost its backend or its user is not scored."""
    policy, judge = setting.policy, setting.judge
    row: Trajectory = new_row(
        Trajectory, task_id=wanted.task.id, server=wanted.task.server, policy=policy.name, sampling=policy.sampling,
        sample=wanted.sample, tools=tools, messages=done.messages, terminal=done.terminal, calls=done.calls, flaws=[], scores=[],
        reward=None, usage=done.usage, models={"policy": policy.name, "judge": judge.name} | _stand_ins(wanted.task, setting),
        horizon=wanted.task.horizon,
    )
    if done.terminal in NOT_THE_POLICY:
        return Quarantine(done.failure, row)
    config = setting.config
    return await judged(row, wanted.task.target_tools, judge, config.judge_samples, config.accept)


def _stand_ins(task: Task, setting: Setting) -> dict[str, str]:
    """The models that took part beside the policy."""
    played = {"user": setting.user.name} if setting.user else {}
    emulated_by = setting.emulators.get(task.server_id)
    return played | ({"emulator": emulated_by.name} if emulated_by else {})


async def judged(row: Trajectory, reference: list[str], judge: Teacher, samples: int, accept: Acceptance) -> Outcome:
    """What becomes of the row with its scores and reward, whatever they were before."""
    messages: list[Any] = list(row.messages)
    tools: list[Any] = list(row.tools)
    case = Case(messages, row.calls, tools, reference, judge, samples)
    scores = await score(case)
    row = replace(row, flaws=case.flaws, scores=scores, reward=reward(scores, accept.weights),
                  models=row.models | {"judge": judge.name})
    return decide(row, accept)


def fingerprint(config: TrajectoriesConfig, resources: Resources) -> JsonObject:
    permitted = calling.fingerprint(resources)
    return {"workspace": resources.template.digest} | ({"calling": permitted} if permitted else {})


STAGE = Stage(
    name="trajectories",
    version=2,
    reads=("tools", "tasks"),
    config=TrajectoriesConfig,
    items=items,
    open=open_stage,
    roles=roles,
    asks=(*JUDGES, *STAND_INS),
    fingerprint=fingerprint,
    total=lambda inputs, config, resources: len(inputs["tasks"]) * config.samples,
    histograms=("reward",),
    advice=advice,
    spare=("emulator",),
)
