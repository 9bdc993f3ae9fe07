"""What a stranger puts into the files of a version: links, pipes, other names, broken and swollen Parquet."""

import io
import json
import os
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.hostile.dataset_commands import UNLISTED
from benchmarks.hostile.sites import Site, Spoil
from benchmarks.hostile.spoiling import texts_spoiled
from benchmarks.hostile.texts import path, written
from benchmarks.hostile.versions import FILE, Draft, table_of


def links(site: Site, draft: Draft) -> None:
    """A file or folder that is a link to something outside. No Hub keeps these; archives and copied stores do."""
    draft.write()
    rng, outside = site.rng, site.lures.folder / "outside"
    which, aim = rng.choice((("lineage.json", "secret.json"), ("README.md", "secret.txt"), (FILE, "secret.parquet"),
                             ("rejected", ""), ("data/more.parquet", "secret.parquet"), ("data/sub", ""), ("ledger", "")))
    place = draft.folder / which
    place.unlink(missing_ok=True)
    target = outside / aim
    place.symlink_to(target if rng.random() < 0.5 else os.path.relpath(target, place.parent))
    if which.startswith("data") and rng.random() < 0.7:
        draft.list_files()
        (draft.folder / "lineage.json").is_symlink() or (draft.folder / "lineage.json").write_text(written(draft.lineage))


def store_links(site: Site, draft: Draft) -> None:
    """Folders of the store that lead out of it, where the next command writes."""
    draft.write()
    draft.deliver(site)
    rng = site.rng
    made = rng.choice(("pulled", "made-chains", "made-sft", "audited", "scored", f"evil-{draft.kind}"))
    part = rng.choice(("", "keys", "refs", "versions"))
    place = site.here / "hub" / made / part
    if place.exists():
        place = place / "main" if part == "refs" else site.here / "hub" / "pulled"
        place.unlink(missing_ok=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(site.lures.folder / rng.choice(("outside", "home", "outside/target")))


def store_refs(site: Site, draft: Draft) -> None:
    """A store in which `refs` and `keys` name something else than a version."""
    draft.write()
    draft.deliver(site)
    rng, home = site.rng, site.here / "hub" / f"evil-{draft.kind}"
    aim = rng.choice(("../../../../outside", str(site.lures.folder / "outside"), "..", ".", "", path(rng, site.lures),
                      "\x1b[31mx"))
    if rng.random() < 0.5:
        (home / "refs" / "main").write_bytes(f"{aim}\n".encode())
        return
    for record in (home / "keys").iterdir():
        record.write_text(json.dumps({"lineage": draft.lineage, "tree": aim}))


def pipes(site: Site, draft: Draft) -> None:
    """A pipe in the place of a file: reading it waits for ever."""
    draft.write()
    draft.deliver(site)
    which = site.rng.choice(("README.md", "lineage.json", FILE, "data/more.parquet", "rejected/train.parquet"))
    [planted] = (site.here / "hub" / f"evil-{draft.kind}" / "versions").iterdir()
    for folder in (draft.folder, planted):
        (folder / which).parent.mkdir(exist_ok=True)
        (folder / which).unlink(missing_ok=True)
        os.mkfifo(folder / which)


def broken(site: Site, draft: Draft) -> None:
    """Parquet with other bytes somewhere, most of all in its footer."""
    draft.write()
    rng, data = site.rng, bytearray((draft.folder / FILE).read_bytes())
    footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    for _ in range(rng.choice((1, 3, 40))):
        data[rng.randrange(footer, len(data) - 4) if rng.random() < 0.7 else rng.randrange(len(data))] = rng.getrandbits(8)
    if rng.random() < 0.3:
        del data[rng.randrange(len(data)):]
    draft.files[FILE] = bytes(data)
    draft.is_written = False


def swollen(site: Site, draft: Draft) -> None:
    """Parquet that is small and becomes large: one text of hundreds of millions of zeros, or very many rows."""
    rng = site.rng
    table = table_of(draft.rows[:1], draft.schema)
    texts = [name for name in table.column_names if table.schema.field(name).type == pa.string()]
    if rng.random() < 0.6:
        huge = pa.array(["0" * 300_000_000], pa.string())
        table = table.set_column(table.column_names.index(rng.choice(texts)), rng.choice(texts), huge)
    else:
        table = pa.concat_tables([table] * 30_000).combine_chunks()
    draft.files[FILE] = _bytes(table)


def columns(site: Site, draft: Draft) -> None:
    """Columns that are missing, of another type, or claimed to be pictures, which a reader opens."""
    rng, table = site.rng, table_of(draft.rows, draft.schema)
    for _ in range(rng.randint(1, 2)):
        name = rng.choice(table.column_names)
        index, count = table.column_names.index(name), table.num_rows
        kinds = (pa.nulls(count), pa.array([b"\xff"] * count), pa.array(range(count)), pa.array([1.5] * count),
                 pa.array([[{"": 1}]] * count),
                 pa.array([{"a": 1}] * count), pa.array(["x"] * count).dictionary_encode(),
                 pa.array([None] * count, pa.list_(pa.int8())),
                 pa.array([0] * count, pa.timestamp("ns")), pa.array(["{"] * count), pa.array(["1e999"] * count))
        table = table.drop_columns([name]) if rng.random() < 0.3 else table.set_column(index, name, rng.choice(kinds))
    draft.files[FILE] = _bytes(table)


def features(site: Site, draft: Draft) -> None:
    """Parquet whose metadata say that texts are pictures, sounds or films, at paths and addresses of this machine."""
    rng, lures, table = site.rng, site.lures, table_of(draft.rows, draft.schema)
    texts = [name for name in table.column_names if table.schema.field(name).type == pa.string()]
    name = rng.choice(texts)
    aims = [rng.choice((str(lures.secret(rng)), lures.url(rng), f"file://{lures.secret(rng)}")) for _ in range(table.num_rows)]
    index, kind = table.column_names.index(name), rng.choice(("Image", "Audio", "Video", "Pdf"))
    if rng.random() < 0.5:
        table = table.set_column(index, name, pa.array(aims))
    else:
        table = table.set_column(index, name, pa.array([{"bytes": None, "path": aim} for aim in aims]))
    info = {"info": {"features": {one: {"_type": kind} if one == name else {"dtype": "string", "_type": "Value"}
                                  for one in table.column_names}}}
    draft.files[FILE] = _bytes(table.replace_schema_metadata({"huggingface": json.dumps(info)}))


def names(site: Site, draft: Draft) -> None:
    """Data files of other names: patterns, options, devices, escapes; or very many; or one that is in no lineage."""
    rng = site.rng
    data = _bytes(table_of(draft.rows, draft.schema))
    odd = ("[a-z].parquet", "*.parquet", "--x.parquet", "con.parquet", "a\nb.parquet", "\x1b[31mx\x1b[0m.parquet", "[/b].parquet",
           "train.parquet.gz", "../x.parquet", "a/b/c/d.parquet", f"{'x' * 240}.parquet", "\u202eteuqrap.parquet",
           ".hidden.parquet",
           "x::y.parquet", "{{x}}.parquet", "%2e%2e.parquet", "train-00000-of-00001.PARQUET", "#rejected.parquet", "a?b.parquet")
    for name in rng.sample(odd, rng.randint(1, 3)):
        if name != "../x.parquet":
            draft.files[f"data/{name}"] = data
    if rng.random() < 0.3:
        draft.files |= {f"data/part-{number:05d}.parquet": data for number in range(400)}
    if rng.random() < 0.4:
        draft.write()
        draft.listed = False
        draft.files["data/unlisted.parquet"] = unlisted(site, draft)
        draft.is_written = False


def unlisted(site: Site, draft: Draft) -> bytes:
    """Parquet of the same columns with rows that no lineage knows."""
    return _bytes(table_of([texts_spoiled(site.rng, row, site.lures, 0.5, lambda *_: UNLISTED) for row in draft.rows],
                           draft.schema))


def _bytes(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd")
    return out.getvalue()


FILES: dict[str, Spoil] = {"links": links, "store links": store_links, "store refs": store_refs, "pipes": pipes, "broken": broken,
                           "swollen": swollen, "columns": columns, "features": features, "names": names}


def scrambled(rng: random.Random, file: Path, times: int) -> None:
    """Change this many bytes of a file."""
    data = bytearray(file.read_bytes())
    for _ in range(times):
        data[rng.randrange(len(data))] = rng.getrandbits(8)
    file.write_bytes(bytes(data))
