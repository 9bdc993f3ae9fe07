"""What strangers may make of a sound version: a copy of its folder, with a lineage and files of their own.

    folder = copied(make_version(store, "a"), tmp_path / "theirs")
    rewrite(folder, key="../../../canary")
    tell(folder, "configs:\\n- config_name: default\\n  data_files: /etc/passwd")
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from astra_data.hub.store import Version

Change = Callable[[Path], object]
FILE = "data/train-00000-of-00001.parquet"


def copied(version: Version, folder: Path) -> Path:
    """The folder of a version as it lies on the Hub."""
    shutil.copytree(version.path, folder)
    return folder


def record_of(folder: Path) -> dict[str, Any]:
    known: dict[str, Any] = json.loads((folder / "lineage.json").read_bytes())
    return known


def rewrite(folder: Path, **changes: Any) -> None:
    """Write other values into the lineage."""
    (folder / "lineage.json").write_text(json.dumps(record_of(folder) | changes))


def rewrite_file(folder: Path, **changes: Any) -> None:
    """Write other values of the first data file into the lineage."""
    outputs = record_of(folder)["outputs"]
    outputs[0]["files"][0] |= changes
    rewrite(folder, outputs=outputs)


def tell(folder: Path, head: str) -> None:
    """Let the README say this in its YAML head."""
    (folder / "README.md").write_text(f"---\n{head}\n---\n# Theirs\n")


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def lying(path: str) -> Change:
    """A lineage whose first data file is at this path."""
    return lambda folder: rewrite_file(folder, path=path)
