"""Only what a run of this store made counts as made, whatever was pulled, handed over or damaged."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from small_versions import make_version, record, write_config
from strange_versions import FILE, Change, contents, rewrite

from astra_data.errors import DataError
from astra_data.hub.lineage import Input
from astra_data.hub.load import resolve
from astra_data.hub.origins import Origin
from astra_data.hub.store import Store, Version

ORIGIN = Origin("org/theirs", "c" * 40)
KEY = "ab" * 32


@pytest.fixture
def theirs(tmp_path: Path) -> Version:
    """A version of another store whose lineage has the key of a run of ours, and a licence of its own."""
    return make_version(Store.open(tmp_path / "away"), "a", key=KEY, licenses=["theirs"])


def pulled(store: Store, version: Version, name: str = "tasks") -> Version:
    return store.adopt(version.path, version.lineage(), name, ORIGIN)


def test_a_pulled_version_is_the_newest_of_its_name_and_no_runs(store: Store, theirs: Version) -> None:
    version = pulled(store, theirs)
    assert store.version("tasks") == version
    assert store.find("tasks", KEY) is None and not store.made(version) and store.origin(version) == ORIGIN
    place = resolve("tasks", store)
    assert place.origin == ORIGIN and not place.made and place.strange == f"tasks@{version.tree}, pulled from {ORIGIN}"


def test_the_recorded_answers_of_a_pulled_version_go_into_no_ledger(store: Store, tmp_path: Path) -> None:
    away = Store.open(tmp_path / "away")
    with away.staging("tasks") as folder:
        outputs = [write_config(folder, config, [[config]]) for config in ("default", "ledger")]
        theirs = away.commit("tasks", folder, record(outputs))
    pulled(store, theirs)
    place = resolve("tasks", store)
    assert place.configs() == ["default", "ledger"] and [path.parent.name for path in place.files()] == ["data"]
    assert not list(store.root.glob("ledger*"))


def test_what_a_run_makes_is_made_though_the_same_was_pulled_before(store: Store, theirs: Version) -> None:
    pulled(store, theirs)
    mine = make_version(store, "a", key=KEY, licenses=["mine"])
    assert mine.tree == theirs.tree and store.made(mine) and store.find("tasks", KEY) == mine
    assert store.version("tasks").lineage().licenses == ["mine"] and store.origin(mine) is None


def test_what_a_run_made_stays_made_when_the_same_is_pulled_after(store: Store, theirs: Version) -> None:
    mine = make_version(store, "a", key="cd" * 32, licenses=["mine"])
    before = contents(mine.path)
    version = pulled(store, theirs)
    assert store.made(version) and store.find("tasks", KEY) is None and contents(mine.path) == before
    assert resolve("tasks", store).strange is None


def test_the_key_of_a_run_gives_the_version_of_that_run_though_a_pulled_one_claims_it(store: Store, theirs: Version) -> None:
    mine = make_version(store, "mine", key=KEY)
    pulled(store, theirs)
    assert store.find("tasks", KEY) == mine
    assert not store.made(store.version("tasks")) and store.made(mine)


HANDED: dict[str, Change] = {
    "a version put there by hand": lambda home: None,
    "a record that names another run": lambda home: run_of(home, "e" * 64),
    "a record of another tree": lambda home: run_of(home, KEY, tree="0" * 40),
    "a record whose tree is a path": lambda home: run_of(home, KEY, tree="../../canary"),
    "a record without lineage": lambda home: (home / "keys" / f"{KEY}.json").write_text('{"tree": "0"}'),
    "a record that is none": lambda home: (home / "keys" / f"{KEY}.json").write_text("["),
    "a record that is a link out": lambda home: (home / "keys" / f"{KEY}.json").symlink_to(home.parent.parent / "x.json"),
}


def run_of(home: Path, key: str, tree: str = "") -> None:
    """Write under `KEY` the record of a run with this key."""
    [version] = (home / "versions").iterdir()
    known = json.loads((version / "lineage.json").read_bytes()) | {"key": key}
    (home / "keys" / f"{KEY}.json").write_text(json.dumps({"lineage": known, "tree": tree or version.name}))


@pytest.mark.parametrize("change", HANDED.values(), ids=HANDED)
def test_what_no_record_of_a_run_vouches_for_is_not_made_here(change: Change, store: Store, theirs: Version) -> None:
    home = store.root / "tasks"
    (home / "keys").mkdir(parents=True)
    (home / "refs").mkdir()
    (home / "refs" / "main").write_text(theirs.tree)
    shutil.copytree(theirs.path, home / "versions" / theirs.tree)
    change(home)
    assert not store.made(store.version("tasks"))
    try:
        assert store.find("tasks", KEY) is None
    except DataError as error:
        assert error.mend


MAINS = ["../../canary", "/etc/hostname", "", "zz", "0" * 40, "0" * 5_000, "é", "main\n" * 99]


@pytest.mark.parametrize("main", MAINS, ids=lambda text: ascii(text)[:20])
def test_a_newest_version_that_is_none_is_an_error(main: str, store: Store) -> None:
    make_version(store, "a")
    (store.root / "tasks" / "refs" / "main").write_text(main, encoding="utf-8")
    with pytest.raises(DataError, match="names no version that is here"):
        store.version("tasks")


@pytest.mark.parametrize("part", ["", "versions", "keys", "refs", "pulled"])
def test_a_store_writes_through_no_link_that_leads_out(part: str, store: Store, theirs: Version, tmp_path: Path) -> None:
    pulled(store, theirs)
    make_version(store, "mine")
    outside = tmp_path / "outside"
    shutil.move(store.root / "tasks" / part, outside)
    (store.root / "tasks" / part).symlink_to(outside)
    before = contents(outside)
    other = make_version(Store.open(tmp_path / "third"), "other")
    if part != "pulled":
        with pytest.raises(DataError, match="leads out"):
            make_version(store, "b")
    if part != "keys":
        with pytest.raises(DataError, match="leads out"):
            pulled(store, other)
    assert contents(outside) == before


def test_opening_a_store_removes_nothing_behind_a_link(store: Store, tmp_path: Path) -> None:
    make_version(store, "a")
    (tmp_path / "outside" / "folder").mkdir(parents=True)
    shutil.rmtree(store.root / ".staging")
    (store.root / ".staging").symlink_to(tmp_path / "outside")
    again = Store.open(store.root)
    with pytest.raises(DataError, match="is a link"):
        make_version(again, "b")
    assert [path.name for path in (tmp_path / "outside").iterdir()] == ["folder"]


DAMAGE: dict[str, Change] = {
    "other bytes": lambda folder: (folder / FILE).write_bytes(b"PAR1"),
    "no file": lambda folder: (folder / FILE).unlink(),
    "no lineage": lambda folder: (folder / "lineage.json").unlink(),
    "a damaged lineage": lambda folder: (folder / "lineage.json").write_text("{"),
    "one file more": lambda folder: shutil.copyfile(folder / FILE, folder / "data/more.parquet"),
    "no folder": shutil.rmtree,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_making_a_damaged_version_again_mends_it(damage: Change, store: Store) -> None:
    version = make_version(store, "a")
    key, before = version.lineage().key, contents(version.path)
    damage(version.path)
    assert store.find("tasks", key) is None
    assert make_version(store, "a") == version and contents(version.path) == before
    assert store.find("tasks", key) == version and store.made(version)


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_pulling_a_damaged_version_again_mends_it(damage: Change, store: Store, theirs: Version) -> None:
    version = pulled(store, theirs)
    before = contents(version.path)
    damage(version.path)
    assert pulled(store, theirs) == version and contents(version.path) == before
    assert resolve("tasks", store).files()


LIES: dict[str, dict[str, Any]] = {
    "its key": {}, "another key": {"key": "ef" * 32}, "another command": {"command": "astra run theirs"}, "a seed": {"seed": 8},
    "another origin": {"inputs": [Input("tools", "org/evil@main", "org/evil", "d" * 40, "e" * 40, "")]},
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_pulling_over_a_damaged_version_of_a_run_brings_bytes_and_no_word(
    damage: Change, lie: dict[str, Any], store: Store, tmp_path: Path
) -> None:
    mine = make_version(store, "a", key=KEY, licenses=["mine"])
    record, before = mine.lineage(), contents(mine.path)
    damage(mine.path)
    pulled(store, make_version(Store.open(tmp_path / "away"), "a", **{"key": KEY, "licenses": ["theirs"]} | lie))
    assert contents(mine.path) == before and store.made(mine)
    assert store.find("tasks", KEY) == mine and resolve("tasks", store).record == record


@pytest.mark.parametrize("change", [{"licenses": ["theirs"]}, {"seed": 8}, {"complete": False}, {"models": {"writer": "other"}}],
                         ids=str)
def test_a_version_whose_lineage_is_not_what_its_run_left_is_not_made_here_until_it_is_made_again(
    change: dict[str, Any], store: Store
) -> None:
    mine = make_version(store, "a", key=KEY)
    before = contents(mine.path)
    rewrite(mine.path, **change)
    assert not store.made(mine) and store.find("tasks", KEY) is None and resolve("tasks", store).strange
    assert make_version(store, "a", key=KEY) == mine and contents(mine.path) == before and store.made(mine)


def test_a_run_that_makes_its_tree_again_with_another_record_stays_the_maker(store: Store) -> None:
    make_version(store, "a", key=KEY, env={"python": "3.11"})
    again = make_version(store, "a", key=KEY, env={"python": "3.12"})
    assert store.made(again) and store.version("tasks").lineage().env == {"python": "3.12"} == again.lineage().env
    assert store.find("tasks", KEY) == again


def test_a_pull_mends_the_lineage_of_a_run_that_was_changed(store: Store, theirs: Version) -> None:
    mine = make_version(store, "a", key=KEY, licenses=["mine"])
    rewrite(mine.path, licenses=["changed"])
    pulled(store, theirs)
    assert store.made(mine) and store.version("tasks").lineage().licenses == ["mine"]


def test_pulls_and_commits_at_once_leave_each_version_whole_and_what_was_made_made(store: Store, theirs: Version) -> None:
    jobs = [lambda: pulled(store, theirs), lambda: make_version(store, "a", key=KEY), lambda: make_version(store, "b")] * 4
    with ThreadPoolExecutor(6) as pool:
        done = [job.result() for job in [pool.submit(job) for job in jobs]]
    assert len({version.tree for version in done}) == len(store.versions("tasks")) == 2
    assert all(store.made(version) for version in done)
    assert all(resolve(f"tasks@{version.tree}", store).files() for version in done)
    assert not list((store.root / ".staging").iterdir())


def test_a_record_that_could_not_be_read_again_is_not_written(store: Store) -> None:
    for changes in ({"key": "../x"}, {"command": "x" * 99_999}, {"kind": "a/b"}):
        with pytest.raises(DataError):
            make_version(store, "a", **changes)
    assert store.names() == []
