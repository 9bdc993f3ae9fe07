"""A version becomes one commit and one tag, whatever comes between; and comes back the same."""

import json
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from loopback_hub import LoopbackHub
from loopback_hub.clients import Client
from small_versions import make_version

from astra_data.hub.store import Store

REPO = ("dataset", "org/tasks")


def git(hub: LoopbackHub, *arguments: str) -> str:
    command = ["git", "-C", str(hub.folder(*REPO)), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def commits(hub: LoopbackHub) -> list[str]:
    """Newest first, without the one that made the repo."""
    return git(hub, "log", "--format=%H", "main").splitlines()[:-1]


def test_what_was_pushed_is_loaded_by_plain_load_dataset_and_pulled_whole(
    hub: LoopbackHub, store: Store, push: Any, client: Any
) -> None:
    version = make_version(store, "a", "b", "c", shards=2, rejected=("d",))
    done = push(version)
    assert commits(hub) == [done["commit"]]
    assert git(hub, "tag", "--points-at", done["commit"]) == done["tag"] == f"v-{version.tree[:12]}"
    assert (done["sent"], done["skipped"]) == (5, 0)
    found = client("""
        from datasets import load_dataset
        from huggingface_hub import DatasetCard
        rows, local = load_dataset("org/tasks", split="train"), load_dataset(str(store.version("tasks").path), split="train")
        pulled = pull("org/tasks", None, Store.open(root.parent / "other"), "mine")
        answer({
            "equal": rows.features == local.features and rows[:] == local[:],
            "streamed": list(load_dataset("org/tasks", split="train", streaming=True)) == list(rows),
            "texts": rows["text"][:],
            "rejected": load_dataset("org/tasks", "rejected", split="train")["text"][:],
            "card": DatasetCard.load("org/tasks").data.to_dict()["astra"]["tree"],
            "pulled": [pulled.name, pulled.tree, pulled.lineage() == store.version("tasks").lineage()],
        })
    """)
    assert found["equal"] and found["streamed"]
    assert (found["texts"], found["rejected"]) == (["a", "c", "b"], ["d"])
    assert found["card"] == version.tree
    assert found["pulled"] == ["mine", version.tree, True]


def test_the_tree_of_a_version_is_the_tree_that_the_hub_has(hub: LoopbackHub, store: Store, push: Any) -> None:
    version = make_version(store, "a", "b", shards=2, rejected=("c",))
    push(version)
    assert git(hub, "fsck", "--strict") == ""
    listed = git(hub, "ls-tree", "main", "data", "rejected")
    made = subprocess.run(
        ["git", "-C", str(hub.folder(*REPO)), "mktree"], input=listed + "\n", capture_output=True, text=True, check=True
    )
    assert made.stdout.strip() == version.tree


def test_pushing_a_version_again_makes_no_commit(hub: LoopbackHub, store: Store, push: Any) -> None:
    version = make_version(store, "a")
    first, second = push(version), push(version)
    assert second == first | {"sent": 0, "skipped": first["sent"]}
    assert len(commits(hub)) == 1
    assert len(hub.requests("PUT", "/lfs/")) == 1


def test_the_files_of_the_version_before_go_in_the_same_commit(hub: LoopbackHub, store: Store, push: Any) -> None:
    push(make_version(store, "a", "b", shards=2, rejected=("c",)))
    done = push(make_version(store, "d"))
    files = git(hub, "ls-tree", "-r", "--name-only", "main").splitlines()
    assert files == [".gitattributes", "README.md", "data/train-00000-of-00001.parquet", "lineage.json"]
    assert commits(hub)[0] == done["commit"] and len(commits(hub)) == 2


def test_a_push_that_was_killed_halfway_sends_only_the_rest(
    hub: LoopbackHub, store: Store, push: Any, start: Callable[[str], Client]
) -> None:
    version = make_version(store, *"abcdef", shards=6)
    hold = hub.faults.hold_uploads(after=3)
    pushing = start('push(store.version("tasks"), "org/tasks")')
    assert hold.reached.wait(120)
    pushing.kill()
    hold.drop()
    assert commits(hub) == []
    landed = [file.sha256 for file in version.lineage().outputs[0].files if hub.lfs.has(file.sha256)]
    assert 0 < len(landed) <= 3
    done = push(version)
    received = [request.path.rsplit("/", 1)[1] for request in hub.requests("PUT", "/lfs/") if request.status == 200]
    assert len(received) == len(set(received)), "nothing is sent twice"
    assert {*received, *landed} == {file.sha256 for file in version.lineage().outputs[0].files}
    assert commits(hub) == [done["commit"]]


@pytest.mark.parametrize(
    ("status", "retry_after", "waits"), [(412, None, [0.5, 1.0]), (429, 7, [7.0, 7.0]), (503, None, [0.5, 1.0])]
)
def test_a_refusal_that_passes_is_waited_for(
    hub: LoopbackHub, store: Store, push: Any, status: int, retry_after: int | None, waits: list[float]
) -> None:
    hub.faults.answer("POST", ".*/commit/main", status=status, times=2, retry_after=retry_after)
    done = push(make_version(store, "a"))
    assert done["waits"] == waits
    assert commits(hub) == [done["commit"]]
    assert len(hub.requests("PUT", "/lfs/")) == 1


def test_a_refusal_that_does_not_pass_ends_in_an_error_with_a_mend(hub: LoopbackHub, store: Store, client: Any) -> None:
    make_version(store, "a")
    code = """
        waits = []
        try:
            push(store.version("tasks"), "org/tasks", sleep=waits.append)
        except EndpointError as error:
            answer([str(error), len(waits)])
    """
    hub.faults.answer("POST", ".*/commit/main", status=429, times=8)
    message, waits = client(code)
    assert "org/tasks" in message and "try again later" in message and waits == 7
    hub.faults.answer("POST", ".*/preupload/main", status=403, times=1)
    message, waits = client(code)
    assert "hf auth login" in message and waits == 0
    hub.stop()
    message, waits = client(code)
    assert "was not reached" in message and "go online" in message and waits == 2


def test_pushes_to_one_repo_at_once_all_land(hub: LoopbackHub, store: Store, client: Any) -> None:
    for text in "abcde":
        make_version(store, text)
    done = client("""
        from concurrent.futures import ThreadPoolExecutor
        versions = [store.version("tasks", tree) for tree in store.versions("tasks")]
        with ThreadPoolExecutor(5) as pool:
            answer([asdict(one) for one in pool.map(lambda version: push(version, "org/tasks"), versions)])
    """)
    assert sorted(one["commit"] for one in done) == sorted(commits(hub))
    assert git(hub, "tag").splitlines() == sorted(f"v-{tree[:12]}" for tree in store.versions("tasks"))
    assert [request.status for request in hub.requests("POST", "/commit/main")] == [200] * 5


def test_pushes_from_several_processes_all_land(hub: LoopbackHub, store: Store, start: Callable[[str], Client]) -> None:
    trees = [make_version(store, text).tree for text in "ab"]
    pushing = [
        start(f"""
            for _ in range(3):
                push(store.version("tasks", {tree!r}), "org/tasks")
        """)
        for tree in trees
    ]
    for process in pushing:
        process.answer()
    assert git(hub, "tag").splitlines() == sorted(f"v-{tree[:12]}" for tree in trees)
    for tree in trees:
        data = git(hub, "ls-tree", f"v-{tree[:12]}", "data") + "\n"
        made = subprocess.run(
            ["git", "-C", str(hub.folder(*REPO)), "mktree"], input=data, capture_output=True, text=True, check=True
        )
        assert made.stdout.strip() == tree


def test_a_tag_of_ones_own_is_set_and_never_moved(hub: LoopbackHub, store: Store, push: Any, client: Any) -> None:
    first = push(make_version(store, "a"), options="tag='v1.0'")
    assert first["tag"] == "v1.0"
    assert len(git(hub, "tag", "--points-at", first["commit"]).splitlines()) == 2
    make_version(store, "b")
    message = client("""
        try:
            push(store.version("tasks"), "org/tasks", tag="v1.0")
        except UsageError as error:
            answer(str(error))
    """)
    assert first["commit"] in message and "choose another tag" in message
    assert commits(hub) == [first["commit"]]


def test_data_of_proprietary_sources_is_pushed_in_private_or_not_at_all(hub: LoopbackHub, store: Store, client: Any) -> None:
    make_version(store, "a", licenses=["MIT", "UNLICENSED"])
    refused, private, later = client("""
        from huggingface_hub import HfApi
        version = store.version("tasks")
        def refusal(repo, private):
            try:
                return asdict(push(version, repo, private=private))
            except UsageError as error:
                return str(error)
        HfApi().create_repo("org/open", repo_type="dataset")
        answer([refusal("org/tasks", False), refusal("org/tasks", True), refusal("org/open", True)])
    """)
    assert "UNLICENSED" in refused and "--private" in refused
    assert json.loads((hub.folder(*REPO) / "hub.json").read_text())["private"] and commits(hub) == [private["commit"]]
    assert "public already" in later


@pytest.mark.parametrize("way", ["another version's lineage", "a version under another tree"])
def test_what_is_not_the_version_it_is_called_is_not_pushed(hub: LoopbackHub, store: Store, client: Any, way: str) -> None:
    first, version = make_version(store, "a"), make_version(store, "b")
    if way == "a version under another tree":
        shutil.rmtree(version.path)
        shutil.copytree(first.path, version.path)
    else:
        shutil.copyfile(first.path / "lineage.json", version.path / "lineage.json")
    message = client("""
        try:
            push(store.version("tasks"), "org/tasks")
        except DataError as error:
            answer(str(error))
    """)
    assert "the lineage is that of another version" in message
    assert not [request for request in hub.log if "org/tasks" in request.path]


def test_a_push_that_is_tried_again_reads_no_file_again(hub: LoopbackHub, store: Store, client: Any) -> None:
    make_version(store, "a", "b", shards=2, rejected=("c",))
    hub.faults.answer("POST", ".*/commit/main", status=503, times=3)
    hashed = client("""
        from astra_data.hub import files, publish, tree
        hashed, real = [], files.sha256_file
        def counted(path):
            hashed.append(path.name)
            return real(path)
        for module in (files, publish, tree):
            if hasattr(module, "sha256_file"):
                module.sha256_file = counted
        push(store.version("tasks"), "org/tasks", sleep=lambda _: None)
        answer(len(hashed))
    """)
    assert hashed == 3


def test_a_dataset_that_we_did_not_make_cannot_be_pulled(hub: LoopbackHub, client: Any) -> None:
    message = client("""
        from datasets import Dataset
        Dataset.from_list([{"a": 1}]).push_to_hub("org/foreign")
        try:
            pull("org/foreign", None, store)
        except DataError as error:
            answer(str(error))
    """)
    assert "lineage.json" in message and "did not write" in message
