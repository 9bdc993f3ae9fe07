"""Of a folder just the files are read that its lineage names, as it names them; what else lies there is refused or left alone."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from small_versions import make_version
from strange_versions import FILE, copied, lying, rewrite, rewrite_file

from astra_data.errors import DataError
from astra_data.formats import sources
from astra_data.hub import files
from astra_data.hub.load import resolve
from astra_data.hub.store import Store
from astra_data.hub.tree import version_tree

Change = Callable[[Path], object]


def linked_out(folder: Path) -> None:
    """The data file is a link to an equal one outside."""
    shutil.move(folder / FILE, folder.parent / "elsewhere.parquet")
    (folder / FILE).symlink_to(folder.parent / "elsewhere.parquet")


def folder_linked_out(folder: Path) -> None:
    shutil.move(folder / "data", folder.parent / "elsewhere")
    (folder / "data").symlink_to(folder.parent / "elsewhere")


def lineage_linked_out(folder: Path) -> None:
    shutil.move(folder / "lineage.json", folder.parent / "elsewhere.json")
    (folder / "lineage.json").symlink_to(folder.parent / "elsewhere.json")


def replaced(make: Callable[[Path], object]) -> Change:
    def change(folder: Path) -> None:
        (folder / FILE).unlink()
        make(folder / FILE)

    return change


def another(name: str) -> Change:
    def change(folder: Path) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(folder / FILE, folder / name)

    return change


def overwritten(folder: Path) -> None:
    data = bytearray((folder / FILE).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / FILE).write_bytes(data)


CHANGES: dict[str, Change] = {
    "a link out": linked_out,
    "a folder that is a link out": folder_linked_out,
    "a lineage that is a link out": lineage_linked_out,
    "a link in a circle": replaced(lambda file: file.symlink_to(file)),
    "a pipe": replaced(os.mkfifo),
    "a folder in its place": replaced(Path.mkdir),
    "other bytes": overwritten,
    "fewer bytes": lambda folder: (folder / FILE).write_bytes((folder / FILE).read_bytes()[:-9]),
    "no file": lambda folder: (folder / FILE).unlink(),
    "one more file": another("data/train-00001-of-00002.parquet"),
    "one more of another case": another("data/Train-00000-of-00001.parquet"),
    "one more form": lambda folder: (folder / "data/train.jsonl").write_text('{"text": "canary"}\n'),
    "one more config": another("rejected/train-00000-of-00001.parquet"),
    "a folder below": another("data/deep/train-00000-of-00001.parquet"),
    "a hidden file": another("data/.train-00000-of-00001.parquet"),
    "a dangling link beside it": lambda folder: (folder / "data/x.parquet").symlink_to("/nonexistent"),
    "a path out": lying("data/../../elsewhere.parquet"),
    "an absolute path": lying("/etc/hostname"),
    "another digest": lambda folder: rewrite_file(folder, sha256="0" * 64),
    "another size": lambda folder: rewrite_file(folder, size=1 << 40),
    "a key that is a path": lambda folder: rewrite(folder, key="../../../canary"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_folder_of_other_files_is_refused_at_once(change: Change, store: Store, tmp_path: Path) -> None:
    folder = copied(make_version(store, "a", "b"), tmp_path / "theirs")
    change(folder)
    with pytest.raises(DataError) as caught:
        resolve(str(folder))
    assert caught.value.mend


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_so_is_a_version_of_a_store_that_was_handed_over(change: Change, store: Store) -> None:
    version = make_version(store, "a", "b")
    change(version.path)
    with pytest.raises(DataError) as caught:
        resolve("tasks", store)
    assert caught.value.mend


def test_what_lies_beside_the_data_folders_changes_nothing(store: Store, tmp_path: Path) -> None:
    version = make_version(store, "a", "b", rejected=("c",))
    folder = copied(version, tmp_path / "theirs")
    for name in ("theirs.py", "dataset_infos.json", "train.jsonl", "train.parquet", "more/train.parquet", "Data/train.parquet"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("canary")
    place = resolve(str(folder))
    assert place.files() == [folder / FILE] and place.configs() == ["default", "rejected"]
    assert place.tree == version.tree == version_tree(folder)


def test_a_file_that_is_touched_after_it_was_compared_is_compared_again(store: Store, tmp_path: Path) -> None:
    folder = copied(make_version(store, "a"), tmp_path / "theirs")
    place = resolve(str(folder))
    before = (folder / FILE).stat()
    overwritten(folder)
    os.utime(folder / FILE, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(DataError, match="not the one its lineage names"):
        place.files()


def test_a_file_is_hashed_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    version, hashed = make_version(store, "a"), []
    monkeypatch.setattr(files, "_hashed", {})
    monkeypatch.setattr(files, "sha256_file", lambda path: hashed.append(path) or version.lineage().outputs[0].files[0].sha256)
    for _ in range(3):
        resolve("tasks", store).files()
        version.files()
    assert len(hashed) == 1


def test_the_links_of_the_hubs_cache_lead_to_its_blobs_and_nowhere_else(store: Store, tmp_path: Path) -> None:
    repo = tmp_path / "datasets--org--tasks"
    folder = copied(make_version(store, "a"), repo / "snapshots" / ("c" * 40))
    (repo / "blobs").mkdir()
    shutil.move(folder / FILE, repo / "blobs" / "one")
    (folder / FILE).symlink_to("../../../blobs/one")
    assert resolve(str(folder)).files() == [folder / FILE]
    shutil.move(repo / "blobs" / "one", tmp_path / "one")
    (repo / "blobs" / "one").symlink_to(tmp_path / "one")
    with pytest.raises(DataError, match="leads out"):
        resolve(str(folder))


SNAPSHOT, COMMIT = "datasets--org--tasks/snapshots", "c" * 40
LURES = {
    "a folder that is none of the cache": ("work/snapshots", COMMIT, "work/blobs/one"),
    "a file beside the blobs": (SNAPSHOT, COMMIT, "datasets--org--tasks/one"),
    "another snapshot": (SNAPSHOT, COMMIT, f"{SNAPSHOT}/{'d' * 40}/one"),
    "the blobs of another repo": (SNAPSHOT, COMMIT, "datasets--org--other/blobs/one"),
    "the blobs of a model": ("models--org--tasks/snapshots", COMMIT, "models--org--tasks/blobs/one"),
    "no commit": (SNAPSHOT, "main", "datasets--org--tasks/blobs/one"),
    "a longer commit": (SNAPSHOT, "c" * 64, "datasets--org--tasks/blobs/one"),
    "no snapshot": ("datasets--org--tasks/refs", COMMIT, "datasets--org--tasks/blobs/one"),
}
"""Where a folder lies, its name, and where the link of its data file leads."""


@pytest.mark.parametrize("lure", LURES.values(), ids=LURES)
def test_what_only_looks_like_that_cache_leads_nowhere(lure: tuple[str, str, str], store: Store, tmp_path: Path) -> None:
    home, name, target = lure
    folder, real = copied(make_version(store, "a"), tmp_path / home / name), tmp_path / target
    real.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(folder / FILE, real)
    (folder / FILE).symlink_to(os.path.relpath(real, folder / "data"))
    with pytest.raises(DataError, match="leads out"):
        resolve(str(folder))
    assert not files.is_own(folder, folder / FILE)
    with pytest.raises(DataError, match="leads out"):
        sources.own(folder / FILE, folder)


def test_the_blobs_of_that_cache_are_no_link(store: Store, tmp_path: Path) -> None:
    folder = copied(make_version(store, "a"), tmp_path / SNAPSHOT / COMMIT)
    (tmp_path / "home").mkdir()
    (tmp_path / "datasets--org--tasks" / "blobs").symlink_to(tmp_path / "home")
    shutil.move(folder / FILE, tmp_path / "home" / "one")
    (folder / FILE).symlink_to("../../../blobs/one")
    for call in (lambda: resolve(str(folder)), lambda: sources.own(folder / FILE, folder)):
        with pytest.raises(DataError, match="leads out"):
            call()


def test_a_folder_in_a_snapshot_has_the_blobs_of_its_repo(store: Store, tmp_path: Path) -> None:
    folder = copied(make_version(store, "a"), tmp_path / SNAPSHOT / COMMIT / "deep" / "er")
    (tmp_path / "datasets--org--tasks" / "blobs").mkdir()
    shutil.move(folder / FILE, tmp_path / "datasets--org--tasks" / "blobs" / "one")
    (folder / FILE).symlink_to(tmp_path / "datasets--org--tasks" / "blobs" / "one")
    (tmp_path / "named").symlink_to(folder)
    assert [len(resolve(str(one)).files()) for one in (folder, tmp_path / "named")] == [1, 1]
    assert sources.own(folder / FILE, folder) == folder / FILE
