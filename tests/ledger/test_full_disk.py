"""On a full disk nothing is returned that was not committed, and what was committed stays."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from astra_data.errors import DataError, StoreError
from astra_data.ledger import Answer, Ledger


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """One MiB, gone when it is written."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this machine does not let us mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_named_and_keeps_every_returned_answer(small_disk: Path) -> None:
    async def produce() -> Answer:
        return Answer("x" * 20_000)

    async def run() -> int:
        ledger = Ledger.open(small_disk / "ledger.sqlite")
        returned = 0
        with pytest.raises(DataError, match=r"ledger\.sqlite: the disk is full .free some space") as raised:
            for number in range(200):
                await ledger.once(str(number), "ask", {}, produce)
                returned += 1
        assert raised.value.exit_code == 3
        assert ledger.find(str(returned)) is None
        assert all(ledger.find(str(number)) for number in range(returned))
        await ledger.close()
        return returned

    returned = asyncio.run(run())
    assert 10 < returned < 60

    async def look() -> int:
        ledger = Ledger.open(small_disk / "ledger.sqlite")
        found = len(list(ledger.export()))
        await ledger.close()
        return found

    assert asyncio.run(look()) == returned


def test_a_ledger_on_a_disk_that_cannot_be_written_answers_what_it_has(small_disk: Path) -> None:
    async def answered(path: Path, *keys: str) -> list[Any]:
        async def produce() -> Answer:
            return Answer("new")

        ledger = Ledger.open(path)
        try:
            async with ledger.claimed("rollout"):
                return [(await ledger.once(key * 64, "ask", {}, produce)).response for key in keys]
        finally:
            await ledger.close()

    path = small_disk / "ledger.sqlite"
    assert asyncio.run(answered(path, "a", "b")) == ["new", "new"]
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert asyncio.run(answered(path, "b", "a", "a")) == ["new"] * 3
    with pytest.raises(StoreError, match=r"a disk that cannot be written.*--ledger"):
        asyncio.run(answered(path, "a", "c"))
