"""Loading a version that is exactly the one that was named.

    rows = load("org/weather-tasks@v-5c1b14949828")            # datasets.Dataset
    place = resolve("weather-tasks", store)                    # its folder, tree and commit

`load_dataset(repo, revision=...)` may serve another revision that it finds in its cache when the Hub is away, and
prefers a local folder of the same name. Here a revision becomes a commit first, the files of that commit are taken,
compared with their lineage, and loaded by their path into a cache of that very tree.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from astra_data.errors import DataError, EndpointError, UsageError
from astra_data.hub import lineage
from astra_data.hub.addresses import Address, FolderAddress, HubAddress, StoreAddress, parse
from astra_data.hub.client import retried
from astra_data.hub.lineage import Lineage
from astra_data.hub.store import Store, check_files, config_files
from astra_data.hub.tree import version_tree

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict, IterableDataset, IterableDatasetDict

COMMIT = re.compile(r"[0-9a-f]{40}")
LOOKUP_TRIES = 3


@dataclass(frozen=True, slots=True)
class Located:
    """A version on this machine. `repo` and `commit` are null off the Hub; `address` names just this version."""

    path: Path
    address: str
    repo: str | None
    commit: str | None
    tree: str
    config: str | None

    def files(self) -> list[Path]:
        """The Parquet files of its config, in order."""
        return config_files(self.path, self.config or "default", called=self.address)

    def lineage(self) -> Lineage | None:
        """Its lineage, or None for a dataset that we did not make."""
        file = self.path / lineage.FILE
        return lineage.read(file) if file.exists() else None


def resolve(address: str | Address, store: Store | None = None) -> Located:
    """The version that an address names, downloaded if need be.

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
    return _from_store(parsed, store)


def load(
    address: str,
    *,
    store: Path | None = None,
    config: str | None = None,
    split: str | None = "train",
    streaming: bool = False,
) -> "Dataset | DatasetDict | IterableDataset | IterableDatasetDict":
    """The rows of the version that `address` names, as `datasets` gives them; all splits where `split` is None.

    `config` wins over the `#config` of the address. Raises what `resolve` raises.
    """
    import datasets

    place = resolve(address, None if store is None else Store.open(store))
    config = config or place.config
    if config and place.lineage():
        config_files(place.path, config)
    cache = Path(datasets.config.HF_DATASETS_CACHE) / "astra-versions" / place.tree
    return datasets.load_dataset(str(place.path), config, split=split, streaming=streaming, cache_dir=str(cache))


def _from_store(address: StoreAddress, store: Store) -> Located:
    version = store.version(address.name, address.version)
    pinned = str(StoreAddress(version.name, version.tree))
    return Located(version.path, pinned, None, None, version.tree, address.config)


def _from_folder(address: FolderAddress) -> Located:
    path = Path(address.path).expanduser()
    if not path.is_dir():
        raise DataError(f"there is no folder {address.path}", mend="write org/name for the Hub, or a name in the store")
    _verify(path)
    return Located(path, address.path, None, None, version_tree(path), address.config)


def _from_hub(address: HubAddress) -> Located:
    commit = _commit(address.repo, address.revision or "main")
    path = _cached(address.repo, commit) or _snapshot(address.repo, commit)
    _verify(path)
    pinned = str(HubAddress(address.repo, commit))
    return Located(path, pinned, address.repo, commit, version_tree(path), address.config)


def _commit(repo: str, revision: str) -> str:
    """The 40-digit commit of a revision; only the Hub knows where a tag or a branch stands."""
    return revision if COMMIT.fullmatch(revision) else _ask_commit(repo, revision)


def _ask_commit(repo: str, revision: str) -> str:
    from huggingface_hub import HfApi

    info = retried(lambda: HfApi().repo_info(repo, repo_type="dataset", revision=revision), repo, tries=LOOKUP_TRIES)
    return str(info.sha)


def _cached(repo: str, commit: str) -> Path | None:
    """The files of a commit if all that the Hub listed for it are on this machine."""
    from huggingface_hub import get_cached_repo_tree, snapshot_download
    from huggingface_hub.errors import CachedRepoTreeNotFoundError, LocalEntryNotFoundError

    try:
        get_cached_repo_tree(repo, repo_type="dataset", revision=commit)
        return Path(snapshot_download(repo, repo_type="dataset", revision=commit, local_files_only=True))
    except (CachedRepoTreeNotFoundError, LocalEntryNotFoundError):
        return None


def _snapshot(repo: str, commit: str) -> Path:
    """Download the files of a commit. The Hub is asked for it first, since the download would try for long."""
    from huggingface_hub import snapshot_download

    _ask_commit(repo, commit)
    path = retried(lambda: snapshot_download(repo, repo_type="dataset", revision=commit), repo, tries=LOOKUP_TRIES)
    if Path(path).name != commit:
        raise EndpointError(f"{repo}: asked for commit {commit}, got {Path(path).name}", mend="report this as a bug")
    return Path(path)


def _verify(path: Path) -> None:
    """Raise `DataError` if the folder has a lineage, and files that are not those that it names."""
    file = path / lineage.FILE
    if file.exists():
        check_files(path, lineage.read(file))
