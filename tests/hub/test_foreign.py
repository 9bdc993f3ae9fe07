"""Datasets without lineage, whatever bytes they hold: they are read, or refused with their place before they take much."""

import gzip
import json
import os
import resource
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from astra_data.bounded import files
from astra_data.errors import DataError
from astra_data.hub import foreign, parquet
from astra_data.hub.load import load, resolve

Make = Callable[[Path], object]
MIB = 1 << 20


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of this test alone."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "theirs").mkdir()
    return tmp_path / "theirs"


def rows(folder: Path, streaming: bool = False) -> list[Any]:
    found: Any = load(str(folder), streaming=streaming)
    return list(found)


def table(column: pa.Array, **options: Any) -> Make:
    return lambda folder: pq.write_table(pa.table({"text": column}), folder / "a.parquet", compression="zstd", **options)


def text(name: str, content: str) -> Make:
    return lambda folder: (folder / name).write_text(content)


def lines(*values: Any) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)


def repeated(count: int, size: int = MIB) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array([0] * count, pa.int32()), pa.array(["x" * size]))


def one_list(values: pa.Array) -> pa.ListArray:
    return pa.ListArray.from_arrays(pa.array([0, len(values)], pa.int32()), values)


def of_json(*values: str) -> pa.Array:
    return pa.ExtensionArray.from_storage(pa.json_(), pa.array(values))


def hole(name: str, begun: bytes = b"") -> Make:
    def make(folder: Path) -> None:
        with (folder / name).open("wb") as file:
            file.write(begun)
            file.truncate(256 << 30)

    return make


def packed(name: str) -> Make:
    def make(folder: Path) -> None:
        with zipfile.ZipFile(folder / name, "w") as archive:
            archive.writestr("a.csv", "text\na\n")

    return make


SWOLLEN: dict[str, tuple[Make, str]] = {
    "one text in all rows": (table(repeated(16_000)), "unpacks to more than 256 MiB"),
    "one text, as a plain type": (table(repeated(300).cast(pa.string())), "unpacks to more than 256 MiB"),
    "one large text in a few rows": (table(repeated(40, 16 * MIB)), "64 rows of more than 512 MiB"),
    "one text all over a list": (table(one_list(repeated(16_000))), "64 rows of more than 512 MiB"),
    "one text all over structs": (table(pa.StructArray.from_arrays([repeated(16_000)], ["a"])), "unpacks to more than 256 MiB"),
    "one text all over a map": (
        table(pa.MapArray.from_arrays([0, 2_000], pa.array(map(str, range(2_000))), repeated(2_000))), "64 rows of more"),
    "views of one text": (table(repeated(300).cast(pa.string()).cast(pa.string_view())), "unpacks to more than 256 MiB"),
    "a list of nulls": (table(one_list(pa.nulls(40_000_000, pa.int8()))), "holds values that take more than 500 times"),
    "lists of a length, all null": (table(pa.array([None] * 4, pa.list_(pa.int8(), 50_000_000))), "holds values that take"),
    "bytes of a length, all null": (table(pa.array([None] * 10, pa.binary(50_000_000))), "holds values that take"),
}


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize(("make", "said"), SWOLLEN.values(), ids=SWOLLEN)
def test_a_small_file_of_large_rows_is_refused_before_it_unpacks(make: Make, said: str, folder: Path, streaming: bool) -> None:
    make(folder)
    assert (folder / "a.parquet").stat().st_size < 20 * MIB
    with pytest.raises(DataError, match=said) as raised:
        rows(folder, streaming)
    assert raised.value.place and raised.value.place.file == str(folder / "a.parquet")


@pytest.mark.parametrize(("column", "said"), [
    ([f"{'x' * MIB}{n}" for n in range(10)], "unpacks to more than 500 times its size"),
    ([[f"{'x' * (MIB // 16)}{n}" for n in range(250)]], "has lists of texts in the encoding DELTA_BYTE_ARRAY"),
], ids=["rows", "a list"])  # fmt: skip
def test_texts_that_repeat_those_before_are_too(column: Any, said: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "LEAST_UNPACKED", 8 * MIB)
    monkeypatch.setattr(parquet, "MOST_RATIO", 100)
    path = "text.list.element" if isinstance(column[0], list) else "text"
    table(pa.array(column), use_dictionary=False, column_encoding={path: "DELTA_BYTE_ARRAY"})(folder)
    assert "DELTA_BYTE_ARRAY" in pq.read_metadata(folder / "a.parquet").row_group(0).column(0).encodings
    with pytest.raises(DataError, match=said):
        rows(folder)


def test_all_files_of_a_dataset_count_together(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "LEAST_UNPACKED", 4 * MIB)
    for number in range(2):
        pq.write_table(pa.table({"text": ["x" * MIB] * 3}), folder / f"{number}.parquet", compression="zstd")
    with pytest.raises(DataError, match=r"1\.parquet: unpacks to more than 500 times its size"):
        rows(folder)
    (folder / "1.parquet").unlink()
    assert len(rows(folder)) == 3


WIDE: dict[str, tuple[Make, str]] = {
    "a CSV of columns": (text("a.csv", ",".join(f"c{n}" for n in range(400_001)) + "\n1\n"), "more than 2,000 columns"),
    "a CSV whose first row is long": (text("a.csv", "a\n" + "," * 400_000 + "\n"), "more than 2,000 columns"),
    "a CSV after empty lines": (text("a.csv", "\n \n" * 1_000 + "," * 400_000 + "\n"), "more than 2,000 columns"),
    "a CSV with a quote in a name": (text("a.csv", 'x"' + "," * 400_000 + "\n"), "more than 2,000 columns"),
    "a CSV of short rows": (text("a.csv", ",".join(f"c{n}" for n in range(2_000)) + "\n" + "1\n" * 50_000), "few bytes for"),
    "JSON lines of keys": (text("a.jsonl", lines(*({f"k{n}": 1} for n in range(300_000)))), "more than 2,000 columns"),
    "JSON lines of keys within": (text("a.jsonl", lines(*({"a": {f"k{n}": 1}} for n in range(300_000)))), "than 20,000 diff"),
    "JSON lines of lists of keys": (text("a.jsonl", lines({"a": [{f"k{n}": 1} for n in range(30_000)]})), "than 20,000 diff"),
    "JSON lines of short rows": (
        text("a.jsonl", lines({"a": {f"k{n}": 1 for n in range(1_500)}}) + "{}\n" * 50_000), "few bytes for"),
    "JSON lines of short elements": (
        text("a.jsonl", lines({"a": [{f"k{n}": 1 for n in range(1_500)}, *[{}] * 50_000]})), "few bytes for"),
    "a JSON list of keys": (text("a.json", json.dumps([{f"k{n}": 1} for n in range(30_000)])), "more than 2,000 columns"),
    "a JSON object of keys": (text("a.json", json.dumps({f"k{n}": [1] for n in range(30_000)}, indent=0)), "more than 2,000 col"),
    "objects without a line's end": (text("a.jsonl", '{"a":1}\n' + "".join(f'{{"k{n}":1}}' for n in range(9_000))), "not JSON"),
    "a list after a line": (text("a.jsonl", '{"a":1}\n[[1]]\n'), "expected an object"),
    "deep JSON": (text("a.jsonl", '{"a":' + "[" * 5_000 + "]" * 5_000 + "}\n"), "not JSON|deep"),
}


@pytest.mark.parametrize(("make", "said"), WIDE.values(), ids=WIDE)
def test_columns_and_keys_without_end_are_refused_before_they_are_made(make: Make, said: str, folder: Path) -> None:
    make(folder)
    with pytest.raises(DataError, match=said) as raised:
        rows(folder)
    assert raised.value.place and raised.value.place.file.startswith(str(folder))


ENDLESS: dict[str, tuple[Make, str]] = {
    "a hole in Parquet": (hole("a.parquet", b"PAR1"), "more than 32 GiB of rows, with a.parquet"),
    "a hole in JSON lines": (hole("a.jsonl", b'{"text": "a"}\n'), "more than 32 GiB of rows"),
    "a hole in CSV": (hole("a.csv", b"text\na\n"), "more than 32 GiB of rows"),
    "a pipe": (lambda folder: os.mkfifo(folder / "a.jsonl"), "holds no Parquet|no files of rows"),
    "an archive that is called CSV": (packed("a.csv"), "is packed, as zip"),
    "packed JSON lines": (lambda folder: (folder / "a.jsonl").write_bytes(gzip.compress(b"{}\n")), "is packed, as gzip"),
}


@pytest.mark.parametrize(("make", "said"), ENDLESS.values(), ids=ENDLESS)
def test_what_does_not_end_is_refused(make: Make, said: str, folder: Path) -> None:
    make(folder)
    with pytest.raises(DataError, match=said):
        rows(folder)


def test_a_hole_is_refused_by_the_name_of_its_tree_too(folder: Path) -> None:
    hole("a.csv", b"text\n")(folder)
    with pytest.raises(DataError, match="more than 32 GiB of rows"):
        assert resolve(str(folder)).tree


@pytest.mark.parametrize("name", ["README.md", "lineage.json"])
def test_a_pipe_beside_the_rows_is_not_waited_for(name: str, folder: Path) -> None:
    (folder / "a.jsonl").write_text('{"text": "a"}\n')
    os.mkfifo(folder / name)
    try:
        assert rows(folder) == [{"text": "a"}]
    except DataError as error:
        assert name == "lineage.json" and "is no file" in str(error)


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_a_hole_in_a_file_is_no_line_of_it(form: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_BYTES", 4 * MIB)
    with (folder / f"a.{form}").open("wb") as file:
        file.write({"jsonl": b'{"text": "a"}\n', "csv": b"text\na\n"}[form])
        file.truncate(40 * MIB)
    with pytest.raises(DataError, match="a line of more than 4 MiB"):
        rows(folder)


def test_splits_without_end_are_refused(folder: Path) -> None:
    (folder / "a.jsonl").write_text('{"text": "a"}\n')
    said = "".join(f"  - {{split: s{number}, path: a.jsonl}}\n" for number in range(101))
    (folder / "README.md").write_text(f"---\nconfigs:\n- config_name: default\n  data_files:\n{said}---\n")
    with pytest.raises(DataError, match="more than 100 splits"):
        foreign.rows_of(folder, None)


NO_VALUE: dict[str, Make] = {
    "JSON that is none": table(of_json('{"a": 1}', "{")),
    "JSON that is too deep": table(of_json("1", "[" * 100_000)),
    "a number of JSON that is too long": table(of_json("1", "9" * 5_000)),
    "JSON in a struct": table(pa.StructArray.from_arrays([of_json("1", "{")], ["a"])),
    "JSON in a list": table(pa.ListArray.from_arrays(pa.array([0, 1, 2], pa.int32()), of_json("1", "{"))),
    "a duration": table(pa.array([1, 2**62], pa.duration("s"))),
    "a duration in a list": table(pa.array([[1], [2**62]], pa.list_(pa.duration("s")))),
    "a date": table(pa.array([1, 2**30], pa.date32())),
    "a time": table(pa.array([1, 2**60], pa.timestamp("ms"))),
}


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize("make", NO_VALUE.values(), ids=NO_VALUE)
def test_a_value_that_python_does_not_have_is_told_with_its_row(make: Make, folder: Path, streaming: bool) -> None:
    make(folder)
    with pytest.raises(DataError, match=r"a\.parquet, row 2, field text: "):
        rows(folder, streaming)


ODD: dict[str, Make] = {
    "a time before all": text("a.jsonl", lines({"text": "0000-01-01 00:00:00"})),
    "no bytes": text("a.jsonl", ""),
    "no bytes of CSV": text("a.csv", ""),
    "an infinite number among mixed ones": text("a.jsonl", '{"text": [{"a": 1e999}, {"b": 1}]}\n{"text": [1]}\n'),
    "other bytes": lambda folder: (folder / "a.csv").write_bytes(b"text\n\xff\xfe\n"),
    "a zone": table(pa.array([1], pa.timestamp("s", "Nowhere/X"))),
    "identifiers": table(pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"a" * 16], pa.binary(16)))),
    "a view of lists": table(pa.array([[1]], pa.list_view(pa.int8()))),
    "two fields of a name": table(pa.StructArray.from_arrays([pa.array([1]), pa.array([2])], ["a", "a"])),
    "traces of agents": text("a.jsonl", lines({"type": "user", "message": [{"a": 1}, {"b": [2]}, 3]})),
    "other features in the notes": lambda folder: [
        text("a.jsonl", lines({"text": "a"}))(folder),
        text("dataset_infos.json", json.dumps({"default": {"features": {"text": {"_type": "Image"}}}}))(folder),
    ],
}


@pytest.mark.parametrize("make", ODD.values(), ids=ODD)
def test_what_is_odd_is_read_or_a_clear_error(make: Make, folder: Path) -> None:
    make(folder)
    try:
        assert rows(folder)
    except DataError as error:
        assert error.place is not None


SOUND: dict[str, tuple[Make, list[Any]]] = {
    "texts that repeat": (table(repeated(200, 1_000)), ["x" * 1_000] * 200),
    "texts that begin alike": (table(pa.array(["abc", "abd"] * 100), use_dictionary=False,
                                     column_encoding={"text": "DELTA_BYTE_ARRAY"}), ["abc", "abd"] * 100),
    "JSON": (table(of_json('{"a": [1]}', "null")), [{"a": [1]}, None]),
    "lists of a length": (table(pa.array([[1, 2], None], pa.list_(pa.int8(), 2))), [[1, 2], None]),
    "lines that differ": (text("a.jsonl", '\ufeff{"text": {"a": 1}}\n\n{"text": {"b": [{"c": 2.5}]}}'),
                          [{"a": 1, "b": None}, {"a": None, "b": [{"c": 2.5}]}]),
    "elements that differ": (text("a.jsonl", lines({"text": [{"a": 1}, "b"]})), [[{"a": 1}, "b"]]),
    "a list over lines": (text("a.json", json.dumps([{"text": "a"}, {"text": "b"}], indent=1)), ["a", "b"]),
    "a list of texts": (text("a.json", '["a", "b"]'), ["a", "b"]),
    "one object over lines": (text("a.json", json.dumps({"text": {"0": "a", "1": "b"}}, indent=1)), [{"0": "a", "1": "b"}]),
    "a CSV with commas in texts": (text("a.csv", 'text\n"' + "," * 5_000 + '\n"""x"\nb\n'), ["," * 5_000 + '\n"x"', "b"]),
    "a CSV of other line ends": (text("a.csv", '\ufeff"text",n\r\na,1\r\n\r\nb,2\r\n'), ["a", "b"]),
}


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize(("make", "texts"), SOUND.values(), ids=SOUND)
def test_what_is_sound_is_read_as_the_library_reads_it(make: Make, texts: list[Any], folder: Path, streaming: bool) -> None:
    make(folder)
    assert [row["text"] for row in rows(folder, streaming)] == texts


def test_no_more_memory_is_taken_than_a_refusal_needs(folder: Path) -> None:
    """The most that this process ever had, after what would take 16 GB."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    table(one_list(repeated(16_000)))(folder)
    with pytest.raises(DataError):
        rows(folder)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 << 10
