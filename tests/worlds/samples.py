"""Questions of all forms, and their tools run in this process: the code is our own, and what is tested is what it answers."""

import random
import types
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from astra_data.rows import Question
from astra_data.worlds import DOMAINS, LANGUAGES, SCENARIOS, WORLD_MODULE, WORLD_SOURCE, ToolDraft, Wanted, compose, drafts_of
from astra_data.worlds.domain import Tables

Tool = Callable[..., Any]


def wanted(number: int) -> Wanted:
    """A form that a number draws."""
    rng = random.Random(number)
    scenario = rng.choice(SCENARIOS)
    writes = scenario in ("multi_hop", "parallel_multi_hop") and rng.random() < 0.3
    hops = 1 if "single" in scenario else rng.randrange(3 if writes else 2, 8)
    return Wanted(rng.choice(list(DOMAINS)), rng.choice(list(LANGUAGES)), scenario, hops, rng.choice((9, 12, 20)), writes)


def question(number: int) -> Question:
    return compose(wanted(number), f"sample/{number}")


def running(asked: Question) -> tuple[dict[str, ToolDraft], dict[str, Tool], Any]:
    """(drafts, functions, module of the state), by node."""
    drafts = drafts_of(asked)
    world = loaded(asked.knowledge["tables"])
    return drafts, {node: function_of(tool, world) for node, tool in drafts.items()}, world


def loaded(tables: Tables) -> Any:
    """The module of the state, with these tables."""
    world: Any = types.ModuleType(WORLD_MODULE)
    exec(WORLD_SOURCE, world.__dict__)
    world.load(deepcopy(tables))
    return world


def function_of(tool: ToolDraft, world: Any) -> Tool:
    module: dict[str, Any] = {WORLD_MODULE: world}
    exec(tool.source.replace(f"import {WORLD_MODULE}\n", ""), module)
    function: Tool = module[tool.name]
    return function
