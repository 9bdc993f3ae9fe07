"""A push that would be refused is refused before anything is sent, or trained."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from loopback_hub import LoopbackHub

from astra_data.errors import AstraError, EndpointError, UsageError
from astra_data.hub.addresses import check_tag
from astra_data.hub.pushing import require_push


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackHub]:
    monkeypatch.setenv("HF_TOKEN", "hf_loopback")
    with LoopbackHub(tmp_path / "loopback") as running:
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", running.url)
        yield running
        assert not running.errors, running.errors[0]


def asked(repo: str, kind: str = "model", *, private: bool = False, licenses: tuple[str, ...] = ("MIT",)) -> None:
    require_push(repo, kind, private=private, licenses=licenses, sleep=lambda seconds: None)


@pytest.mark.parametrize("kind", ["model", "dataset"])
def test_what_may_be_written_is_there_afterwards_and_holds_nothing(hub: LoopbackHub, kind: str) -> None:
    asked("org/mine", kind)
    asked("org/mine", kind)
    assert hub.about(kind, "org/mine")["private"] is False
    assert not hub.requests("POST", "/commit/")


@pytest.mark.parametrize("repo", ["mine", "org/a--b", "org/", "a b/c", "org/mine.git", "org/name/more"])
def test_a_name_that_no_repo_can_have_is_refused_without_a_request(hub: LoopbackHub, repo: str) -> None:
    with pytest.raises(UsageError, match="no Hub dataset id"):
        asked(repo)
    assert not hub.log


@pytest.mark.parametrize("kind", ["model", "dataset"])
@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_may_make_no_repo(hub: LoopbackHub, kind: str, status: int) -> None:
    hub.faults.answer("POST", "/api/repos/create", status=status, times=1)
    with pytest.raises(EndpointError, match=r"the Hub refused access to org/mine.*HF_TOKEN"):
        asked("org/mine", kind)


@pytest.mark.parametrize("kind", ["model", "dataset"])
def test_a_repo_that_others_may_write(hub: LoopbackHub, kind: str) -> None:
    hub.create(kind, "org/theirs", private=False)
    hub.read_only.add("org/theirs")
    with pytest.raises(EndpointError, match="the Hub refused access to org/theirs"):
        asked("org/theirs", kind)


@pytest.mark.parametrize("status", [404, 500])
def test_a_hub_that_does_not_know_the_question_is_pushed_to(hub: LoopbackHub, status: int) -> None:
    hub.faults.answer("GET", r".*/auth-check/write", status=status, times=9)
    asked("org/mine")


def test_a_public_repo_is_no_place_for_a_private_push(hub: LoopbackHub) -> None:
    hub.create("model", "org/open", private=False)
    with pytest.raises(UsageError, match="org/open is public already"):
        asked("org/open", private=True)


def test_a_licence_that_forbids_it(hub: LoopbackHub) -> None:
    with pytest.raises(UsageError, match="may not be public"):
        asked("org/mine", licenses=("UNLICENSED",))
    assert not hub.log


def test_a_hub_that_is_away(hub: LoopbackHub) -> None:
    hub.stop()
    with pytest.raises(AstraError, match="the Hub was not reached for org/mine"):
        asked("org/mine")


@pytest.mark.parametrize("tag", ["v 1", "", "a..b", "x/", ".hidden", "a//b", "v1.lock", "-x", "v1\n"])
def test_a_tag_that_the_hub_would_refuse(tag: str) -> None:
    with pytest.raises(UsageError, match="is no tag"):
        check_tag(tag)
    assert check_tag("v1.0-a_b/c") == "v1.0-a_b/c"
