"""Datasets that we did not make, which have no lineage: the rows of the files in their very folder, and of no other place.

    rows_of(Path("snapshot"), None)         # Rows('parquet', {'train': ['/.../data/train-00000-of-00001.parquet']})

A README may say which of these files are which config and split, as on the Hub. What it says of any other place (a path that
leads out, an address, a link) is refused, and how to read them it is not asked: Parquet, JSON and CSV are read as they are.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from astra_data.errors import DataError, Place
from astra_data.hub.files import is_own
from astra_data.hub.tree import IGNORED, file_id, tree_of

BUILDERS = {".parquet": "parquet", ".jsonl": "json", ".json": "json", ".csv": "csv"}
NO_ROWS = frozenset({"lineage.json", "dataset_infos.json", "dataset_info.json", "dataset_dict.json", "state.json", "config.json"})
"""JSON files of datasets and libraries that hold no rows."""
HEAD = re.compile(r"---\r?\n(.*?)\r?\n---", re.DOTALL)
MOST_FILES = 100_000
MOST_HEAD = 256 << 10
"""Characters of the YAML head of a README; aliases, by which a short one unfolds to a long one, are refused."""
PATTERN = re.compile(r"(?!/)(?!.*(?:^|/)\.\.(?:/|$))[^:\\\x00-\x1f]{1,512}")
"""What may follow the folder: no absolute path, no step up, no drive and no address."""


@dataclass(frozen=True, slots=True)
class Rows:
    """How the rows are read: the builder of `datasets`, and the files of each split."""

    builder: str
    files: dict[str, list[str]]


def tree_at(folder: Path) -> str:
    """The git tree id of the files that may hold rows."""
    return tree_of({path: file_id(file) for path, file in _files(folder.absolute())})


def rows_of(folder: Path, config: str | None) -> Rows:
    """The files of a config, by split. Raises `DataError` where there are none, or the README names files elsewhere."""
    from datasets.data_files import DataFilesDict, get_data_patterns, sanitize_patterns

    base = folder.absolute()
    mine = {str(file): path for path, file in _files(base)}
    patterns = _declared(base, config)
    try:
        given = get_data_patterns(str(base)) if patterns is None else sanitize_patterns(patterns)
        found = DataFilesDict.from_patterns(given, base_path=str(base))
    except (OSError, ValueError, TypeError) as error:
        raise _bad(folder, f"has no files of rows: {' '.join(str(error).split())[:200]}") from error
    if patterns is None:
        found = {split: [path for path in paths if path in mine] for split, paths in found.items()}
    for path in (path for paths in found.values() for path in paths if path not in mine):
        raise _bad(folder, f"its README names {path[:200]!r}, which is no Parquet, JSON or CSV file in its own folder")
    builders = Counter(_builder(path) for paths in found.values() for path in paths)
    if not builders:
        raise _bad(folder, "holds no Parquet, JSON or CSV file")
    builder = builders.most_common(1)[0][0]
    split = {name: [path for path in paths if _builder(path) == builder] for name, paths in found.items()}
    return Rows(builder, {name: paths for name, paths in split.items() if paths})


def _builder(path: str) -> str:
    return BUILDERS[Path(path).suffix]


def _files(base: Path) -> Iterator[tuple[str, Path]]:
    """(path inside, file) of what may hold rows. No folder behind a link is entered, no file behind one that leads out taken."""
    left = MOST_FILES
    for folder, below, names in os.walk(base):
        below[:] = sorted(name for name in below if name not in IGNORED)
        left -= len(names) + 1
        if left < 0:
            raise _bad(base, f"holds more than {MOST_FILES:,} files")
        for name in sorted(names):
            file = Path(folder, name)
            if file.suffix in BUILDERS and name not in NO_ROWS and is_own(base, file):
                yield file.relative_to(base).as_posix(), file


def _declared(base: Path, config: str | None) -> Any:
    """What the README says of the files of a config, in the form that `datasets` takes; None where it says nothing of files."""
    configs = {str(one.get("config_name", "default")): one for one in _configs(base) if isinstance(one, dict)}
    if not configs:
        if config not in (None, "default"):
            raise _bad(base, f"has no config {config!r}", "leave the config out")
        return None
    if config is None:
        chosen = [name for name, one in configs.items() if name == "default" or one.get("default") is True] or [*configs]
        config = chosen[0] if len(chosen) == 1 else None
    if config not in configs:
        raise _bad(base, "has several configs, or not the one named", f"choose one of: {', '.join(configs)[:300]}")
    patterns = configs[config].get("data_files")
    for pattern in _patterns(patterns):
        if not isinstance(pattern, str) or not PATTERN.fullmatch(pattern):
            raise _bad(base, f"its README names {str(pattern)[:200]!r}, which is no path in its own folder")
    return patterns


def _patterns(value: Any) -> Iterator[Any]:
    """The patterns in a value of `data_files`: one, a list of them, or `path` or values of objects."""
    if isinstance(value, dict):
        value = [value["path"]] if "path" in value else list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _patterns(inner)
    elif value is not None:
        yield value


def _configs(base: Path) -> list[Any]:
    """The list `configs` in the head of the README."""
    import yaml

    readme = base / "README.md"
    if not readme.is_file():
        return []
    with readme.open(encoding="utf-8", errors="replace") as file:
        head = HEAD.match(file.read(MOST_HEAD))
    try:
        if head is None:
            return []
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(head[1], yaml.SafeLoader)):
            raise _bad(base, "its README has YAML aliases")
        value = yaml.safe_load(head[1])
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _bad(base, f"its README has no readable head: {' '.join(str(error).split())[:200]}") from error
    configs = value.get("configs") if isinstance(value, dict) else None
    return configs if isinstance(configs, list) else []


def _bad(folder: Path, message: str, mend: str = "copy the rows that you trust into a folder of their own") -> DataError:
    return DataError(message, place=Place(str(folder)), mend=mend)
