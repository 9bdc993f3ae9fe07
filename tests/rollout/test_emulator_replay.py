"""A whole run on documents alone: emulated servers, failures made on purpose, a user of several turns; and its replay."""

import asyncio
import socket
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from rollout.emulated_desk import EMULATE, INFER, reply, write_documents
from scripted_endpoint import ScriptedEndpoint

from astra_data.hub.store import Store
from astra_data.hub.writer import read_rows
from astra_data.messages import results_of
from astra_data.pipeline.execute import Options, Outcome, execute
from astra_data.pipeline.recipe import load
from astra_data.rollout.failures import SAYS
from astra_data.rows import ROW_TYPES
from astra_data.stages import STAGES

FAILURES = {text for texts in SAYS.values() for text in texts}


@dataclass(frozen=True)
class Ran:
    """A finished run, the number of requests it made, and the system prompts and questions of these."""

    store: Path
    outcome: Outcome
    asked: list[str]

    def trees(self) -> dict[str, str]:
        return {report.stage: report.version.tree for report in self.outcome.reports}

    def trajectories(self) -> list[dict[str, Any]]:
        """Every trajectory that was scored, whatever became of it."""
        version = Store.open(self.store).version("desk-trajectories")
        files = [file for folder in ("data", "rejected") for file in sorted((version.path / folder).glob("*.parquet"))]
        return [row for file in files for row in read_rows([file], ROW_TYPES["trajectories"]) if row["messages"]]


def run(folder: Path, base_url: str, store: str, seed: int = 7, ledger: Path | None = None, concurrency: int = 8) -> Outcome:
    write_documents(folder / "desks.json")
    model = {"model": "scripted", "base_url": base_url, "seed": 100, "max_retries": 0}
    recipe = {
        "name": "desk", "seed": seed, "documents": ["desks.json"], "chains": {"proposals": 1, "per_server": 4},
        "models": {"default": "offline"} | dict.fromkeys(("writer", "policy", "emulator", "user"), model),
        "tasks": {"per_server": 8, "max_tools": 3, "coverage": False, "score": {"rubric": "none"}},
        "trajectories": {"user_turns": 3},
    }  # fmt: skip
    (folder / "desk.yaml").write_text(yaml.safe_dump(recipe))
    options = Options(store=folder / store, ledger=ledger, concurrency=concurrency)
    return asyncio.run(execute(load(folder / "desk.yaml", STAGES), STAGES, options))


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("emulated")
    with ScriptedEndpoint(reply) as endpoint:
        outcome = run(folder, endpoint.base_url, "hub")
        return Ran(folder / "hub", outcome, [str(request["messages"]) for request in endpoint.requests if "tools" not in request])


def dead_endpoint() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/v1"


def test_every_rollout_on_documents_comes_to_an_end_and_says_who_played(ran: Ran) -> None:
    rows = ran.trajectories()
    assert ran.outcome.complete
    assert len(rows) >= 16
    assert {row["terminal"] for row in rows} == {"answered"}
    assert {call["backend"] for row in rows for call in row["calls"]} == {"emulated"}
    assert all(row["models"].keys() == {"policy", "judge", "user", "emulator"} for row in rows)
    assert max(sum(message["role"] == "user" for message in row["messages"]) for row in rows) == 3


def test_failures_made_on_purpose_are_marked_and_lower_no_score(ran: Ran) -> None:
    rows = ran.trajectories()
    injected = [(row, call) for row in rows for call in row["calls"] if call["injected"]]
    assert injected
    for row, call in injected:
        assert results_of(row["messages"])[call["id"]] in FAILURES
        status = next(score for score in row["scores"] if score["axis"] == "TCS")
        assert status["value"] == 1
        assert len(status["votes"]) == sum(not call["injected"] for call in row["calls"])
    assert {text for row in rows for text in results_of(row["messages"]).values()} & FAILURES


def test_schemas_are_asked_once_for_each_tool_and_only_where_a_server_declares_none(ran: Ran) -> None:
    inferred = Counter(text for text in ran.asked if INFER in text)
    assert 1 <= len(inferred) <= 4
    assert set(inferred.values()) == {1}
    assert not any("paint desk" in text for text in inferred)


def test_no_request_of_the_user_reaches_the_emulator(ran: Ran) -> None:
    said = {message["content"] for row in ran.trajectories() for message in row["messages"] if message["role"] == "user"}
    emulated = [text for text in ran.asked if EMULATE in text or INFER in text]
    assert emulated
    assert not [words for words in said for text in emulated if words in text]


def test_the_ledger_alone_makes_the_same_bytes_at_any_concurrency(ran: Ran, tmp_path: Path) -> None:
    """Nothing answers at the endpoint any more."""
    again = run(tmp_path, dead_endpoint(), "again", ledger=ran.store / "ledger.sqlite", concurrency=1)
    assert {report.stage: report.version.tree for report in again.reports} == ran.trees()
    assert again.totals.asked == 0


def test_another_seed_fails_other_calls(ran: Ran, tmp_path: Path) -> None:
    with ScriptedEndpoint(reply) as endpoint:
        run(tmp_path, endpoint.base_url, "hub", seed=8)
    other = Ran(tmp_path / "hub", ran.outcome, [])
    marks = [[[call["injected"] for call in row["calls"]] for row in one.trajectories()] for one in (ran, other)]
    assert marks[0] != marks[1]


def test_offline_only_what_declares_its_results_is_executed(tmp_path: Path) -> None:
    write_documents(tmp_path / "desks.json")
    recipe = {"name": "desk", "seed": 7, "documents": ["desks.json"], "trajectories": {"emulate": {"failures": 0}}}
    known = {"servers": {"notes": {"facts": {"word": ["tea"], "text": ["tea"]}}}}
    (tmp_path / "desk.yaml").write_text(yaml.safe_dump(recipe | known))
    outcome = asyncio.run(execute(load(tmp_path / "desk.yaml", STAGES), STAGES, Options(store=tmp_path / "hub")))
    funnel = next(report.funnel for report in outcome.reports if report.stage == "trajectories")
    assert funnel.kept > 0
    assert funnel.rejected["trajectory: not executable offline"] > 0
    assert not funnel.quarantined
