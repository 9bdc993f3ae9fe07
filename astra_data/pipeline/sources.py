"""Dataset versions that stages read: what lineage records of them, and their rows.

    source = source_at(resolve(parse("org/weather-tasks@<commit>"), store))
    source.record.rows, len(source.rows), source.strange        # strange: no run of this store made it, and people are told so
"""

from dataclasses import dataclass, replace
from pathlib import Path

from astra_data.errors import DataError, Place
from astra_data.hub.addresses import recorded
from astra_data.hub.digests import check_rows
from astra_data.hub.lineage import Input, Lineage
from astra_data.hub.load import Located
from astra_data.hub.store import Version
from astra_data.pipeline.stage import Rows
from astra_data.rows import ROW_TYPES


@dataclass(frozen=True, slots=True)
class Source:
    """A dataset version that a stage reads: what lineage records of it, and its rows.

    `further` is the digest of rows beyond those of `record`; `strange` is what people are told of a version that no run made.
    """

    record: Input
    rows: Rows
    licenses: tuple[str, ...] = ()
    further: str = ""
    strange: str | None = None

    @property
    def records(self) -> tuple[Input, ...]:
        """All that lineage records of it: `record`, and the rejected rows beyond it where they are read too."""
        return (self.record, replace(self.record, config="rejected", rows=self.further)) if self.further else (self.record,)


def source_of(role: str, version: Version) -> Source:
    """A stored version as the input of a stage."""
    return _source(version.lineage(), role, f"{version.name}@{version.tree}", version.tree, version.files())


def lineage_of(place: Located) -> Lineage:
    """The lineage of a located version. Raises `DataError` for a dataset that we did not make, or of a kind unknown to us."""
    lineage = place.record
    if lineage is None:
        raise DataError("no lineage.json, so this is no version that astra-data wrote", place=Place(place.address),
                        mend="name a dataset made by `astra`, or import rows with `astra make KIND rows.jsonl --to NAME`")
    if lineage.kind not in ROW_TYPES:
        raise DataError(f"unknown kind of dataset {lineage.kind!r}", place=Place(place.address, field="kind"),
                        mend=f"use the astra-data that wrote it; this one knows {', '.join(ROW_TYPES)}")
    return lineage


def row_type_of(place: Located) -> type:
    """The row type of a located version. Raises as `lineage_of` does."""
    return ROW_TYPES[lineage_of(place).kind]


def source_at(place: Located) -> Source:
    """A located version as the input of the stage that reads its kind; of a folder the record holds no path of this machine.
    Raises as `lineage_of` and `check_rows` do."""
    lineage, config = lineage_of(place), place.config or "default"
    source = _source(lineage, lineage.kind, recorded(place.address), place.tree, place.files(), config)
    check_rows(place, config)
    repo, commit = place.published
    return replace(source, record=replace(source.record, repo=repo, commit=commit), strange=place.strange)


def _source(lineage: Lineage, role: str, address: str, tree: str, files: list[Path], config: str = "default") -> Source:
    record = Input(role, address, None, None, tree, lineage.rows(config), config)
    return Source(record, Rows(ROW_TYPES[lineage.kind], tuple(files)), tuple(lineage.licenses))
