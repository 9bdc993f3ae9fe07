"""An answer is brought into the one form of its type, or refused."""

from typing import Any

import pytest

from astra_data.teacher.typed_answers import NotOfKindError, kind_of, normal


@pytest.mark.parametrize(
    ("kind", "value", "form"),
    [
        ("integer", 3, 3),
        ("integer", "1,204", 1204),
        ("integer", 3.0, 3),
        ("number", "-2.50", -2.5),
        ("number", 7, 7),
        ("money", "1,234.5", 1234.5),
        ("money", 0, 0),
        ("text", "  Low\u00a0 Harbour ", "Low Harbour"),
        ("text", "Cafe\u0301", "Caf\u00e9"),
        ("date", "2026-03-02", "2026-03-02"),
        ("boolean", False, False),
        ("list", ["a ", 2], ["a", 2]),
        ("json", {"a": [1]}, {"a": [1]}),
    ],
)
def test_there_is_one_form_of_an_answer(kind: str, value: Any, form: Any) -> None:
    found = normal(kind, value)
    assert (found, type(found)) == (form, type(form))
    assert normal(kind, found) == found


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("integer", "three"), ("integer", 2.5), ("integer", True), ("integer", "12 boats"), ("integer", "1,2"),
        ("number", "1.2.3"), ("number", None), ("number", [1]), ("money", "$5"), ("money", "5 EUR"),
        ("text", ""), ("text", " \n"), ("text", 5), ("text", None),
        ("date", "2 March 2026"), ("date", "2026-02-30"), ("date", 20260302),
        ("boolean", "true"), ("boolean", 1), ("list", []), ("list", "a, b"), ("list", [["a"]]), ("list", [None]), ("json", {}),
    ],
)
def test_what_is_of_another_type_is_refused(kind: str, value: Any) -> None:
    with pytest.raises(NotOfKindError):
        normal(kind, value)


@pytest.mark.parametrize(
    ("value", "kind"),
    [(True, "boolean"), (1, "integer"), (1.5, "number"), ("x", "text"), ([1, "a"], "list"), ([], "json"), ([{}], "json"),
     ({}, "json")],
)
def test_what_was_observed_has_a_type(value: Any, kind: str) -> None:
    assert kind_of(value) == kind
