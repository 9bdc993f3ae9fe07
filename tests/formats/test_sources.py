"""Text files of a source are read within bounds, and as they always were."""

from pathlib import Path

import pytest

from astra_data.bounded import files
from astra_data.errors import DataError
from astra_data.formats.sources import text_of


@pytest.mark.parametrize("content", [b"", b"a\nb", b"a\r\nb\rc\n\r\n", "\ufeffé\u2028\x0b\x85".encode()])
def test_a_text_is_that_which_python_reads(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "task.toml"
    file.write_bytes(content)
    assert text_of(file, tmp_path) == file.read_text(encoding="utf-8")


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "task.toml"
    with file.open("wb") as sparse:
        sparse.truncate(files.MOST_BYTES + 1)
    with pytest.raises(DataError, match=r"^task\.toml: holds more than 64 MiB"):
        text_of(file, tmp_path)


def test_what_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "task.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match="not readable text"):
        text_of(tmp_path / "task.toml", tmp_path)
