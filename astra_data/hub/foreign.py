"""Datasets that we did not make, which have no lineage: the rows of the files in their very folder, and of no other place.

    rows_of(Path("snapshot"), None)         # Rows('parquet', {'train': ['/.../data/train-00000-of-00001.parquet']})

A README may say which of these files are which config and split, as on the Hub. What it says of any other place (a path that
leads out, an address, a link) is refused, and how to read them it is not asked: Parquet, JSON and CSV are read as they are.
"""

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
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
MOST_BYTES = 32 << 30
"""Of all files that may hold rows together; one with a hole says that it is large."""
MOST_SPLITS = 100
MOST_HEAD = 256 << 10
"""Characters of a README that are looked through for its YAML head."""
MOST_WILD = 100
"""Patterns with `*`, `?` or `[`, each of which is compared with every file."""
WILD = frozenset("*?[")
SPLIT = re.compile(r"\w[\w.]{0,63}")
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
    base = folder.absolute()
    mine = dict(_files(base))
    declared = _declared(base, config)
    found = _undeclared(base, mine) if declared is None else {
        split: _named(base, mine, patterns) for split, patterns in declared.items()}
    builders = Counter(_builder(path) for paths in found.values() for path in paths)
    if not builders:
        raise _bad(folder, "holds no Parquet, JSON or CSV file")
    builder = builders.most_common(1)[0][0]
    split = {name: [path for path in paths if _builder(path) == builder] for name, paths in found.items()}
    return Rows(builder, {name: paths for name, paths in split.items() if paths})


def _undeclared(base: Path, mine: Mapping[str, Path]) -> dict[str, list[str]]:
    """The files by split as `datasets` finds them by their names."""
    from datasets.data_files import DataFilesDict, get_data_patterns

    own = {str(file) for file in mine.values()}
    try:
        found = DataFilesDict.from_patterns(get_data_patterns(str(base)), base_path=str(base))
    except (OSError, ValueError, TypeError) as error:
        raise _bad(base, f"has no files of rows: {' '.join(str(error).split())[:200]}") from error
    return {split: [path for path in paths if path in own] for split, paths in found.items()}


def _named(base: Path, mine: Mapping[str, Path], patterns: list[str]) -> list[str]:
    """The files that patterns name, each once. They are looked for among those that are known, and nowhere else."""
    found: dict[str, None] = {}
    for pattern in patterns:
        wanted = [part for part in pattern.split("/") if part not in ("", ".")]
        plain = "/".join(wanted)
        paths = [plain] if plain in mine else sorted(path for path in mine if _fits(path.split("/"), wanted))
        if not paths:
            raise _bad(base, f"its README names {pattern[:200]!r}, which is no Parquet, JSON or CSV file in its own folder")
        found |= dict.fromkeys(str(mine[path]) for path in paths)
    return [*found]


def _fits(parts: list[str], wanted: list[str]) -> bool:
    """Whether a path fits a pattern, of which `**` stands for any folders. Hidden names fit none but themselves."""
    reached = {0}
    for want in wanted:
        if want == "**":
            first = min(reached, default=len(parts) + 1)
            last = next((at for at in range(first, len(parts)) if _hidden(parts[at])), len(parts))
            reached |= set(range(first, last + 1))
        else:
            reached = {at + 1 for at in reached if at < len(parts) and _part_fits(parts[at], want)}
    return len(parts) in reached


def _part_fits(part: str, want: str) -> bool:
    return part == want or (not _hidden(part) and fnmatchcase(part, want))


def _hidden(part: str) -> bool:
    return part.startswith((".", "__"))


def _builder(path: str) -> str:
    return BUILDERS[Path(path).suffix]


def _files(base: Path) -> Iterator[tuple[str, Path]]:
    """(path inside, file) of what may hold rows. No folder behind a link is entered, no file behind one that leads out taken."""
    left, size = MOST_FILES, MOST_BYTES
    for folder, below, names in os.walk(base):
        below[:] = sorted(name for name in below if name not in IGNORED)
        left -= len(names) + 1
        if left < 0:
            raise _bad(base, f"holds more than {MOST_FILES:,} files")
        for name in sorted(names):
            file = Path(folder, name)
            if file.suffix in BUILDERS and name not in NO_ROWS and is_own(base, file):
                size -= file.stat().st_size
                if size < 0:
                    said = f"holds more than {MOST_BYTES >> 30} GiB of rows, with {name[:100]}"
                    raise _bad(base, said, "take fewer of its files")
                yield file.relative_to(base).as_posix(), file


def _declared(base: Path, config: str | None) -> dict[str, list[str]] | None:
    """Split -> patterns of its files, as the README says of a config; None where it says nothing of files."""
    configs = {str(one.get("config_name", "default")): one for one in _configs(base)}
    if not configs:
        if config not in (None, "default"):
            raise _bad(base, f"has no config {config!r}", "leave the config out")
        return None
    if config is None:
        chosen = [name for name, one in configs.items() if name == "default" or one.get("default") is True] or [*configs]
        config = chosen[0] if len(chosen) == 1 else None
    if config not in configs:
        raise _bad(base, "has several configs, or not the one named", f"choose one of: {', '.join(configs)[:300]}")
    said = configs[config].get("data_files")
    return None if said is None else _splits(base, said)


def _splits(base: Path, said: Any) -> dict[str, list[str]]:
    """Split -> patterns of a value of `data_files`: patterns of the split `train`, or a list or object that names splits."""
    found: dict[str, list[str]] = {}
    for split, given in _pairs(said):
        if not isinstance(split, str) or not SPLIT.fullmatch(split) or split in found:
            raise _bad(base, "its README says of data_files what is neither patterns, nor a list of split and path, nor splits")
        found[split] = given if isinstance(given, list) else [given]
    if len(found) > MOST_SPLITS:
        raise _bad(base, f"its README names more than {MOST_SPLITS} splits")
    patterns = [pattern for each in found.values() for pattern in each]
    for pattern in patterns:
        if not isinstance(pattern, str) or not PATTERN.fullmatch(pattern):
            raise _bad(base, f"its README names {str(pattern)[:200]!r}, which is no path in its own folder")
    if sum(not WILD.isdisjoint(pattern) for pattern in patterns) > MOST_WILD or len(patterns) > MOST_FILES:
        raise _bad(base, f"its README has more than {MOST_WILD} patterns of files")
    return found


def _pairs(said: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(said, dict):
        return said.items()
    if isinstance(said, list) and any(isinstance(one, dict) for one in said):
        return [(one["split"], one["path"]) if isinstance(one, dict) and one.keys() == {"split", "path"} else (None, None)
                for one in said]
    return [("train", said)]


def _configs(base: Path) -> list[dict[str, Any]]:
    """The list `configs` in the head of the README."""
    import yaml

    from astra_data.bounded import yaml_text

    readme = base / "README.md"
    if not readme.is_file():
        return []
    with readme.open(encoding="utf-8", errors="replace") as file:
        head = HEAD.match(file.read(MOST_HEAD))
    try:
        value = None if head is None else yaml_text.loads(head[1])
    except (yaml.YAMLError, ValueError) as error:
        raise _bad(base, f"its README has no readable head: {' '.join(str(error).split())[:200]}") from error
    configs = (value.get("configs") if isinstance(value, dict) else None) or []
    if not isinstance(configs, list) or not all(isinstance(one, dict) for one in configs):
        raise _bad(base, "its README says of configs what is no list of objects")
    return configs


def _bad(folder: Path, message: str, mend: str = "copy the rows that you trust into a folder of their own") -> DataError:
    return DataError(message, place=Place(str(folder)), mend=mend)
