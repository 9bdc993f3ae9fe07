"""The rows of what others made are those of its lineage, by whose digests runs are found again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_versions import make_version, task
from strange_versions import FILE, copied, record_of, rewrite, rewrite_file

from astra_data.cli.moves import all_rows
from astra_data.errors import DataError
from astra_data.hub import digests
from astra_data.hub.load import resolve
from astra_data.hub.origins import Origin
from astra_data.hub.store import Store, Version
from astra_data.hub.tree import sha256_file
from astra_data.hub.writer import Writer
from astra_data.pipeline.sources import source_at
from astra_data.rows import Chain, Task


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store")


@pytest.fixture
def sound(store: Store) -> Version:
    return make_version(store, "a", "b")


def rows(folder: Path, texts: list[str], row_type: type = Task) -> None:
    """Other rows in the data file, and its digest in the lineage, which keeps that of the rows before."""
    (folder / FILE).unlink()
    with Writer(folder / "data", row_type) as writer:
        for text in texts:
            writer.write(task(text))
    rewrite_file(folder, sha256=sha256_file(folder / FILE), size=(folder / FILE).stat().st_size)


def claim(folder: Path, config: int, digest: str) -> None:
    outputs = record_of(folder)["outputs"]
    outputs[config]["rows"] = digest
    rewrite(folder, outputs=outputs)


def pulled(folder: Path, store: Store) -> str:
    place = resolve(str(folder))
    assert place.record is not None
    store.adopt(folder, place.record, "theirs", Origin("org/theirs", "c" * 40))
    return "theirs"


LIES: dict[str, Callable[[Path], Any]] = {
    "other rows": lambda folder: rows(folder, ["poison", "b"]),
    "one more": lambda folder: rows(folder, ["a", "b", "poison"]),
    "one less": lambda folder: rows(folder, ["a"]),
    "another order": lambda folder: rows(folder, ["b", "a"]),
    "rows of another kind": lambda folder: rows_of_chains(folder),
    "the digest of others": lambda folder: claim(folder, 0, "rows-sha256:" + "0" * 64),
}


def rows_of_chains(folder: Path) -> None:
    (folder / FILE).unlink()
    with Writer(folder / "data", Chain):
        pass
    rewrite_file(folder, sha256=sha256_file(folder / FILE), size=(folder / FILE).stat().st_size)


@pytest.mark.parametrize("where", ["a folder", "pulled"])
@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_rows_that_claim_the_digest_of_others_are_no_input(
    lie: Callable[[Path], Any], where: str, sound: Version, store: Store, tmp_path: Path
) -> None:
    folder = copied(sound, tmp_path / "theirs")
    source_at(resolve(str(folder)))
    lie(folder)
    address = pulled(folder, store) if where == "pulled" else str(folder)
    with pytest.raises(DataError, match="not those that its lineage names"):
        source_at(resolve(address, store))


def test_sound_rows_of_others_are_an_input_and_named_as_strange(sound: Version, store: Store, tmp_path: Path) -> None:
    source = source_at(resolve(pulled(copied(sound, tmp_path / "theirs"), store), store))
    assert [row.text for row in source.rows] == ["a", "b"]
    assert source.strange == f"theirs@{sound.tree}, pulled from org/theirs@{'c' * 40}"
    assert source_at(resolve("tasks", store)).strange is None


def test_the_rows_of_ones_own_runs_are_not_read_for_it(sound: Version, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "stored_digest", lambda *_, **__: pytest.fail("the rows were read"))
    assert source_at(resolve("tasks", store)).record.rows == sound.lineage().rows()


def test_rejected_rows_that_are_read_too_are_held_to_their_digest_and_part_of_the_key(store: Store, tmp_path: Path) -> None:
    one, two = (make_version(store, "a", rejected=(text,), key=f"{number}" * 64) for number, text in enumerate("bc"))
    first, second = (all_rows(resolve(f"tasks@{version.tree}", store), "tasks") for version in (one, two))
    assert first.record.rows == second.record.rows and first.further != second.further
    assert [row.text for row in first.rows] == ["a", "b"]
    folder = copied(one, tmp_path / "theirs")
    claim(folder, 1, two.lineage().rows("rejected"))
    with pytest.raises(DataError, match="not those that its lineage names"):
        all_rows(resolve(str(folder)), "tasks")


def test_another_config_as_an_input_has_its_own_digest(store: Store) -> None:
    version = make_version(store, "a", rejected=("b",))
    source = source_at(resolve("tasks#rejected", store))
    assert (source.record.config, source.record.rows) == ("rejected", version.lineage().rows("rejected"))
