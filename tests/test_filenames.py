"""A name from data becomes a path inside its folder, or nothing."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astra_data.errors import DataError
from astra_data.filenames import LONGEST, inside


@pytest.mark.parametrize("name", ["a", "3f2a.json", "__init__.py", "train-00000-of-00001.parquet", "x" * LONGEST])
def test_a_plain_name_stands_in_the_folder(name: str, tmp_path: Path) -> None:
    assert inside(tmp_path, name) == tmp_path / name


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../a", "a/b", "a\\b", "/etc/passwd", "~", "~root", ".ssh", "-rf", "a\0b", "a\n", "C:a", "nul", "Con.txt",
     "a.", "COM1.json", "ä", "a b", "x" * (LONGEST + 1), "a\u202eb", "%2e%2e"],
)  # fmt: skip
def test_any_other_name_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="may not become a file"):
        inside(tmp_path, "folder", name)


def test_a_link_that_is_there_does_not_lead_out(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "out").symlink_to(tmp_path)
    (home / "dangling").symlink_to(tmp_path / "nothing")
    (home / "within").symlink_to(home)
    assert inside(home, "within", "a.json").resolve() == home / "a.json"
    for names in (("out", "a.json"), ("dangling",)):
        with pytest.raises(DataError, match="leads out"):
            inside(home, *names)


@given(st.lists(st.text(max_size=20) | st.sampled_from(["..", ".", "a/../..", "\0", "aux"]), min_size=1, max_size=4))
def test_no_name_leads_out(names: list[str]) -> None:
    folder = Path("/nowhere/folder")
    with suppress(DataError):
        assert inside(folder, *names).parent.is_relative_to(folder)
