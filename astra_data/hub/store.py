"""The store: a folder of immutable dataset versions, each laid out as its Hub repo will be.

    store = Store.open(Path("hub"))
    with store.staging("weather-tasks") as folder:
        ...                                                    # write folder/data/*.parquet
        version = store.commit("weather-tasks", folder, lineage)
    store.version("weather-tasks") == version

    NAME/versions/<tree>/{README.md, lineage.json, data/, rejected/, quarantined/, ledger/}
    NAME/keys/<stage key>.json      the lineage of the run with that key, and the tree it made
    NAME/pulled/<tree>.json         the Hub dataset and commit that a version was pulled from
    NAME/refs/main                  the newest tree, one line

A version appears whole, by one rename, or not at all. Equal bytes are one version, whoever commits them and how often. Nothing
that stands in a record becomes a path before it has passed `filenames.inside`.
"""

import contextlib
import difflib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from astra_data.errors import DataError, Place, UsageError
from astra_data.filenames import inside
from astra_data.hub import cards, disk, lineage, origins
from astra_data.hub.addresses import NAME, check_name
from astra_data.hub.bounds import SHA1
from astra_data.hub.files import MEND, check_files, configs_of, file_at, files_of, tree_named
from astra_data.hub.lineage import Lineage
from astra_data.hub.origins import Origin
from astra_data.hub.tree import EMPTY_TREE

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
        """The Parquet files of a config in order. Raises `DataError` where the version has none such, or where they are not those
        that its lineage names."""
        return files_of(self.path, self.lineage(), config, str(self.path))

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
        found = (path.parent.parent.name for path in self.root.glob("*/refs/main"))
        return sorted(name for name in found if NAME.fullmatch(name))

    def versions(self, name: str) -> list[str]:
        """The trees of a dataset, in no particular order of time."""
        folder = inside(self._home(name), "versions")
        return sorted(path.name for path in folder.glob("*") if SHA1.fullmatch(path.name))

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
            raise DataError("names no version that is here", place=place, mend=f"write one of: {', '.join(known[:8])}")
        if len(found) != 1:
            what = "several versions that start with" if found else "no version"
            has = ", ".join(known[:8])
            raise DataError(f"{name} in the store {self.root} has {what} {wanted}", mend=f"it has: {has}")
        return self._at(name, found[0])

    def find(self, name: str, key: str) -> Version | None:
        """The version that the run of this store with this stage key made, if it is still there and whole. Its `complete` is
        that run's. What was pulled is found under no key."""
        home = self._home(name)
        tree = origins.tree_of_run(home, key)
        if tree is None:
            return None
        path = inside(home, "versions", tree)
        sound = origins.made_here(home, tree) and _whole(path, tree)
        return Version(name, tree, path, origins.run_file(home, key)) if sound else None

    def damages(self) -> Iterator[DataError]:
        """What is wrong with the store: every version is read and compared with its lineage, and every record of a run."""
        for name in self.names():
            home = self._home(name)
            for tree in self.versions(name):
                try:
                    record = lineage.read(file_at(inside(home, "versions", tree), lineage.FILE))
                    check_files(inside(home, "versions", tree), record)
                    if tree_named(record) != tree:
                        place = Place(str(inside(home, "versions", tree, lineage.FILE)))
                        yield DataError("the lineage is that of another version", place=place, mend=MEND)
                except DataError as error:
                    yield error
            yield from origins.damages(home)

    def holding(self, tree: str) -> Version | None:
        """A version with this tree, under whatever name."""
        names = (name for name in self.names() if tree in self.versions(name))
        return next((self._at(name, tree) for name in names), None)

    def made(self, version: Version) -> bool:
        """Whether a run of this store made the version."""
        return origins.made_here(self._home(version.name), version.tree)

    def has_runs(self, name: str) -> bool:
        """Whether a run of this store made a version of `name`, though it be lost or damaged."""
        return origins.has_runs(self._home(name))

    def origin(self, version: Version) -> Origin | None:
        """Where the version was pulled from; None for one that was not."""
        return None if self.made(version) else origins.origin_of(self._home(version.name), version.tree)

    @contextlib.contextmanager
    def staging(self, name: str) -> Iterator[Path]:
        """A folder of the store to write a version in. What is not committed is gone at the end."""
        check_name(name)
        with disk.guarded(self.root), disk.held_folder(self.root / STAGING, name) as folder:
            yield folder

    def require_room(self, name: str, record: Lineage) -> None:
        """Raise what `commit` would of what is known of a version before it is made, and where it could not be written."""
        home = self._home(name)
        self._require_portable(record)
        for folder in (self.root, self.root / STAGING, home, home / "versions", home / "refs", home / origins.RUNS):
            disk.require_writable(folder, self.root)

    def commit(self, name: str, staging: Path, record: Lineage) -> Version:
        """Make the staged data folders, with their lineage and card, the newest version of `name`.

        Raises `DataError` if there is no data, the record holds a path of this machine or not what is staged, or the disk
        refuses; the store is then as it was.
        """
        home = self._home(name)
        self._require_portable(record)
        with disk.guarded(self.root):
            tree, run = tree_named(record), origins.run_file(home, record.key)
            _describe(staging, record, cards.render(name, tree, record, configs_of(record)))
            return Version(name, tree, self._land(name, staging, record, (run, origins.run_record(record, tree))), run)

    def promote(self, version: Version) -> None:
        """Make a version that is in the store the newest one of its name, as a run that finds it again does."""
        with contextlib.suppress(DataError):
            if self._main(version.name) == version.tree:
                return
        with disk.guarded(self.root), disk.held_folder(self.root / STAGING, "refs") as folder:
            disk.write_synced(folder / "main", f"{version.tree}\n".encode())
            (folder / "main").replace(inside(self._home(version.name), "refs", "main"))

    def adopt(self, folder: Path, record: Lineage, name: str, origin: Origin) -> Version:
        """Copy a version that lies elsewhere, such as a downloaded snapshot, into the store: the files that `record`, its
        lineage, names, with a card of ours. It becomes the newest of its name, and is no run's; where a run of this store made
        the same tree, it has the lineage of that run, whatever `record` says.

        Raises `DataError` if its files are not those; the store is then as it was.
        """
        home = self._home(name)
        check_files(folder, record, alone=False)
        with self.staging(name) as staging:
            for file in (file for output in record.outputs for file in output.files):
                target = inside(staging, *file.path.split("/"))
                target.parent.mkdir(exist_ok=True)
                shutil.copyfile(file_at(folder, file.path), target)
            tree = tree_named(record)
            own = origins.run_of(home, tree)
            said, repo = (record, origin.repo) if own is None else (own, None)
            _describe(staging, said, cards.render(name, tree, said, configs_of(said), repo))
            self._land(name, staging, record, (origins.pull_file(home, tree), origins.pull_record(origin)))
            return self._at(name, tree)

    def _land(self, name: str, staging: Path, record: Lineage, note: tuple[Path, bytes]) -> Path:
        """Rename the staged folder into place, with a note of how it came. All that needs room on the disk is written before.

        A run that makes a tree again under its own key leaves its lineage as it leaves its note; else the first of them stays.
        """
        home, tree = self._home(name), tree_named(record)
        if tree == EMPTY_TREE:
            raise DataError(f"{name}: nothing was written, so there is no version", mend="write data/*.parquet first")
        check_files(staging, record)
        disk.sync_all(staging)
        target, main = inside(home, "versions", tree), inside(home, "refs", "main")
        for folder in (target.parent, note[0].parent, main.parent):
            folder.mkdir(parents=True, exist_ok=True)
        with disk.held_folder(self.root / STAGING, "records") as records, disk.locked(home):
            disk.write_synced(records / "note", note[1])
            disk.write_synced(records / "main", f"{tree}\n".encode())
            made = origins.made_by(home, tree)
            keep = made is not None and origins.run_file(home, made.key) != note[0]
            _settle(staging, target, records / "spoilt", keep=keep)
            (records / "note").replace(note[0])
            (records / "main").replace(main)
        for folder in (target.parent, note[0].parent, main.parent):
            disk.sync(folder)
        return target

    def _require_portable(self, record: Lineage) -> None:
        lineage.check_portable(lineage.checked(record), [self.root])

    def _home(self, name: str) -> Path:
        return inside(self.root, check_name(name))

    def _at(self, name: str, tree: str) -> Version:
        path = inside(self._home(name), "versions", tree)
        return Version(name, tree, path, file_at(path, lineage.FILE))

    def _main(self, name: str) -> str:
        """The newest tree. What is no tree is given back as one that no version has."""
        try:
            with inside(self._home(name), "refs", "main").open(encoding="ascii", errors="replace") as file:
                text = file.read(64).strip()
                return text if SHA1.fullmatch(text) else "unreadable"
        except OSError:
            raise self._unknown_name(name) from None

    def _unknown_name(self, name: str) -> DataError:
        names = self.names()
        close = difflib.get_close_matches(name, names, n=1)
        mend = f"did you mean {close[0]}?" if close else f"it has: {', '.join(names[:12]) or 'nothing yet'}"
        return DataError(f"no dataset {name!r} in the store {self.root}", mend=mend)


def _describe(staging: Path, record: Lineage, card: str) -> None:
    disk.write_synced(staging / lineage.FILE, lineage.dump(lineage.to_json(record)))
    disk.write_synced(staging / "README.md", card.encode())


def _whole(path: Path, tree: str) -> bool:
    """Whether a version is there as its lineage says."""
    try:
        record = lineage.read(file_at(path, lineage.FILE))
        check_files(path, record)
    except DataError:
        return False
    return tree_named(record) == tree


def _settle(staging: Path, target: Path, spoilt: Path, *, keep: bool) -> None:
    """Put a version in place. Of equal bytes that are there, lineage and card stay too if told to `keep` them; what is damaged
    gives way."""
    if target.exists() and not _whole(target, target.name):
        target.rename(spoilt)
    if not target.exists():
        staging.rename(target)
    elif not keep:
        for name in (lineage.FILE, "README.md"):
            (staging / name).replace(target / name)
