"""`astra evaluate arena`: any policy in stored arenas, what it is worth, and a dataset of its rollouts."""

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
from arena_rows import arena_of
from command_line import Astra
from sample_environments import wallet
from scripted_endpoint import Fault, ScriptedEndpoint
from small_environments import BANK, SHOP
from small_training import write_model
from trl.chat_template_utils import qwen3_instruct_2507_chat_template

from astra_data.hub.store import Store
from astra_data.messages import JsonObject
from astra_data.rollout.oracle import Oracle
from astra_data.rows import to_dict
from astra_data.teacher.wire import to_wire

if sys.platform != "linux":
    pytest.skip("code is isolated by the Linux kernel", allow_module_level=True)
RUN = ("--isolation", "best_effort")
ARENAS = [arena_of(SHOP, answer=13), arena_of(BANK, split="train"), arena_of(wallet(), domain="purse")]


@pytest.fixture
def stored(astra: Astra, here: Path) -> str:
    (here / "rows.jsonl").write_text("\n".join(json.dumps(to_dict(row)) for row in ARENAS))
    assert astra("make", "arenas", "rows.jsonl", "--to", "mine").code == 0
    return "mine"


class Perfect:
    """The script of an endpoint whose model does what the oracle does; with a fault it stops in the middle of one."""

    def __init__(self, fault: Fault | None = None) -> None:
        self.fault, self.requests = fault, list[JsonObject]()

    async def __call__(self, request: JsonObject) -> JsonObject | Fault:
        self.requests.append(request)
        arena = next(one for one in ARENAS if one.prompt[0] in request["messages"])
        if self.fault and arena is ARENAS[1] and len(request["messages"]) > 2:
            return self.fault
        turn = await Oracle(arena).act(request["messages"], request["tools"])
        return to_wire([turn.message], pass_reasoning=False)[0]


def rows(astra: Astra, address: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = astra("show", address, "--json").lines()
    return found


def test_the_oracle_is_worth_one_and_its_rollouts_can_be_trained_on(astra: Astra, stored: str) -> None:
    said = astra("evaluate", "arena", stored, "--model", "oracle", *RUN)
    assert said.code == 0, said.err
    assert "3 rollouts in 3 arenas; 0 without a score" in said.out
    figures = {line.split()[0]: line.split()[1] for line in said.out.splitlines() if "Wilson" in line or "bootstrap" in line}
    assert (figures["f1"], figures["solved"], figures["answered"], figures["pass^1"]) == ("1.000",) * 4
    assert astra("make", "sft", "mine-oracle", "--to", "lessons").code == 0
    lessons = rows(astra, "lessons")
    assert [(row["reward"], row["split"]) for row in lessons] == [(1.0, "test"), (1.0, "train"), (1.0, "test")]
    assert astra("show", "mine-oracle", rows(astra, "mine-oracle")[0]["id"]).code == 0


def test_random_and_empty_are_worth_less_and_a_split_can_be_taken(astra: Astra, stored: str) -> None:
    told = {model: astra("evaluate", "arena", stored, "--model", model, *RUN, "--json", "--samples", "2").json()["summary"]
            for model in ("random", "empty")}
    assert told["empty"]["figures"]["f1"]["value"] == 0 and told["empty"]["figures"]["valid"]["value"] == 0
    assert told["random"]["figures"]["f1"]["value"] < 0.9 and len(told["random"]["passes"]) == 2
    alone = astra("evaluate", "arena", stored, "--model", "oracle", "--split", "train", "--to", "some", *RUN, "--json").json()
    assert alone["summary"]["rollouts"] == 1 and rows(astra, "some")[0]["task_id"] == ARENAS[1].id
    first = astra("evaluate", "arena", stored, "--model", "oracle", "--limit", "2", "--samples", "3", *RUN, "--json").json()
    assert (first["summary"]["arenas"], first["summary"]["rollouts"]) == (2, 6)


def test_a_model_at_an_endpoint_is_asked_once_for_each_turn_and_scored_as_the_oracle(astra: Astra, stored: str) -> None:
    script = Perfect()
    with ScriptedEndpoint(script) as endpoint:
        words = ("evaluate", "arena", stored, "--model", "perfect", "--base-url", endpoint.base_url, *RUN, "--json")
        first = astra(*words).json()
        assert first["summary"]["figures"]["f1"]["value"] == 1.0 and first["summary"]["figures"]["answered"]["value"] == 1.0
        asked = len(script.requests)
        assert asked == first["asked"] == sum(row["usage"]["turns"] for row in rows(astra, "mine-perfect"))
        later = [request for request in script.requests if request["messages"][-1].get("content") == "What is left?"]
        assert [tool["function"]["name"] for tool in later[0]["tools"]] == ["receive", "pay", "look"]
        assert astra(*words).json()["stages"][0]["found"] and len(script.requests) == asked


def test_an_endpoint_that_fails_gives_no_score_and_running_again_asks_for_the_rest(astra: Astra, stored: str) -> None:
    script = Perfect(Fault("no_choices"))
    with ScriptedEndpoint(script) as endpoint:
        words = ("evaluate", "arena", stored, "--model", "perfect", "--base-url", endpoint.base_url, *RUN)
        first = astra(*words, "--json").json()
        assert (first["complete"], first["summary"]["rollouts"], first["summary"]["no_score"]) == (False, 2, 1)
        assert first["summary"]["figures"]["f1"]["value"] == 1.0 and first["summary"]["figures"]["f1"]["arenas"] == 2
        assert ARENAS[1].id not in {row["task_id"] for row in rows(astra, "mine-perfect")}
        assert "1 without a score" in astra(*words).out
        script.fault, before = None, len(script.requests)
        second = astra(*words, "--json").json()
        assert (second["complete"], second["summary"]["rollouts"], second["summary"]["no_score"]) == (True, 3, 0)
        assert len(script.requests) - before == second["asked"] == 2


def test_a_run_that_the_endpoint_ends_goes_on_where_it_stopped(astra: Astra, stored: str) -> None:
    script = Perfect(Fault.status(401))
    with ScriptedEndpoint(script) as endpoint:
        words = ("evaluate", "arena", stored, "--model", "perfect", "--base-url", endpoint.base_url, *RUN, "--concurrency", "1",
                 "--json")
        ended = astra(*words)
        assert ended.code == 4 and "refused" in ended.err
        script.fault, before = None, len(script.requests)
        whole = astra(*words).json()
        assert whole["summary"]["rollouts"] == 3 and len(script.requests) - before == whole["asked"]
        assert whole["reused"] == before - 1


@pytest.mark.parametrize(("words", "says"), [
    (("mine", "--model", "x", "--base-url", "http://example.com/v1"), "api-key-env"),
    (("mine", "--model", "no/such-folder"), "there is no folder"),
    (("mine", "--model", "gpt-5-mini"), "OPENAI_API_KEY is not set"),
    (("lessons", "--model", "oracle"), "holds trajectories"),
])
def test_what_cannot_be_evaluated_is_said_in_one_sentence(
    astra: Astra, stored: str, words: tuple[str, ...], says: str, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    if words[0] == "lessons":
        astra("evaluate", "arena", stored, "--model", "oracle", "--to", "lessons", *RUN)
    said = astra("evaluate", "arena", *words, *RUN)
    assert said.code == 2 and says in said.err and said.err.count("\n") == 1


def again(astra: Astra, said: dict[str, Any]) -> str:
    """The recorded command of the one stage that a run told of. Running it finds what that run made."""
    stage = said["stages"][0]
    command = Store.open(Path("hub")).version(stage["dataset"]).lineage().command
    found = astra(*shlex.split(command)[1:], "--json")
    assert found.code == 0 and found.json()["stages"] == [stage | {"found": True}], command
    return command


def test_the_recorded_command_asks_an_endpoint_as_the_run_did(astra: Astra, stored: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERFECT_KEY", "k")
    with ScriptedEndpoint(Perfect()) as endpoint:
        sampling = ("--temperature", "0.5", "--max-tokens", "77", "--api-key-env", "PERFECT_KEY")
        acting = ("--samples", "2", "--max-turns", "9", "--answer", "0.5", "--decline", "1", "--mode", "recall", "--seed", "3")
        said = astra("evaluate", "arena", stored, "--model", "perfect", "--base-url", endpoint.base_url, *sampling, *acting, *RUN,
                     "--limit", "2", "--to", "mine-again", "--json").json()
        command = again(astra, said)
    for option in ("--base-url", "--api-key-env PERFECT_KEY", "--temperature 0.5", "--max-tokens 77", "--limit 2"):
        assert option in command


def test_the_recorded_command_loads_the_model_that_the_run_loaded(
    astra: Astra, stored: str, here: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    commit, cache = "c0ffee" * 6 + "abcd", here / "cache" / "models--org--tiny"
    write_model(cache / "snapshots" / commit, qwen3_instruct_2507_chat_template)
    (cache / "refs").mkdir()
    (cache / "refs" / "main").write_text(commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(here / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    words = ("--limit", "1", "--max-tokens", "3", "--temperature", "1.0", "--batch", "2", *RUN, "--json")
    command = again(astra, astra("evaluate", "arena", stored, "--model", "org/tiny", *words).json())
    assert f"--model org/tiny --revision {commit} --batch 2 " in command
    folder = cache.relative_to(here) / "snapshots" / commit
    assert f"--model {folder} " in again(astra, astra("evaluate", "arena", stored, "--model", str(folder), *words).json())
    far = here / "my models" / "tiny"
    far.parent.mkdir()
    (here / folder).rename(far)
    assert astra("evaluate", "arena", stored, "--model", str(far), *words, "--to", "own").code == 0
    assert "--model tiny " in (told := Store.open(Path("hub")).version("own").lineage().command) and "my models" not in told
