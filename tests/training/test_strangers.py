"""What others made is trained on if it is what it says, and is named before it is."""

import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from small_training import conversation, row, sft_version
from strange_versions import FILE, copied, record_of, rewrite

from astra_data.errors import DataError
from astra_data.hub.load import resolve
from astra_data.hub.origins import Origin
from astra_data.hub.store import Store
from astra_data.hub.writer import read_rows
from astra_data.rows import SftRow
from astra_data.rows.fit import Unfit
from astra_data.training.data import choose
from astra_data.training.record import base_record

NAMED = {"kind": "model", "name": "theirs", "stage": "sft", "recipe": {"model": {"name": None}}, "source": "sft.yaml", "seed": 0,
         "command": "astra train sft", "inputs": [], "licenses": ["MIT"], "code": {"package": "astra-data", "version": "0.1.0"},
         "env": {}}  # fmt: skip
NO_RECORDS: dict[str, Any] = {
    "licences that are no texts": NAMED | {"licenses": [{"a": 1}]},
    "no licences": {name: value for name, value in NAMED.items() if name != "licenses"},
    "inputs that are none": NAMED | {"inputs": ["org/x"]},
    "a base that is none": NAMED | {"base": {"kind": "model"}},
    "a recipe that names no model": NAMED | {"recipe": {"model": []}},
    "a name that is none": NAMED | {"recipe": {"model": {"name": 7}}},
}


@pytest.mark.parametrize("value", NO_RECORDS.values(), ids=NO_RECORDS)
def test_a_base_model_with_a_record_that_is_none_is_refused(recipe: Any, tmp_path: Path, value: Any) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "lineage.json").write_bytes(orjson.dumps(value))
    with pytest.raises(DataError, match="and is none"):
        base_record(recipe("--model.name", "theirs"))


@pytest.mark.parametrize("content", [b"{", b"[" * 200 + b"]" * 200, b" " * (5 << 20)], ids=["no JSON", "deep", "large"])
def test_so_is_one_that_cannot_be_read(recipe: Any, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "lineage.json").write_bytes(content)
    with pytest.raises(DataError, match=r"lineage\.json"):
        base_record(recipe("--model.name", "theirs"))


def test_a_sound_record_is_taken_and_that_of_others_left_alone(recipe: Any, tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    file = tmp_path / "theirs" / "lineage.json"
    for value, found in ((NAMED | {"base": NAMED}, True), ({"kind": "dataset"}, False), ([1], False)):
        file.write_bytes(orjson.dumps(value))
        assert (base_record(recipe("--model.name", "theirs")) is not None) is found


def test_pulled_rows_are_known_by_their_repo_and_by_their_digest(recipe: Any, work: Path, tmp_path: Path) -> None:
    store = Store.open(work / "hub")
    folder = copied(sft_version(Store.open(tmp_path / "away"), count=3), tmp_path / "theirs")
    place = resolve(str(folder))
    assert place.record is not None
    store.adopt(folder, place.record, "theirs", Origin("org/theirs", "c" * 40))
    chosen = choose(recipe(), "theirs", None, "sft", store.root)
    assert (chosen.source.repo, chosen.source.commit, len(chosen.rows)) == ("org/theirs", "c" * 40, 3)
    assert chosen.place.strange == f"theirs@{place.tree}, pulled from org/theirs@{'c' * 40}"
    output = record_of(folder)["outputs"][0]
    rewrite(folder, outputs=[output | {"rows": f"rows-sha256:{'0' * 64}"}])
    with pytest.raises(DataError, match="not those that its lineage names"):
        choose(recipe(), str(folder), None, "sft", store.root)


def test_damaged_rows_are_not_trained_on(recipe: Any, work: Path) -> None:
    version = Store.open(work / "hub").version("shop-sft")
    (version.path / FILE).write_bytes((version.path / FILE).read_bytes()[:-1] + b"2")
    with pytest.raises(DataError, match="make or pull the version again"):
        choose(recipe(), "shop-sft", None, "sft", work / "hub")


CALL: dict[str, Any] = {"id": "c1", "type": "function", "function": {"name": "get_price", "arguments": "{}"}}
UNFIT: dict[str, tuple[dict[str, Any], str]] = {
    "a role that is none": (row(1, messages=[{"role": 7, "content": "x"}]), r"messages\[0\].role: expected a text"),
    "messages that are none": (row(1, messages=["x"]), r"messages\[0\].role"),  # type: ignore[list-item]
    "a call with arguments as text": (row(1, messages=[{"role": "assistant", "content": "", "tool_calls": [CALL]}]),
                                      r"tool_calls\[0\].function.arguments: expected an object"),
    "a result of no call": (row(1, messages=[*conversation("rug", 3)[:2], {"role": "tool", "content": "x"}]), "tool_call_id"),
    "an id that is none": (row(1) | {"id": "f" * 16}, "id is not that of the content"),
    "a second row of an id": (row(0), "same id as an earlier row"),
}


@pytest.mark.parametrize("case", UNFIT)
def test_rows_that_are_not_what_they_say_are_left_out_of_training_as_they_are_when_read(
    recipe: Any, tmp_path: Path, case: str
) -> None:
    unfit, said = UNFIT[case]
    store = Store.open(tmp_path / "hub")
    version = sft_version(store, rows=[row(0), unfit, row(2)])
    told: list[Unfit] = []
    kept = list(read_rows(version.files(), SftRow, told.append))
    chosen = choose(recipe(), "shop-sft", None, "sft", store.root)
    assert [one["id"] for one in chosen.rows] == [one["id"] for one in kept] == [row(0)["id"], row(2)["id"]]
    assert [(one.number, one.why) for one in chosen.left_out] == [(one.number, one.why) for one in told]
    assert chosen.left_out[0].number == 2 and re.search(said, chosen.left_out[0].why)
