"""What is loaded is the version that was named, or nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from loopback_hub import LoopbackHub
from small_unfit import unfit_version
from small_versions import make_version, task
from strange_versions import copied

from astra_data.errors import DataError, EndpointError, UsageError
from astra_data.hub.client import retried
from astra_data.hub.load import resolve
from astra_data.hub.store import Store
from astra_data.rows import Task, identity


@pytest.mark.parametrize("away", ["stopped", "offline"])
def test_with_the_hub_away_a_commit_gives_its_own_rows_and_never_anothers(
    hub: LoopbackHub, store: Store, push: Any, client: Any, away: str
) -> None:
    first, second = push(make_version(store, "a", "b", "c")), push(make_version(store, "d"))
    loading = f"answer([texts('org/tasks@{first['commit']}'), texts('org/tasks')])"
    assert client(loading) == [["a", "b", "c"], ["d"]]
    third = push(make_version(store, "e"))
    if away == "stopped":
        hub.stop()
    found = client(f"""
        import datasets, huggingface_hub
        datasets.config.HF_HUB_OFFLINE = huggingface_hub.constants.HF_HUB_OFFLINE = {away == "offline"}
        names = ["{first["commit"]}", "{second["commit"]}", "{third["commit"]}", "{first["tag"]}", "main"]
        answer([texts("org/tasks@" + name) for name in names])
    """)
    assert found[:2] == [["a", "b", "c"], ["d"]]
    for refusal in found[2:]:
        assert refusal.startswith("EndpointError") and "40-digit commit" in refusal


def test_a_commit_that_is_here_needs_no_request(hub: LoopbackHub, store: Store, push: Any, client: Any) -> None:
    commit = push(make_version(store, "a"))["commit"]
    code = f"answer(texts('org/tasks@{commit}'))"
    assert client(code) == ["a"]
    hub.log.clear()
    assert client(code) == ["a"]
    assert [request.path for request in hub.log if "agent-harnesses" not in request.path] == []


def test_a_tag_and_a_branch_become_the_commit_they_stand_on(hub: LoopbackHub, store: Store, push: Any, client: Any) -> None:
    version = make_version(store, "a", rejected=("b",))
    done = push(version)
    place = client(f"""
place = resolve("org/tasks@{done["tag"]}#rejected")
answer([place.address, place.repo, place.commit, place.tree, place.config, len(place.files()), place.lineage().kind,
        resolve("org/tasks").commit,
        texts("org/tasks#rejected"), texts("org/tasks", config="rejected"), texts("org/tasks#x")])""")
    assert place[:3] == [f"org/tasks@{done['commit']}", "org/tasks", done["commit"]]
    assert place[3:8] == [version.tree, "rejected", 1, "tasks", done["commit"]]
    assert place[8:10] == [["b"], ["b"]]
    assert "its configs are: default, rejected" in place[10]


def test_a_revision_or_dataset_that_is_not_there_is_an_error(hub: LoopbackHub, store: Store, push: Any, client: Any) -> None:
    push(make_version(store, "a"))
    revision, commit, repo = client(f"""
answer([texts("org/tasks@nope"), texts("org/tasks@{"0" * 40}"), texts("org/none")])""")
    assert "no such revision" in revision and "no such revision" in commit
    assert "no dataset org/none" in repo and "HF_TOKEN" in repo


def test_a_folder_of_the_same_name_does_not_shadow_the_hub_or_the_store(
    hub: LoopbackHub, store: Store, push: Any, client: Any
) -> None:
    push(make_version(store, "a"))
    found = client("""
for folder in ("org/tasks/data", "tasks/data"):
    Path(folder).mkdir(parents=True)
    (Path(folder) / "train.jsonl").write_text('{"text": "shadow"}')
answer([texts("org/tasks"), texts("tasks", store=store.root)])""")
    assert found == [["a"], ["a"]]


def test_files_that_are_not_those_of_the_lineage_are_not_loaded(
    hub: LoopbackHub, store: Store, push: Any, client: Any, tmp_path: Path
) -> None:
    commit = push(make_version(store, "a"))["commit"]
    code = f"answer(texts('org/tasks@{commit}'))"
    client(code)
    cached = next((tmp_path / "cache").rglob("*.parquet")).resolve()
    cached.write_bytes(cached.read_bytes()[:-1] + b"2")
    assert "not the one its lineage names" in client(code)


def test_half_a_dataset_in_the_cache_is_not_taken_for_the_whole(hub: LoopbackHub, store: Store, push: Any, client: Any) -> None:
    commit = push(make_version(store, "a", "b", shards=2))["commit"]
    client(f"""
        from huggingface_hub import hf_hub_download
        for file in ("README.md", "lineage.json", "data/train-00000-of-00002.parquet"):
            hf_hub_download("org/tasks", file, repo_type="dataset", revision="{commit}")
    """)
    hub.stop()
    assert client(f"answer(texts('org/tasks@{commit}'))").startswith("EndpointError")
    hub.start()
    assert client(f"answer(texts('org/tasks@{commit}'))") == ["a", "b"]


def test_a_dataset_that_we_did_not_make_is_loaded_but_only_whole(hub: LoopbackHub, client: Any) -> None:
    commit = client("""
        from datasets import Dataset
        from huggingface_hub import hf_hub_download
        commit = Dataset.from_list([{"text": "foreign"}]).push_to_hub("org/foreign").oid
        hf_hub_download("org/foreign", "README.md", repo_type="dataset", revision=commit)
        answer(commit)
    """)
    hub.stop()
    code = f"answer(texts('org/foreign@{commit}'))"
    assert client(code).startswith("EndpointError")
    hub.start()
    assert client(code) == ["foreign"]
    hub.stop()
    assert client(code) == ["foreign"]


def test_the_store_gives_the_named_version_and_streams_equal_rows(store: Store, client: Any) -> None:
    trees = [make_version(store, *texts).tree for texts in (("a", "b"), ("c",))]
    found = client(f"""
stream = load("tasks@{trees[0][:8]}", store=store.root, streaming=True)
answer([texts("tasks", store=store.root), texts("tasks@{trees[0]}", store=store.root), [row["text"] for row in stream],
        resolve("tasks", store).address])""")
    assert found == [["c"], ["a", "b"], ["a", "b"], f"tasks@{trees[1]}"]


def test_a_folder_that_was_changed_in_place_gives_its_new_rows(store: Store, client: Any, tmp_path: Path) -> None:
    one, two = make_version(store, "a").path, make_version(store, "b").path
    found = client(f"""
import shutil
found = []
for version in ({str(one)!r}, {str(two)!r}):
    shutil.rmtree("./copy", ignore_errors=True)
    shutil.copytree(version, "./copy")
    found.append(texts("./copy"))
answer(found)""")
    assert found == [["a"], ["b"]]


def test_a_place_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no folder"):
        resolve(str(tmp_path / "none"))
    with pytest.raises(UsageError, match="no store was given"):
        resolve("tasks")


@pytest.mark.parametrize("streaming", [True, False])
@pytest.mark.parametrize("change", [{"id": "0" * 16}, {"id": "../../x"}, {"text": "another"}])
def test_the_first_row_of_others_that_is_not_what_it_says_is_named(store: Store, client: Any, tmp_path: Path, streaming: bool,
                                                                   change: Any) -> None:
    rows = [sound(task("one")), sound(task("two")) | change]
    folder = copied(unfit_version(store, "theirs", rows, Task, "tasks"), tmp_path / "theirs")
    said = client(f"""
try:
    answer([row["text"] for row in load({str(folder)!r}, streaming={streaming})])
except AstraError as error:
    answer(str(error))""")
    assert "train-00000-of-00001.parquet, row 2: id is not that of the content" in said


def sound(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"id": identity(Task, row)}


@pytest.mark.parametrize("call", [lambda: "\u00e9".encode("ascii"), lambda: httpx2.Client(proxy="gopher://127.0.0.1:9")])
def test_an_environment_that_nothing_can_be_asked_with_is_told(call: Callable[[], Any]) -> None:
    with pytest.raises(EndpointError, match=r"cannot be asked for org/x .*HF_TOKEN.*proxies"):
        retried(call, "org/x")
