"""An environment and the distractors picked for it, as an arena row.

    arena = assembled(environment, [(candidate, pick)], "train", seed=7, system_prompt=None)
"""

import random
from collections.abc import Sequence
from statistics import fmean

from astra_data.messages import Message, user
from astra_data.rows import Arena, Environment, new_row
from astra_data.rows.arenas import ArenaDifficulty, Distractor, Entry
from astra_data.rows.environments import EnvironmentTool, Module
from astra_data.stages.arenas.modules import free_names, renamed
from astra_data.stages.arenas.pool import Candidate
from astra_data.stages.distractors.choice import Pick

Picked = Sequence[tuple[Candidate, Pick]]


def assembled(environment: Environment, picked: Picked, side: str, *, seed: int, system_prompt: str | None) -> Arena:
    """The row. Its tools are in an order that is drawn for it alone."""
    modules, added = _together(environment, [candidate for candidate, _ in picked])
    tools = [*environment.tools, *added]
    random.Random(f"{seed}/arenas/{environment.id}/tools").shuffle(tools)
    distractors = [_distractor(environment, candidate, pick) for candidate, pick in picked]
    licenses = {one.license for one in (environment, *(candidate.environment for candidate, _ in picked))}
    row: Arena = new_row(
        Arena,
        environment_id=environment.id,
        source=environment.source,
        domain=environment.domain,
        language=environment.language,
        licenses=sorted(one for one in licenses if one is not None),
        prompt=_prompt(environment, system_prompt),
        tools=[{"type": "function", "function": tool.schema} for tool in tools],
        entries=[Entry(tool.name, tool.entry, tool.from_turn) for tool in tools],
        modules=modules,
        turns=environment.turns,
        world=environment.world,
        answer=environment.answer,
        distractors=distractors,
        split=side,
        difficulty=_difficulty(environment, distractors),
        models=environment.models,
    )
    return row


def _together(environment: Environment, added: Sequence[Candidate]) -> tuple[list[Module], list[EnvironmentTool]]:
    """The modules of all, and the added tools with entries into them. Modules of one origin are there once; those whose name is
    taken get another."""
    modules, tools = list(environment.modules), []
    origins = {candidate.environment.id: candidate.environment for candidate in added}
    names: dict[str, dict[str, str]] = {}
    for origin, other in origins.items():
        wanted = {module.name for candidate in added if candidate.environment.id == origin for module in candidate.modules}
        own = [module for module in other.modules if module.name in wanted]
        names[origin] = free_names(own, {module.name for module in modules}, origin[:8])
        modules += renamed(own, names[origin])
    for candidate in added:
        module, _, rest = candidate.tool.entry.partition(".")
        entry = f"{names[candidate.environment.id].get(module, module)}.{rest}"
        tools.append(EnvironmentTool(candidate.tool.name, candidate.tool.schema, entry))
    return modules, tools


def _distractor(environment: Environment, candidate: Candidate, pick: Pick) -> Distractor:
    like = None if pick.tool is None else environment.tools[pick.tool].name
    return Distractor(candidate.tool.name, pick.band, pick.similarity, like, candidate.environment.id)


def _prompt(environment: Environment, system_prompt: str | None) -> list[Message]:
    system: list[Message] = [] if system_prompt is None else [{"role": "system", "content": system_prompt}]
    return [*system, user(environment.turns[0].user)]


def _difficulty(environment: Environment, distractors: Sequence[Distractor]) -> ArenaDifficulty:
    similarities = [one.similarity for one in distractors if one.similarity is not None]
    difficulty = environment.difficulty
    return ArenaDifficulty(
        difficulty.hops, difficulty.goals, len(environment.tools) + len(distractors), difficulty.turns,
        fmean(similarities) if similarities else None, None,
    )
