"""Source (a): questions about procedural worlds, of which everything is known.

Domains and scenarios take turns, so that few questions have them all; languages, hops, table sizes and writes are drawn by seed.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from astra_data.errors import UsageError
from astra_data.pipeline.stage import Item, Reject
from astra_data.rows import Question
from astra_data.stages.questions import graph
from astra_data.stages.questions.config import LEAST_WRITING_HOPS, Worlds
from astra_data.stages.questions.made import Made, Work
from astra_data.worlds import Wanted, compose
from astra_data.worlds.programs import references_of


@dataclass(frozen=True, slots=True)
class World:
    """The `number`th question about worlds."""

    number: int


def items(config: Worlds) -> Iterator[Item]:
    for number in range(config.count):
        yield Item(f"worlds-{number}", World(number))


async def make(world: World, work: Work) -> Made | Reject:
    """The question; rejected where no world that was drawn has one of this form."""
    assert work.config.worlds is not None
    seed = f"{work.resources.seed}/questions/{world.number}"
    wanted = drawn(work.config.worlds, world.number, random.Random(seed))
    try:
        question = compose(wanted, seed)
    except UsageError as error:
        return Reject(f"question: no world has one - {wanted.domain}, {wanted.scenario}: {error.message}")
    return Made(question, uses_of(question), idle=idle_of(question))


def drawn(config: Worlds, number: int, rng: random.Random) -> Wanted:
    """What form the `number`th question has."""
    domain = config.domains[number % len(config.domains)]
    scenario = config.scenarios[number // len(config.domains) % len(config.scenarios)]
    hops = rng.randint(config.hops.least, config.hops.most) if "multi" in scenario else 1
    can_write = scenario == "multi_hop" and hops >= LEAST_WRITING_HOPS
    writes = rng.random() < config.stateful and can_write
    rows = rng.randint(config.rows.least, config.rows.most)
    return Wanted(domain, rng.choice(config.languages), scenario, hops, rows, writes)


def uses_of(question: Question) -> dict[str, list[str]]:
    """For each node those whose answers or effects its program needs."""
    return {
        node.id: list(dict.fromkeys([*references_of(node.program), *node.program.get("after", [])])) if node.program else []
        for node in question.nodes
    }


def idle_of(question: Question) -> list[str]:
    """The nodes that neither lead to the answer nor change anything."""
    if isinstance(question.answer, list) and len(question.answer) == len(question.nodes):
        return []
    unused = graph.leaves(question.nodes) - {question.nodes[-1].id}
    return [node.id for node in question.nodes if node.id in unused and not node.effect]
