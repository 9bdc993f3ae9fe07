"""One stage alone, rows that were edited by hand, and stored trajectories scored again."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from command_line import Astra
from scripted_endpoint import ScriptedEndpoint

from astra_data.stages import STAGES

RECIPE = ["--recipe", "small.yaml"]


def of_servers(stage: str) -> bool:
    """Whether a stage is made where a recipe names servers and no source of questions."""
    return stage == "tools" or (bool(STAGES[stage].reads) and all(map(of_servers, STAGES[stage].reads)))


def rows(astra: Astra, address: str) -> list[dict[str, Any]]:
    return astra("show", address, "--json").lines()


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize("stage", [name for name in STAGES if STAGES[name].reads and of_servers(name)])
def test_a_stage_alone_makes_what_the_whole_run_made(astra: Astra, stage: str) -> None:
    inputs = [f"small-{name}" for name in reversed(STAGES[stage].reads)]
    said = astra("make", stage, *inputs, "--to", "alone", *RECIPE, "--json")
    assert said.code == 0, said.err
    assert rows(astra, "alone") == rows(astra, f"small-{stage}")
    assert said.json()["stages"][0]["dataset"] == "alone"


@pytest.mark.usefixtures("made")
def test_tools_are_made_of_an_mcp_json_and_documents_together(astra: Astra, here: Path) -> None:
    tools = [{"name": name, "description": "Does what its name says."} for name in ("first", "second", "third")]
    (here / "docs.json").write_text(json.dumps({"name": "office", "tools": tools}))
    assert astra("make", "tools", "docs.json", "mcp.json", "--to", "both").code == 0
    assert [row["name"] for row in rows(astra, "both")] == ["manners", "office"]
    said = astra("make", "chains", "both", "--to", "chains", *RECIPE)
    assert said.code == 0 and {row["server"] for row in rows(astra, "chains")} <= {"manners", "office"}


@pytest.mark.usefixtures("made")
def test_a_version_made_before_is_found_and_a_limit_makes_another(astra: Astra) -> None:
    words = ["make", "tasks", "small-tools", "small-chains", "--to", "alone", *RECIPE, "--json"]
    first, again = astra(*words).json(), astra(*words).json()
    assert [one["stages"][0]["found"] for one in (first, again)] == [False, True]
    assert first["stages"][0]["tree"] == again["stages"][0]["tree"]
    fewer = astra(*words, "--limit", "2").json()["stages"][0]
    assert not fewer["found"] and fewer["funnel"]["items"] == 2


def test_tasks_edited_by_hand_are_what_the_trajectories_are_about(astra: Astra, made: Path) -> None:
    before = rows(astra, "small-tasks")
    edited = [row | {"text": row["text"].replace("Call the mill.", "Ring the miller.")} for row in before]
    changed = [row for row, old in zip(edited, before, strict=True) if row["text"] != old["text"]]
    assert changed
    (made.parent / "edited.jsonl").write_text("\n".join(map(json.dumps, edited)))
    assert astra("make", "tasks", "edited.jsonl", "--to", "edited").code == 0
    stored = rows(astra, "edited")
    assert [row["text"] for row in stored] == [row["text"] for row in edited]
    same = [new["id"] == old["id"] for new, old in zip(stored, before, strict=True)]
    assert same == [row not in changed for row in edited]
    assert astra("make", "trajectories", "small-tools", "edited", "--to", "t", *RECIPE).code == 0
    written = [
        call["function"]["arguments"]["content"]
        for row in rows(astra, "t")
        for message in row["messages"]
        for call in message.get("tool_calls") or ()
        if call["function"]["name"] == "write"
    ]
    assert "Ring the miller." in written and "Call the mill." not in written


@pytest.mark.usefixtures("made")
def test_laxer_thresholds_say_which_rows_entered_and_stricter_ones_which_left(astra: Astra) -> None:
    [rejected] = rows(astra, "small-trajectories#rejected")
    assert rejected["reasons"] == ["score: FA below 0.75 - no good result of read"]
    kept = rows(astra, "small-trajectories")
    said = astra("score", "small-trajectories", "--to", "lax", *RECIPE, "--set", "trajectories.accept.answer=0.5")
    assert said.code == 0
    assert f"entered: 1\n    {rejected['id']}\nleft: 0\n" in said.out
    lax = rows(astra, "lax")
    assert [row["id"] for row in lax] == [*(row["id"] for row in kept), rejected["id"]]
    assert [row["scores"] for row in lax] == [row["scores"] for row in [*kept, rejected]]
    back = astra("score", "lax", "--to", "strict", *RECIPE, "--json").json()
    assert (back["entered"], back["left"]) == ([], [rejected["id"]])
    assert rows(astra, "strict") == kept
    assert rows(astra, "strict#rejected") == [rejected | {"input_id": rejected["id"]}]


@pytest.mark.usefixtures("made")
def test_other_weights_give_another_reward_and_say_which_rows_left(astra: Astra) -> None:
    lax = ["--set", "trajectories.accept.answer=0", "--set", "trajectories.accept.axis=0"]
    [wrong] = rows(astra, "small-trajectories#rejected")
    values = {score["axis"]: score["value"] for score in wrong["scores"] if score["value"] is not None}
    plain = sum(values.values()) / len(values)
    lax += ["--set", f"trajectories.accept.reward={plain - 0.01}"]
    said = astra("score", "small-trajectories", "--to", "plain", *RECIPE, *lax)
    assert f"entered: 1\n    {wrong['id']}\nleft: 0\n" in said.out
    heavier = ["--set", "trajectories.accept.weights={FA: 20}"]
    said = astra("score", "plain", "--to", "heavier", *RECIPE, *lax, *heavier)
    assert f"entered: 0\nleft: 1\n    {wrong['id']}\n" in said.out
    [left] = rows(astra, "heavier#rejected")
    assert left["reasons"] == [f"score: reward below {plain - 0.01:g}"]
    assert left["reward"] == pytest.approx((sum(values.values()) + 19 * values["FA"]) / (len(values) + 19))


def harsh(request: dict[str, Any]) -> str:
    """A judge who finds every answer wrong, and all else right."""
    properties = request["response_format"]["json_schema"]["schema"]["properties"]
    if "calls" in properties:
        judged = [{"call_id": call, "necessary": 1, "reason": "needed"} for call in judged_calls(request)]
        return json.dumps({"calls": judged})
    values = {"reason": "as I see it", "quote": "", "score": 1, "understanding": 1, "planning": 1, "correctness": 0, "summary": 0}
    return json.dumps({name: values[name] for name in properties})


def judged_calls(request: dict[str, Any]) -> list[str]:
    """The ids of the calls in the record that the judge is shown."""
    record = re.findall(r"^\d+: (.*)$", request["messages"][-1]["content"], re.MULTILINE)
    return [call["id"] for message in map(json.loads, record) for call in message.get("tool_calls") or ()]


@pytest.mark.usefixtures("made")
def test_another_judge_scores_without_a_new_rollout(astra: Astra, here: Path) -> None:
    kept = rows(astra, "small-trajectories")
    with ScriptedEndpoint(harsh) as endpoint:
        models = f"models: {{default: offline, judge: {{model: harsh, base_url: '{endpoint.base_url}', max_retries: 0}}}}\n"
        (here / "harsh.yaml").write_text("name: harsh\n" + models)
        said = astra("score", "small-trajectories", "--recipe", "harsh.yaml", "--json").json()
        asked = len(endpoint.requests)
        assert asked > 0
        again = astra("score", "small-trajectories", "--recipe", "harsh.yaml", "--to", "other", "--json").json()
        assert len(endpoint.requests) == asked and again["asked"] == 0
    assert said["stages"][0]["dataset"] == "small-trajectories-rescored"
    assert (said["entered"], said["left"]) == ([], [row["id"] for row in kept])
    after = rows(astra, "small-trajectories-rescored#rejected")
    for old, new in zip([*kept, *rows(astra, "small-trajectories#rejected")], after, strict=True):
        assert (new["id"], new["messages"], new["calls"]) == (old["id"], old["messages"], old["calls"])
        [answer] = [score for score in new["scores"] if score["axis"] == "FA"]
        assert (answer["value"], answer["judge"]) == (0.0, "harsh")
        assert new["models"] == old["models"] | {"judge": "harsh"}
        assert new["reasons"] == ["score: FA below 0.75 - as I see it"]


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            "make tasks small-tools",
            "tasks reads tools and chains, and was given tools (give one address of tools and chains each)",
        ),
        ("make chains small-tasks", "chains reads tools, and was given tasks (give one address of tools each)"),
        (
            "make sft small-trajectories small-sft",
            "sft reads trajectories, and was given trajectories, sft (give one address of ...)",
        ),
        ("make tasks a.jsonl b.jsonl", "rows come from one file (concatenate the files)"),
        ("make tools mcp.json sub/mcp.json", "two mcp.json files: mcp.json, sub/mcp.json (merge them into one)"),
        ("make tasks small-tools small-chains --set seed=1", "--set overrides a recipe's value (name the recipe with --recipe)"),
        ("score small-tasks", "small-tasks@... holds tasks (give the address of trajectories)"),
        ("score small-trajectories --tasks small-chains", "small-chains holds chains (give the address of tasks with --tasks)"),
        ("score small-trajectories --set seed=1", "--set overrides a recipe's value (name the recipe with --recipe)"),
    ],
)
def test_inputs_of_the_wrong_kind_are_named_with_the_right_one(astra: Astra, words: str, line: str) -> None:
    said = astra(*words.split(), "--to", "t")
    head, _, tail = line.partition("...")
    assert said.code == 2
    assert said.err.startswith(f"astra: {head}") and said.err.rstrip().endswith(tail)
    assert astra("show", "t").code == 3


def as_text(request: dict[str, Any]) -> str:
    """A call of the first tool on offer, as a model writes it where no parser reads it."""
    name = request["tools"][0]["function"]["name"]
    return f'<tool_call>{{"name": "{name}", "arguments": {{}}}}</tool_call>'


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize(("script", "said_so"), [(as_text, True), (lambda request: "It is done.", False)])
def test_a_run_whose_policy_writes_its_calls_as_text_ends_with_what_to_set(
    astra: Astra, here: Path, script: Any, said_so: bool
) -> None:
    with ScriptedEndpoint(script) as endpoint:
        policy = f"{{model: wordy, base_url: '{endpoint.base_url}', max_retries: 0}}"
        models = f"models: {{default: offline, policy: {policy}}}"
        (here / "wordy.yaml").write_text(f"{(here / 'small.yaml').read_text()}\n{models}\n")
        words = ["make", "trajectories", "small-tools", "small-tasks", "--to", "wordy", "--recipe", "wordy.yaml"]
        said, again = astra(*words), astra(*words, "--json")
    told = [line for line in said.out.splitlines() if "--tool-call-parser" in line and "rollouts" in line]
    advice = again.json()["stages"][0]["advice"]
    if said_so:
        (line,) = told
        assert said.out.rstrip().endswith(line) and advice == line
        assert re.match(r"\d+ of \d+ rollouts ended with a call written as text: .*vLLM wants --enable-auto-tool-choice", line)
    else:
        assert (told, advice) == ([], None)
