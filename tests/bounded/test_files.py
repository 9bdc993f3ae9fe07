"""A file from outside is read to a bound, however it is packed, and refused with its name beyond it."""

import gzip
import os
from pathlib import Path

import pytest

from astra_data.bounded import files, json_text
from astra_data.errors import DataError, Place

PLACE = Place("x.json", 3)


def packed_zeros(path: Path, mebibytes: int) -> None:
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(mebibytes):
            file.write(bytes(1 << 20))


def test_what_is_within_the_bounds_is_read_whole(tmp_path: Path) -> None:
    plain, packed = tmp_path / "a.jsonl", tmp_path / "a.jsonl.gz"
    plain.write_bytes(b"one\n\n \ntwo\nthree")
    packed.write_bytes(gzip.compress(b"one\n\n \ntwo\n") + gzip.compress(b"three"))
    for path in (plain, packed):
        assert files.content(path) == b"one\n\n \ntwo\nthree"
        assert list(files.lines(path)) == [(1, b"one"), (4, b"two"), (5, b"three")]


def test_a_file_that_unpacks_without_end_is_left_as_soon_as_that_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, read = tmp_path / "bomb.json.gz", 0
    packed_zeros(path, 64)

    def counted(file: gzip.GzipFile, size: int = -1, whole: object = gzip.GzipFile.read) -> bytes:
        nonlocal read
        block: bytes = whole(file, size)  # type: ignore[operator]
        read += len(block)
        return block

    monkeypatch.setattr(gzip.GzipFile, "read", counted)
    for reader in (files.content, lambda path: list(files.lines(path)), lambda path: list(files.blocks(path))):
        read = 0
        with pytest.raises(DataError, match=r"bomb\.json\.gz: unpacks to more than 200 times its size"):
            reader(path)
        assert read <= files.LEAST_UNPACKED + (1 << 20)


WHOLE = gzip.compress(b"x" * 1000, mtime=0)


@pytest.mark.parametrize("data", [b"no gzip", WHOLE[:-9], WHOLE[:12] + b"\xff" * 20, b"\x1f\x8b"],
                         ids=["no gzip", "cut at the end", "spoilt", "a head alone"])
def test_a_packed_file_that_is_not_whole_is_named(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "cut.json.gz"
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"cut\.json\.gz: cannot be read"):
        files.content(path)


def test_too_many_bytes_too_long_a_line_and_too_many_empty_ones_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b"short\n" + b"y" * (1 << 20) + b"z" * 10)
    with pytest.raises(DataError, match="holds more than 1 MiB"):
        files.content(path, most=1 << 20)
    monkeypatch.setattr(files, "MOST_BYTES", 1 << 20)
    with pytest.raises(DataError, match=r"x\.jsonl, row 2: a line of more than 1 MiB"):
        list(files.lines(path))
    path.write_bytes(b"\n" * (files.MOST_EMPTY + 2))
    with pytest.raises(DataError, match="empty lines"):
        list(files.lines(path))


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("/dev/zero"), lambda path: None])
def test_what_is_no_file_is_not_opened(tmp_path: Path, make: object) -> None:
    path = tmp_path / "x.json"
    make(path)  # type: ignore[operator]
    with pytest.raises(DataError, match=r"x\.json: (?:is no regular file|cannot be read)"):
        files.content(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"[" * 129 + b"]" * 129, "nested more than 128 deep"),
        (b'{"a":' * 200 + b"1" + b"}" * 200, "nested more than 128 deep"),
        (b"[" * 100_000, "nested deeper than any parser here reads"),
        (b"[" + b"0," * json_text.MOST_VALUES + b"0]", "holds more than 4,000,000 values"),
        (b"1e999", "a number that is not finite"),
        (b"NaN", "not JSON"),
        (b'"\\ud800"', "half of a surrogate pair"),
        (b"\xff", "not JSON"),
        (b"", "not JSON"),
    ],
    ids=range(9),
)
def test_json_beyond_a_bound_is_refused_with_its_place(text: bytes, said: str) -> None:
    with pytest.raises(DataError, match=rf"x\.json, row 3: {said}"):
        json_text.loads(text, PLACE)


def test_json_within_the_bounds_is_itself() -> None:
    assert json_text.loads(b"[" * 128 + b"]" * 128, PLACE)
    assert json_text.loads(b'{"a": ["[[[", {"b": 1.5e300}]}', PLACE) == {"a": ["[[[", {"b": 1.5e300}]}
