"""A repo of strangers is pulled as the files that its lineage names, with a card of ours, or not at all."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from loopback_hub import LoopbackHub
from small_versions import make_version
from strange_versions import FILE, Change, contents, copied, lying, record_of, rewrite, rewrite_file, tell

from astra_data.hub.origins import Origin
from astra_data.hub.store import Store

UPLOAD = """
from huggingface_hub import HfApi
def upload(folder, repo="org/theirs"):
    HfApi().create_repo(repo, repo_type="dataset", exist_ok=True)
    HfApi().upload_folder(repo_id=repo, folder_path=folder, repo_type="dataset")

def said(call):
    try:
        return str(call())
    except AstraError as error:
        return f"{type(error).__name__}: {error}"
"""


def another(name: str) -> Change:
    def change(folder: Path) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(folder / FILE, folder / name)

    return change


def other_bytes(folder: Path) -> None:
    data = bytearray((folder / FILE).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / FILE).write_bytes(data)


def twice(folder: Path) -> None:
    output, *others = record_of(folder)["outputs"]
    rewrite(folder, outputs=[output | {"files": output["files"] * 2}, *others])


def renamed(folder: Path) -> None:
    (folder / FILE).rename(folder / "data/train.jsonl")
    rewrite_file(folder, path="data/train.jsonl")


REFUSED: dict[str, Change] = {
    "a key that leads up": lambda folder: rewrite(folder, key="../../../../canary"),
    "a key that is a path": lambda folder: rewrite(folder, key="/tmp/canary"),
    "a key of the store": lambda folder: rewrite(folder, key="../refs/main"),
    "a path that leads up": lying("data/../../../canary.parquet"),
    "an absolute path": lying("/etc/hostname"),
    "a path into refs": lying("../refs/main"),
    "another form": renamed,
    "a file that is not there": lying("data/train-00001-of-00001.parquet"),
    "one file twice": twice,
    "one file more": another("data/train-00001-of-00002.parquet"),
    "a folder more": another("data/deep/train.parquet"),
    "other bytes": other_bytes,
    "another size": lambda folder: rewrite_file(folder, size=1 << 50),
    "another digest": lambda folder: rewrite_file(folder, sha256="0" * 64),
    "no lineage": lambda folder: (folder / "lineage.json").unlink(),
    "a large lineage": lambda folder: (folder / "lineage.json").write_bytes(b" " * (5 << 20)),
    "no record": lambda folder: (folder / "lineage.json").write_text("[]"),
    "an unknown config": lambda folder: rewrite(folder, outputs=[record_of(folder)["outputs"][0] | {"config": "../../canary"}]),
}


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A sound version of another store, as its owner would upload it."""
    return copied(make_version(Store.open(tmp_path / "away"), "a", "b", rejected=("c",)), tmp_path / "theirs")


def test_what_is_not_as_its_lineage_says_is_not_pulled_and_the_store_is_as_it_was(
    hub: LoopbackHub, store: Store, theirs: Path, client: Any, tmp_path: Path
) -> None:
    make_version(store, "mine")
    (tmp_path / "canary.json").write_text("{}")
    for number, change in enumerate(REFUSED.values()):
        folder = tmp_path / f"theirs-{number}"
        shutil.copytree(theirs, folder)
        change(folder)
    before = contents(store.root) | contents(theirs)
    found = client(f"""{UPLOAD}
found = []
for number in range({len(REFUSED)}):
    upload(f"{tmp_path}/theirs-{{number}}", f"org/theirs-{{number}}")
    found.append([said(lambda: pull(f"org/theirs-{{number}}", None, store)), texts(f"org/theirs-{{number}}")])
answer(found)""")
    for name, (pulled, loaded) in zip(REFUSED, found, strict=True):
        assert pulled.startswith("DataError"), (name, pulled)
        assert name == "no lineage" or loaded.startswith("DataError"), (name, loaded)
    assert contents(store.root) | contents(theirs) == before
    assert (tmp_path / "canary.json").read_text() == "{}" and not list(tmp_path.glob("canary.parquet"))


def test_no_data_file_is_downloaded_that_does_not_fit_its_lineage(
    hub: LoopbackHub, theirs: Path, client: Any, tmp_path: Path
) -> None:
    other_bytes(theirs)
    [said] = client(f"{UPLOAD}\nupload({str(theirs)!r})\nanswer([texts('org/theirs')])")
    assert "not the one its lineage names" in said
    assert not list((tmp_path / "cache").rglob("*.parquet")) and not hub.requests("GET", "/resolve/.*parquet")


def test_a_sound_repo_brings_its_data_and_a_card_of_ours_and_nothing_else(
    hub: LoopbackHub, store: Store, theirs: Path, client: Any
) -> None:
    tell(theirs, "configs:\n- config_name: default\n  data_files: ../../canary.jsonl")
    for name in ("theirs.py", "dataset_infos.json", "train.jsonl", "more/train.parquet", ".hidden", "refs/main"):
        (theirs / name).parent.mkdir(exist_ok=True)
        (theirs / name).write_text("canary")
    pulled, loaded, again = client(f"""{UPLOAD}
upload({str(theirs)!r})
answer([said(lambda: pull("org/theirs", None, store).tree), texts("org/theirs"), texts("theirs", store=root)])""")
    version = store.version("theirs")
    assert loaded == again == ["a", "b"] and version.tree == pulled
    files = contents(version.path)
    assert set(files) == {"README.md", "lineage.json", FILE, FILE.replace("data", "rejected")}
    assert all(path.is_file() and not path.is_symlink() for path in version.path.rglob("*") if not path.is_dir())
    assert b"canary" not in b"".join(files.values()) and b"org/theirs" in files["README.md"]
    assert sorted(path.name for path in store.root.iterdir() if path.name != ".staging") == ["theirs"]
    assert sorted(path.name for path in (store.root / "theirs").iterdir()) == ["pulled", "refs", "versions"]


def test_a_name_that_is_no_dataset_of_a_store_is_refused_before_anything_is_asked(hub: LoopbackHub, client: Any) -> None:
    found = client(f"""{UPLOAD}
names = [("org/ledger.sqlite", None), ("org/theirs", "../x"), ("org/theirs", "ledger.sqlite-wal"), ("../theirs", None),
         ("org/..", None), ("org/theirs", ".staging")]
answer([said(lambda: pull(repo, None, store, name)) for repo, name in names])""")
    assert all(said.startswith("UsageError") for said in found), found
    assert not [request for request in hub.log if "datasets" in request.path]


def test_what_was_pulled_is_found_by_no_key_and_says_where_it_is_from(
    hub: LoopbackHub, store: Store, theirs: Path, client: Any
) -> None:
    key = record_of(theirs)["key"]
    commit = client(f"{UPLOAD}\nupload({str(theirs)!r})\npull('org/theirs', None, store)\nanswer(resolve('org/theirs').commit)")
    version = store.version("theirs")
    assert store.find("theirs", key) is None and not store.made(version)
    assert str(store.origin(version)) == f"org/theirs@{commit}"


def test_a_pull_takes_the_name_of_what_the_store_made_only_if_it_is_told_so(
    hub: LoopbackHub, store: Store, theirs: Path, client: Any
) -> None:
    mine = make_version(store, "mine", name="theirs")
    refused, main, told = client(f"""{UPLOAD}
upload({str(theirs)!r})
answer([said(lambda: pull("org/theirs", None, store)), store.version("theirs").tree,
        said(lambda: pull("org/theirs", None, store, "theirs").tree)])""")
    assert refused.startswith("UsageError") and "--to NAME" in refused and main == mine.tree
    assert store.version("theirs").tree == told != mine.tree


@pytest.mark.parametrize("state", [
    "the same tree", "the newest is a pulled one", "its versions are lost", "its lineage is damaged",
])  # fmt: skip
def test_so_it_is_whatever_became_of_what_the_store_made(
    hub: LoopbackHub, store: Store, theirs: Path, client: Any, state: str
) -> None:
    texts, rejected = (("a", "b"), ("c",)) if state == "the same tree" else (("mine",), ())
    mine = make_version(store, *texts, name="theirs", rejected=rejected)
    if state == "the newest is a pulled one":
        other = make_version(Store.open(theirs.parent / "third"), "third")
        store.adopt(other.path, other.lineage(), "theirs", Origin("org/third", "c" * 40))
    elif state == "its versions are lost":
        shutil.rmtree(mine.path)
    elif state == "its lineage is damaged":
        (mine.path / "lineage.json").write_text("{")
    before = contents(store.root)
    found = client(f"{UPLOAD}\nupload({str(theirs)!r})\nanswer(said(lambda: pull('org/theirs', None, store)))")
    assert found.startswith("UsageError") and "--to NAME" in found and contents(store.root) == before


@pytest.mark.parametrize("name", ["quarantined/train-00000-of-00001.parquet", "ledger/x.parquet", "rejected/more/x.txt"])
def test_a_file_in_any_data_folder_that_no_lineage_names_is_an_error(
    hub: LoopbackHub, store: Store, theirs: Path, client: Any, name: str
) -> None:
    (theirs / name).parent.mkdir(exist_ok=True, parents=True)
    (theirs / name).write_text("canary")
    found = client(f"{UPLOAD}\nupload({str(theirs)!r})\nanswer(said(lambda: pull('org/theirs', None, store)))")
    assert found.startswith("DataError") and "is in no lineage" in found
    assert not hub.requests("GET", "/resolve/.*(parquet|txt)")


def test_two_pulls_at_once_bring_one_version(hub: LoopbackHub, store: Store, theirs: Path, client: Any, start: Any) -> None:
    client(f"{UPLOAD}\nupload({str(theirs)!r})")
    pulling = [start("for _ in range(3):\n    answer(pull('org/theirs', None, store).tree)") for _ in range(3)]
    trees = {one.answer() for one in pulling}
    assert trees == {store.version("theirs").tree} == {*store.versions("theirs")}
    assert list((store.root / ".staging").iterdir()) == []


@pytest.mark.parametrize("point", ["cards.render", "_settle", "disk.sync_all"])
def test_a_pull_that_is_killed_changes_nothing(hub: LoopbackHub, store: Store, theirs: Path, client: Any, start: Any,
                                               point: str) -> None:
    mine = make_version(store, "mine", name="theirs")
    before = {name: data for name, data in contents(store.root).items() if not name.startswith(".staging")}
    client(f"{UPLOAD}\nupload({str(theirs)!r})")
    killed = start(f"""
        import os, signal
        from astra_data.hub import store as module
        module.{point} = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
        pull("org/theirs", None, store, "theirs")
    """)
    killed.process.join(120)
    assert killed.process.exitcode == -9
    again = Store.open(store.root)
    assert {name: data for name, data in contents(store.root).items() if not name.startswith(".staging")} == before
    assert again.version("theirs").path == mine.path
