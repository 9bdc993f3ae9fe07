"""A judge that raises, hangs or talks nonsense gives no trajectory a number; one that always says 0 gives exactly 0.

The judge is a real client against an endpoint on loopback.
"""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
from scripted_cases import FIND, PRICE, TOOLS, conversation, records
from scripted_endpoint import Fault, ScriptedEndpoint, always

from astra_data.ledger import Ledger
from astra_data.pipeline.stage import Keep, Outcome, Quarantine, Reject, Resources
from astra_data.rows import Trajectory, new_row
from astra_data.rows.trajectories import Usage
from astra_data.stages.rescore import RESCORE, RescoreConfig
from astra_data.teacher import Budget, ModelConfig, build
from astra_data.teacher.offline.policy import OfflinePolicy
from astra_data.teacher.offline.teacher import OfflineTeacher
from astra_data.tools.workspace import Template

JUDGED = {"QU", "QP", "TCU", "TCP", "TC", "FA"}


def trajectory(sample: int, *rounds: Any, end: str = "It costs 5 coins.") -> Trajectory:
    messages = conversation(*rounds, end=end)
    row: Trajectory = new_row(
        Trajectory, task_id="t", server="shop", policy="p", sampling={}, sample=sample, tools=TOOLS, messages=messages,
        terminal="answered", calls=records(messages), flaws=[], scores=[], reward=None, usage=Usage(1, 1, 0, 0),
        models={"policy": "p"},
    )  # fmt: skip
    return row


ROWS = [trajectory(0, (FIND,), (PRICE,)), trajectory(1, (FIND, PRICE)), trajectory(2), trajectory(3, (FIND,), (PRICE,), end="")]


def says(value: float, request: dict[str, Any]) -> str:
    """A judgement that gives this value for whatever is asked."""
    schema = request["response_format"]["json_schema"]["schema"]["properties"]
    if "calls" in schema:
        names = dict.fromkeys(re.findall(r'"id":"(call_\d+)"', request["messages"][-1]["content"]))
        return json.dumps({"calls": [{"call_id": name, "necessary": value, "reason": "as ever"} for name in names]})
    return json.dumps({name: "as ever" if name == "reason" else "" if name == "quote" else value for name in schema})


def judged(folder: Path, endpoint: ScriptedEndpoint, **model: Any) -> list[Outcome]:
    """Every row scored by the model behind the endpoint."""
    inputs: Any = {"trajectories": ROWS, "tasks": []}
    judge = ModelConfig(model="judge", base_url=endpoint.base_url, **{"max_retries": 0, **model})

    async def main() -> list[Outcome]:
        ledger = Ledger.open(folder / "ledger.sqlite")
        roles = build({"default": judge}, ledger, Budget(None), OfflineTeacher(), OfflinePolicy(), environ={})
        resources = Resources(7, ledger, roles, {}, (), {}, Template())
        try:
            async with RESCORE.open(inputs, RescoreConfig(), resources) as one:
                return [outcome for row in ROWS for outcome in await one(row)]
        finally:
            await roles.close()
            await ledger.close()

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("said", "faults", "model"),
    [
        ("{}", [always(Fault.status(500))], {}),
        ("{}", [always(Fault("hang"))], {"timeout_s": 0.2}),
        ("{}", [always(Fault("cut"))], {}),
        ("I would rather talk about the weather.", [], {}),
        ('{"score": "good", "calls": "all of them"}', [], {}),
        ('{"reason": "r", "score": 0.7, "correctness": 2, "summary": true, "planning": "1", "calls": []}', [], {}),
        ("", [], {}),
    ],
    ids=["raises", "times out", "breaks off", "nonsense", "wrong types", "values of no scale", "silence"],
)
def test_a_judge_that_gives_nothing_usable_gives_no_number(tmp_path: Path, said: str, faults: Any, model: Any) -> None:
    with ScriptedEndpoint(lambda request: said, faults) as endpoint:
        outcomes = judged(tmp_path, endpoint, **model)
    for outcome in outcomes:
        assert isinstance(outcome, Quarantine)
        row: Trajectory = outcome.row
        failed = [score for score in row.scores if score.status == "failed"]
        assert row.reward is None and failed
        assert outcome.reason == f"judge: {failed[0].axis}: {failed[0].reason}" and failed[0].reason
        numbers = {score.axis for score in row.scores if score.value is not None}
        by_checks = {score.axis for score in row.scores if score.judge == "checks"}
        assert numbers <= by_checks, "no number comes from the judge"


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_judge_that_always_says_the_same_gives_exactly_that(tmp_path: Path, value: float) -> None:
    with ScriptedEndpoint(lambda request: says(value, request)) as endpoint:
        outcomes = judged(tmp_path, endpoint)
    for outcome in outcomes:
        row: Any = outcome.row  # type: ignore[union-attr]
        scored = {score.axis: score.value for score in row.scores if score.status == "scored" and score.judge == "judge"}
        assert set(scored.values()) == {value} and scored.keys() <= JUDGED
    first: Any = outcomes[0]
    assert {score.axis for score in first.row.scores if score.judge == "judge"} == JUDGED
    assert isinstance(first, Keep if value else Reject)
    assert first.row.reward == pytest.approx(1.0 if value else 1 / 7), "TCS alone is not judged"
    empty: Any = outcomes[3]
    assert isinstance(empty, Reject), "no answer is no good answer whatever the judge says"
