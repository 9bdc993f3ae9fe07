"""A version appears whole or not at all, whoever commits it and whatever breaks."""

import contextlib
import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from small_versions import make_version, record, write_config

from astra_data.errors import DataError, UsageError
from astra_data.hub import lineage
from astra_data.hub.origins import Origin
from astra_data.hub.store import STAGING, Store

ORIGIN = Origin("org/tasks", "c" * 40)
ROOT = Path(__file__).parents[2]
PATH = f"{ROOT}:{ROOT / 'tests'}"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@contextlib.contextmanager
def small_disk(folder: Path, options: str) -> Iterator[Path]:
    """A file system of its own, mounted on `folder`."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_what_was_committed_is_found_by_name_by_tree_and_by_key(store: Store) -> None:
    first, second = make_version(store, "a", "b"), make_version(store, "a", "c")
    assert store.version("tasks").path == second.path
    assert store.version("tasks", first.tree).path == store.version("tasks", first.tree[:7]).path == first.path
    assert store.find("tasks", first.lineage().key) == first
    assert store.find("tasks", "0" * 64) is None
    assert store.names() == ["tasks"]
    assert sorted(path.name for path in first.path.iterdir()) == ["README.md", "data", "lineage.json"]
    assert [path.name for path in first.files()] == ["train-00000-of-00001.parquet"]


def test_equal_bytes_are_one_version_with_the_lineage_of_each_run(store: Store) -> None:
    one = make_version(store, "a", key="1" * 64)
    two = make_version(store, "a", key="2" * 64, seed=8)
    assert one.path == two.path
    assert [version.lineage().seed for version in (one, two, store.version("tasks"))] == [7, 8, 7]
    assert len(store.versions("tasks")) == 1


def test_a_version_with_quarantined_rows_says_that_it_is_incomplete(store: Store) -> None:
    assert not make_version(store, "a", complete=False).complete
    assert make_version(store, "b").complete


def test_a_key_whose_version_was_deleted_is_not_found(store: Store) -> None:
    version = make_version(store, "a")
    shutil.rmtree(version.path)
    assert store.find("tasks", version.lineage().key) is None


def test_opening_a_store_makes_no_folder(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "none" / "hub")
    assert store.names() == []
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_can_never_be_is_refused_when_opened(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for root in (tmp_path / "file", tmp_path / "file" / "hub"):
        with pytest.raises(UsageError, match=r"is a file .*ASTRA_STORE"):
            Store.open(root)


def test_an_unknown_name_or_version_is_an_error_that_says_what_there_is(store: Store) -> None:
    with pytest.raises(DataError, match="nothing yet"):
        store.version("tasks")
    tree = make_version(store, "a", name="weather-tasks").tree
    with pytest.raises(DataError, match="did you mean weather-tasks"):
        store.version("wether-task")
    with pytest.raises(DataError, match="it has: weather-tasks"):
        store.version("q")
    with pytest.raises(DataError, match=f"no version {'0' * 40} .it has: {tree}"):
        store.version("weather-tasks", "0" * 40)
    with pytest.raises(DataError, match="its configs are: default"):
        store.version("weather-tasks").files("rejected")


@pytest.mark.parametrize("name", ["../x", "A", ".staging", "", "a/b"])
def test_a_name_that_would_leave_the_store_is_refused(store: Store, name: str) -> None:
    with pytest.raises(UsageError), store.staging(name):
        pass
    for use in (store.version, lambda it: store.find(it, "k")):
        with pytest.raises(UsageError):
            use(name)


def test_a_failed_stage_leaves_nothing_behind(store: Store) -> None:
    before = make_version(store, "a")
    with pytest.raises(RuntimeError, match="the stage broke"), store.staging("tasks") as folder:
        write_config(folder, "default", [["b"]])
        raise RuntimeError("the stage broke")
    assert list((store.root / STAGING).iterdir()) == []
    assert store.version("tasks").path == before.path


def test_an_empty_version_is_refused(store: Store) -> None:
    with pytest.raises(DataError, match="nothing was written"), store.staging("tasks") as folder:
        store.commit("tasks", folder, record([]))
    assert store.names() == []


def test_a_machine_path_in_the_record_is_refused_and_nothing_is_committed(store: Store) -> None:
    with pytest.raises(DataError, match="field command: a path of this machine"):
        make_version(store, "a", command=f"astra run {store.root}/x.yaml")
    assert store.names() == []


@pytest.mark.parametrize("point", ["_settle", "configs_of"])
def test_a_process_killed_before_the_rename_changes_nothing(store: Store, point: str) -> None:
    before = make_version(store, "a")
    code = f"""
        import os, signal, sys
        from pathlib import Path
        from astra_data.hub import store
        from small_versions import make_version
        store.{point} = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
        make_version(store.Store.open(Path({str(store.root)!r})), "b")
    """
    process = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], env=os.environ | {"PYTHONPATH": PATH})
    assert process.returncode == -signal.SIGKILL
    assert len(list((store.root / STAGING).iterdir())) >= 1
    again = Store.open(store.root)
    assert list((store.root / STAGING).iterdir()) == []
    assert again.versions("tasks") == [before.tree] and again.version("tasks").tree == before.tree
    assert make_version(again, "b").tree == again.version("tasks").tree


def test_a_folder_that_is_being_written_is_left_alone_when_another_opens_the_store(store: Store) -> None:
    with store.staging("tasks") as folder:
        output = write_config(folder, "default", [["a"]])
        Store.open(store.root)
        version = store.commit("tasks", folder, record([output]))
    assert version.files()[0].exists()


def test_many_may_commit_at_once(store: Store) -> None:
    texts = ["a", "b", "c", "a"] * 4
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda text: make_version(store, text), texts))
    assert sorted({version.tree for version in made}) == store.versions("tasks")
    assert store.version("tasks").tree in store.versions("tasks")
    assert all(store.find("tasks", version.lineage().key).tree == version.tree for version in made)
    assert list((store.root / STAGING).iterdir()) == []


def test_a_full_disk_is_an_error_with_a_mend_and_the_store_is_as_it_was(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "size=96k") as disk:
        store = Store.open(disk / "hub")
        make_version(store, "a")
        before = contents(store.root)
        with pytest.raises(DataError, match=r"disk/hub: the disk is full .*ASTRA_STORE"), store.staging("tasks") as folder:
            output = write_config(folder, "default", [["b"]])
            with (folder / "data" / "more.parquet").open("wb") as file:
                file.write(b"x" * (1 << 20))
            store.commit("tasks", folder, record([output]))
        assert contents(store.root) == before
        filler = disk / "filler"
        with pytest.raises(DataError, match="the disk is full"), store.staging("tasks") as folder:
            output = write_config(folder, "default", [["c"]])
            with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
                while file.write(b"x" * 4096):
                    pass
            store.commit("tasks", folder, record([output]))
        assert contents(store.root) == before


def test_a_read_only_store_can_be_read_and_not_written(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "size=1m") as disk:
        version = make_version(Store.open(disk / "hub"), "a")
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        store = Store.open(disk / "hub")
        assert store.version("tasks").tree == version.tree
        with pytest.raises(DataError, match=r"read-only .*ASTRA_STORE"):
            make_version(store, "b")
        with pytest.raises(DataError, match="not writable"):
            make_version(Store.open(disk / "other"), "b")


def test_a_version_from_elsewhere_is_adopted_with_its_lineage_and_a_card_of_ours(store: Store, tmp_path: Path) -> None:
    version = make_version(store, "a", rejected=("b",))
    (version.path / "README.md").write_text("# theirs")
    (version.path / "load.py").write_text("raise SystemExit")
    other = Store.open(tmp_path / "other")
    adopted = other.adopt(version.path, version.lineage(), "mine", ORIGIN)
    home, away = contents(version.path), contents(adopted.path)
    assert home.keys() - away.keys() == {"load.py"}
    assert {name for name in away if home[name] != away[name]} == {"README.md"}
    assert away["README.md"].startswith(b"---\nconfigs:") and b'load_dataset("org/tasks"' in away["README.md"]
    assert other.version("mine") == adopted and other.origin(adopted) == ORIGIN


@pytest.mark.parametrize("damage", ["changed", "missing", "no lineage"])
def test_a_version_whose_files_are_not_those_of_its_lineage_is_not_adopted(store: Store, tmp_path: Path, damage: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(make_version(store, "a").path, copy)
    file = copy / "data" / "train-00000-of-00001.parquet"
    if damage == "changed":
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 1
        file.write_bytes(data)
    elif damage == "missing":
        file.unlink()
    else:
        (copy / lineage.FILE).unlink()
    other = Store.open(tmp_path / "other")
    with pytest.raises(DataError) as caught:
        other.adopt(copy, lineage.read(copy / lineage.FILE), "mine", ORIGIN)
    assert caught.value.place and caught.value.mend
    assert other.names() == []


def test_a_version_is_a_value(store: Store) -> None:
    version = make_version(store, "a")
    assert dataclasses.replace(version) == version


def test_the_store_is_imported_without_the_heavy_libraries() -> None:
    heavy = "{'datasets', 'pyarrow', 'polars', 'huggingface_hub', 'pydantic', 'jinja2', 'yaml'}"
    code = f"import sys, astra_data.hub.store; found = {heavy} & sys.modules.keys(); sys.exit(str(found) if found else 0)"
    subprocess.run([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": PATH}, check=True)
