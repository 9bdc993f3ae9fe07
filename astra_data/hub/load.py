"""Loading a version that is exactly the one that was named.

    rows = load("org/weather-tasks@v-5c1b14949828")            # datasets.Dataset
    place = resolve("weather-tasks", store)                    # its folder, tree and commit

`load_dataset(repo, revision=...)` may serve another revision that it finds in its cache when the Hub is away, prefers a local
folder of the same name, and reads what the README of a repo names, wherever it is. Here a revision becomes a commit first, just
the files that its lineage names are taken, compared with it, and loaded by their paths into a cache of that very tree.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from astra_data.errors import DataError, Place, UsageError
from astra_data.hub import foreign, lineage, parquet, snapshots
from astra_data.hub.addresses import FOLDER, Address, FolderAddress, HubAddress, StoreAddress, parse
from astra_data.hub.bounds import SHA1
from astra_data.hub.files import MEND, check_files, configs_of, file_at, files_of, tree_named
from astra_data.hub.lineage import Lineage
from astra_data.hub.origins import Origin
from astra_data.hub.store import Store, Version
from astra_data.rows import ROW_TYPES

if TYPE_CHECKING:
    from datasets import Dataset, DatasetBuilder, DatasetDict, Features, IterableDataset, IterableDatasetDict
    from datasets.data_files import DataFilesDict


@dataclass(frozen=True)
class Located:
    """A version on this machine. `repo` and `commit` are null off the Hub; `address` names just this version.

    `record` is its lineage, null for a dataset that we did not make. `made` says that a run of this store made it, `origin` where
    a version of the store was pulled from.
    """

    path: Path
    address: str
    repo: str | None
    commit: str | None
    config: str | None
    record: Lineage | None = None
    made: bool = False
    origin: Origin | None = None

    @cached_property
    def tree(self) -> str:
        """The git tree id of the files that its lineage names; without one, of all that may hold rows, each of which is read
        once."""
        return foreign.tree_at(self.path) if self.record is None else tree_named(self.record)

    def files(self, config: str | None = None) -> list[Path]:
        """The Parquet files of a config, by default its own, in order. Raises `DataError` where there are none, or where they are
        not those that its lineage names."""
        if self.record is None:
            raise DataError("no lineage.json, so no file of it is known", place=Place(self.address),
                            mend="name a dataset made by `astra`")
        return files_of(self.path, self.record, config or self.config or "default", self.address)

    def configs(self) -> list[str]:
        """The configs that its lineage names."""
        return [] if self.record is None else configs_of(self.record)

    @property
    def published(self) -> tuple[str | None, str | None]:
        """Repo and commit on the Hub, where it is or was pulled from; null for any other."""
        return (self.origin.repo, self.origin.commit) if self.origin else (self.repo, self.commit)

    @property
    def strange(self) -> str | None:
        """What people are told of a version before it is used, if no run of this store made it."""
        if self.made:
            return None
        if self.origin is not None:
            return f"{self.address}, pulled from {self.origin}"
        return f"{self.address}, {'which no run of this store made' if self.record else 'which has no lineage'}"

    def lineage(self) -> Lineage | None:
        """Its lineage, or None for a dataset that we did not make."""
        return self.record


def resolve(address: str | Address, store: Store | None = None) -> Located:
    """The version that an address names, downloaded if need be, its files compared with its lineage.

    A 40-digit commit that is on this machine needs no request. Raises `DataError` if files are not those of the
    lineage, `EndpointError` if the Hub cannot be asked or has no such revision, `UsageError` for a name without store.
    """
    parsed = parse(address) if isinstance(address, str) else address
    if isinstance(parsed, HubAddress):
        return _from_hub(parsed)
    if isinstance(parsed, FolderAddress):
        return _from_folder(parsed)
    if store is None:
        raise UsageError(f"{parsed} is a name in a store, and no store was given", mend="name a store, or write org/name")
    return _from_store(store, store.version(parsed.name, parsed.version), parsed.config)


def input_of(place: Located, role: str, store: Store) -> Located | None:
    """The version that `place` was made from, by the stage's name for it; None where its lineage names none.

    A lineage that a stranger wrote leads to no repo and no folder, only to what the store holds already, by its tree. Raises
    `DataError` where that is not so, and where what is there is another version now.
    """
    source = next((one for one in place.record.inputs if one.role == role), None) if place.record else None
    if source is None:
        return None
    held, folder = store.holding(source.tree), FOLDER.match(source.address) is not None
    if place.made and (held is None or not folder):
        found = resolve(source.address, store)
    elif held is not None:
        found = _from_store(store, held, None)
    else:
        mend = f"pull {source.address if source.repo else 'its ' + role} first if you trust it"
        raise DataError(f"its {role} are not in this store, and the lineage of others is not followed to other places",
                        place=Place(place.address), mend=mend)
    if found.tree != source.tree or found.record is None or found.record.kind != role:
        raise DataError(f"was made from {role} with the tree {source.tree}, and {found.address} is another version",
                        place=Place(place.address), mend="name an older version of it, or make it again")
    return found


def load(
    address: str,
    *,
    store: Path | None = None,
    config: str | None = None,
    split: str | None = "train",
    streaming: bool = False,
    every: bool = False,
) -> "Dataset | DatasetDict | IterableDataset | IterableDatasetDict":
    """The rows of the version that `address` names, as `datasets` gives them; all splits where `split` is None.

    `config` wins over the `#config` of the address. Of a dataset that we did not make just the Parquet, JSON or CSV files in its
    own folder are read. Raises what `resolve` raises, and `DataError` where files hold no rows, or more than they may, and for
    the first row that is not what it says, unless `every` row is wanted by somebody who looks at each.
    """
    import datasets
    from datasets.data_files import DataFilesDict, DataFilesList

    place = resolve(address, None if store is None else Store.open(store))
    chosen = config or place.config
    rows = _rows(place, chosen)
    kind = None if every or place.record is None or place.record.kind not in ROW_TYPES else place.record.kind
    tree = place.tree
    files = DataFilesDict({name: DataFilesList(paths, [(tree,)] * len(paths)) for name, paths in rows.files.items()})
    cache = Path(datasets.config.HF_DATASETS_CACHE) / "astra-versions" / tree
    try:
        builder = _builder(rows, files, str(cache), kind, refused=(chosen or "default") != "default")
        if streaming:
            found: Any = builder.as_streaming_dataset(split=split)
        else:
            builder.download_and_prepare()
            found = builder.as_dataset(split=split)
    except DataError:
        raise
    except Exception as error:  # whatever readers of Parquet, JSON and CSV raise
        if isinstance(error.__cause__, DataError):
            raise error.__cause__ from None
        said = " ".join(str(error.__cause__ or error).split())[:300]
        raise DataError(f"cannot be read as rows: {said}", place=Place(place.address), mend="name another dataset") from error
    if place.record is not None:
        place.files(chosen)  # nobody changed them meanwhile
    return found


def _rows(place: Located, config: str | None) -> foreign.Rows:
    if place.record is None:
        return foreign.rows_of(place.path, config)
    return foreign.Rows("parquet", {"train": [str(path.absolute()) for path in place.files(config)]})


def _builder(rows: foreign.Rows, files: "DataFilesDict", cache: str, kind: str | None, *, refused: bool) -> "DatasetBuilder":
    """The builder of these files. Those that are no Parquet are of the plain types that `datasets` finds in them."""
    from astra_data.hub.builder import Bounded, BoundedCsv, BoundedJson

    if rows.builder == "json":
        return BoundedJson(cache_dir=cache, data_files=files, parse_agent_traces=False)
    if rows.builder == "csv":
        return BoundedCsv(cache_dir=cache, data_files=files)
    paths = [Path(path) for paths in files.values() for path in paths]
    features = _features(paths)
    return Bounded(cache_dir=cache, data_files=files, features=features, kind=kind, refused=refused)


def _features(paths: list[Path]) -> "Features":
    """The features of Parquet files by the plain types of the first, whatever a library or a stranger has noted in it: no image,
    sound or other type that opens files when a row is read. They are those of the row types where the rows are ours.

    Raises `DataError` for any file that says more than it can hold.
    """
    from datasets import Features

    schemas = []
    for path in paths:
        with parquet.opened(path) as file:
            schemas.append(file.schema_arrow)
    found = Features.from_arrow_schema(schemas[0].remove_metadata())
    for name, feature in found.items():
        if not _is_plain(feature):
            raise ValueError(f"the column {name[:100]!r} has the type {type(feature).__name__}")
    return found


def _is_plain(feature: Any) -> bool:
    from datasets import Json, LargeList, List, Value

    if isinstance(feature, dict):
        return all(map(_is_plain, feature.values()))
    return _is_plain(feature.feature) if isinstance(feature, List | LargeList) else isinstance(feature, Value | Json)


def _from_store(store: Store, version: Version, config: str | None) -> Located:
    noted = Place(str(version.record))
    if not version.record.exists():
        raise DataError("there is no such file", place=noted, mend=MEND)
    record = lineage.read(version.record)
    check_files(version.path, record)
    if tree_named(record) != version.tree:
        raise DataError("the lineage is that of another version", place=noted, mend=MEND)
    pinned = str(StoreAddress(version.name, version.tree))
    return Located(version.path, pinned, None, None, config, record, store.made(version), store.origin(version))


def _from_folder(address: FolderAddress) -> Located:
    path = Path(address.path).expanduser()
    if not path.is_dir():
        raise DataError(f"there is no folder {address.path}", mend="write org/name for the Hub, or a name in the store")
    noted = path / lineage.FILE
    if not noted.exists() and not noted.is_symlink():
        return Located(path, address.path, None, None, address.config)
    record = lineage.read(file_at(path, lineage.FILE))
    check_files(path, record)
    return Located(path, address.path, None, None, address.config, record)


def _from_hub(address: HubAddress) -> Located:
    revision = address.revision or "main"
    commit = revision if SHA1.fullmatch(revision) else snapshots.ask_commit(address.repo, revision)
    path, record = snapshots.bring(address.repo, commit)
    pinned = str(HubAddress(address.repo, commit))
    if record is None:
        return Located(path, pinned, address.repo, commit, address.config)
    check_files(path, record, alone=False)
    return Located(path, pinned, address.repo, commit, address.config, record)
