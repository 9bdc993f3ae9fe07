"""Whatever the model's endpoint does, every item ends up accepted, rejected or quarantined, and no score is invented."""

from collections import Counter
from itertools import chain
from statistics import fmean
from typing import Any

import pytest
from runs import answers
from runs.bench import ONE_TO_ONE, Bench, sent_id
from runs.conftest import TASKS, Undisturbed

from astra_data.hub.store import Store
from astra_data.messages import calls_of

STAGES = ("tools", "chains", "tasks", "trajectories", "sft")
CONFIGS = ("default", "rejected", "quarantined")
PRICE = 0.002
"""USD that any answer of the scripted model costs."""

LOST_CHAINS = [
    (["add_note", "strike_note"], "chain: back_translation: endpoint: "),
    (["measure_room", "paint_needed"], "chain: back_translation: answer: "),
    (["measure_room", "paint_needed", "price_paint"], "chain: vote: endpoint: "),
]
"""Chains about which the mixture lets no vote or no translation through, and how their reasons begin."""
ASKED_LATER = {"verify_chain": 6, "chain_to_query": 3 * 2, "query_to_chain": 3 * 3}
"""The opinions that they lack: 6 votes on the last, and of 3 translators each the texts of two, and the readings of all."""

FROZEN = [
    (
        "Hello. A room is 3412453 m wide and 2067638 m deep; find its floor. "
        "Work out what 1866232 coats over 5225594 square metres take.",
        'Done: {"area": 7055717496014}; {"litres": 1219021342726.0}',
        6 / 7,
    ),
    ("Hello. Write down n8604499 for me. Take entry 1 off the list.", 'Done: {"number": 1}; {"left": 0}', 6.5 / 7),
]
"""Tasks that follow a chain: text, answer, reward."""


def check_counts(bench: Bench) -> None:
    """Nothing is lost at any border: what a stage took is what it gave, by reason, and the next one took what it kept."""
    funnels = {stage: Store.open(bench.store).version(f"desk-{stage}").lineage().funnel for stage in STAGES}
    for stage, funnel in funnels.items():
        assert len(bench.rows(stage)) == funnel.kept
        for config, counted in (("rejected", funnel.rejected), ("quarantined", funnel.quarantined)):
            reasons = [row["reasons"][0].partition(" - ")[0] for row in bench.refused(stage, config)]
            assert Counter(reasons) == counted
        if stage in ONE_TO_ONE:
            assert funnel.items == funnel.kept + sum(funnel.rejected.values()) + sum(funnel.quarantined.values())
    assert funnels["chains"].items == funnels["tools"].kept
    assert funnels["tasks"].items == funnels["chains"].kept + funnels["tools"].kept * (TASKS // 2)
    assert funnels["trajectories"].items == funnels["tasks"].kept
    assert funnels["sft"].items == funnels["trajectories"].kept


def given(axis: str, row: dict[str, Any]) -> float:
    """The value of an axis that follows from what the model was scripted to say."""
    text = answers.user_text(row["messages"])
    if axis == "TC":
        return fmean(answers.necessary(call.id, text) for call in calls_of(row["messages"]))
    return answers.score(axis, text)


def check_scores(bench: Bench) -> None:
    """Every number is what the judge gave or a check counted, and nothing quarantined has a reward."""
    for config in CONFIGS:
        for row in bench.rows("trajectories", config):
            scores = row["scores"] or []
            for score in scores:
                if score["status"] != "scored":
                    assert score["value"] is None
                elif score["axis"] == "TCS":
                    assert score["value"] == fmean(float(call["ok"]) for call in row["calls"])
                else:
                    assert score["value"] == given(score["axis"], row)
            assert ("failed" in {score["status"] for score in scores}) == (config == "quarantined" and scores != [])
            known = [score["value"] for score in scores if score["value"] is not None]
            assert row["reward"] == (None if config == "quarantined" else fmean(known))


def texts(bench: Bench) -> dict[str, str]:
    return {row["id"]: row["text"] for row in bench.rows("tasks")}


def test_faults_end_in_quarantine_and_a_second_run_asks_for_just_that(bench: Bench, undisturbed: Undisturbed) -> None:
    with bench.endpoint(faults="MIXTURE") as endpoint:
        first = bench.run(bench.recipe(endpoint, TASKS, timeout_s=4))
        requests = endpoint.requests()
        kinds = {request["fault"] for request in requests}
        assert kinds >= {"status", "hang", "cut", "no_choices", "not_json", *answers.SPOILT}
        assert not first["complete"]
        check_counts(bench)
        check_scores(bench)

        answered, written, waiting = set(bench.answered()), texts(bench), bench.refused("trajectories", "quarantined")
        unwritten = len(bench.refused("tasks", "quarantined"))
        chains = sorted((row["tools"], row["reasons"][0]) for row in bench.rows("chains", "quarantined"))
        assert [tools for tools, _ in chains] == [tools for tools, _ in LOST_CHAINS]
        assert all(said.startswith(why) for (_, said), (_, why) in zip(chains, LOST_CHAINS, strict=True)), chains
        assert {row["reasons"][0].split(":")[0] for row in waiting} == {"judge", "endpoint"}
        assert unwritten
        endpoint.admin(faults=False)
        bench.run(bench.recipe(endpoint, TASKS))
        later = [request["request"] for request in endpoint.requests()[len(requests) :]]

    names, new = Counter(map(answers.name_of, later)), texts(bench).keys() - written
    assert not answered & {sent_id(request) for request in later}
    assert names["write_task"] == len(new) == unwritten + len(LOST_CHAINS)
    assert {name: names[name] for name in answers.BEFORE_TASKS if names[name]} == ASKED_LATER | {"write_task": len(new)}
    wanted = {written[row["input_id"]] for row in waiting} | {texts(bench)[row] for row in new}
    assert {text for request in later if (text := answers.about(request))} == wanted
    assert bench.made() == undisturbed.bench.made()


def test_a_whole_run_keeps_exactly_the_expected_rows(undisturbed: Undisturbed) -> None:
    bench = undisturbed.bench
    check_counts(bench)
    check_scores(bench)
    assert sorted((row["server"], row["tools"]) for row in bench.rows("chains")) == [
        ("notes", ["add_note", "strike_note"]),
        ("paint", ["measure_room", "paint_needed"]),
        ("paint", ["measure_room", "paint_needed", "price_paint"]),
        ("paint", ["paint_needed", "price_paint"]),
    ]
    done = {answers.user_text(row["messages"]): row for row in bench.rows("trajectories")}
    for text, answer, reward in FROZEN:
        assert (done[text]["messages"][-1]["content"], done[text]["reward"]) == (answer, reward)
    tasks = bench.rows("tasks")
    seeds = ["chain 7/0"] * 4 + [f"server 7/{number}" for number in range(TASKS // 2)] * 2
    assert [row["text"] for row in tasks] == [
        answers.task_text(row["target_tools"], seed) for row, seed in zip(tasks, seeds, strict=True)
    ]
    for row in chain(bench.rows("trajectories"), bench.rows("trajectories", "rejected")):
        assert row["terminal"] == "answered"
        assert [(call.name, call.arguments) for call in calls_of(row["messages"])] == answers.steps(row["messages"][1]["content"])
    assert [row["trajectory_id"] for row in bench.rows("sft")] == [row["id"] for row in bench.rows("trajectories")]


def test_a_refused_key_ends_the_run_and_changes_nothing(bench: Bench, undisturbed: Undisturbed) -> None:
    bench.take_over(undisturbed.bench)
    before, answered = bench.versions(), bench.answered()
    with bench.endpoint(faults="REFUSED") as endpoint:
        recipe = bench.recipe(endpoint, TASKS)
        said = bench.run(recipe, "tasks.per_chain=2", code=4)["said"]
        assert "models.default: the endpoint refused" in said
        assert "HTTP 401" in said
        assert "Traceback" not in said
        assert bench.versions() == before
        assert bench.answered() == answered
        assert not any((bench.store / ".staging").iterdir())
        asked = len(endpoint.requests())
        assert asked <= 16
        endpoint.admin(faults=False)
        assert bench.run(recipe, "tasks.per_chain=2")["complete"]


def test_a_budget_is_never_passed_and_what_it_could_not_pay_is_quarantined(bench: Bench, undisturbed: Undisturbed) -> None:
    limit = round(0.4 * len(undisturbed.requests) * PRICE, 6)
    with bench.endpoint() as endpoint:
        recipe = bench.recipe(endpoint, TASKS)
        result = bench.run(recipe, "--budget", limit)
        asked = len(endpoint.requests())
        assert result["cost"] == pytest.approx(asked * PRICE)
        assert 0.5 * limit < result["cost"] <= limit
        assert not result["complete"]
        check_counts(bench)
        check_scores(bench)
        for row in chain(bench.refused("tasks", "quarantined"), bench.refused("trajectories", "quarantined")):
            assert "budget: exhausted" in row["reasons"][0]
        assert bench.run(recipe)["complete"]
        ids = [sent_id(request["request"]) for request in endpoint.requests()]
    assert len(ids) == len(set(ids)) == len(undisturbed.requests)
    assert bench.made() == undisturbed.bench.made()
