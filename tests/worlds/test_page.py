"""What the page about worlds says is so."""

import re
from pathlib import Path
from typing import Any

import pytest
from worlds.samples import running

from astra_data.worlds import DOMAINS, Wanted, compose
from astra_data.worlds.domain import Column, Table
from astra_data.worlds.domain import Domain as DomainType
from astra_data.worlds.programs import OPERATIONS

PAGE = (Path(__file__).parents[2] / "docs" / "worlds.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_the_table_of_operations_is_complete() -> None:
    cells = [line.split(" | ")[0] for line in PAGE.splitlines() if line.startswith("| `")]
    assert {op for cell in cells for op in re.findall(r"`(\w+)`", cell)} == OPERATIONS


def test_the_question_shown_is_the_one_that_is_composed() -> None:
    names: dict[str, Any] = {}
    exec(BLOCKS[0], names)
    asked = names["question"]
    assert f'"{asked.question}"' in " ".join(PAGE.split())
    for node in asked.nodes:
        assert f"| {node.id} | {node.level} | {', '.join(node.depends_on)}".rstrip() in PAGE
        assert f"| {node.question} | {node.answer} |" in PAGE
    assert names["tools"].keys() == {node.id for node in asked.nodes}


def test_the_domain_shown_needs_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    names: dict[str, Any] = {"Domain": DomainType, "Table": Table, "Column": Column}
    exec(BLOCKS[1], names)
    monkeypatch.setitem(DOMAINS, "depot", names["DEPOT"])
    asked = compose(Wanted("depot", hops=3), "page")
    drafts, tools, _ = running(asked)
    for node in asked.nodes:
        assert tools[node.id](**drafts[node.id].arguments)["result"] == node.answer
