"""Tree ids are git's own, with LFS pointers where the Hub has them."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astra_data.hub.tree import (
    EMPTY_TREE,
    LFS_BYTES,
    blob_id,
    git_tree,
    is_lfs,
    lfs_pointer,
    sha256_file,
    tree_of,
    version_tree,
)

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

NAMES = st.text("ab.-_0", min_size=1, max_size=4).filter(lambda name: name.strip(".") and not name.startswith("."))
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)


def write_tree(folder: Path) -> str:
    """What git itself says of the files in `folder`."""
    git = ["git", "-C", str(folder)]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "-c", "core.autocrlf=false", "add", "-A", "-f"], check=True)
    return subprocess.run([*git, "write-tree"], check=True, capture_output=True, text=True).stdout.strip()


def test_ordinary_files_and_folders_get_the_id_that_git_gives(tmp_path: Path) -> None:
    for path in ("a/b", "a.b", "a-b/c/d", "ab", "z/empty"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("" if "empty" in path else path)
    (tmp_path / "no files here").mkdir()
    assert git_tree(tmp_path) == write_tree(tmp_path)


def test_parquet_and_large_files_count_as_their_lfs_pointers(tmp_path: Path) -> None:
    ours, pointers = tmp_path / "ours", tmp_path / "pointers"
    for folder in (ours, pointers):
        (folder / "data").mkdir(parents=True)
        (folder / "README.md").write_text("# rows")
    (ours / "data" / "small.parquet").write_bytes(b"PAR1")
    (ours / "data" / "big.json").write_bytes(b"x" * (LFS_BYTES + 1))
    (ours / "data" / "just.json").write_bytes(b"x" * LFS_BYTES)
    for path in (ours / "data").iterdir():
        content = lfs_pointer(sha256_file(path), path.stat().st_size) if is_lfs(path) else path.read_bytes()
        (pointers / "data" / path.name).write_bytes(content)
    assert git_tree(ours) == write_tree(pointers)
    assert len((pointers / "data" / "just.json").read_bytes()) == LFS_BYTES


def test_a_version_is_named_by_its_data_folders_alone(tmp_path: Path) -> None:
    assert version_tree(tmp_path) == EMPTY_TREE
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "one.parquet").write_bytes(b"PAR1")
    before = version_tree(tmp_path)
    (tmp_path / "README.md").write_text("# other words")
    (tmp_path / "lineage.json").write_text("{}")
    assert version_tree(tmp_path) == before
    (tmp_path / "rejected").mkdir()
    (tmp_path / "rejected" / "one.parquet").write_bytes(b"PAR1")
    assert version_tree(tmp_path) != before


@given(st.dictionaries(PATHS, st.binary(max_size=3), max_size=8))
def test_the_order_of_files_does_not_matter(files: dict[str, bytes]) -> None:
    flat = {path: blob_id(data) for path, data in files.items()}
    assert tree_of(flat) == tree_of(dict(reversed(flat.items())))
