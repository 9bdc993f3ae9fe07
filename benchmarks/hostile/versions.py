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
from astra_data.rows import ROW_TYPES, identity
from benchmarks.hostile.asked import asked_recipe, sound_script
from benchmarks.hostile.sites import LOAD, Command, Site, Spoil, astra, python, stored
from benchmarks.hostile.sound import KINDS, recipe
from benchmarks.hostile.texts import HALVES, written

FILE = "data/train-00000-of-00001.parquet"
MOST_SENT = 500_000_000
UNLISTED = "row-of-no-lineage"
"""What rows say that no lineage knows of: nothing may serve them."""
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
    found = [*_common(kind, draft.first_id), *OWN[kind](f"evil-{kind}")]
    if (site.sound.folder / "here" / "model").is_dir() and kind in WITH_MODEL:
        site.sound.copied(["model"], site.here)
        (site.here / "train.yaml").write_text(TRAIN)
        found.append(WITH_MODEL[kind](f"evil-{kind}"))
    return found


def _common(kind: str, row: str) -> list[Command]:
    evil = f"evil-{kind}"
    return [
        astra(f"pull {kind}", "pull", "org/evil", "--to", "pulled", writes=stored("pulled")),
        astra(f"pull --json {kind}", "pull", "org/evil", "--json", writes=stored("evil")),
        astra(f"show pulled {kind}", "show", "pulled"),
        astra(f"show {kind}", "show", evil),
        astra(f"show --json {kind}", "show", evil, "--json", keeps=UNLISTED),
        astra(f"show ID {kind}", "show", evil, row),
        astra(f"show ID --why {kind}", "show", evil, row, "--why", may_refuse=True),
        astra(f"show ID --lineage {kind}", "show", evil, row, "--lineage"),
        astra(f"show FOLDER {kind}", "show", "./evil"),
        astra(f"show org/name {kind}", "show", "org/evil"),
        python(f"load(FOLDER) {kind}", LOAD.format(address="./evil"), keeps=UNLISTED),
        python(f"load(org/name) {kind}", LOAD.format(address="org/evil"), keeps=UNLISTED),
        python(f"load(NAME) {kind}", LOAD.format(address=evil), keeps=UNLISTED),
        python(f"load(sound) {kind}", LOAD.format(address=f"sound-{kind}"), keeps=UNLISTED),
        astra(f"push {kind}", "push", evil, "org/pushed", "--incomplete"),
        astra(f"doctor {kind}", "doctor"),
    ]


def _asked(stage: str, *sources: str) -> Command:
    """A stage whose model is behind an endpoint: what is asked of it tells what stands in prompts."""
    return astra(f"make {stage} with a model", "make", stage, *sources, "--to", f"asked-{stage}", "--recipe", "asked.yaml",
                 "--limit", "1",
                 writes=stored(f"asked-{stage}"))


def _make(stage: str, *sources: str) -> Command:
    return astra(f"make {stage} {sources[0]}", "make", stage, *sources, "--to", f"made-{stage}", "--recipe", "evil.yaml",
                 writes=stored(f"made-{stage}"))


def _of_tools(evil: str) -> list[Command]:
    return [_make("chains", evil), _make("trajectories", evil, "sound-tasks"), _asked("chains", evil),
            astra("make trajectories alone", "make", "trajectories", evil, "sound-tasks", "--to", "made-alone",
                  writes=stored("made-alone"), may_refuse=True),
            astra("run --only chains", "run", "evil.yaml", "--only", "chains", writes=stored("evil-chains"))]


def _of_environments(evil: str) -> list[Command]:
    return [
        astra("audit", "audit", evil, "--to", "audited", writes=stored("audited")),
        *(astra(f"convert to {form}", "convert", evil, "--to-format", form, "-o", f"out-{form}", writes=(f"out-{form}/",))
          for form in ("harbor", "astra_rl")),
        _make("arenas", evil),
    ]


def _of_arenas(evil: str) -> list[Command]:
    return [
        *(astra(f"evaluate arena {model}", "evaluate", "arena", evil, "--model", model, "--to", f"by-{model}",
                writes=stored(f"by-{model}")) for model in ("oracle", "random")),
        astra("train grpo --dry-run", "train", "grpo", "--config", "tiny", "--dry-run", "--data.train", evil),
    ]


OWN = {
    "tools": _of_tools,
    "chains": lambda evil: [_make("tasks", "sound-tools", evil), _asked("tasks", "sound-tools", evil)],
    "tasks": lambda evil: [
        _make("trajectories", "sound-tools", evil),
        astra("run decontaminate", "make", "tasks", "sound-tools", "sound-chains", "--to", "made-tasks", "--recipe", "evil.yaml",
              "--set", f"tasks.decontaminate.against=[{evil}]", writes=stored("made-tasks")),
        astra("score --tasks", "score", "sound-trajectories", "--tasks", evil, "--to", "scored", writes=stored("scored")),
    ],
    "trajectories": lambda evil: [
        _make("sft", evil), astra("score", "score", evil, "--tasks", "sound-tasks", "--to", "scored", writes=stored("scored")),
        _make("questions", evil), _asked("questions", evil),
        astra("score with a model", "score", evil, "--tasks", "sound-tasks", "--to", "scored-too", "--recipe", "asked.yaml",
              "--limit", "1",
              writes=stored("scored-too")),
    ],
    "sft": lambda evil: [astra("train sft --dry-run", "train", "sft", "--config", "tiny", "--dry-run", "--data.train", evil)],
    "questions": lambda evil: [_make("environments", evil), _asked("environments", evil)],
    "environments": _of_environments,
    "arenas": _of_arenas,
}
WITH_MODEL = {
    "arenas": lambda evil: astra("evaluate arena FOLDER", "evaluate", "arena", evil, "--model", "./model", "--to", "by-model",
                                 "--limit", "1",
                                 "--max-turns", "2", "--max-tokens", "8", writes=stored("by-model")),
    "sft": lambda evil: astra("train sft", "train", "sft", "--config", "train.yaml", "--data.train", evil, writes=("runs/",)),
}
TRAIN = """name: train
model: {name: ./model, dtype: float32, template: qwen3_instruct_2507, context: 8192}
data: {train: x, too_long: drop}
trainer: {max_steps: 1, per_device_train_batch_size: 1, learning_rate: 1e-4, bf16: false, save_strategy: "no"}
"""
assert set(OWN) == set(KINDS)


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
    storage = _storage(kind)
    for wanted in (storage, None):
        try:
            array = pa.array(values, wanted)
            return array.cast(kind) if wanted is not None else array
        except (pa.ArrowException, TypeError, ValueError, OverflowError, UnicodeEncodeError):
            continue
    return pa.array([_sayable(written(value)) for value in values], pa.string())


def _storage(kind: pa.DataType) -> pa.DataType:
    if isinstance(kind, pa.BaseExtensionType):
        return kind.storage_type
    if pa.types.is_list(kind):
        return pa.list_(_storage(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([(part.name, _storage(part.type)) for part in kind])
    return kind


def _sayable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _refit(kind: str, row: Json) -> None:
    """Give a row the id that its content has, where it has one."""
    try:
        row["id"] = identity(ROW_TYPES[kind], json.loads(written(copy.deepcopy(row))))
    except Exception:  # whatever a spoiled row does to that, its old id will do
        return

