"""The datasets that the stages of a run read: those that it makes or is given, else those of the store or of an address.

    reading = Reading(run, {"tools": source})
    reading.of(TASKS, config)["chains"].record.address      # 'small-chains@<tree>', the newest that a run of this store made
"""

from dataclasses import dataclass, field, replace

from astra_data.errors import DataError, Place, UsageError
from astra_data.hub.addresses import FOLDER, recorded
from astra_data.hub.load import resolve
from astra_data.pipeline.runner import Run
from astra_data.pipeline.sources import Source, source_at, source_of
from astra_data.pipeline.stage import Stage, StageConfig


@dataclass(slots=True)
class Reading:
    """`made` are the datasets of the run itself, by kind. What has to be looked up is looked up once."""

    run: Run
    made: dict[str, Source]
    _found: dict[tuple[str, str | None], Source] = field(default_factory=dict)

    def of(self, stage: Stage, config: StageConfig) -> dict[str, Source]:
        """What a stage reads, by kind."""
        own = self.own(stage, config)
        read = {kind: self.made.get(kind) or self.stored(kind) for kind in own}
        return read | {kind: self.named(address, kind) for kind, address in stage.addresses(config).items() if kind not in own}

    def own(self, stage: Stage, config: StageConfig) -> list[str]:
        """The kinds that it reads from the datasets of this recipe; their address may also stand in its config."""
        named = stage.addresses(config).items()
        return [*stage.reads, *(kind for kind, address in named if address == f"{self.run.name}-{kind}")]

    def stored(self, kind: str) -> Source:
        """The newest version of a dataset that this run does not make itself. Raises `DataError` for one that no run made: under
        such a name a recipe expects its own."""
        if (kind, None) not in self._found:
            self._found[kind, None] = _stored(kind, self.run)
        return self._found[kind, None]

    def named(self, address: str, kind: str) -> Source:
        """The dataset of an address that the recipe names. Raises `UsageError` for another kind, and what `resolve` raises."""
        if (kind, address) not in self._found:
            self._found[kind, address] = _at(address, kind, self.run)
        return self._found[kind, address]

    def beginning(self) -> "Reading":
        """The same, for another pass over the stages."""
        return replace(self, made=dict(self.made))


def _at(address: str, kind: str, run: Run) -> Source:
    source = source_at(resolve(run.resources.address(address), run.store))
    if source.record.role != kind:
        raise UsageError(f"{source.record.address} holds {source.record.role}", mend=f"name a dataset of {kind}")
    return replace(source, record=replace(source.record, address=recorded(address))) if FOLDER.match(address) else source


def _stored(kind: str, run: Run) -> Source:
    version = run.store.version(f"{run.name}-{kind}")
    if run.store.made(version):
        return source_of(kind, version)
    origin, address = run.store.origin(version), f"{version.name}@{version.tree[:12]}"
    raise DataError(
        f"the newest {version.name} was {f'pulled from {origin}' if origin else 'not made by a run of this store'}",
        place=Place(address),
        mend=f"run the stage that makes it, or name that one: astra make STAGE {address} --to NAME",
    )
