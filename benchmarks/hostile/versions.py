"""A dataset version as a stranger makes one: in the store as if pulled before, in a folder, and on the Hub.

    draft = Draft.of(site, "tasks")
    draft.rows[0]["server"] = "../x"; draft.lineage["key"] = "../../refs/main"
    draft.write()                     # digests in the lineage are made to fit
    draft.deliver(site)
"""

import copy
import hashlib
import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from astra_data.hub.tree import version_tree
from astra_data.hub.writer import storage
from astra_data.rows import ROW_TYPES, identity
from benchmarks.hostile.asked import asked_recipe, sound_script
from benchmarks.hostile.dataset_commands import OWN, TRAIN, WITH_MODEL, common
from benchmarks.hostile.sites import Command, Site, Spoil
from benchmarks.hostile.sound import recipe
from benchmarks.hostile.texts import HALVES, written

FILE = "data/train-00000-of-00001.parquet"
MOST_SENT = 500_000_000
Json = dict[str, Any]


@dataclass
class Draft:
    """Rows, lineage and card of a version that is not written yet. `late` may change the written folder, whose digests then no
    longer fit; `files` are more files, by their paths. With `refit` the ids are computed anew."""

    kind: str
    folder: Path
    rows: list[Json]
    schema: pa.Schema
    lineage: Json
    card: str
    files: dict[str, bytes] = field(default_factory=dict)
    refit: bool = True
    listed: bool = True
    raw_lineage: str | None = None
    is_written: bool = False

    @classmethod
    def of(cls, site: Site, kind: str) -> "Draft":
        """The sound version of this kind, as a draft for the folder `evil`."""
        [source] = (site.sound.store / f"sound-{kind}" / "versions").iterdir()
        table = pq.read_table(source / FILE)
        rows = [{name: decoded(row[name], table.schema.field(name).type) for name in row} for row in table.to_pylist()]
        lineage = json.loads((source / "lineage.json").read_text())
        return cls(kind, site.here / "evil", rows, table.schema, lineage, (source / "README.md").read_text())

    def write(self) -> None:
        """Write the folder. Lineage and card are made to fit the files."""
        self.is_written = True
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "data").mkdir(parents=True)
        if self.refit:
            for row in self.rows:
                _refit(self.kind, row)
        if FILE not in self.files:
            pq.write_table(table_of(self.rows, self.schema), self.folder / FILE, compression="zstd")
        for path, data in self.files.items():
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).write_bytes(data)
        if self.listed:
            self.list_files()
        (self.folder / "lineage.json").write_bytes((self.raw_lineage or written(self.lineage)).encode(*HALVES))
        (self.folder / "README.md").write_bytes(self.card.encode(*HALVES))

    def list_files(self) -> None:
        """Let the lineage's one output name the data files that are there."""
        outputs = self.lineage.get("outputs")
        if not isinstance(outputs, list) or not outputs or not isinstance(outputs[0], dict):
            return
        files = sorted(path for path in (self.folder / "data").rglob("*") if path.is_file())
        outputs[0]["files"] = [
            {"path": path.relative_to(self.folder).as_posix(), "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
             "size": path.stat().st_size} for path in files
        ]
        del outputs[1:]

    def deliver(self, site: Site, *, hub: bool = True) -> None:
        """Put the written folder into the store as if it had been pulled, and on the Hub."""
        tree = version_tree(self.folder)
        home = site.here / "hub" / f"evil-{self.kind}"
        for part in ("versions", "keys", "refs"):
            (home / part).mkdir(parents=True)
        shutil.copytree(self.folder, home / "versions" / tree, symlinks=True)
        key = self.lineage.get("key") if isinstance(self.lineage, dict) else None
        name = key if isinstance(key, str) and key.isalnum() and len(key) < 100 else "0" * 64
        (home / "keys" / f"{name}.json").write_text(written({"lineage": self.lineage, "tree": tree}))
        (home / "refs" / "main").write_text(f"{tree}\n")
        if hub:
            site.around.publish("dataset", "org/evil", plain_files(self.folder))

    @property
    def first_id(self) -> str:
        """The id of the first row if it can be a word of a command, else the start of any."""
        found = self.rows[0].get("id") if self.rows and isinstance(self.rows[0], dict) else None
        usable = isinstance(found, str) and found.isprintable() and len(found) < 2_000 and not found.startswith("-")
        return str(found) if usable else ""


def plain_files(folder: Path) -> dict[str, bytes]:
    """The files of a folder, by their paths in it; no links, and nothing behind them."""
    paths = [Path(top) / name for top, _, names in os.walk(folder) for name in names]
    plain = (path for path in paths if path.is_file() and not path.is_symlink() and path.stat().st_size < MOST_SENT)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in plain}


def lay(site: Site, kind: str, spoil: Spoil | None) -> list[Command]:
    """Lay out a version of this dataset kind; see `sites.Lay`."""
    site.sound.copied(["hub"], site.here)
    draft = Draft.of(site, kind)
    if spoil:
        spoil(site, draft)
    if not draft.is_written:
        draft.write()
    if not (site.here / "hub" / f"evil-{kind}").exists():
        draft.deliver(site)
    site.sound.copied(["shop.plan.json", "notes.plan.json"], site.here)
    recipe(site.here, {name: site.here / f"{name}.plan.json" for name in ("shop", "notes")}, name="evil")
    site.around.endpoint.script = sound_script(site.rng.random())
    asked_recipe(site, "asked")
    found = [*common(kind, draft.first_id), *OWN[kind](f"evil-{kind}")]
    if (site.sound.folder / "here" / "model").is_dir() and kind in WITH_MODEL:
        site.sound.copied(["model"], site.here)
        (site.here / "train.yaml").write_text(TRAIN)
        found.append(WITH_MODEL[kind](f"evil-{kind}"))
    return found


def decoded(value: Any, kind: pa.DataType) -> Any:
    """What a column holds as values; JSON columns hold their text."""
    if value is None:
        return None
    if isinstance(kind, pa.BaseExtensionType):
        return json.loads(value)
    if pa.types.is_list(kind):
        return [decoded(part, kind.value_type) for part in value]
    if pa.types.is_struct(kind):
        return {part.name: decoded(value[part.name], part.type) for part in kind}
    return value


def encoded(value: Any, kind: pa.DataType) -> Any:
    """The inverse of `decoded`, as far as the value has that shape; what has another stays as it is."""
    if isinstance(kind, pa.BaseExtensionType):
        return None if value is None else written(value)
    if pa.types.is_list(kind) and isinstance(value, list):
        return [encoded(part, kind.value_type) for part in value]
    if pa.types.is_struct(kind) and isinstance(value, dict):
        return {part.name: encoded(value.get(part.name), part.type) for part in kind}
    return value


def table_of(rows: list[Json], schema: pa.Schema) -> pa.Table:
    """The rows as a table of this schema. Where a value has no place in its column, the column is of the type that fits."""
    names = [name for name in schema.names if any(name in row for row in rows) or not rows]
    more = sorted({name for row in rows for name in row if name not in schema.names and isinstance(name, str)})
    arrays = [_array([encoded(row.get(name), schema.field(name).type) for row in rows], schema.field(name).type)
              for name in names]
    arrays += [pa.array([written(row.get(name)) for row in rows], pa.string()) for name in map(_sayable, more)]
    return pa.table(dict(zip([*names, *map(_sayable, more)], arrays, strict=True)))


def _array(values: list[Any], kind: pa.DataType) -> pa.Array:
    for wanted in (storage(kind), None):
        try:
            array = pa.array(values, wanted)
            return array.cast(kind) if wanted is not None else array
        except (pa.ArrowException, TypeError, ValueError, OverflowError, UnicodeEncodeError):
            continue
    return pa.array([_sayable(written(value)) for value in values], pa.string())


def _sayable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _refit(kind: str, row: Json) -> None:
    """Give a row the id that its content has, where it has one."""
    try:
        row["id"] = identity(ROW_TYPES[kind], json.loads(written(copy.deepcopy(row))))
    except Exception:  # whatever a spoiled row does to that, its old id will do
        return

