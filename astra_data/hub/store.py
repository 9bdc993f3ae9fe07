"""The store: a folder of immutable dataset versions, each laid out as its Hub repo will be.

    store = Store.open(Path("hub"))
    with store.staging("weather-tasks") as folder:
        ...                                                    # write folder/data/*.parquet
        version = store.commit("weather-tasks", folder, lineage)
    store.version("weather-tasks") == version

    NAME/versions/<tree>/{README.md, lineage.json, data/, rejected/, quarantined/, ledger/}
    NAME/keys/<stage key>.json      the lineage of the run with that key, and the tree it made
    NAME/refs/main                  the newest tree, one line

A version appears whole, by one rename, or not at all. Equal bytes are one version, whoever commits them and how often.
"""

import contextlib
import difflib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from astra_data.errors import DataError, Place, UsageError
from astra_data.hub import cards, disk, lineage
from astra_data.hub.addresses import check_name
from astra_data.hub.lineage import Lineage
from astra_data.hub.tree import CONFIG_FOLDERS, DATA_FOLDERS, EMPTY_TREE, sha256_file, version_tree

STAGING = ".staging"


@dataclass(frozen=True, slots=True)
class Version:
    """One version. `record` is the file that holds the lineage of the run through which it was reached."""

    name: str
    tree: str
    path: Path
    record: Path

    def lineage(self) -> Lineage:
        """The lineage of that run. Raises `DataError` if the record is damaged."""
        value = lineage.read_json(self.record)
        inner = value["lineage"] if isinstance(value, dict) and "lineage" in value else value
        return lineage.from_json(inner, file=str(self.record))

    def files(self, config: str = "default") -> list[Path]:
        """The Parquet files of a config in order. Raises `DataError` where the version has none such."""
        return config_files(self.path, config)

    @property
    def complete(self) -> bool:
        """False while rows of it are quarantined."""
        return self.lineage().complete


@dataclass(frozen=True, slots=True)
class Store:
    """The versions under `root`. Make one with `Store.open`."""

    root: Path

    @classmethod
    def open(cls, root: Path) -> "Store":
        """The store at `root`, which the first write creates. Raises `UsageError` or `DataError` if it never could."""
        root = Path(os.path.abspath(root.expanduser()))  # noqa: PTH100 (resolve() would follow links)
        above = next(folder for folder in (root, *root.parents) if folder.exists())
        if not above.is_dir():
            raise UsageError(f"the store {root} cannot be: {above} is a file", mend="set ASTRA_STORE to a folder")
        if above != root and not os.access(above, os.W_OK):
            raise DataError(
                f"the store {root} cannot be created: {above} is not writable",
                mend="give yourself write access, " + disk.ELSEWHERE,
            )
        disk.sweep(root / STAGING)
        return cls(root)

    def names(self) -> list[str]:
        """The datasets that have a version."""
        return sorted(path.parent.parent.name for path in self.root.glob("*/refs/main"))

    def versions(self, name: str) -> list[str]:
        """The trees of a dataset, in no particular order of time."""
        return sorted(path.name for path in (self.root / name / "versions").glob("*"))

    def version(self, name: str, tree: str | None = None) -> Version:
        """The newest version of a dataset, or the one whose tree starts with `tree`.

        Raises `DataError` that says what the store has instead.
        """
        known = self.versions(check_name(name))
        if not known:
            raise self._unknown_name(name)
        wanted = tree or self._main(name)
        found = [one for one in known if one.startswith(wanted)]
        if not found and tree is None:
            place = Place(str(self.root / name / "refs" / "main"))
            raise DataError(f"{wanted!r} is no version that is here", place=place, mend=f"write one of: {', '.join(known[:8])}")
        if len(found) != 1:
            what = "several versions that start with" if found else "no version"
            has = ", ".join(known[:8])
            raise DataError(f"{name} in the store {self.root} has {what} {wanted}", mend=f"it has: {has}")
        return self._at(name, found[0])

    def find(self, name: str, key: str) -> Version | None:
        """The version that the run with this stage key made, if it is still there. Its `complete` is that run's."""
        record = self.root / check_name(name) / "keys" / f"{key}.json"
        if not record.exists():
            return None
        value = lineage.read_json(record)
        if not isinstance(value, dict) or not isinstance(value.get("tree"), str):
            raise DataError("no record of a run", place=Place(str(record)), mend="remove it, and the stage is run again")
        tree = value["tree"]
        path = self.root / name / "versions" / tree
        return Version(name, tree, path, record) if path.is_dir() else None

    @contextlib.contextmanager
    def staging(self, name: str) -> Iterator[Path]:
        """A folder of the store to write a version in. What is not committed is gone at the end."""
        check_name(name)
        with disk.guarded(self.root), disk.held_folder(self.root / STAGING, name) as folder:
            yield folder

    def commit(self, name: str, staging: Path, record: Lineage) -> Version:
        """Make the staged data folders, with their lineage and card, the newest version of `name`.

        Raises `DataError` if there is no data, the record holds a path of this machine, or the disk refuses; the store
        is then as it was.
        """
        check_name(name)
        lineage.check_portable(record, [self.root])
        with disk.guarded(self.root):
            tree = version_tree(staging)
            disk.write_synced(staging / lineage.FILE, lineage.dump(lineage.to_json(record)))
            disk.write_synced(staging / "README.md", cards.render(name, tree, record, configs_of(staging)).encode())
            return self._land(name, staging, tree, record)

    def promote(self, version: Version) -> None:
        """Make a version that is in the store the newest one of its name, as a run that finds it again does."""
        if self._main(version.name) == version.tree:
            return
        with disk.guarded(self.root), disk.held_folder(self.root / STAGING, "refs") as folder:
            disk.write_synced(folder / "main", f"{version.tree}\n".encode())
            (folder / "main").replace(self.root / version.name / "refs" / "main")

    def adopt(self, folder: Path, name: str) -> Version:
        """Copy a version that lies elsewhere, such as a pulled snapshot, into the store as it is.

        Raises `DataError` if its files are not those that its lineage names.
        """
        record = lineage.read(folder / lineage.FILE)
        with self.staging(name) as staging:
            for part in (*DATA_FOLDERS, lineage.FILE, "README.md"):
                source = folder / part
                if source.is_dir():
                    shutil.copytree(source, staging / part)
                elif source.exists():
                    shutil.copyfile(source, staging / part)
            check_files(staging, record)
            return self._land(name, staging, version_tree(staging), record)

    def _land(self, name: str, staging: Path, tree: str, record: Lineage) -> Version:
        """Rename the staged folder into place. All that needs room on the disk is written before the first rename."""
        if tree == EMPTY_TREE:
            raise DataError(f"{name}: nothing was written, so there is no version", mend="write data/*.parquet first")
        disk.sync_all(staging)
        home = self.root / name
        for part in ("versions", "keys", "refs"):
            (home / part).mkdir(parents=True, exist_ok=True)
        run = lineage.dump({"lineage": lineage.to_json(record), "tree": tree})
        with disk.held_folder(self.root / STAGING, "records") as records:
            disk.write_synced(records / "key", run)
            disk.write_synced(records / "main", f"{tree}\n".encode())
            _rename_version(staging, home / "versions" / tree)
            (records / "key").replace(home / "keys" / f"{record.key}.json")
            (records / "main").replace(home / "refs" / "main")
        for part in ("versions", "keys", "refs"):
            disk.sync(home / part)
        return Version(name, tree, home / "versions" / tree, home / "keys" / f"{record.key}.json")

    def _at(self, name: str, tree: str) -> Version:
        path = self.root / name / "versions" / tree
        return Version(name, tree, path, path / lineage.FILE)

    def _main(self, name: str) -> str:
        try:
            return (self.root / name / "refs" / "main").read_text().strip()
        except FileNotFoundError:
            raise self._unknown_name(name) from None

    def _unknown_name(self, name: str) -> DataError:
        names = self.names()
        close = difflib.get_close_matches(name, names, n=1)
        mend = f"did you mean {close[0]}?" if close else f"it has: {', '.join(names[:12]) or 'nothing yet'}"
        return DataError(f"no dataset {name!r} in the store {self.root}", mend=mend)


def config_files(folder: Path, config: str, *, called: str | None = None) -> list[Path]:
    """The Parquet files of one config of a version's folder, in order. Raises `DataError` where there are none.

    `called` is how the version is called in the message, if not by its folder.
    """
    files = sorted((folder / CONFIG_FOLDERS.get(config, config)).glob("*.parquet"))
    if not files:
        known = ", ".join(configs_of(folder)) or "none"
        raise DataError(f"{called or folder} has no config {config!r}", mend=f"its configs are: {known}")
    return files


def check_files(folder: Path, record: Lineage) -> None:
    """Raise `DataError` unless the data files of `folder` are those that its lineage names, byte for byte."""
    named: dict[str, Any] = {file.path: file for output in record.outputs for file in output.files}
    below = (path for part in DATA_FOLDERS for path in (folder / part).rglob("*"))
    there = {path.relative_to(folder).as_posix() for path in below if path.is_file()}
    for path in sorted(there ^ named.keys()):
        raise _wrong(folder / path, "is in no lineage" if path in there else "is missing")
    for path, file in named.items():
        if (folder / path).stat().st_size != file.size or sha256_file(folder / path) != file.sha256:
            raise _wrong(folder / path, "is not the one its lineage names")


def _wrong(path: Path, what: str) -> DataError:
    return DataError(f"the file {what}", place=Place(str(path)), mend="make or pull the version again")


def configs_of(folder: Path) -> list[str]:
    """The configs that a version's folder has, in the order of `CONFIG_FOLDERS`."""
    return [config for config, part in CONFIG_FOLDERS.items() if any((folder / part).glob("*.parquet"))]


def _rename_version(staging: Path, target: Path) -> None:
    """Put a version in place; if equal bytes are there already, leave those."""
    if target.exists():
        return
    try:
        staging.rename(target)
    except OSError:
        if not target.is_dir():
            raise
