"""Where a version of the store came from: a run of this store, or a dataset of the Hub.

    write_run(home, record, tree)          # NAME/keys/<stage key>.json: made here
    made_here(home, tree)                  # True
    origin_of(home, other_tree)            # Origin('org/tasks', '<commit>'), from NAME/pulled/<tree>.json

Only what a run of this store made is found by a stage key, and is what a recipe expects of itself. What was pulled is used where
it is named. A version is a run's as long as its lineage is the one that the run left under its key: the bytes of a tree may come
from anybody, what is said of them may not.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from astra_data.errors import DataError, Place
from astra_data.filenames import inside
from astra_data.hub import lineage
from astra_data.hub.addresses import REPO
from astra_data.hub.bounds import SHA1, SHA256
from astra_data.hub.files import file_at, tree_named
from astra_data.hub.lineage import Lineage

RUNS, PULLED = "keys", "pulled"
MEND = "remove it, and the stage is run again"


@dataclass(frozen=True, slots=True)
class Origin:
    """The commit of a Hub dataset."""

    repo: str
    commit: str

    def __str__(self) -> str:
        return f"{self.repo}@{self.commit}"


def run_record(record: Lineage, tree: str) -> bytes:
    """What is kept of a run under its stage key."""
    return lineage.dump({"lineage": lineage.to_json(record), "tree": tree})


def pull_record(origin: Origin) -> bytes:
    """What is kept of a pull under the tree that it brought."""
    return lineage.dump({"commit": origin.commit, "repo": origin.repo})


def run_file(home: Path, key: str) -> Path:
    """The record of the run with this stage key, below the folder of a dataset."""
    return inside(home, RUNS, f"{key}.json")


def pull_file(home: Path, tree: str) -> Path:
    """The record of the pull that brought this tree."""
    return inside(home, PULLED, f"{tree}.json")


def tree_of_run(home: Path, key: str) -> str | None:
    """The tree that the run with this key made; None without such a run. Raises `DataError` for a record that is none."""
    file = run_file(home, key) if SHA256.fullmatch(key) else None
    if file is None or not file.exists():
        return None
    record, tree = read_run(file)
    if record.key != key or tree_named(record) != tree:
        raise DataError("the record of another run", place=Place(str(file)), mend=MEND)
    return tree


def read_run(file: Path) -> tuple[Lineage, str]:
    """The lineage of a run, and the tree it made. Raises `DataError` for a record that is none."""
    value: Any = lineage.read_json(file)
    if not isinstance(value, dict) or not isinstance(value.get("tree"), str) or not SHA1.fullmatch(value["tree"]):
        raise DataError("no record of a run", place=Place(str(file)), mend=MEND)
    return lineage.from_json(value.get("lineage"), file=str(file)), value["tree"]


def damages(home: Path) -> Iterator[DataError]:
    """What is wrong with the records of the runs and pulls of a dataset."""
    for file in sorted(inside(home, RUNS).glob("*.json")):
        try:
            tree_of_run(home, file.stem)
        except DataError as error:
            yield error
    for file in sorted(inside(home, PULLED).glob("*.json")):
        try:
            origin_of(home, file.stem)
        except DataError as error:
            yield error


def made_by(home: Path, tree: str) -> Lineage | None:
    """The lineage of a version, if it is word for word the record of a run of this store that made this very tree; else None."""
    try:
        record = lineage.read(file_at(inside(home, "versions", tree), lineage.FILE))
        noted = run_record(*read_run(run_file(home, record.key)))
    except DataError:
        return None
    return record if noted == run_record(record, tree) and tree_named(record) == tree else None


def made_here(home: Path, tree: str) -> bool:
    """Whether a run of this store made this version, and nothing of its lineage was changed since."""
    return made_by(home, tree) is not None


def run_of(home: Path, tree: str) -> Lineage | None:
    """The record of a run of this store that made this tree, whether or not the version is still there; None without one."""
    for file in sorted(inside(home, RUNS).glob("*.json")):
        with contextlib.suppress(DataError):
            if tree_of_run(home, file.stem) == tree:
                return read_run(run_file(home, file.stem))[0]
    return None


def has_runs(home: Path) -> bool:
    """Whether a run of this store made a version of this dataset, though it be lost."""
    return any(inside(home, RUNS).glob("*.json"))


def origin_of(home: Path, tree: str) -> Origin | None:
    """Where a version was pulled from; None for one that was not. Raises `DataError` for a record that is none."""
    file = pull_file(home, tree)
    if not file.exists():
        return None
    value = lineage.read_json(file)
    repo, commit = (value.get(field) if isinstance(value, dict) else None for field in ("repo", "commit"))
    if not isinstance(repo, str) or not isinstance(commit, str) or not REPO.fullmatch(repo) or not SHA1.fullmatch(commit):
        raise DataError("no record of a pull", place=Place(str(file)), mend="remove it, and pull the version again")
    return Origin(repo, commit)
