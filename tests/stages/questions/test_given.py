"""Given questions are taken apart by the writer; a file that is not what it should be is refused before anything is asked."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scripted_decompositions import PIER, QUESTION, step, teacher, written

from astra_data.errors import DataError
from astra_data.pipeline.stage import Keep, Outcome, Reject
from astra_data.stages.questions import STAGE

Expand = Callable[..., list[Outcome]]


def file(folder: Path, *lines: str) -> dict[str, Any]:
    path = folder / "mine.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return {"given": {"files": [str(path)]}}


def test_a_question_keeps_its_words_and_what_is_known_of_it(expand: Expand, tmp_path: Path) -> None:
    by = teacher()
    given = {"question": QUESTION, "domain": "piers", "language": "en", "knowledge": "Ada Quist (41) runs it.", "answer": "41"}
    line = json.dumps(given)
    (one,) = expand(STAGE, {}, teacher=by, **file(tmp_path, line))
    assert isinstance(one, Keep)
    row = one.row
    assert (row.source, row.question, row.domain, row.language) == ("given", QUESTION, "piers", "en")
    assert (row.answer, row.answer_type, row.knowledge) == (41, "integer", {"passages": ["Ada Quist (41) runs it."]})
    asked = by.asked("decompose_question")[0]
    assert (asked.question, asked.passages, asked.answer) == (QUESTION, ["Ada Quist (41) runs it."], "41")


@pytest.mark.parametrize(
    ("text", "language"), [(QUESTION, "en"), ("Wie alt ist, wer den nördlichen Steg betreibt?", "de"), ("41 + 1?", "und")]
)
def test_the_language_is_told_from_the_question_where_it_is_not_stated(
    expand: Expand, tmp_path: Path, text: str, language: str
) -> None:
    (one,) = expand(STAGE, {}, teacher=teacher(), **file(tmp_path, f'{{"question": "{text}"}}'))
    assert (one.row.language, one.row.domain, one.row.knowledge) == (language, "unknown", {})


@pytest.mark.parametrize(
    ("given", "kind"), [('"41"', Keep), ("41", Keep), ("41.0", Keep), ('"4"', Reject), ("141", Reject), ('"forty-one"', Reject)]
)
def test_steps_that_lead_to_another_answer_than_the_given_one_are_refused(
    expand: Expand, tmp_path: Path, given: str, kind: type
) -> None:
    (one,) = expand(STAGE, {}, teacher=teacher(), **file(tmp_path, f'{{"question": "{QUESTION}", "answer": {given}}}'))
    assert isinstance(one, kind)
    assert isinstance(one, Keep) or one.reason == "question: not the given answer - 41"


def test_a_given_text_answer_may_differ_in_case(expand: Expand, tmp_path: Path) -> None:
    by = teacher(decompose_question=written(PIER[0], step("2", "Where does {1} live?", "Low Harbour", ["1"])))
    (one,) = expand(STAGE, {}, teacher=by, **file(tmp_path, f'{{"question": "{QUESTION}", "answer": " low  harbour"}}'))
    assert isinstance(one, Keep)


GOOD = '{"question": "How deep is the sea at the pier?"}'
MALFORMED = [
    ([GOOD, "{"], r"mine\.jsonl, row 2: not JSON"),
    ([GOOD, "", '["How deep?"]'], r"mine\.jsonl, row 3: .*a mapping"),
    ([GOOD, '{"domain": "piers"}'], r"mine\.jsonl, row 2, field question: missing"),
    ([GOOD, '{"question": 7}'], r"mine\.jsonl, row 2, field question: 7 is not a text"),
    ([GOOD, '{"question": "  "}'], r"mine\.jsonl, row 2, field question: "),
    (['{"question": "How deep?", "langauge": "en"}'],
     r"mine\.jsonl, row 1, field langauge: unknown key \(did you mean language\?\)"),
    (['{"question": "How deep?", "language": "English"}'], r"mine\.jsonl, row 1, field language: "),
    (['{"question": "How deep?", "knowledge": {"a": 1}}'], r"mine\.jsonl, row 1, field knowledge: .*a list"),
    (['{"question": "How deep?", "knowledge": ["a", 3]}'], r"mine\.jsonl, row 1, field knowledge\.1: 3 is not a text"),
    ([""], r"mine\.jsonl: holds no questions"),
]


@pytest.mark.parametrize(("lines", "error"), MALFORMED)
def test_a_malformed_row_is_refused_with_its_place_before_anything_is_asked(
    expand: Expand, tmp_path: Path, lines: list[str], error: str
) -> None:
    by = teacher()
    with pytest.raises(DataError, match=error):
        expand(STAGE, {}, teacher=by, **file(tmp_path, *lines))
    assert by.seen == []


def test_a_file_that_is_not_there_is_refused(expand: Expand, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.jsonl: there is no such file"):
        expand(STAGE, {}, teacher=teacher(), given={"files": [str(tmp_path / "none.jsonl")]})
