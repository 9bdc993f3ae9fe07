"""An accepted trajectory shows its own decomposition: what each call took from which, and what it found."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from scripted import NUMBER, TEXT, calls, card, offered, says, schema
from scripted_decompositions import complete, teacher

from astra_data.messages import JsonObject, Message, calls_of, tool_result, user
from astra_data.pipeline.stage import Keep, Outcome, Quarantine, Reject
from astra_data.rows import Trajectory, new_row
from astra_data.rows.trajectories import CallRecord, Usage
from astra_data.stages.questions import STAGE
from astra_data.teacher.offline.teacher import OfflineTeacher
from astra_data.teacher.teacher import Abstained, Unanswered

Expand = Callable[..., list[Outcome]]
Step = tuple[str, JsonObject, Any]
TOOLS = offered(
    card("find_boat", "Finds a boat by its name.", schema({"name": TEXT})),
    card("read_log", "Reads the log of a boat.", schema({"boat_id": TEXT})),
    card("count_crew", "Counts the crew of a boat.", schema({"boat_id": TEXT})),
    card("add", "Adds two numbers.", schema({"a": NUMBER, "b": NUMBER})),
    card("send_note", "Sends a note.", schema({"to": TEXT, "text": TEXT})),
    card("show_berth", "Shows a berth.", schema({"berth_id": NUMBER})),
)
ASKED = "What is in the log of the Heron, and how many people are aboard?"
FIND: Step = ("find_boat", {"name": "Heron"}, {"boat_id": "BT-417", "berth_id": 7})
LOG: Step = ("read_log", {"boat_id": "BT-417"}, "Left at dawn with BT-900 in tow.")
CREW: Step = ("count_crew", {"boat_id": "BT-417"}, {"crew": 23})


def trajectory(*rounds: tuple[Step, ...], asked: str = ASKED, answer: str | None = "It left at dawn, with a crew of 23.",
               **changes: CallRecord) -> Trajectory:
    """Rounds of calls with their results; all went well but for the records given by call id."""
    messages: list[Message] = [{"role": "system", "content": "Help."}, user(asked)]
    for made in rounds:
        turn = calls(*((name, arguments) for name, arguments, _ in made), start=len(list(calls_of(messages))))
        messages.append(turn)
        for call, (_, _, result) in zip(calls_of([turn]), made, strict=True):
            messages.append(tool_result(call.id, call.name, result if isinstance(result, str) else json.dumps(result)))
    if answer is not None:
        messages.append(says(answer))
    records = [changes.get(call.id) or CallRecord(call.id, call.name, True, False, "live") for call in calls_of(messages)]
    row: Trajectory = new_row(
        Trajectory, task_id="task", server="harbour", policy="p", sampling={}, sample=0, tools=TOOLS, messages=messages,
        terminal="answered", calls=records, flaws=[], scores=[], reward=1.0, usage=Usage(1, 1, 0, 0), models={"policy": "p"},
    )
    return row


def taken_apart(expand: Expand, row: Trajectory, by: Any = None, **config: Any) -> Outcome:
    (one,) = expand(STAGE, {"trajectories": [row]}, teacher=by or teacher(), trajectories="t", **config)
    return one


def edges(outcome: Outcome) -> dict[str, list[str]]:
    return {node.id: node.depends_on for node in outcome.row.nodes}


def test_values_from_a_result_make_the_dependencies_and_results_the_answers(expand: Expand) -> None:
    one = taken_apart(expand, trajectory((FIND,), (LOG,), (CREW,)))
    assert isinstance(one, Keep)
    row = one.row
    assert (row.source, row.question, row.answer, row.domain, row.language) == (
        "trajectories", ASKED, "It left at dawn, with a crew of 23.", "harbour", "en")
    assert edges(one) == {"1": [], "2": ["1"], "3": ["1"]}
    assert (row.scenario, row.hops, row.world) == ("parallel_multi_hop", 2, "task")
    assert [(node.answer, node.answer_type) for node in row.nodes] == [(FIND[2], "json"), (LOG[2], "text"), (CREW[2], "json")]
    assert row.nodes[2].call == {"tool": "count_crew", "arguments": {"boat_id": "BT-417"}, "content": '{"crew": 23}'}
    assert [tool["name"] for tool in row.knowledge["tools"]] == ["find_boat", "read_log", "count_crew"]
    assert row.nodes[1].question == "Call 2, please."
    assert row.models == {"policy": "p", "writer": "scripted", "judge": "scripted"}


def test_only_completeness_is_asked_for(expand: Expand) -> None:
    by = teacher()
    one = taken_apart(expand, trajectory((FIND,), (LOG,), (CREW,)), by)
    assert [name for name, _ in by.seen] == ["word_steps", "judge_completeness"]
    assert {check.check: check.judge for check in one.row.checks} == dict.fromkeys(
        ["graph", "topology", "tool_necessity", "DC", "SA", "SR"], "checks") | {"TC": "scripted"}
    assert one.row.quality == 1.0


@pytest.mark.parametrize(
    ("asked", "rounds", "expected"),
    [
        ("Read the log of BT-417.", [(FIND,), (LOG,)], {"1": [], "2": []}),
        ("Log of BT-417, the Heron?", [(FIND, LOG)], {"1": [], "2": []}),
        ("Log of the Heron?", [(FIND,), (LOG,), (("read_log", {"boat_id": "BT-900"}, "Asleep."),)],
         {"1": [], "2": ["1"], "3": ["2"]}),
        ("Berth of the Heron?", [(FIND,), (("show_berth", {"berth_id": 7}, "Dry."),)], {"1": [], "2": ["1"]}),
        ("Crew of the Heron, and 7 more?", [(FIND,), (CREW,), (("add", {"a": 23, "b": 7}, 30),)],
         {"1": [], "2": ["1"], "3": ["2"]}),
        ("Berth 7?", [(FIND,), (("show_berth", {"berth_id": 7}, "Dry."),)], {"1": [], "2": []}),
        ("Add 2 to the crew of BT-417.", [(CREW,), (("add", {"a": 23, "b": 2}, 25),)], {"1": [], "2": ["1"]}),
        ("Crew of the Heron, and a few more?", [(FIND,), (CREW,), (("add", {"a": 23, "b": 7}, 30),)],
         {"1": [], "2": ["1"], "3": ["2"]}),
        ("Tell Ada of the Heron.", [(FIND,), (("send_note", {"to": "Ada", "text": "Look for BT-417!"}, "ok"),)],
         {"1": [], "2": ["1"]}),
        ("Tell Ada of the Heron.", [(FIND,), (("send_note", {"to": "Ada", "text": "All is well."}, "ok"),)],
         {"1": [], "2": []}),
    ],
    ids=["stated by the user", "made at once", "from a text", "small, under its own name", "small, and the user's",
         "small, and stated", "small, and under another name", "small, and chosen", "inside a text", "own words"],
)
def test_what_a_call_took_from_which(expand: Expand, asked: str, rounds: Any, expected: Any) -> None:
    row = trajectory(*rounds, asked=asked, answer="BT-417 and BT-900: asleep, dry, 30, 25, 23, left at dawn in tow, 7.")
    assert edges(taken_apart(expand, row, verify={"threshold": 0})) == expected


def failed(name: str, *, injected: bool = False) -> CallRecord:
    return CallRecord("call_1", name, False, injected, "live")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (trajectory((FIND,), (LOG,), call_1=failed("read_log")), "trajectory: a call failed - read_log"),
        (trajectory((FIND,), (("no_such", {}, "?"),)), "trajectory: a call failed - no_such"),
        (trajectory(), "trajectory: no call"),
        (trajectory((FIND,), answer=None), "trajectory: no final answer"),
        (trajectory((FIND,), (("find_boat", {"name": "Heron"}, "gone"),)),
         "trajectory: the same call has two results - find_boat"),
        (trajectory((FIND,), (("read_log", {"boat_id": "BT-555"}, "x"),)),
         "trajectory: a value has no single source - read_log: nobody had mentioned boat_id 'BT-555'"),
        (trajectory((FIND, LOG)), "trajectory: a value has no single source - read_log: nobody had mentioned boat_id 'BT-417'"),
        (trajectory((FIND,), (("add", {"a": 98765, "b": 2}, 98767),)),
         "trajectory: a value has no single source - a 98765 follows from no single result"),
    ],
)
def test_what_cannot_be_taken_apart_is_rejected_with_the_reason(expand: Expand, row: Trajectory, reason: str) -> None:
    one = taken_apart(expand, row)
    assert isinstance(one, Reject) and one.reason == reason


def test_a_user_who_spoke_twice_is_not_one_question(expand: Expand) -> None:
    row = trajectory((FIND,), (LOG,))
    one = taken_apart(expand, replace(row, messages=[*row.messages, user("And then?"), says("Nothing.")]))
    assert isinstance(one, Reject) and one.reason == "trajectory: not one request - the user spoke 2 times"


def test_a_failure_that_was_made_on_purpose_is_left_out(expand: Expand) -> None:
    one = taken_apart(expand, trajectory((FIND,), (LOG,), (LOG,), call_1=failed("read_log", injected=True)))
    assert isinstance(one, Keep) and edges(one) == {"1": [], "2": ["1"]}


def test_the_same_call_again_with_the_same_result_is_one_node(expand: Expand) -> None:
    one = taken_apart(expand, trajectory((FIND,), (LOG,), (FIND,), (CREW,)))
    assert edges(one) == {"1": [], "2": ["1"], "3": ["1"]}


def test_a_look_that_leads_nowhere_lowers_sequential_rationality(expand: Expand) -> None:
    idle: Step = ("show_berth", {"berth_id": 3}, "Wet planks.")
    one = taken_apart(expand, trajectory((FIND,), (idle,), (CREW,), answer="23 people."), verify={"threshold": 0})
    check = next(check for check in one.row.checks if check.check == "SR")
    assert (check.value, check.nodes) == (2 / 3, ["2"])


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ({"word_steps": Abstained("no words")}, Reject),
        ({"judge_completeness": complete(False)}, Reject),
        ({"judge_completeness": Abstained("who knows")}, Reject),
        ({"judge_completeness": Unanswered("endpoint: down")}, Quarantine),
    ],
)
def test_without_words_or_completeness_it_is_not_kept(expand: Expand, script: Any, kind: type) -> None:
    assert isinstance(taken_apart(expand, trajectory((FIND,), (LOG,), (CREW,)), teacher(**script)), kind)


def test_offline_the_tools_descriptions_are_the_words_and_the_answer_shows_completeness(expand: Expand) -> None:
    told = "Log: Left at dawn with BT-900 in tow. Crew: crew 23"
    one = taken_apart(expand, trajectory((FIND,), (LOG,), (CREW,), answer=told), OfflineTeacher())
    assert isinstance(one, Keep) and one.row.quality == 1.0
    assert one.row.nodes[1].question == 'Read the log of a boat with boat id "BT-417".'


def test_offline_an_answer_in_other_words_shows_nothing(expand: Expand) -> None:
    one = taken_apart(expand, trajectory((FIND,), (LOG,), (CREW,)), OfflineTeacher())
    assert isinstance(one, Reject) and one.row.quality is None
    assert one.reason == "question: not verified - TC: no rule tells whether the steps are enough"
