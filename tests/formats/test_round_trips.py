"""Environments of worlds, those with a state too, go through every foreign form and come back equal."""

import sys
from pathlib import Path

import pytest
from small_versions import record

from astra_data.formats import EXPORTERS, exporter
from astra_data.formats.card import card
from astra_data.rows import Environment
from benchmarks import unseen
from benchmarks.roundtrips import read_back, unequal

if sys.platform != "linux":
    pytest.skip("code is isolated by the Linux kernel", allow_module_level=True)


@pytest.fixture(scope="module")
def rows() -> list[Environment]:
    found = unseen.worlds(8, "round trips")
    assert {row.world.load is None for row in found} == {True, False}
    return found


@pytest.mark.parametrize("form", EXPORTERS)
def test_worlds_come_back_equal_from_what_load_dataset_reads(form: str, rows: list[Environment], tmp_path: Path) -> None:
    tree = tmp_path / form
    tree.mkdir()
    assert exporter(form).write(rows, tree, card(form, record([], kind="environments"), "worlds", "0" * 40)) == len(rows)
    found = read_back(form, tree)
    assert unequal(rows, found) == []
    assert unequal(rows, found[1:]) == [f"{len(rows) - 1} rows for {len(rows)}", found[0].id]
