"""What is known of a domain: read from any file or dataset, drawn by seed, and part of what a version depends on."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scripted_decompositions import teacher
from small_stages import resources

from astra_data.errors import AstraError, DataError
from astra_data.pipeline.stage import Outcome
from astra_data.stages.questions import STAGE
from astra_data.stages.questions.config import QuestionsConfig
from astra_data.stages.questions.corpus import read_passages, stands, stands_in_one

Expand = Callable[..., list[Outcome]]
NOBODY: Any = None


def lines(*rows: Any) -> bytes:
    return "\n".join(map(json.dumps, rows)).encode()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", lines({"text": "One."}, {"passage": "Two."})),
        ("a.jsonl", lines("One.", {"Domain": "x", "knowledge_corpus": "Two."})),
        ("a.json", json.dumps(["One.", {"content": "Two."}]).encode()),
        ("a.jsonl.gz", gzip.compress(lines({"knowledge": "One."}, {"document": "Two."}), mtime=0)),
    ],
)
def test_passages_are_read_whatever_their_file_is_like(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert read_passages(name, resources(NOBODY, folder=tmp_path)) == ["One.", "Two."]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (lines({"text": "One."}, {"txt": "Two."}), r"a\.jsonl, row 2, field text: a passage is a text"),
        (lines({"text": "One."}, {"text": 7}), r"a\.jsonl, row 2, field text"),
        (lines({"text": "One."}, {"text": " "}), r"a\.jsonl, row 2, field text"),
        (b"{", r"a\.jsonl"),
        (b"[]", r"a\.jsonl: holds no passages"),
    ],
)
def test_a_row_without_a_passage_is_refused_with_its_place(tmp_path: Path, content: bytes, error: str) -> None:
    (tmp_path / "a.jsonl").write_bytes(content)
    with pytest.raises(DataError, match=error):
        read_passages("a.jsonl", resources(NOBODY, folder=tmp_path))


@pytest.mark.parametrize("address", ["none.jsonl", "nowhere", "./nowhere"])
def test_knowledge_that_is_not_there_is_known_before_anything_is_asked(tmp_path: Path, address: str) -> None:
    config = QuestionsConfig.model_validate({"domains": {"names": [{"name": "x", "knowledge": address}]}})
    with pytest.raises(AstraError):
        STAGE.fingerprint(config, resources(NOBODY, folder=tmp_path, store=tmp_path / "store"))


def test_a_changed_corpus_is_another_fingerprint_and_a_moved_one_is_not(tmp_path: Path) -> None:
    def fingerprint(folder: str, text: str) -> Any:
        place = tmp_path / folder / "a.jsonl"
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(lines({"text": text}))
        config = QuestionsConfig.model_validate({"domains": {"names": [{"name": "x", "knowledge": str(place)}]}})
        return config.model_dump(mode="json"), STAGE.fingerprint(config, resources(NOBODY, folder=tmp_path))

    here, moved, changed = fingerprint("a", "One."), fingerprint("b", "One."), fingerprint("c", "Two.")
    assert here == moved != changed
    assert str(tmp_path) not in json.dumps(here)


def test_each_question_has_passages_of_its_own_drawn_by_seed(expand: Expand, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines(*(f"Passage {number}." for number in range(40))))
    domain = {"names": [{"name": "x", "knowledge": str(tmp_path / "a.jsonl")}], "per_domain": 3, "passages": 4, "hops": [1, 9]}

    def drawn(seed: int) -> list[list[str]]:
        by = teacher()
        expand(STAGE, {}, teacher=by, seed=seed, domains=domain)
        return [ask.passages for ask in by.asked("write_question")]

    assert drawn(7) == drawn(7) != drawn(8)
    assert [len(passages) for passages in drawn(7)] == [4, 4, 4]
    assert len({tuple(passages) for passages in drawn(7)}) == 3


def test_licences_are_those_stated_or_unknown() -> None:
    names = ["plain", {"name": "a", "knowledge": "a.jsonl", "license": "CC0-1.0"}, {"name": "b", "knowledge": "b.jsonl"}]
    config = {"domains": {"names": names}, "given": {"files": ["q.jsonl"], "license": "MIT"}, "worlds": {}}
    assert list(STAGE.licenses(QuestionsConfig.model_validate(config))) == ["CC0-1.0", "unknown", "MIT"]
    assert list(STAGE.licenses(QuestionsConfig.model_validate({"worlds": {}}))) == []


@pytest.mark.parametrize(
    ("answer", "text", "found"),
    [
        (3, "In room 13 of 30.", False), (3, "Room 3.", True), (1204, "1,204 guests", True), (1204, "1204 guests", True),
        (204, "1,204 guests", False), (2.5, "It costs 2.5.", True), (2.5, "It costs 12.5", False), ("Ada", "Adam", False),
        ("low  harbour", "To Low Harbour.", True), (["Ada", 3], "Ada has 3.", True), (["Ada", 4], "Ada has 3.", False),
        (True, "true", False), ({"a": 1}, '{"a": 1}', False),
    ],
)
def test_an_answer_stands_in_a_text_as_a_whole(answer: Any, text: str, found: bool) -> None:
    assert stands(answer, text) is found


def test_the_parts_of_a_list_may_be_in_several_passages_and_one_answer_may_not() -> None:
    assert stands_in_one(["Ada", "Ben"], ["Ada is here.", "So is Ben."])
    assert not stands_in_one("Ada Quist", ["Ada is here.", "Quist is here."])
