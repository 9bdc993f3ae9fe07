"""The stage against an endpoint with a frozen set of good answers: exactly the expected rows, from prompts of their own."""

import asyncio
import json
from collections import Counter
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from scripted import TEXT, card, schema, server
from scripted_endpoint import Fault, ScriptedEndpoint
from scripted_tasks import chain

from astra_data.ledger import Ledger
from astra_data.pipeline.stage import Keep, Outcome, Quarantine, Resources
from astra_data.rows import Server
from astra_data.stages.tasks import STAGE, TasksConfig
from astra_data.teacher import Budget, ModelConfig, build
from astra_data.teacher.offline.policy import OfflinePolicy
from astra_data.teacher.offline.teacher import OfflineTeacher
from astra_data.tools.workspace import Template


def shop(name: str, thing: str) -> Server:
    """A server all of whose words hold its `thing`."""
    made = schema({f"{thing}_id": TEXT})
    return server(
        card(f"order_{thing}", f"Orders a {thing}.", schema({f"{thing}_size": TEXT}), returns=made),
        card(f"track_{thing}", f"Tracks a {thing}.", made),
        card(f"praise_{thing}", f"Praises a {thing}.", schema({f"{thing}_id": TEXT, f"{thing}_words": TEXT})),
        name=name,
    )


THINGS = {"north": "whale", "south": "fox"}
SERVERS = [shop(name, thing) for name, thing in THINGS.items()]
INPUTS: Any = {
    "tools": SERVERS,
    "chains": [
        chain(f"order_{thing}", f"track_{thing}", server_id=row.id) for row, thing in zip(SERVERS, THINGS.values(), strict=True)
    ],
}
CONFIG = {
    "per_server": 3,
    "min_tools": 1,
    "max_tools": 1,
    "augment": {"diverse": 1, "complicate": 1, "persona": 1},
    "chained": {"per_server": 1, "max_length": 2},
}
MODES = {"another situation": "diverse", "more demanding": "complicate", "person below": "persona"}
ANSWERS: dict[str, dict[str, str]] = {
    "chain": {
        "write": "Get a large {thing} for my aunt, please, and tell me where it is by now.",
        "diverse": "My uncle wants a tiny {thing} for his garden; send it off and find out how far it has come.",
        "complicate": "Get a large {thing} for my aunt before Friday, for less than last time, and tell me where it is by now.",
        "persona": "I need a large {thing} for my aunt. Where is it, once you have arranged that? Kindly be exact.",
    },
    "praise": {
        "write": "Say something kind about number 17, the {thing}: it was wonderful.",
        "diverse": "Number 4, that {thing}, deserves warm applause. Would you give it some?",
        "complicate": "Say something kind about number 17, the {thing}: it was wonderful. Keep it fit for children.",
        "persona": "Could you let number 17, the {thing}, know how wonderful it was? That would be lovely.",
    },
    "track": {
        "write": "Where is number 23, the {thing}, at this hour?",
        "diverse": "It is raining and number 8, the {thing}, is still out. How far has it come?",
        "complicate": "Where is number 23, the {thing}, at this hour? I want to know before the ferry leaves.",
        "persona": "Number 23, the {thing}: any idea where it might be, friend?",
    },
    "order": {
        "write": "I would like a medium {thing}, thank you very much.",
        "diverse": "Our club needs a huge {thing} for the summer party.",
        "complicate": "I would like a medium {thing}, but only one that was raised nearby.",
        "persona": "A medium {thing} is what this household requires, young man.",
    },
}
"""What a task is about -> the text of the task and of its variants. A free task is about one tool."""

QUOTES = ["large", "tiny", "medium", "huge", "number 17", "Number 17", "Number 4", "number 23", "Number 23", "number 8"]
WORDS = ["wonderful", "warm applause"]


def reply(request: dict[str, Any]) -> str:
    """The frozen answer to a request."""
    name = request["response_format"]["json_schema"]["name"]
    system, prompt = (message["content"] for message in request["messages"][:2])
    thing = next(thing for thing in THINGS.values() if thing in prompt)
    return json.dumps(ANSWER_TO[name](" ".join(system.split()), prompt, thing))


def named(prompt: str) -> list[str]:
    """The tools that a prompt describes, in order."""
    lines = [json.loads(line) for line in prompt.splitlines() if line.startswith('{"name"')]
    return [line["name"] for line in lines]


def about(tools: list[str]) -> str:
    return "chain" if len(tools) == 2 else tools[0].partition("_")[0]


def write(system: str, prompt: str, thing: str) -> Any:
    tools = named(prompt)
    return {"text": ANSWERS[about(tools)]["write"].format(thing=thing), "target_tools": tools}


def augment(system: str, prompt: str, thing: str) -> Any:
    mode = next(mode for words, mode in MODES.items() if words in system)
    return {"text": ANSWERS[about(named(prompt))][mode].format(thing=thing)}


def join(system: str, prompt: str, thing: str) -> Any:
    texts = [json.loads(line.partition(". ")[2]) for line in prompt.splitlines() if line[:2] in ("1.", "2.")]
    return {"text": " When that is done: ".join(texts)}


def coverage(system: str, prompt: str, thing: str) -> Any:
    text = json.loads(prompt.partition("The request:\n")[2].partition("\n")[0])
    needed = [json.loads(line) for line in prompt.partition("Needed:\n")[2].splitlines() if line.startswith("{")]
    return {"stated": [{"tool": item["tool"], "parameter": item["parameter"], "quote": quote(item, text)} for item in needed]}


def quote(item: dict[str, str], text: str) -> str:
    return next(words for words in (WORDS if item["parameter"].endswith("words") else QUOTES) if words in text)


def intent(system: str, prompt: str, thing: str) -> Any:
    return {"reason": "the same work", "same": True}


def judge(system: str, prompt: str, thing: str) -> Any:
    axes = {"question_quality": "Excellent.", "scenario_realism": '"highly realistic"', "tool_use_necessity": "necessary"}
    return {name: said for axis, word in axes.items() for name, said in ((f"{axis}_reason", f"a {thing} is real"), (axis, word))}


ANSWER_TO = {
    "write_task": write,
    "augment_task": augment,
    "join_tasks": join,
    "check_coverage": coverage,
    "check_intent": intent,
    "judge_task": judge,
}


def run(folder: Path, endpoint: ScriptedEndpoint, inputs: Any = INPUTS, **config: Any) -> list[Outcome]:
    """All outcomes of the stage, with every item under way at once."""
    checked = TasksConfig.model_validate(CONFIG | config)

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


def asked(endpoint: ScriptedEndpoint) -> Counter[str]:
    return Counter(request["response_format"]["json_schema"]["name"] for request in endpoint.requests)


def test_good_answers_give_exactly_the_expected_rows_and_are_asked_for_once(tmp_path: Path) -> None:
    with ScriptedEndpoint(reply) as endpoint:
        outcomes = run(tmp_path, endpoint)
        first = asked(endpoint)
        assert run(tmp_path, endpoint) == outcomes
        assert asked(endpoint) == first
    assert all(isinstance(outcome, Keep) for outcome in outcomes)
    rows = [outcome.row for outcome in outcomes]
    alone, joined = rows[:32], rows[32:]
    for start in range(0, len(alone), 4):
        group, original, thing = alone[start : start + 4], alone[start], THINGS[alone[start].server]
        texts = {mode: text.format(thing=thing) for mode, text in ANSWERS[about(original.target_tools)].items()}
        assert [(row.text, row.parent_id) for row in group] == [
            (text, None if mode == "write" else original.id) for mode, text in texts.items()
        ]
        assert [row.augmentation and row.augmentation.mode for row in group] == [None, "diverse", "complicate", "persona"]
    assert [row.kind for row in rows] == ["chain"] * 8 + ["server"] * 24 + ["chained"] * 2
    assert [row.server for row in joined] == ["north", "south"]
    by_id = {row.id: row for row in rows}
    for row in joined:
        parts = [by_id[name] for name in row.sub_tasks]
        assert (row.horizon, row.text) == (2, " When that is done: ".join(part.text for part in parts))
        assert row.target_tools == [name for part in parts for name in part.target_tools]
    for row in rows:
        scores = {score.axis: score.value for score in row.scores}
        expected = {"coverage": 1.0, "question_quality": 5.0, "scenario_realism": 5.0, "tool_use_necessity": 4.0}
        assert scores == expected | ({"intent": 1.0} if row.parent_id else {})
        assert (row.language, row.models) == ("en", {"writer": "scripted", "judge": "scripted"})
    assert first == {
        "write_task": 8,
        "augment_task": 24,
        "join_tasks": 2,
        "check_coverage": 34,
        "check_intent": 24,
        "judge_task": 34,
    }


def test_no_prompt_holds_anything_of_another_server_or_task(tmp_path: Path) -> None:
    with ScriptedEndpoint(reply) as endpoint:
        outcomes = run(tmp_path, endpoint, chained={})
    texts = {outcome.row.text for outcome in outcomes}
    family = {outcome.row.text: outcome.row.parent_id or outcome.row.id for outcome in outcomes}
    for request in endpoint.requests:
        said = " ".join(message["content"] for message in request["messages"])
        assert sum(thing in said for thing in THINGS.values()) == 1
        assert sum(f"A {name}." in said for name in THINGS) <= 1
        held = {text for text in texts if json.dumps(text) in said}
        assert len({family[text] for text in held}) <= 1
        assert len(held) <= (2 if "You compare a request" in said else 1)


@pytest.mark.parametrize(("times", "kind"), [(1, Keep), (99, Quarantine)])
def test_a_rating_in_no_known_word_is_asked_for_again_and_never_guessed(tmp_path: Path, times: int, kind: type) -> None:
    """Exact enum after normalisation, else retry [A 17.1, T14]; a judge that stays with it gives no number."""
    judged = count(1)

    def script(request: dict[str, Any]) -> str:
        good = json.loads(reply(request))
        spoil = "scenario_realism" in good and next(judged) <= times
        return json.dumps(good | {"scenario_realism": "very highly realistic"} if spoil else good)

    with ScriptedEndpoint(script) as endpoint:
        one: Any = {"tools": SERVERS[:1], "chains": INPUTS["chains"][:1]}
        (outcome,) = run(tmp_path, endpoint, one, per_server=0, augment={}, chained={})
    assert isinstance(outcome, kind)
    repairs = [request["messages"][-1]["content"] for request in endpoint.requests if len(request["messages"]) > 2]
    assert len(repairs) == (1 if times == 1 else 2)
    assert all("must be one of unrealistic, somewhat unrealistic" in repair for repair in repairs)
    assert len(outcome.row.scores) == (4 if kind is Keep else 1)


def test_an_endpoint_that_is_down_for_the_judge_leaves_every_task_in_quarantine(tmp_path: Path) -> None:
    def down(index: int, request: dict[str, Any]) -> Fault | None:
        return Fault.status(500) if request["response_format"]["json_schema"]["name"] == "judge_task" else None

    with ScriptedEndpoint(reply, [down]) as endpoint:
        outcomes = run(tmp_path, endpoint)
    assert {type(outcome) for outcome in outcomes} == {Quarantine}
    assert {score.axis for outcome in outcomes if outcome.row for score in outcome.row.scores} == {"coverage"}
    assert "augment_task" not in asked(endpoint)
