"""A lineage from elsewhere is a record within its bounds, or an error: never a path, a crash or a long wait."""

import copy
import json
import os
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_versions import record

from astra_data.errors import DataError
from astra_data.hub import bounds
from astra_data.hub.lineage import FileDigest, Histogram, Input, Lineage, Output, from_json, read, to_json

FILES = [FileDigest(f"data/train-0000{index}-of-00002.parquet", "ab" * 32, 7) for index in range(2)]
SOUND = to_json(record(
    [Output("default", f"rows-sha256:{'0' * 64}", 7, FILES)],
    inputs=[Input("chains", f"org/chains@{'a' * 40}", "org/chains", "a" * 40, "b" * 40, f"rows-sha256:{'1' * 64}")],
    histograms={"reward": Histogram([0.0, 0.5, 1.0], [1, 6], 3)},
    models={"writer": "offline"}, prompts={"write": "c" * 64}, recipe="weather",
))  # fmt: skip


def changed(where: str, value: Any) -> dict[str, Any]:
    """The sound record with another value at a dotted place."""
    made = copy.deepcopy(SOUND)
    *above, last = [int(part) if part.isdecimal() else part for part in where.split(".")]
    inner: Any = made
    for part in above:
        inner = inner[part]
    inner[last] = value
    return made


PATHS = [
    "../../canary.parquet", "/tmp/canary.parquet", "data/../../canary.parquet", "data/deep/train.parquet", "data/.hidden.parquet",
    "data/train.json", "data\\..\\canary.parquet", "rejected/train.parquet", "lineage.json", "data/", "", "data/tr\0ain.parquet",
    "data/~.parquet", "C:/canary.parquet", "https://example.org/canary.parquet", "data//train.parquet", "./data/train.parquet",
]  # fmt: skip
KEYS = ["../../../canary", "/tmp/canary", "k" * 64, "AB" * 32, "ab" * 31, "", "ab" * 32 + "\n", "..", "con"]
OTHERS = [
    ("kind", "../model"), ("kind", ""), ("stage", "a" * 65), ("seed", 2**63), ("stage_version", -1), ("funnel.items", -1),
    ("funnel.rejected", {"too short": -1}), ("outputs.0.config", "train"), ("outputs.0.config", "../data"),
    ("outputs.0.rows", "rows-sha256:00"), ("outputs.0.num_rows", -7), ("outputs.0.num_rows", 2**63),
    ("outputs.0.files.0.sha256", "0" * 63), ("outputs.0.files.0.size", -1), ("inputs.0.tree", "b" * 7),
    ("inputs.0.address", "x" * 600), ("inputs.0.address", "org/x\x1b[2J"), ("inputs.0.repo", "../x"), ("inputs.0.commit", "main"),
    ("inputs.0.config", "../data"), ("command", "x" * 20_000), ("licenses", ["x" * 20_000]), ("models", {"writer": "x" * 20_000}),
    ("histograms.reward.counts", [1]), ("histograms.reward.counts", [1, -6]), ("recipe", "x" * 20_000),
]  # fmt: skip


def test_the_sound_record_is_one() -> None:
    assert isinstance(from_json(SOUND, file="lineage.json"), Lineage)


@pytest.mark.parametrize(
    ("where", "value"),
    [*(("outputs.0.files.0.path", path) for path in PATHS), *(("key", key) for key in KEYS), *OTHERS],
    ids=lambda value: ascii(value)[:40],
)
def test_what_may_not_become_a_path_an_address_or_a_count_is_named(where: str, value: Any) -> None:
    with pytest.raises(DataError) as caught:
        from_json(changed(where, value), file="lineage.json")
    assert where.startswith(caught.value.place.field.split(".")[0])


def test_a_file_and_a_config_are_named_once_however_they_are_spelled() -> None:
    twice = [*SOUND["outputs"], *SOUND["outputs"]]
    upper = [SOUND["outputs"][0] | {"files": [FILES[0], FileDigest(FILES[0].path.replace("train", "Train"), "0" * 64, 1)]}]
    for outputs, said in ((twice, "each once"), (upper, "named once")):
        with pytest.raises(DataError, match=said):
            from_json(orjson.loads(orjson.dumps(SOUND | {"outputs": outputs})), file="lineage.json")


def large(file: Path) -> None:
    with file.open("wb") as sparse:
        sparse.truncate(2 << 30)


@pytest.mark.parametrize("content", [
    b"[" * 500 + b"]" * 500,
    b'{"a":' * 300 + b"1" + b"}" * 300,
    json.dumps(changed("config", {"deep": json.loads("[" * 80 + "]" * 80)})).encode(),
    json.dumps(changed("outputs", SOUND["outputs"] * 10_000)).encode(),
    json.dumps(changed("config", {"many": [[]] * 250_000})).encode(),
    b"\xff\xfe{}", b'{"kind": "\\ud800"}', b"1e999", b"9" * 5_000,
    large, os.mkfifo, Path.mkdir, lambda file: file.symlink_to(file), lambda file: file.symlink_to("/dev/zero"),
], ids=range(14))  # fmt: skip
def test_a_file_that_is_too_large_too_deep_or_none_is_an_error(tmp_path: Path, content: Any) -> None:
    file = tmp_path / "lineage.json"
    file.write_bytes(content) if isinstance(content, bytes) else content(file)
    with pytest.raises(DataError, match=r"lineage\.json"):
        read(file)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12,
)  # fmt: skip
PLACES = [
    "key", "kind", "config", "outputs", "outputs.0", "outputs.0.files", "outputs.0.files.0.path", "outputs.0.files.0.size",
    "inputs", "inputs.0.address", "funnel", "funnel.kept", "funnel.rejected", "histograms", "format", "seed", "licenses",
]  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(st.one_of(JSON, st.builds(changed, st.sampled_from(PLACES), JSON)))
def test_any_json_gives_a_record_or_an_error_with_a_place(value: Any) -> None:
    try:
        made = from_json(value, file="lineage.json")
    except DataError as error:
        assert error.place is not None and error.mend
    else:
        assert bounds.fault(made) is None
        assert from_json(to_json(made), file="again") == made


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_give_a_value_or_an_error(data: bytes) -> None:
    try:
        bounds.parsed(data, "lineage.json")
    except DataError as error:
        assert error.place is not None
