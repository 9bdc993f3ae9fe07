"""A user who tells a task a part at a time, and whose failures are not the policy's."""

import asyncio
from typing import Any

import pytest
from scripted import ScriptedPolicy, ScriptedTeacher, ScriptedToolbox, calls, card, offered, says

from astra_data.ledger import Unanswered
from astra_data.messages import Message, user
from astra_data.rollout.loop import Rollout, rollout
from astra_data.rollout.user import SimulatedUser, split
from astra_data.teacher.offline.teacher import OfflineTeacher
from astra_data.teacher.stand_ins import SIMULATE_USER, SimulateUser, UserTurn
from astra_data.teacher.teacher import Abstained, Turn

TASK = "Find the cheapest flight. Book it for Ann. Then send her the ticket."
CHINESE = ["\u8bf7\u5e2e\u6211\u67e5\u660e\u5929\u5317\u4eac\u5929\u6c14\u3002", "\u7136\u540e\u53d1\u7ed9\u6211\u3002"]
PING = card("ping", "Says pong.")


def run(other: SimulatedUser, *turns: Any, max_turns: int = 9) -> tuple[Rollout, ScriptedPolicy]:
    policy = ScriptedPolicy(*turns)
    tools = ScriptedToolbox(ping=lambda: "pong")
    return asyncio.run(rollout(policy, tools, [user(other.opening)], offered(PING), max_turns=max_turns, other=other)), policy


def told(done: Rollout) -> list[str]:
    return [message["content"] for message in done.messages if message["role"] == "user"]


@pytest.mark.parametrize(
    ("text", "turns", "parts"),
    [
        (TASK, 1, [TASK]),
        (TASK, 2, ["Find the cheapest flight. Book it for Ann.", "Then send her the ticket."]),
        (TASK, 3, ["Find the cheapest flight.", "Book it for Ann.", "Then send her the ticket."]),
        (TASK, 9, ["Find the cheapest flight.", "Book it for Ann.", "Then send her the ticket."]),
        ("Find one. Book it.", 2, ["Find one. Book it."]),
        ("Add 2.5 and 1.5 for me. Say it.", 2, ["Add 2.5 and 1.5 for me.", "Say it."]),
        ('Write "One. Two." into a.txt. Read it.', 2, ['Write "One. Two." into a.txt.', "Read it."]),
        ("First find the room\nthen book it", 2, ["First find the room", "then book it"]),
        (
            "\u8bf7\u67e5\u4e00\u4e0b\u660e\u5929\u5317\u4eac\u7684\u5929\u6c14\u600e\u4e48\u6837\u3002\u7136\u540e\u53d1\u7ed9\u6211\u3002",
            2,
            [
                "\u8bf7\u67e5\u4e00\u4e0b\u660e\u5929\u5317\u4eac\u7684\u5929\u6c14\u600e\u4e48\u6837\u3002",
                "\u7136\u540e\u53d1\u7ed9\u6211\u3002",
            ],
        ),
    ],
)
def test_what_is_told_first_and_what_is_held_back(text: str, turns: int, parts: list[str]) -> None:
    assert split(text, turns) == parts


def test_offline_the_user_tells_one_part_after_each_answer_and_stops() -> None:
    done, policy = run(SimulatedUser(OfflineTeacher(), TASK, 3), calls(("ping", {})), says("A."), says("B."), says("C."))
    assert told(done) == split(TASK, 3)
    assert (done.terminal, done.turns, done.messages[-1]["content"]) == ("answered", 4, "C.")
    assert [len(saw) for saw in policy.saw] == [1, 3, 5, 7]


def test_the_user_hears_what_was_said_and_sees_no_call() -> None:
    teacher = ScriptedTeacher({"simulate_user": UserTurn(done=True)})
    run(SimulatedUser(teacher, "Find one.", 2), calls(("ping", {})) | {"content": "Let me see."}, says("Here."))
    inputs: SimulateUser = teacher.asked("simulate_user")[0]
    assert [(said.role, said.content) for said in inputs.conversation] == [
        ("user", "Find one."),
        ("assistant", "Let me see."),
        ("assistant", "Here."),
    ]
    assert "pong" not in str(SIMULATE_USER.render(inputs))


def test_the_user_never_sends_more_than_the_turns_allowed() -> None:
    chatty = ScriptedTeacher(
        {"simulate_user": lambda inputs: UserTurn(done=False, message=f"More {inputs.turns_left}", tells=inputs.untold)}
    )
    done, _ = run(SimulatedUser(chatty, TASK, 3), says("A."), says("B."), says("C."))
    assert len(told(done)) == 3
    assert done.terminal == "answered"


@pytest.mark.parametrize(
    ("script", "failure"),
    [
        (Unanswered("endpoint: 500"), "user: endpoint: 500"),
        (Abstained("no rule"), "user: abstained - no rule"),
        (UserTurn(done=True), "user: not everything was told"),
        (UserTurn(done=False, message="Well?", tells=[]), "user: not everything was told"),
    ],
)
def test_a_user_that_fails_is_told_apart_from_a_policy_that_fails(script: Any, failure: str) -> None:
    done, _ = run(SimulatedUser(ScriptedTeacher({"simulate_user": script}), TASK, 2), says("A."), says("B."))
    assert (done.terminal, done.failure) == ("user_failed", failure)


@pytest.mark.parametrize(
    ("last", "terminal"),
    [(says(""), "empty_answer"), (Turn(says("It"), finish="length"), "cut_off")],
)
def test_a_policy_that_fails_is_not_answered(last: Any, terminal: str) -> None:
    nobody = ScriptedTeacher({"simulate_user": AssertionError("the user is not asked")})
    done, _ = run(SimulatedUser(nobody, TASK, 2), last)
    assert (done.terminal, done.failure) == (terminal, "")


def test_turns_are_counted_over_the_whole_conversation() -> None:
    done, _ = run(SimulatedUser(OfflineTeacher(), TASK, 3), says("A."), says("B."), max_turns=2)
    assert (done.terminal, done.turns) == ("turn_limit", 2)


def inputs(untold: list[int], turns_left: int = 2) -> SimulateUser:
    said: list[Message] = [
        {"role": "user", "content": "Find the cheapest flight."},
        {"role": "assistant", "content": "Which day?"},
    ]
    return SimulateUser.model_validate({"goal": split(TASK, 3), "untold": untold, "conversation": said, "turns_left": turns_left})


@pytest.mark.parametrize(
    ("untold", "left", "turn", "wrong"),
    [
        ([1, 2], 2, {"done": False, "message": "Book it for Ann.", "tells": [1]}, None),
        ([1, 2], 2, {"done": False, "message": "Any day will do."}, None),
        ([], 2, {"done": True}, None),
        ([2], 2, {"done": True}, "part 2 has not been told yet"),
        (
            [1, 2],
            1,
            {"done": False, "message": "Book it for Ann.", "tells": [1]},
            "this is the last message: it must tell part 2, too",
        ),
        ([1], 1, {"done": False, "message": "Book it for Ann.", "tells": [1]}, None),
        ([2], 2, {"done": False, "message": "And book it.", "tells": [1]}, "part 1 is none of those held back"),
        ([2], 2, {"done": False, "message": " ", "tells": [2]}, "the message is empty"),
        ([2], 2, {"done": False, "message": "Find the cheapest flight.", "tells": [2]}, "the user has said exactly this before"),
    ],
)
def test_a_turn_that_breaks_the_rules_of_a_user_is_mended(untold: list[int], left: int, turn: Any, wrong: str | None) -> None:
    assert SIMULATE_USER.misfit(inputs(untold, left), UserTurn(**turn)) == wrong


def test_the_prompt_says_when_a_message_is_the_last() -> None:
    assert "This is the last message" in SIMULATE_USER.render(inputs([1], 1))[0]["content"]
    assert "This is the last message" not in SIMULATE_USER.render(inputs([1], 2))[0]["content"]
