"""Chains are verified by a vote and by back-translation, and the verdicts are applied [A 3, 20.4].

Good answers are frozen in a table, a scripted endpoint serves them, and the verdicts and rows that follow are known exactly.
"""

import asyncio
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError
from runs.answers import name_of
from scripted_endpoint import Fault, ScriptedEndpoint

from astra_data.errors import UsageError
from astra_data.hub.store import Store
from astra_data.hub.writer import read_rows
from astra_data.pipeline.execute import Options, execute
from astra_data.pipeline.recipe import load
from astra_data.pipeline.runner import Report
from astra_data.rows import Chain
from astra_data.stages import STAGES
from astra_data.stages.verification import VerifyConfig

TEXT = {"type": "string"}
STAGES_HERE = {name: STAGES[name] for name in ("tools", "chains")}
SECONDS = ("show", "close", "move", "print", "tag", "rate", "merge", "split", "lock")
VOTES = {
    "show_ticket": ("TTT", "TTF"),
    "close_ticket": ("TTF", "TFF"),
    "move_ticket": ("sTT", "TTT"),
    "print_ticket": ("TTT", "TTT"),
    "tag_ticket": ("eTT", "TTT"),
    "rate_ticket": ("TTT", "FFe"),
    "merge_ticket": ("www", "TTT"),
    "split_ticket": ("TTT", "TTT"),
    "lock_ticket": ("TTT", "TTT"),
}
"""The votes of `alpha` and `beta` on the chain from `open_ticket` to this tool: true, false, the text "false", words that are no
answer, an endpoint that is away."""
READINGS = {
    "show_ticket": "==x",
    "move_ticket": "===",
    "print_ticket": "=x-",
    "tag_ticket": "===",
    "rate_ticket": "===",
    "merge_ticket": "===",
    "split_ticket": "e==",
    "lock_ticket": "e=x",
}
"""What each translator gets back: the same chain, another, none since nobody would ask for it, an endpoint that is away."""
YES_VOTE = ("vote", True, "most votes find the chain valid")
YES_BACK = ("back_translation", True, "most translators get the chain back from what they would ask for")
KEPT = {"show_ticket", "move_ticket", "tag_ticket", "split_ticket"}
REJECTED = {
    "close_ticket": "chain: not verified - vote: 3 of 6 for it, against it: frozen",
    "print_ticket": "chain: not verified - vote: 6 of 6 for it; back_translation: 1 of 3 for it, "
                    "against it: read as print_ticket, open_ticket",
}
QUARANTINED = {
    "rate_ticket": "chain: vote: endpoint: 503 - away",
    "merge_ticket": "chain: vote: answer: not JSON",
    "lock_ticket": "chain: back_translation: endpoint: 503 - away",
}


class Answers:
    """The frozen answers. Once `healed`, the endpoint is never away, and what was no answer is a yes."""

    def __init__(self) -> None:
        self.healed = False
        self.asked = Counter[str]()

    def __call__(self, request: dict[str, Any]) -> str | Fault:
        name, prompt = name_of(request), request["messages"][1]["content"]
        self.asked[name] += 1
        answer: Any = getattr(self, name)(prompt, request["model"], request["seed"])
        return answer if isinstance(answer, Fault) else json.dumps(answer) if isinstance(answer, dict) else str(answer)

    def propose_chains(self, prompt: str, model: str, sample: int) -> Any:
        return {"chains": [{"tools": ["open_ticket", f"{second}_ticket"], "scenario": "s"} for second in SECONDS]}

    def verify_chain(self, prompt: str, model: str, sample: int) -> Any:
        said = VOTES[second_of(prompt)][model == "beta"][sample]
        if said == "e" and not self.healed:
            return Fault.status(503, error={"message": "away"})
        if said == "w" and not self.healed:
            return "I would rather not say."
        return {"reason": "frozen", "is_valid": "false" if said == "s" else said != "F"}

    def chain_to_query(self, prompt: str, model: str, sample: int) -> Any:
        said = READINGS[second_of(prompt)][int(model[-1])]
        if said == "e" and not self.healed:
            return Fault.status(503, error={"message": "away"})
        return {"valid": said != "-", "query": "" if said == "-" else f"Please {second_of(prompt)} with {said}."}

    def query_to_chain(self, prompt: str, model: str, sample: int) -> Any:
        second, said = re.findall(r"Please (\w+) with (.)\.", prompt)[0]
        return {"plan": "frozen", "chain": ["open_ticket", second] if said in "=e" else [second, "open_ticket"]}


def second_of(prompt: str) -> str:
    """The second tool of the chain that is shown."""
    return str(re.findall(r'^\{"name":"(\w+)"', prompt, re.MULTILINE)[1])


def recipe(folder: Path, base_url: str, **verify: Any) -> Path:
    """A recipe over one documented server, with a model for every role."""
    names = ["open_ticket", *(f"{second}_ticket" for second in SECONDS)]
    needs = [{"subject": TEXT}, *({"ticket": TEXT} for _ in SECONDS)]
    tools = [
        {"name": name, "description": f"Does what {name} says it does.",
         "inputSchema": {"type": "object", "properties": need, "required": list(need)},
         **({"outputSchema": {"type": "object", "properties": {"ticket": TEXT}}} if name == "open_ticket" else {})}
        for name, need in zip(names, needs, strict=True)
    ]
    (folder / "desk.json").write_text(json.dumps({"name": "desk", "description": "A desk for tickets.", "tools": tools}))
    model = {"base_url": base_url, "seed": 0, "max_retries": 0}
    players = {"writer": "writer", "voter_1": "alpha", "voter_2": "beta"} | {f"translator_{n}": f"t{n - 1}" for n in (1, 2, 3)}
    path = folder / "desk.yaml"
    path.write_text(yaml.safe_dump({
        "name": "desk", "documents": ["desk.json"], "chains": {"proposals": 1, "max_length": 2, "verify": verify},
        "models": {"default": "offline"} | {role: model | {"model": name} for role, name in players.items()},
    }))
    return path


def run(path: Path, store: str = "hub", concurrency: int = 4) -> Report:
    done = execute(load(path, STAGES_HERE), STAGES_HERE, Options(store=path.parent / store, concurrency=concurrency))
    return asyncio.run(done).reports[-1]


def rows(report: Report, config: str = "data") -> dict[str, Any]:
    """Rows by the second tool of their chain."""
    return {row["tools"][1]: row for row in read_rows(sorted((report.version.path / config).glob("*.parquet")), Chain)}


def reasons(report: Report, config: str) -> dict[str, str]:
    import polars as pl

    frame = pl.read_parquet(report.version.path / config / "*.parquet", columns=["tools", "reasons"])
    return {tools[1]: reasons[0] for tools, reasons in frame.iter_rows()}


def verdicts(row: dict[str, Any]) -> list[tuple[str, bool | None, str]]:
    return [(verdict["check"], verdict["value"], verdict["reason"]) for verdict in row["verdicts"][1:]]


def test_frozen_answers_give_exactly_the_expected_verdicts_and_rows(tmp_path: Path) -> None:
    """[A 20.4]; defects T5 (verdicts never applied) and T13 ("false" counts as true, one failure discards all) of [A 17.1]."""
    answers = Answers()
    with ScriptedEndpoint(answers) as endpoint:
        path = recipe(tmp_path, endpoint.base_url)
        first = run(path)
        kept = rows(first)
        assert set(kept) == KEPT
        assert all(verdicts(row) == [YES_VOTE, YES_BACK] for row in kept.values())
        assert reasons(first, "rejected") == REJECTED
        assert reasons(first, "quarantined") == QUARANTINED
        assert [value for _, value, _ in verdicts(rows(first, "rejected")["print_ticket"])] == [True, False]
        assert [check for check, _, _ in verdicts(rows(first, "rejected")["close_ticket"])] == ["vote"]
        assert first.version.lineage().funnel.rejected == {"chain: not verified": 2}

        # What was missing or unreadable is asked again, and nothing else: one vote of move (and its two repairs), tag and rate,
        # three of merge, two requests with their readings.
        asked, answers.healed = answers.asked.copy(), True
        second = run(path)
        assert {name: row for name, row in rows(second).items() if name in KEPT} == kept
        assert set(rows(second)) == KEPT | {"rate_ticket", "merge_ticket", "lock_ticket"}
        assert second.version.complete
        again = answers.asked - asked
        assert again == {"verify_chain": 1 + 2 + 1 + 1 + 3, "chain_to_query": 2, "query_to_chain": 2}


def test_rows_do_not_depend_on_concurrency_nor_on_failures(tmp_path: Path) -> None:
    made = []
    for number, (concurrency, healed) in enumerate([(1, False), (16, False), (4, True)]):
        answers = Answers()
        answers.healed = healed
        with ScriptedEndpoint(answers) as endpoint:
            report = run(recipe(tmp_path, endpoint.base_url), f"hub{number}", concurrency)
            made.append({name: row for name, row in rows(report).items() if name in KEPT})
    assert made[0] == made[1] == made[2]


@pytest.mark.parametrize(
    ("accept", "kept"),
    [
        ("and", KEPT),
        ("either", KEPT),
        ("or", KEPT | {"print_ticket", "close_ticket"}),
        ("none", set(VOTES)),
    ],
)
def test_what_is_accepted_follows_from_the_verdicts(tmp_path: Path, accept: str, kept: set[str]) -> None:
    answers = Answers()
    with ScriptedEndpoint(answers) as endpoint, pytest.MonkeyPatch.context() as patch:
        patch.setitem(READINGS, "close_ticket", "===")
        report = run(recipe(tmp_path, endpoint.base_url, accept=accept))
    assert set(rows(report)) == kept
    assert report.version.lineage().models.keys() == ({"writer"} if accept == "none" else {
        "writer", "voter_1", "voter_2", "translator_1", "translator_2", "translator_3",
    })
    assert (set(answers.asked) == {"propose_chains"}) == (accept == "none")


def test_the_models_that_verify_are_part_of_the_key(tmp_path: Path) -> None:
    answers = Answers()
    answers.healed = True
    with ScriptedEndpoint(answers) as endpoint:
        path = recipe(tmp_path, endpoint.base_url)
        first = run(path)
        assert run(path).found
        path.write_text(path.read_text().replace("model: t1", "model: s1"))
        other = run(path)
    assert not other.found
    assert other.version.lineage().key != first.version.lineage().key
    assert Store.open(tmp_path / "hub").version("desk-chains").lineage().models["translator_2"] == "s1"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"voters": ["a", "a"]}, "voters names a role twice"),
        ({"translators": ["a", "b", "a"]}, "translators names a role twice"),
        ({"voters": ["a"], "votes": 3}, "min_parsed is 4, and 3 votes are asked for"),
        ({"translators": ["a"]}, "min_translated is more than 1 translators"),
    ],
)
def test_a_panel_that_cannot_work_is_refused(wrong: Any, message: str, tmp_path: Path) -> None:
    """Defect T12 of [A 17.1]: the same operator twice, at double cost and without an ensemble."""
    with pytest.raises(ValidationError, match=message):
        VerifyConfig(**wrong)
    with pytest.raises(UsageError, match=f"chains.verify: {message}"):
        load(recipe(tmp_path, "http://127.0.0.1:1/v1", **wrong), STAGES_HERE)


def test_another_way_to_accept_is_no_choice(tmp_path: Path) -> None:
    said = r"chains\.verify\.accept: 'xor' is no choice here \(write 'and', 'or', 'either' or 'none'\)"
    with pytest.raises(UsageError, match=said):
        load(recipe(tmp_path, "http://127.0.0.1:1/v1", accept="xor"), STAGES_HERE)
