"""What would keep a run from its end, looked for before its first stage: nobody waits for hours to learn what was known before.

    steps = looked_ahead(stages, recipe, reading)      # [(TOOLS, <version>), (CHAINS, None)]: found, and would run

Of every stage that would run: its inputs are there unless the run makes them, its roles are played, what its config names can be
read, what it works with is installed, and its version can be recorded and written. A stage that is found needs none of that.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from astra_data.hub.store import Version
from astra_data.pipeline.reading import Reading
from astra_data.pipeline.recipe import Recipe
from astra_data.pipeline.runner import Run, begun, find_version, key_of
from astra_data.pipeline.sources import Source, source_of
from astra_data.pipeline.stage import Stage, StageConfig, Stages

UNKNOWN = "0" * 64
"""Stands for a stage key that depends on rows which have to be made first."""

Step = tuple[Stage, Version | None]


def looked_ahead(stages: Stages, recipe: Recipe, reading: Reading) -> list[Step]:
    """The stages in order, each with the version that is found of it. Raises the `AstraError` that one of them would end in."""
    reading, run = reading.beginning(), reading.run
    steps: list[Step] = []
    coming: set[str] = set()
    for stage in stages.values():
        config = recipe.config(stage)
        inputs = _inputs(stage, config, reading, coming)
        known = len(inputs) == len({*reading.own(stage, config), *stage.addresses(config)})
        key = key_of(stage, config, inputs, run) if known else UNKNOWN
        version = find_version(stage, key, run) if known else None
        if version is None:
            _check(stage, config, inputs, key, run, {run.dataset(kind) for kind in coming})
            coming.add(stage.kind)
        else:
            reading.made[stage.kind] = source_of(stage.kind, version)
        steps.append((stage, version))
    return steps


def _inputs(stage: Stage, config: StageConfig, reading: Reading, coming: set[str]) -> dict[str, Source]:
    """What the stage reads, by kind, but for what has yet to be made."""
    own = reading.own(stage, config)
    found = {kind: reading.made.get(kind) or reading.stored(kind) for kind in own if kind not in coming}
    return found | {kind: reading.named(address, kind) for kind, address in stage.addresses(config).items() if kind not in own}


def _check(stage: Stage, config: StageConfig, inputs: Mapping[str, Source], key: str, run: Run, coming: set[str]) -> None:
    """Raise what would end the stage. What its config names may be one of the datasets that are `coming`."""
    for role in stage.roles_of(config):
        if role not in stage.spare:
            run.resources.roles.teacher(role)
    if not any(text.partition("#")[0].partition("@")[0] in coming for text in _texts(config.model_dump(mode="json").values())):
        stage.fingerprint(config, run.resources)
        stage.needs(config, run.resources)
    run.resources.ledger.require_use()
    run.store.require_room(run.dataset(stage.kind), begun(stage, config, inputs, run, key))


def _texts(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict | list):
            yield from _texts(value.values() if isinstance(value, dict) else value)
