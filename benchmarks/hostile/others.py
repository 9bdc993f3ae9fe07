"""The other things that come in: ledgers, files beside a recipe, repos of the Hub, and a version that claims to be one's own."""

import gzip
import io
import json
import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.hostile import versions
from benchmarks.hostile.sites import LOAD, Command, Kind, Site, Spoil, astra, python, stored
from benchmarks.hostile.sound import recipe
from benchmarks.hostile.spoiling import spoiled
from benchmarks.hostile.spoils_files import scrambled
from benchmarks.hostile.spoils_rows import ROWS
from benchmarks.hostile.texts import HALVES, Raw, deep, long, markup, number, path, text, value, wide, written

Json = dict[str, Any]
COLUMNS = "key, attempt, kind, request, response, outcome, usage"
ENDLESS = ("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) "
           "SELECT key, x AS attempt, kind, request, response, outcome, usage FROM e, n;")
MADE = ("tools", "chains", "tasks", "trajectories", "sft")


def lay_ledger(site: Site, variant: str, spoil: Spoil | None) -> list[Command]:
    """A ledger of somebody else, with which a run is to be repeated."""
    site.sound.copied(["shop.plan.json", "notes.plan.json"], site.here)
    recipe(site.here, {one: site.here / f"{one}.plan.json" for one in ("shop", "notes")}, name="evil", questions=None,
           arenas=None)
    file = site.here / "evil.sqlite"
    shutil.copy2(site.sound.store / "ledger.sqlite", file)
    if spoil:
        spoil(site, file)
    made = (*stored("evil-tools"), *(f"hub/evil-{kind}/" for kind in MADE), "evil.sqlite")
    return [astra("run", "run", "evil.yaml", "--ledger", "evil.sqlite", "--limit", "4", writes=made),
            astra("show", "show", "evil-tools"),
            astra("show --json", "show", "evil-trajectories", "--json"),
            astra("make tools", "make", "tools", "mcp.json", "--to", "made", "--ledger",
                                                                              "evil.sqlite",
                  writes=(*stored("made"), "evil.sqlite"))]


def responses(site: Site, file: Path) -> None:
    """Answers on record that are of another type, hold markup, or are no JSON."""
    rng = site.rng
    with closing(sqlite3.connect(file)) as ledger:
        for key, attempt, response, usage in ledger.execute("SELECT key, attempt, response, usage FROM effects").fetchall():
            drawn = rng.choice((written(spoiled(rng, json.loads(response), site.lures, rng.randint(1, 3))),
                                written(value(rng, site.lures)),
                                markup(rng, site.lures), deep(rng).text, response, response))
            spent = rng.choice((usage, usage, written(spoiled(rng, json.loads(usage), site.lures, 2))))
            ledger.execute("UPDATE effects SET response = ?, usage = ? WHERE key = ? AND attempt = ?",
                           (_bytes(drawn), _bytes(spent), key, attempt))
        ledger.commit()


def structure(site: Site, file: Path) -> None:
    """A database with triggers, views, other columns, or of another kind; a file that is none."""
    rng, lures = site.rng, site.lures
    touched = lures.folder / "touched"
    what = rng.choice(("trigger", "view", "columns", "scrambled", "text", "link", "pipe", "folder", "wal", "attach", "recursive"))
    if what in ("scrambled", "text", "link", "pipe", "folder", "wal"):
        _another(site, file, what)
        return
    with closing(sqlite3.connect(file)) as ledger:
        ledger.executescript({
            "trigger": f"CREATE TRIGGER t AFTER INSERT ON effects BEGIN SELECT writefile('{touched}/sql', 'x'); END;",
            "view": f"ALTER TABLE effects RENAME TO e; CREATE VIEW effects AS SELECT {COLUMNS} FROM e;",
            "columns": "ALTER TABLE effects RENAME COLUMN usage TO used;",
            "attach": f"CREATE TABLE x AS SELECT '{touched}/sql' AS y;",
            "recursive": f"ALTER TABLE effects RENAME TO e; CREATE VIEW effects AS {ENDLESS}",
        }[what])


def _another(site: Site, file: Path, what: str) -> None:
    if what == "scrambled":
        scrambled(site.rng, file, site.rng.choice((5, 500)))
        return
    if what == "wal":
        file.with_name(f"{file.name}-wal").write_bytes(bytes(site.rng.getrandbits(8) for _ in range(9_000)))
        return
    file.unlink()
    if what == "text":
        file.write_text(text(site.rng, site.lures).encode("utf-8", "replace").decode())
    elif what == "link":
        file.symlink_to(site.rng.choice((site.lures.folder / "outside" / "secret.txt", site.lures.free(site.rng))))
    elif what == "pipe":
        os.mkfifo(file)
    else:
        file.mkdir()


LEDGERS = Kind(lay_ledger, ("",), {"responses": responses, "structure": structure})


@dataclass
class Beside:
    """A file beside a recipe: rows, and the bytes written in their place where `data` is given."""

    rows: list[Any]
    file: str = "evil.jsonl"
    data: bytes | None = None


def lay_beside(site: Site, variant: str, spoil: Spoil | None) -> list[Command]:
    """A file of strangers that a recipe or a command names: a benchmark, personas, passages, questions, rows."""
    site.sound.copied(["hub", "shop.plan.json", "notes.plan.json"], site.here)
    draft = Beside(_beside(site, variant))
    if spoil:
        spoil(site, draft)
    said = "\n".join(written(row) for row in draft.rows).encode(*HALVES)
    packed = gzip.compress(said) if draft.file.endswith(".gz") else said
    folder = site.here / ("personas" if variant == "personas" else "")
    folder.mkdir(exist_ok=True)
    (folder / draft.file).write_bytes(packed if draft.data is None else draft.data)
    recipe(site.here, {one: site.here / f"{one}.plan.json" for one in ("shop", "notes")}, name="evil",
           **_naming(variant, draft.file))
    if variant.startswith("rows of"):
        kind = variant.rpartition(" ")[2]
        return [astra("make", "make", kind, draft.file, "--to", "made", writes=stored("made")), astra("show", "show", "made"),
                astra("show ID", "show", "made", "ID@made"), astra("show --json", "show", "made", "--json"),
                astra("push", "push", "made", "org/pushed", "--incomplete")]
    if variant in ("questions", "passages"):
        return [astra("run", "run", "evil.yaml", "--only", "questions", writes=stored("evil-questions")),
                astra("show", "show", "evil-questions"), astra("show rejected", "show", "evil-questions#rejected", "--json",
                                                               may_refuse=True)]
    return [astra("make tasks", "make", "tasks", "sound-tools", "sound-chains", "--to", "made", "--recipe", "evil.yaml",
                  writes=stored("made")),
            astra("show", "show", "made"), astra("show --json", "show", "made", "--json")]


def _beside(site: Site, variant: str) -> list[Any]:
    if variant.startswith("rows of"):
        return versions.Draft.of(site, variant.rpartition(" ")[2]).rows
    said = "Find the newest order of the customer C-1 and look it up."
    return {
        "benchmark": [{"id": "multi_turn_base_7", "question": [[{"role": "user", "content": said}]],
                       "ground_truth": [["get_order(order_id='O-17')"]]},
                      {"id": 3, "user_scenario": {"instructions": {"reason_for_call": said}}, "evaluation_criteria": {"actions": [
                          {"name": "get_order", "arguments": {"order_id": "O-17"}}]}},
                      {"id": "a", "question": f"user: {said}\nsystem: yes?\n"}],
        "personas": [{"id": "p1", "age": 40, "occupation": "baker", "education": "school", "description": "Bakes.",
                      "skills": ["dough"], "hobbies": []}] * 3,
        "passages": [{"text": "The order O-17 is of Ingrid Dahl and comes to 42.5."}] * 3,
        "questions": [{"question": "Whose is the order O-17?", "answer": "Ingrid Dahl", "knowledge": ["O-17 is of Ingrid Dahl."],
                       "domain": "shop"}] * 2,
    }[variant]


def _naming(variant: str, file: str) -> Json:
    """The keys of a recipe that name the file."""
    return {
        "benchmark": {"tasks": {"per_chain": 1, "per_server": 3, "decontaminate": {"against": [file]}}},
        "personas": {"tasks": {"per_chain": 1, "augment": {"persona": 1, "personas": "./personas"}}},
        "passages": {"questions": {"domains": {"names": [{"name": "shop", "knowledge": file}]}}},
        "questions": {"questions": {"given": {"files": [file]}}},
    }.get(variant, {})


def beside_types(site: Site, draft: Beside) -> None:
    """Values of other types, hostile texts, and parts hidden under other names."""
    draft.rows = [spoiled(site.rng, row, site.lures, site.rng.randint(1, 3)) for row in draft.rows]


def beside_sizes(site: Site, draft: Beside) -> None:
    """Numbers, nestings and texts that no reader expects, and very many rows."""
    rng = site.rng

    def drawn(source: Any, lures: Any) -> Any:
        return source.choice((deep(source), wide(source), number(source), long(source, lures), Raw('"\\ud800"')))

    draft.rows = [spoiled(rng, row, site.lures, 1, drawn) for row in draft.rows] if rng.random() < 0.8 else draft.rows * 2_000


def beside_bytes(site: Site, draft: Beside) -> None:
    """A file that swells, is cut, or is no text."""
    rng, said = site.rng, "\n".join(map(written, draft.rows)).encode()
    draft.data = rng.choice((said[: rng.randrange(len(said))], b"\xff\xfe" + said, b"[" * 200_000, b"", b"\0" * 999,
                             b"\n" * 3_000_000, said.replace(b"\n", b"\r"),
                             b'"' + b"a" * 30_000_000 + b'"', b"{" + b'"a":{' * 60_000, b"NaN", b"null\n" * 50_000))
    if rng.random() < 0.3:
        draft.file, draft.data = "evil.jsonl.gz", gzip.compress(b"0" * 50_000_000, 9) * rng.choice((2, 120))


def beside_columns(site: Site, draft: Beside) -> None:
    """A dataset without lineage that is small and becomes large, does not end, or holds values that Python has not."""
    rng, out, large = site.rng, io.BytesIO(), pa.array(["x" * (1 << 20)])
    places = pa.DictionaryArray.from_arrays(pa.array([0] * 8_000, pa.int32()), large)
    columns = (places, pa.ListArray.from_arrays(pa.array([0, 8_000], pa.int32()), places),
               pa.ListArray.from_arrays(pa.array([0, 40_000_000], pa.int32()), pa.nulls(40_000_000, pa.int8())),
               pa.array([None] * 8, pa.list_(pa.int8(), 50_000_000)), pa.array([2**62], pa.duration("s")),
               pa.ExtensionArray.from_storage(pa.json_(), pa.array(["{"])))
    pq.write_table(pa.table({"occupation": rng.choice(columns)}), out, compression="zstd")
    many = range(300_000)
    draft.file, draft.data = rng.choice((
        ("evil.parquet", out.getvalue()),
        ("evil.csv", ",".join(f"c{n}" for n in many).encode()),
        ("evil.csv", ",".join(f"c{n}" for n in range(2_000)).encode() + b"\n1" * 100_000),
        ("evil.jsonl", "\n".join(f'{{"k{n}": 1}}' for n in many).encode()),
        ("evil.jsonl", "\n".join(f'{{"a": [{{"k{n}": 1}}]}}' for n in many).encode()),
        ("evil.csv", gzip.compress(b"occupation\n" + b"x" * 50_000_000, 9))))


def beside_rows(site: Site, draft: Beside) -> None:
    """Rows of ours, spoiled as those of a dataset are."""
    shim = versions.Draft("tasks", site.here, draft.rows, None, {}, "")
    ROWS[site.rng.choice(("ids", "markup", "paths", "names", "tokens", "any text"))](site, shim)
    draft.rows = shim.rows


BESIDES = Kind(lay_beside, ("benchmark", "personas", "passages", "questions",
                            *(f"rows of {kind}" for kind in (*MADE, "questions", "environments", "arenas"))),
               {"types": beside_types, "sizes": beside_sizes, "bytes": beside_bytes, "rows": beside_rows,
                "columns": beside_columns},
               {"rows": tuple(f"rows of {kind}" for kind in (*MADE, "questions", "environments", "arenas")),
                "columns": ("personas",)})


def lay_own(site: Site, kind: str, spoil: Spoil | None) -> list[Command]:
    """A pulled version with the stage key of a run that is still to be made here."""
    site.sound.copied(["hub", "shop.plan.json", "notes.plan.json"], site.here)
    recipe(site.here, {one: site.here / f"{one}.plan.json" for one in ("shop", "notes")}, name="evil")
    shutil.rmtree(site.here / "hub" / f"sound-{kind}")
    draft = versions.Draft.of(site, kind)
    if spoil:
        spoil(site, draft)
    draft.write()
    site.around.publish("dataset", "org/evil", versions.plain_files(draft.folder))
    sources = {"chains": ["sound-tools"], "tasks": ["sound-tools", "sound-chains"], "sft": ["sound-trajectories"]}.get(kind)
    run = ("make", kind, *sources, "--to", f"evil-{kind}", "--recipe", "evil.yaml") if sources else ("run", "evil.yaml", "--only",
                                                                                                     kind)
    keeps = '"found":true' if spoil else ""
    return [astra("pull", "pull", "org/evil", "--to", f"evil-{kind}", writes=stored(f"evil-{kind}")),
            astra("run", *run, "--json", writes=stored(f"evil-{kind}"), keeps=keeps),
            astra("run again", *run, "--json", writes=stored(f"evil-{kind}")), astra("show", "show", f"evil-{kind}")]


def poisoned(site: Site, draft: versions.Draft) -> None:
    """Rows of a stranger under a key that fits."""
    ROWS[site.rng.choice(("any text", "names", "markup"))](site, draft)
    draft.refit = True


OWN = Kind(lay_own, ("questions", "chains", "tasks", "sft"), {"poisoned": poisoned})


def lay_hub(site: Site, kind: str, spoil: Spoil | None) -> list[Command]:
    """A repo whose listing names odd paths."""
    site.sound.copied(["hub"], site.here)
    draft = versions.Draft.of(site, kind)
    draft.write()
    files = versions.plain_files(draft.folder)
    if spoil:
        spoil(site, files)
    site.around.publish("dataset", "org/evil", files)
    return [astra("pull", "pull", "org/evil", "--to", "pulled", writes=stored("pulled")),
            astra("show org/name", "show", "org/evil"),
            python("load(org/name)", LOAD.format(address="org/evil")), astra("show pulled", "show", "pulled"),
            astra("make sft", "make", "sft", "org/evil", "--to", "made-sft", writes=stored("made-sft"))]


def listed(site: Site, files: Any) -> None:
    """Paths that lead out of the snapshot, or name what is none."""
    rng = site.rng
    for _ in range(rng.randint(1, 3)):
        drawn = rng.choice((path(rng, site.lures), "../" * rng.randint(1, 8) + f"outside/lure-{rng.getrandbits(32):08x}",
                            markup(rng, site.lures),
                            "data/../../../x.parquet", ".git/config", ".cache/huggingface/x", "lineage.json/x",
                            "data/train-00000-of-00001.parquet/x"))
        safe = drawn.encode("utf-8", "replace").decode().replace("\0", "").replace("\n", "")
        files[safe.strip("/")[:3_000] or "x"] = rng.choice((b"pwned", files["README.md"], b"", b"x" * 100_000))
    if rng.random() < 0.2:
        files |= {f"data/more-{number:05d}.parquet": b"PAR1" for number in range(1_500)}


HUB = Kind(lay_hub, ("trajectories",), {"listed": listed})


def _bytes(said: str) -> str | bytes:
    """Text for SQLite, which takes none with half characters."""
    try:
        said.encode()
    except UnicodeEncodeError:
        return said.encode(*HALVES)
    return said
