"""What others made is trained on if it is what it says, and is named before it is."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from small_training import sft_version
from strange_versions import FILE, copied, record_of, rewrite

from astra_data.errors import DataError
from astra_data.hub.load import resolve
from astra_data.hub.origins import Origin
from astra_data.hub.store import Store
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
