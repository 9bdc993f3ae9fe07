"""What a stage is: a pure transform from dataset versions to one dataset version.

    CHAINS = Stage(name="chains", version=1, reads=("tools",), config=ChainsConfig, items=..., open=..., expand=...)

`items` lists the units of work, `open` prepares what they share, `expand` turns one item into outcomes, and `select` decides
over the whole set. The runner does everything else: order, concurrency, spooling, counts, resume, lineage.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from astra_data.errors import DataError
from astra_data.hub.addresses import FOLDER
from astra_data.hub.lineage import Funnel
from astra_data.hub.writer import count_rows, read_rows
from astra_data.ledger import Ledger
from astra_data.messages import JsonObject
from astra_data.rows import from_dict
from astra_data.rows.fit import Unfit
from astra_data.teacher.ask import Ask
from astra_data.teacher.roles import Roles
from astra_data.tools.mcp_config import LONGEST_RESULT, ServerEntry, Writes
from astra_data.tools.workspace import Template

if TYPE_CHECKING:
    import polars as pl


class StageConfig(BaseModel):
    """Base of every stage's config: unknown keys are errors, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ServerOptions(BaseModel):
    """What a recipe knows of one server beyond its schemas."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    license: str | None = Field(default=None, description="SPDX identifier")
    stateless: bool = Field(default=False, description="keeps no state, so that rollouts may share one process")
    skip: list[str] = Field(default=[], description="tools that chains and tasks leave alone")
    facts: dict[str, list[Any]] = Field(default={}, description="values that exist, by parameter or tool.parameter")
    optional: dict[str, list[str]] = Field(default={}, description="optional parameters worth stating, by tool")
    writes: Literal["allow"] | list[str] | dict[str, Literal["allow"]] = Field(
        default=[], description="`allow`, or the tools that may be called though they do not only read"
    )
    timeout: float | None = Field(
        default=None, gt=0, description="seconds in which a call must end or report progress; 30 by default"
    )
    longest_result: int = Field(default=LONGEST_RESULT, gt=0, description="characters of a result that are kept")
    emulate: bool = Field(default=False, description="a model answers for the server, which is not called")

    @property
    def permits(self) -> Writes:
        return "allow" if self.writes == "allow" else frozenset(self.writes)


@dataclass(frozen=True, slots=True)
class Keep:
    """A finished row. `select` may still reject it."""

    row: Any


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that does not belong, and why. Reasons read `class: kind - detail`; the funnel groups by what precedes ` - `."""

    reason: str
    row: Any = None


@dataclass(frozen=True, slots=True)
class Quarantine:
    """A row that failed for want of an answer. The next run tries it again."""

    reason: str
    row: Any = None


Outcome = Keep | Reject | Quarantine


@dataclass(frozen=True, slots=True)
class Item:
    """One unit of work: the id that its outcomes are filed under, and whatever `expand` takes."""

    id: str
    value: Any


def item_of(name: str, read: Callable[[], Any]) -> Item:
    """The item of a row that has to be read first, under its `id`. One that cannot be read is called `name`, and holds the
    `DataError` that says why, for `taken`."""
    try:
        row = read()
    except DataError as error:
        return Item(name, error)
    return Item(row.id, row)


def taken(value: Any) -> Any:
    """What an item holds. Raises the error of one that could not be read."""
    if isinstance(value, Exception):
        raise value
    return value


@dataclass(frozen=True, slots=True)
class Rows:
    """The accepted rows of one dataset version, read afresh each time they are iterated.

    `left_out` are those that were met and are not what they say: whoever reads the rows tells of them.
    """

    row_type: type
    files: tuple[Path, ...]
    left_out: set[Unfit] = field(default_factory=set, compare=False)

    def __iter__(self) -> Iterator[Any]:
        for row in read_rows(self.files, self.row_type, self.left_out.add, partial=False):
            yield from_dict(self.row_type, row)

    def __len__(self) -> int:
        return count_rows(self.files)


Inputs = Mapping[str, Rows]
"""Dataset kind -> rows, one entry per name in `Stage.reads`, and one per kind in `Stage.named` whose address the config has."""


@dataclass(frozen=True, slots=True)
class Resources:
    """What a run lends to its stages. Nothing here may change a kept row, except through what stage keys record.

    Paths that a recipe names start from `folder`; plain dataset names are in `store`.
    """

    seed: int
    ledger: Ledger
    roles: Roles
    servers: Mapping[str, ServerEntry]
    documents: tuple[Path, ...]
    options: Mapping[str, ServerOptions]
    template: Template
    refresh: bool = False
    folder: Path = Path()
    store: Path | None = None

    def option(self, server: str) -> ServerOptions:
        """What the recipe says of a server; the defaults if it says nothing."""
        return self.options.get(server) or ServerOptions()

    def path(self, name: str) -> Path:
        """A file that the recipe names."""
        return self.folder / Path(name).expanduser()

    def address(self, name: str) -> str:
        """The address of a dataset that the recipe names: a relative folder starts from the recipe's."""
        return str(self.folder.absolute() / Path(name).expanduser()) if FOLDER.match(name) else name


Expand = Callable[[Any], Awaitable[list[Outcome]]]
Open = Callable[[Inputs, Any, Resources], AbstractAsyncContextManager[Expand]]


def _no_fingerprint(_config: Any, _resources: Resources) -> JsonObject:
    return {}


def _always(_config: Any, _resources: Resources) -> bool:
    return True


def _no_licenses(_config: Any) -> Iterable[str]:
    return ()


def _no_needs(_config: Any, _resources: Resources) -> None:
    pass


def _no_advice(_funnel: Funnel) -> str | None:
    return None


def _unknown_total(_inputs: Inputs, _config: Any, _resources: Resources) -> int | None:
    return None


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage. `open` yields the expand function, holding what it needs open; `fingerprint` is what else its rows depend on.

    `roles` are the roles whose models take part: fixed, or named by the config. `named` are further kinds of datasets that a
    config may name: kind -> the config's key for the address. `licenses` are those of what else the config names.

    `starts` says whether the recipe asks for the stage at all: one that reads nothing needs something to start from. `collects`
    says of such a one that it asks the world, so that it can find everything down and may be refreshed.

    A stage writes the kind of dataset that has its name, or the one that `writes` says. `advice` is what is to be said at the end
    of a run with these counts, as where most items were refused for one cause that can be mended.

    Before the first stage of a run all roles but the `spare` ones must be played, and `needs` raises the `AstraError` of what it
    works with and is not here, such as a package, a model or a file.
    """

    name: str
    version: int
    reads: tuple[str, ...]
    config: type[StageConfig]
    items: Callable[[Inputs, Any, Resources], Iterator[Item]]
    open: Open
    roles: tuple[str, ...] | Callable[[Any], tuple[str, ...]] = ()
    asks: tuple[Ask[Any, Any], ...] = ()
    select: "Callable[[pl.LazyFrame, Any, Resources], pl.LazyFrame] | None" = None
    fingerprint: Callable[[Any, Resources], JsonObject] = _no_fingerprint
    total: Callable[[Inputs, Any, Resources], int | None] = _unknown_total
    histograms: tuple[str, ...] = ()
    named: Mapping[str, str] = field(default_factory=dict)
    starts: Callable[[Any, Resources], bool] = _always
    collects: bool = True
    licenses: Callable[[Any], Iterable[str]] = _no_licenses
    writes: str | None = None
    advice: Callable[[Funnel], str | None] = _no_advice
    spare: tuple[str, ...] = ()
    needs: Callable[[Any, Resources], None] = _no_needs

    @property
    def kind(self) -> str:
        """The kind of dataset that it writes."""
        return self.writes or self.name

    def roles_of(self, config: StageConfig) -> tuple[str, ...]:
        """The roles whose models decide the rows: part of the stage key and the lineage."""
        return self.roles(config) if callable(self.roles) else self.roles

    @property
    def is_source(self) -> bool:
        """Whether the rows are collected from outside."""
        return self.collects and not self.reads

    def addresses(self, config: StageConfig) -> dict[str, str]:
        """Kind -> address of the datasets that the config names."""
        given = {kind: getattr(config, key) for kind, key in self.named.items()}
        return {kind: address for kind, address in given.items() if address is not None}


Stages = Mapping[str, Stage]
"""Stage name -> stage, in pipeline order."""
