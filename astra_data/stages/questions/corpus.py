"""What is known of a domain: passages from a file or a dataset, and whether an answer comes from them.

    passages = read_passages("medicine.jsonl", resources)
    stands(1204, "In 2024 there were 1,204 cases.")         # True

A row is a text, or has one in one of `COLUMNS`.
"""

from collections.abc import Sequence
from typing import Any

from astra_data.errors import DataError, Place
from astra_data.pipeline.stage import Resources
from astra_data.rollout.goals import stands_in, text_of
from astra_data.stages.benchmarks import public_name, rows_at

COLUMNS = ("text", "passage", "content", "knowledge", "knowledge_corpus", "document")


def read_passages(address: str, resources: Resources) -> list[str]:
    """The passages in order. Raises `DataError` for a row without one, and where there are none."""
    name = public_name(address)
    passages = [_passage(row, name, number) for number, row in enumerate(rows_at(address, resources), 1)]
    if not passages:
        raise DataError("holds no passages", place=Place(name), mend="write one JSON object with a `text` on each line")
    return passages


def _passage(row: Any, name: str, number: int) -> str:
    columns = row if isinstance(row, dict) else {}
    found = row if isinstance(row, str) else next((columns[key] for key in COLUMNS if key in columns), None)
    if not isinstance(found, str) or not found.strip():
        raise DataError("a passage is a text that is not empty", place=Place(name, number, COLUMNS[0]),
                        mend=f"a row is a text, or has one of {', '.join(COLUMNS)}")
    return found


def stands(answer: Any, text: str) -> bool:
    """Whether an answer stands in a text as whole words: of a list each part, of a number either way to write it."""
    if isinstance(answer, list):
        return all(stands(part, text) for part in answer)
    if isinstance(answer, int | float) and not isinstance(answer, bool):
        return any(stands_in(written, text) for written in {text_of(answer), f"{answer:,}"})
    return isinstance(answer, str) and stands_in(answer, text)


def stands_in_one(answer: Any, passages: Sequence[str]) -> bool:
    """Whether an answer stands in one passage; of a list, each part in some."""
    if isinstance(answer, list):
        return all(stands_in_one(part, passages) for part in answer)
    return any(stands(answer, passage) for passage in passages)
