"""The stand-in for the Hub: what our clients rely on, and that it hides no bug of its own."""

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from loopback_hub import LoopbackHub

TESTS = Path(__file__).parents[1]


def test_errors_have_the_types_that_clients_go_by(hub: LoopbackHub, client: Any) -> None:
    client("""
        from huggingface_hub import HfApi, hf_hub_download
        from huggingface_hub.errors import EntryNotFoundError, RepositoryNotFoundError, RevisionNotFoundError
        api = HfApi()
        api.create_repo("org/e", repo_type="dataset")
        for kind, call in (
            (RepositoryNotFoundError, lambda: api.dataset_info("org/none")),
            (RevisionNotFoundError, lambda: api.dataset_info("org/e", revision="none")),
            (EntryNotFoundError, lambda: hf_hub_download("org/e", "none", repo_type="dataset")),
        ):
            try:
                call()
            except kind:
                continue
            raise SystemExit(f"no {kind}")
    """)


def test_a_commit_on_a_parent_that_is_no_longer_the_head_is_refused(hub: LoopbackHub, client: Any) -> None:
    status = client("""
        from huggingface_hub import CommitOperationAdd, HfApi
        from huggingface_hub.errors import HfHubHTTPError
        api, repo = HfApi(), {"repo_id": "org/r", "repo_type": "dataset"}
        api.create_repo(**repo)
        head = api.repo_info(**repo).sha
        def commit(text):
            add = CommitOperationAdd("a", text)
            return api.create_commit(operations=[add], commit_message="m", parent_commit=head, **repo)
        commit(b"1")
        try:
            commit(b"2")
        except HfHubHTTPError as error:
            answer(error.response.status_code)
    """)
    assert status == 412


def test_equal_pushes_at_equal_times_give_equal_commits(tmp_path: Path) -> None:
    made = []
    for name in ("one", "two"):
        with LoopbackHub(tmp_path / name, clock=lambda: 0) as hub:
            hub.create("dataset", "org/a", private=False)
            made.append((hub.folder("dataset", "org/a") / "refs" / "heads" / "main").read_text())
    assert made[0] == made[1]


def test_a_bug_in_a_route_is_kept_and_answered(tmp_path: Path) -> None:
    with LoopbackHub(tmp_path) as hub:
        hub.routes = ((("GET",), __import__("re").compile("/boom"), lambda request: 1 / 0),)
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(hub.url + "/boom")
        assert caught.value.code == 500
        assert "ZeroDivisionError" in hub.errors[0]


def test_it_stops_at_once_and_starts_again_on_its_port(tmp_path: Path) -> None:
    with LoopbackHub(tmp_path) as hub:
        url = hub.url
        hub.stop()
        with pytest.raises(urllib.error.URLError):
            urllib.request.urlopen(url + "/api/validate-yaml")
        hub.start()
        assert hub.url == url
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(url + "/api/whoami-v2")


def test_it_runs_as_a_program(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "loopback_hub", str(tmp_path), "--port", "0"]
    process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(TESTS)}, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        assert line.startswith("export HF_ENDPOINT=http://127.0.0.1:")
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(line.split("=")[1].split()[0] + "/api/whoami-v2")
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 0
