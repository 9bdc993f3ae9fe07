"""A turn is calls or plain words; whatever else a policy ends with is malformed, and costs what a call costs."""

import pytest

from astra_data.messages import MALFORMED, assistant, calls_of, results_of, tool_call, tool_result, user
from astra_data.rollout.turns import malformed_turns, numbered, well_formed

CALL = [tool_call("1", "look", {})]


@pytest.mark.parametrize(
    ("content", "plain"),
    [
        ("The answer is 3.", True),
        ("Das Ergebnis ist {3}.", True),
        ("I called look(order=A), and it said \"three\".", True),
        ("a < b, and c > d: 3", True),
        ("<think>{\"name\": \"look\"} <tool_call></think>It is 3.", True),
        ("", False),
        ("  \n", False),
        ("<think>It is 3.", False),
        ("...", False),
        ('"}}\n</tool_call>', False),
        ('"}}', False),
        ('<tool_call>\n{"name": "look"', False),
        ('The answer is 3.</tool_call>', False),
        ('{"name": "look", "arguments": {}}', False),
        ("The answer is {3", False),
        ("<function=look>", False),
        ("<|im_start|>assistant", False),
        ("[TOOL_CALLS] look", False),
        ("<tool_response>\n3\n</tool_response>", False),
    ],
)
def test_words_are_told_from_debris(content: str, plain: bool) -> None:
    assert well_formed(assistant(content)) is plain


def test_calls_need_no_words_and_debris_beside_them_counts() -> None:
    assert well_formed(assistant("", CALL)) and well_formed(assistant("Let me see.", CALL))
    messages = [user("<tool_call>"), assistant("", CALL), tool_result("1", "look", "{"), assistant("{", CALL), assistant("")]
    assert malformed_turns(messages) == [3, 4]


def test_messages_of_a_trainer_get_ids_and_arguments_that_are_objects() -> None:
    theirs = [
        user("go on"),
        {"role": "assistant", "content": "", "tool_calls": [
            {"type": "function", "function": {"name": "look", "arguments": {"order": "A"}}},
            {"type": "function", "function": {"name": "look", "arguments": '{"order": "B"}'}},
            {"type": "function", "function": {"name": "look", "arguments": "{"}},
        ]},
        *({"role": "tool", "name": "look", "content": content} for content in ("a", "b", "c")),
        {"role": "assistant", "content": "Done.", "tool_calls": []},
    ]
    ours = numbered(theirs)
    assert [(call.id, call.arguments) for call in calls_of(ours)] == [
        ("call_1", {"order": "A"}), ("call_2", {"order": "B"}), ("call_3", {MALFORMED: "{"})]
    assert results_of(ours) == {"call_1": "a", "call_2": "b", "call_3": "c"}
    assert numbered(ours) == ours
