"""The stage against an endpoint: good answers give exactly the expected environments, bad ones cost a bounded number."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scripted_endpoint import ScriptedEndpoint
from scripted_questions import QUESTIONS, Writer, code, node, place_of, question

from astra_data.ledger import Ledger
from astra_data.pipeline.stage import Keep, Outcome, Quarantine, Reject, Resources
from astra_data.rollout.replay import gold_calls, replay
from astra_data.rows import Question
from astra_data.sandbox import Sandbox
from astra_data.stages.environments import STAGE, EnvironmentsConfig
from astra_data.teacher import Budget, ModelConfig, build
from astra_data.teacher.offline.policy import OfflinePolicy
from astra_data.teacher.offline.teacher import OfflineTeacher
from astra_data.teacher.openai import REPAIRS
from astra_data.tools.workspace import Template

BAD = question("single_hop", "How dark is it?", node("n1", "darkness", "Xanadu", 7))


def run(folder: Path, endpoint: ScriptedEndpoint, questions: list[Question], **config: Any) -> list[Outcome]:
    """The outcome of each question, with all of them under way at once."""
    checked = EnvironmentsConfig.model_validate({"isolation": "best_effort", "cpu_s": 0.3} | config)
    inputs: Any = {"questions": questions}

    async def main() -> list[Outcome]:
        ledger = Ledger.open(folder / "ledger.sqlite")
        model = ModelConfig(model="scripted", base_url=endpoint.base_url, max_retries=1)
        roles = build({"default": model}, ledger, Budget(None), OfflineTeacher(), OfflinePolicy(), environ={})
        resources = Resources(7, ledger, roles, {}, (), {}, Template())

        try:
            async with STAGE.open(inputs, checked, resources) as one:
                items = [item.value for item in STAGE.items(inputs, checked, resources)]
                return [outcome for found in await asyncio.gather(*map(one, items)) for outcome in found]
        finally:
            await roles.close()
            await ledger.close()

    return asyncio.run(main())


def fails_to_merge(name: str, prompt: str, good: Any) -> Any:
    """The third pair of depths: whoever inserts the second loses the first."""
    if name != "merge_tool" or "ville 3" not in prompt:
        return good
    return good | {"source": code("depth_of", {good["arguments"]["place"]: 33})}


def test_good_answers_give_exactly_the_expected_environments(tmp_path: Path) -> None:
    with ScriptedEndpoint(Writer(QUESTIONS, fails_to_merge).reply) as endpoint:
        outcomes = run(tmp_path, endpoint, QUESTIONS)
        asked = len(endpoint.requests)
        assert run(tmp_path, endpoint, QUESTIONS) == outcomes
        assert len(endpoint.requests) == asked, "every answer is in the ledger"
    assert [type(outcome) for outcome in outcomes] == [Keep] * 12
    rows = [outcome.row for outcome in outcomes]
    assert [row.question_id for row in rows] == [one.id for one in QUESTIONS]
    depth, apart = ["depth_of"], ["depth_of", "depth_of_2"]
    rest = [["height_of"], ["length_of", "width_of"], ["age_of", "price_of", "weight_of"]]
    expected = [[rest[0], pair, *rest[1:]] for pair in (depth, depth, apart)]
    assert [[tool.name for tool in row.tools] for row in rows] == [names for group in expected for names in group]
    for row, origin in zip(rows, QUESTIONS, strict=True):
        needing = [one for one in origin.nodes if one.needs_tool]
        goals = row.turns[0].goals
        assert [(goal.id, goal.answer, goal.arguments, goal.match.path) for goal in goals] == [
            (one.id, one.answer, {"place": place_of(one.question)}, "value") for one in needing
        ]
        assert [goal.response for goal in goals] == [{"value": one.answer, "unit": "metres"} for one in needing]
        assert (row.difficulty.goals, row.difficulty.tools, row.difficulty.hops) == (len(goals), len(row.tools), origin.hops)
        assert row.models == {"writer": "scripted"}
    merges = [[(check.tool, check.passed) for check in row.audit if check.check == "merge"] for row in rows]
    assert merges == [[], [("depth_of", True)], [], [], [], [("depth_of", True)], [], [], [], [("depth_of", None)], [], []]
    with Sandbox(workers=1, isolation="best_effort") as sandbox:
        for row in rows:
            assert replay(row, gold_calls(row), sandbox).breakdown.f1 == 1.0
            assert replay(row, [[]], sandbox).breakdown.f1 == 0.0


def always(name: str, /, **changes: Any) -> Any:
    """Spoil every answer to an ask about darkness."""
    return lambda asked, prompt, good: good | changes if asked == name and "dark" in prompt else good


LOOP = "def darkness_of(place, unit='metres'):\n    while True:\n        pass\n"
SHY = "def darkness_of(place, unit='metres'):\n    print('thinking')\n    return {'value': 70}\n"
TOWN = "def darkness_of(town): return 7"
RAISES = "def darkness_of(place, unit='metres'):\n    raise KeyError('no light')\n"


@pytest.mark.parametrize(
    ("spoil", "kind", "said"),
    [
        (always("write_tool", name="Not A Name"), Quarantine, "answer: does not fit the question - name: must be a Python name"),
        (always("write_tool", parameters={"type": "nothing"}), Quarantine, "parameters: no JSON Schema"),
        (always("scale_tool", parameters={"type": "object", "properties": {}}), Quarantine, "'place' must stay"),
        (always("write_call", arguments={"where": 3}), Quarantine, '"place" is a required property'),
        (always("write_call", arguments=None), Quarantine, "arguments"),
        (always("write_code", source="def darkness_of(place:"), Quarantine, "SyntaxError"),
        (always("write_code", source=TOWN), Quarantine, "takes (town), its schema has (place, unit)"),
        (always("write_code", source=LOOP), Reject, "the call ended with cpu_limit"),
        (always("write_code", source=SHY), Reject, "must be 7 - it returned {\"value\": 70}; it printed 'thinking"),
        (always("write_code", source=RAISES), Reject, "KeyError: 'no light'"),
        (always("write_code", source=f"1 / 0\n{SHY}"), Reject, "the code does not load - ZeroDivisionError"),
    ],
)
def test_bad_answers_cost_a_bounded_number_of_requests_and_harm_no_other(
    tmp_path: Path, spoil: Any, kind: type, said: str
) -> None:
    questions = [QUESTIONS[0], BAD, QUESTIONS[2]]
    with ScriptedEndpoint(Writer(questions, spoil).reply) as endpoint:
        outcomes = run(tmp_path, endpoint, questions, tries=2)
    assert [type(outcome) for outcome in outcomes] == [Keep, kind, Keep], outcomes
    assert isinstance(outcomes[1], Reject | Quarantine) and said in outcomes[1].reason
    spent = sum("dark" in request["messages"][1]["content"] for request in endpoint.requests)
    bound = EnvironmentsConfig(tries=2).most_asks * (1 + REPAIRS)
    print(f"synthesis: {spent} requests for a sub-question, {bound} at most")
    assert 0 < spent <= bound == 30


LOSES = code("depth_of", {"Nowhere": 1})


@pytest.mark.parametrize(("answers", "said"), [
    ({"merge_tool": {"source": LOSES}}, "stays apart: "), ({"merge_tool": {"source": "def depth_of(place:"}}, "stays apart: "),
    ({"merge_tool": {"parameters": {"type": "nothing"}}}, "stays apart: "), ({"cluster_tools": {"clusters": 3}}, "no clusters: "),
])
def test_merges_that_fail_cost_a_bounded_number_of_requests_and_leave_the_tools_apart(
    tmp_path: Path, answers: dict[str, Any], said: str
) -> None:
    pair = QUESTIONS[1]
    with ScriptedEndpoint(Writer([pair], lambda name, prompt, good: good | answers.get(name, {})).reply) as endpoint:
        (outcome,) = run(tmp_path, endpoint, [pair], tries=2)
    assert isinstance(outcome, Keep), outcome
    assert [tool.name for tool in outcome.row.tools] == ["depth_of", "depth_of_2"]
    (merge,) = [check for check in outcome.row.audit if check.check == "merge"]
    assert merge.passed is None and said in merge.evidence
    names = [request["response_format"]["json_schema"]["name"] for request in endpoint.requests]
    spent, needing = sum(name in ("cluster_tools", "merge_tool") for name in names), 2
    bound = EnvironmentsConfig(tries=2).most_merge_asks * (1 + REPAIRS)
    print(f"merging: {spent / needing} requests for a sub-question, {bound} at most")
    assert 0 < spent <= needing * bound == 18


@pytest.mark.parametrize("source", [SHY, RAISES, LOOP])
def test_the_next_attempt_is_told_what_the_last_one_did(tmp_path: Path, source: str) -> None:
    def once(name: str, prompt: str, good: Any) -> Any:
        return good | {"source": source} if name == "write_code" and "The last attempt" not in prompt else good

    with ScriptedEndpoint(Writer([BAD], once).reply) as endpoint:
        (outcome,) = run(tmp_path, endpoint, [BAD])
    assert isinstance(outcome, Keep)
    told = endpoint.requests[-1]["messages"][1]["content"]
    assert {SHY: "thinking", RAISES: "no light", LOOP: "cpu_limit"}[source] in told.partition("What became of it")[2]


def test_a_question_that_needs_no_tool_is_rejected_unasked(tmp_path: Path) -> None:
    free = question("single_hop", "Well?", replace(node("n1", "age", "Rome", 1), needs_tool=False))
    with ScriptedEndpoint(Writer([free]).reply) as endpoint:
        (outcome,) = run(tmp_path, endpoint, [free])
    assert outcome == Reject("environment: no sub-question needs a tool")
    assert endpoint.requests == []
