"""The stage: an item is a question to be made, from any of the four sources; then all are verified alike."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from astra_data.pipeline.stage import Expand, Inputs, Item, Outcome, Reject, Resources, Stage
from astra_data.rows import Trajectory
from astra_data.stages import decontamination
from astra_data.stages.benchmarks import benchmark_digest, public_name
from astra_data.stages.questions import given, recorded, worlds, written
from astra_data.stages.questions.config import QuestionsConfig
from astra_data.stages.questions.corpus import read_passages
from astra_data.stages.questions.given import ToDecompose, read_given
from astra_data.stages.questions.made import Made, Work
from astra_data.stages.questions.selection import select
from astra_data.stages.questions.verification import verify
from astra_data.stages.questions.worlds import World
from astra_data.stages.questions.written import ToWrite
from astra_data.teacher.question_asks import QUESTION_ASKS
from astra_data.tools.documents import file_digest

MAKERS: Mapping[type, Callable[[Any, Work], Awaitable[Made | Reject]]] = {
    World: worlds.make, ToWrite: written.write, ToDecompose: written.decompose, Trajectory: recorded.make,
}
"""What an item is -> how a question is made of it."""


def items(inputs: Inputs, config: QuestionsConfig, resources: Resources) -> Iterator[Item]:
    rows = read_given(config.given, resources) if config.given else []
    if config.worlds:
        yield from worlds.items(config.worlds)
    if config.domains:
        yield from written.items(config.domains)
    yield from given.items(rows)
    yield from recorded.items(inputs.get("trajectories", ()))


def total(inputs: Inputs, config: QuestionsConfig, resources: Resources) -> int:
    domains = config.domains
    written_ones = len(domains.names) * len(domains.languages) * domains.per_domain if domains else 0
    given_ones = len(read_given(config.given, resources)) if config.given else 0
    return (config.worlds.count if config.worlds else 0) + written_ones + given_ones + len(inputs.get("trajectories", ()))


def needs(config: QuestionsConfig, resources: Resources) -> None:
    _passages(config, resources)
    if config.given:
        read_given(config.given, resources)
    decontamination.require(config.decontaminate, resources)


def _passages(config: QuestionsConfig, resources: Resources) -> dict[str, Any]:
    """Those of each domain of which the config names any."""
    domains = config.domains.names if config.domains else []
    return {domain.name: read_passages(domain.knowledge, resources) for domain in domains if domain.knowledge}


@asynccontextmanager
async def open_stage(inputs: Inputs, config: QuestionsConfig, resources: Resources) -> AsyncIterator[Expand]:
    writer, judge = map(resources.roles.teacher, ("writer", "judge")) if config.asks else (None, None)
    work = Work(config, resources, writer, judge, _passages(config, resources))

    async def expand(wanted: Any) -> list[Outcome]:
        made = await MAKERS[type(wanted)](wanted, work)
        return [made if isinstance(made, Reject) else await verify(made, work)]

    yield expand


def roles(config: QuestionsConfig) -> tuple[str, ...]:
    """Worlds need nobody."""
    return ("writer", "judge") if config.asks else ()


def fingerprint(config: QuestionsConfig, resources: Resources) -> dict[str, Any]:
    """What the files and datasets hold that the config names."""
    domains = config.domains.names if config.domains else []
    known = [domain.knowledge for domain in domains if domain.knowledge]
    files = config.given.files if config.given else []
    return {
        "knowledge": [[public_name(address), benchmark_digest(address, resources)] for address in known],
        "given": [file_digest(resources.path(name)) for name in files],
        "benchmarks": decontamination.fingerprint(config.decontaminate, resources),
    }


def licenses(config: QuestionsConfig) -> list[str]:
    """Those of the passages and questions that were not made here; `unknown` where the recipe states none."""
    domains = config.domains.names if config.domains else []
    foreign = [domain.license for domain in domains if domain.knowledge] + ([config.given.license] if config.given else [])
    return [name or "unknown" for name in foreign]


STAGE = Stage(
    name="questions",
    version=1,
    reads=(),
    config=QuestionsConfig,
    items=items,
    open=open_stage,
    roles=roles,
    asks=QUESTION_ASKS,
    select=select,
    fingerprint=fingerprint,
    total=total,
    histograms=("quality",),
    named={"trajectories": "trajectories"},
    starts=lambda config, resources: config.names_a_source,
    collects=False,
    licenses=licenses,
    needs=needs,
)
