"""Whatever a result holds, the policy is told of it: text, parts that are no text, and structured content."""

import json
from typing import Any

import pytest

from astra_data.tools.content import failed, text_of

TEXT = {"type": "text", "text": "12"}


@pytest.mark.parametrize(
    ("part", "shown"),
    [
        (TEXT, "12"),
        ({"type": "image", "mimeType": "image/png", "data": "AAAA"}, "[image image/png, 3 bytes]"),
        ({"type": "audio", "mimeType": "audio/wav", "data": "AAA="}, "[audio audio/wav, 2 bytes]"),
        ({"type": "resource_link", "uri": "file:///workspace/a.txt", "name": "a.txt"}, "[resource_link a.txt file:///workspace/a.txt]"),
        ({"type": "resource", "resource": {"uri": "file:///a", "text": "inside"}}, "inside"),
        ({"type": "resource", "resource": {"uri": "file:///a", "mimeType": "application/pdf", "blob": "AAAA"}},
         "[resource application/pdf file:///a, 3 bytes]"),
        ({"type": "hologram"}, "[hologram]"),
        ({}, "[unknown]"),
    ],
)
def test_every_kind_of_part_is_shown(part: dict[str, Any], shown: str) -> None:
    assert text_of({"content": [part, TEXT]}) == f"{shown}\n12"


@pytest.mark.parametrize(
    ("text", "structured"),
    [
        ('{"sum": 3, "who": "Zo\\u00eb"}', {"sum": 3, "who": "Zo\u00eb"}),
        ("3", {"result": 3}),
        ("3", {"result": 3.0}),
        ("hello\nyou", {"result": "hello\nyou"}),
        ("a\nb", {"result": ["a", "b"]}),
        ("nothing", {"found": [], "ok": True, "next": None}),
    ],
)
def test_structured_content_that_the_text_tells_is_not_told_twice(text: str, structured: Any) -> None:
    assert text_of({"content": [{"type": "text", "text": text}], "structuredContent": structured}) == text


@pytest.mark.parametrize(
    ("text", "structured", "shown"),
    [("Found 2 rooms.", {"rooms": ["A1", "B2"]}, '{"rooms":["A1","B2"]}'), ("There are 13.", {"left": 3}, '{"left":3}')],
)
def test_structured_content_that_the_text_does_not_tell_follows_it(text: str, structured: Any, shown: str) -> None:
    said = {"content": [{"type": "text", "text": text}], "structuredContent": structured}
    assert text_of(said) == f"{text}\n{shown}"


@pytest.mark.parametrize("content", [[], None, "12", [{"type": "text", "text": ""}], [None]])
def test_structured_content_alone_is_shown_as_json(content: Any) -> None:
    assert text_of({"content": content, "structuredContent": {"b": 1, "a": 2}}) == '{"a":2,"b":1}'


@pytest.mark.parametrize("result", [{}, {"content": []}, {"content": [{"type": "text"}]}])
def test_a_result_without_anything_is_empty(result: dict[str, Any]) -> None:
    assert text_of(result) == ""


def said(value: Any) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": json.dumps(value)}]}


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({"content": [TEXT], "isError": True}, True),
        ({"content": [TEXT], "isError": False}, False),
        (said({"error": "No presentation is loaded"}), True),
        (said({"error": "none such", "code": 404, "result": None}), True),
        ({"content": [], "structuredContent": {"error": "none such"}}, True),
        (said({"success": False, "message": "none such"}), True),
        (said({"ok": False, "error": "none such", "slides": 3}), True),
        (said({"error": ""}), False),
        (said({"error": None, "rows": []}), False),
        (said({"error": "a typo in row 3", "rows": 12}), False),
        (said({"valid": False, "error": "unexpected end"}), False),
        (said({"message": "Done."}), False),
        (said({"success": False}), False),
        (said([{"error": "none such"}]), False),
    ],
)
def test_a_result_failed_if_it_is_flagged_or_tells_of_nothing_but_an_error(result: dict[str, Any], expected: bool) -> None:
    assert failed(result) is expected


@pytest.mark.parametrize(("result", "shown"), [
    ({"success": True, "configs": [1]}, '{"configs":[1],"success":true}'),
    ({"content": "text"}, "text"),
    ({"content": {"a": 1}}, '{"a":1}'),
    ({"content": ["text", None, 7]}, "text\n\n7"),
    ({"content": [{"type": "text", "text": None}]}, ""),
    ({"content": [{"type": "text", "text": {"a": 1}}]}, '{"a":1}'),
    ({"content": []}, ""),
    ({"content": None, "structuredContent": {"a": 1}}, '{"a":1}'),
    ({}, ""),
    ({"_meta": {"x": 1}}, ""),
    ({"content": [], "structuredContent": {"n": 10**40}}, '{"n":' + str(10**40) + "}"),
])
def test_what_is_no_result_of_the_protocol_is_shown_as_it_came(result: dict[str, Any], shown: str) -> None:
    assert text_of(result) == shown


@pytest.mark.parametrize("flag", [True, "true", "True"])
def test_a_result_that_is_flagged_in_other_words_failed_too(flag: Any) -> None:
    assert failed({"content": [{"type": "text", "text": "fine"}], "isError": flag})
