"""Environments in foreign forms, as strangers hand them on: Harbor trees, rows of ASTRA's release, files of bfcl-eval."""

import json
import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from astra_data.formats import astra_rl
from astra_data.formats.harbor_task import files_of
from astra_data.rows import Environment, from_dict
from benchmarks.figure import ROOT
from benchmarks.hostile import versions
from benchmarks.hostile.sites import Command, Kind, Site, Spoil, astra, stored
from benchmarks.hostile.spoiling import spoiled, texts_spoiled
from benchmarks.hostile.spoils_code import CODE
from benchmarks.hostile.spoils_rows import ROWS
from benchmarks.hostile.texts import HALVES, deep, long, markup, name, number, path, shell, text, url, value, wide, written

sys.path.insert(0, str(ROOT / "tests"))

import mini_bfcl

Json = dict[str, Any]


@dataclass
class Draft:
    """Environments as rows, as `versions.Draft` has them, and the folder that they are written to. `late` has been told that the
    folder is written already."""

    kind: str
    rows: list[Json]
    folder: Path
    refit: bool = True
    form: str = ""
    is_written: bool = False
    columns: list[Json] = field(default_factory=list)


def lay(site: Site, form: str, spoil: Spoil | None) -> list[Command]:
    """Lay out environments in this form; see `sites.Lay`."""
    site.sound.copied(["hub"], site.here)
    draft = Draft("environments", versions.Draft.of(site, "environments").rows, site.here / "evil", form=form)
    if form == "bfcl":
        mini_bfcl.write(draft.folder)
    else:
        shutil.copytree(site.sound.folder / "here" / ("harbor" if form == "harbor" else "rl"), draft.folder)
    if spoil:
        spoil(site, draft)
    return _commands(site, form)


def _commands(site: Site, form: str) -> list[Command]:
    read = "astra_rl" if form.startswith("rl") else form
    rows = site.here / "evil" / "rows.jsonl"
    source = str(site.here / "evil") if form == "bfcl" else "evil/rows.jsonl" if rows.exists() else "./evil"
    if form != "bfcl":
        site.around.publish("dataset", "org/evil", versions.plain_files(site.here / "evil"))
    found = [astra("convert", "convert", source, "--from", read, "--to", "converted", writes=stored("converted")),
             astra("show", "show", "converted"), astra("show ID", "show", "converted", "ID@converted"),
             astra("show --json", "show", "converted", "--json"),
             astra("show ID --why", "show", "converted", "ID@converted", "--why", may_refuse=True),
             astra("push", "push", "converted", "org/pushed", "--incomplete"),
             astra("audit", "audit", "converted", "--to", "audited", "--limit", "2", writes=stored("audited")),
             *(astra(f"convert to {out}", "convert", "converted", "--to-format", out, "-o", f"out-{out}", writes=(f"out-{out}/",))
               for out in ("harbor", "astra_rl"))]
    if form != "bfcl":
        found.insert(1, astra("convert org/name", "convert", "org/evil", "--from", read, "--to", "from-hub",
                              writes=stored("from-hub")))
    return found


def environments(site: Site, draft: Draft) -> None:
    """Spoil the environments as rows are, and write them in the form."""
    names = ("code", "modules", "entries", "states", "sources", "schemas", "markup", "any text", "types", "inside")
    chosen = site.rng.choice(names)
    ({**ROWS, **CODE}[chosen])(site, draft)
    for index, row in enumerate(draft.rows):
        _write(draft, index, row)
    _write_columns(draft)


def _write(draft: Draft, index: int, row: Json) -> None:
    """One environment in the form; as whole and consistent as it can be made."""
    text = written(row)
    whole: Environment | None = None
    try:
        whole = from_dict(Environment, json.loads(text))
        columns, files = astra_rl.to_row(whole), files_of(whole)
    except Exception:  # of what is spoiled too far the sound columns are kept around it
        columns, files = {}, {}
    if draft.form != "harbor":
        draft.columns.append({**astra_rl.to_row(_sound(draft, index)), **columns, astra_rl.WHOLE: text})
        return
    task = sorted(file.parent for file in draft.folder.rglob("task.toml"))[index]
    for place, content in files.items():
        (task / place).write_bytes(content.encode(*HALVES))
    if not files:
        literal = text.replace("'", "\\u0027").replace("\x7f", "\\u007f")
        lines = [f"environment = '{literal}'" if line.startswith("environment = ") else line
                 for line in (task / "task.toml").read_text().splitlines()]
        (task / "task.toml").write_bytes("\n".join(lines).encode(*HALVES))


def _sound(draft: Draft, index: int) -> Environment:
    rows = pq.read_table(next((draft.folder / "data").glob("*.parquet"))).to_pylist()
    return astra_rl.from_row(rows[index], "x", 1)


def _write_columns(draft: Draft) -> None:
    """The rows of the released form: Parquet, or lines of JSON where the values have no place in Parquet, or the form asks."""
    if draft.form == "harbor":
        return
    if draft.form == "rl.parquet":
        try:
            pq.write_table(pa.Table.from_pylist(draft.columns), next((draft.folder / "data").glob("*.parquet")))
            return
        except (pa.ArrowException, UnicodeEncodeError, TypeError):
            pass
    lines = "\n".join(written(row) for row in draft.columns)
    shutil.rmtree(draft.folder / "data")
    (draft.folder / "rows.jsonl").write_bytes(lines.encode(*HALVES))


def four_columns(site: Site, draft: Draft) -> None:
    """Rows without our column: their JSON strings spoiled inside, their sources those of strangers."""
    rng, lures = site.rng, site.lures
    for index in range(len(draft.rows)):
        row = astra_rl.to_row(_sound(draft, index))
        row[astra_rl.WHOLE] = None
        ({**CODE}[rng.choice(("code", "sources"))])(site, one := Draft("environments", [draft.rows[index]], draft.folder))
        sources = json.loads(row["tool_dict"])
        for tool in sources:
            sources[tool] = rng.choice((sources[tool], one.rows[0]["modules"][0]["source"], value(rng, lures)))
        row["tool_dict"] = written(sources if rng.random() < 0.7 else spoiled(rng, sources, lures, 2))
        column = rng.choice(("tool_schema", "sub_qa_dict", "prompt"))
        tree = row[column] if column == "prompt" else json.loads(row[column])
        drawn = rng.choice((spoiled(rng, tree, lures, rng.randint(1, 3)), texts_spoiled(rng, tree, lures, 0.5), deep(rng),
                            number_or_wide(site)))
        row[column] = drawn if column == "prompt" else rng.choice((written(drawn), written(drawn), f"{written(drawn)}x",
                                                                   long(rng, lures)))
        draft.columns.append(row)
    _write_columns(draft)


def number_or_wide(site: Site) -> Any:
    return site.rng.choice((number(site.rng), wide(site.rng), {"a": number(site.rng)}))


def files(site: Site, draft: Draft) -> None:
    """Links, pipes, broken files, modules that lie beside the data, and very many files."""
    rng, lures = site.rng, site.lures
    for module in rng.sample(("json", "tomllib", "fractions", "numpy", "pandas", "re", "conftest", "sitecustomize", "__init__",
                              "datasets"), 4):
        for folder in (draft.folder, site.here):
            (folder / f"{module}.py").write_text(f"{lures.python(rng)}\n")
    every = [file for file in draft.folder.rglob("*") if file.is_file()
             and file.suffix in (".toml", ".json", ".jsonl", ".parquet", ".py")]
    what = rng.choice(("link", "pipe", "broken", "link folder", "cycle", "huge"))
    file = rng.choice(every)
    if what == "link":
        file.unlink()
        file.symlink_to(rng.choice((lures.secret(rng), Path("/dev/zero"), Path("loop"))))
    elif what == "pipe":
        file.unlink()
        os.mkfifo(file)
    elif what == "broken":
        data = file.read_bytes()
        file.write_bytes(rng.choice((data[: rng.randrange(len(data))], b"\xff" + data, b"", b"\0" * 100, data + b"\0")))
    elif what == "huge":
        with file.open("ab") as grown:
            grown.truncate(3_000_000_000)
    else:
        (draft.folder / "more").symlink_to(lures.folder / "outside" if what == "link folder" else draft.folder)


def toml(site: Site, draft: Draft) -> None:
    """A task.toml that is deep, large, or of other types."""
    rng, lures = site.rng, site.lures
    for file in draft.folder.rglob("task.toml"):
        said = file.read_text()
        added = (f"x = {'[' * 2_000}{']' * 2_000}\n", f"x = {'9' * 5_000}\n", "x = 1e999\n", "x = nan\n",
                 "x = 0001-01-01T00:00:00+23:59\n",
                 "a." * 3_000 + "b = 1\n", f'x = "{chr(92)}ud800"\n', "[metadata]\n",
                 f'[metadata.astra]\nenvironment = "{lures.shell(rng)}"\n', "[[a]]\n" * 30_000,
                 "[a]\n" * 2, f"x = {'{a = ' * 900}1{'}' * 900}\n", "x = '''" + "'" * 9_999, "\0")
        drawn = rng.choice(added)
        lines = said.splitlines()
        odd = rng.choice(("1", "[]", *map(json.dumps, (text(rng, lures), deep(rng).text, written(number(rng))))))
        kept = [f"environment = {odd}" if line.startswith("environment = ") else line for line in lines]
        file.write_bytes(rng.choice((drawn + said, said + drawn, "\n".join(kept))).encode("utf-8", "replace"))


def folders(site: Site, draft: Draft) -> None:
    """Task folders that are called as paths, options, markup, or lie very deep."""
    rng = site.rng
    for task in sorted(file.parent for file in draft.folder.rglob("task.toml")):
        drawn = rng.choice((markup, name, shell, text))(rng, site.lures).replace("/", "_").replace("\0", "")
        new = rng.choice((drawn, f"--{drawn}", "d/" * 60 + "x", "\x1b[31m[/b]", "..x", "x\ny"))[:150].encode("utf-8",
                                                                                                             "replace")[
                                                                                                                 :200].decode(
                                                                                                                     "utf-8",
                                                                                                                     "ignore")
        target = draft.folder / (new.strip("./ ") or "x")
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(task, target)


def bfcl_modules(site: Site, draft: Draft) -> None:
    """Modules that lie beside the data, and that its classes import or that stand for others."""
    rng, lures = site.rng, site.lures
    package = draft.folder / "bfcl_eval"
    sources = package / "eval_checker/multi_turn_eval/func_source_code"
    module = rng.choice(("evilpkg", "evil_maths", "numpyx", "mpmathx", "yamlx", "x_y"))
    line = lures.python(rng)
    for folder in rng.sample([draft.folder, package, sources, site.here], 3):
        if rng.random() < 0.5:
            (folder / f"{module}.py").write_text(f"{line}\n")
        else:
            (folder / module).mkdir(exist_ok=True)
            (folder / module / "__init__.py").write_text(f"{line}\n")
    for shadow in rng.sample(("fractions", "subprocess", "numbers", "copy", "typing", "random", "datetime", "decimal"), 3):
        (draft.folder / f"{shadow}.py").write_text(f"{line}\n")
    file = sources / rng.choice(("notes.py", "maths.py"))
    file.write_text(f"import {module}\n{file.read_text()}\n\nUSED = {module}\n")
    if rng.random() < 0.5:
        file.write_text(file.read_text().replace(f"import {module}\n", f"import {module}.sub as {module}\n", 1))


def bfcl_sources(site: Site, draft: Draft) -> None:
    """Classes whose code reaches out, or is no code, or is called as something else is."""
    rng = site.rng
    sources = draft.folder / "bfcl_eval" / "eval_checker/multi_turn_eval/func_source_code"
    for file in rng.sample(sorted(sources.glob("*.py")), 2):
        row: Json = {"modules": [{"name": "x", "source": file.read_text()}], "tools": [], "world": {}, "turns": []}
        CODE[rng.choice(("code", "sources", "code"))](site, Draft("environments", [row], draft.folder))
        file.write_bytes(row["modules"][0]["source"].encode(*HALVES))
    if rng.random() < 0.4:
        old, new = "class Notes:", f"class {rng.choice(('Notes', '__class__', 'object', 'Notes2'))}(dict):"
        (sources / "notes.py").write_text((sources / "notes.py").read_text(errors="replace").replace(old, new))


def bfcl_entries(site: Site, draft: Draft) -> None:
    """Entries, answers and documents of other types, and calls that are more than calls."""
    rng, lures = site.rng, site.lures
    data = draft.folder / "bfcl_eval" / "data"
    which = rng.choice((data.glob("*.json"), (data / "possible_answer").glob("*.json"),
                        (data / "multi_turn_func_doc").glob("*.json")))
    for file in sorted(which):
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        file.write_bytes("\n".join(written(spoiled(rng, line, lures, rng.randint(1, 3))) for line in lines).encode(*HALVES))
    calls = (f"add({lures.python(rng)!r})", f"add({lures.python(rng)})", "add(" + "(" * 300 + ")" * 300 + ")", "add(9**9**9)",
             f"add({'9' * 5_000})",
             f"add(*{'[' * 80}{']' * 80})", "add('a' 'b')", "__import__('os').system('id')", "add(text=1, text=2)",
             f"add({'-' * 5_000}1)", "add(1e999)",
             "add(f'{1}')", "add(b'x')", "add({1: 2})", "add({1, 2})", "add(...)", "add(1j)", f"add({long(rng, lures)!r})",
             "add('\\ud800')", "add(\0)", "")
    if rng.random() < 0.6:
        file = data / "possible_answer" / "BFCL_v4_multi_turn_base.json"
        file.write_bytes(json.dumps({"id": "multi_turn_base_7",
                                     "ground_truth": [[rng.choice(calls)], [rng.choice(calls)]]}).encode())


def bfcl_files(site: Site, draft: Draft) -> None:
    """Links and pipes in the place of files, and names that stand in paths."""
    files(site, draft)
    if site.rng.random() < 0.5:
        data = draft.folder / "bfcl_eval" / "data"
        entry = json.loads((data / "BFCL_v4_multi_turn_base.json").read_text(errors="replace").splitlines()[0] or "{}") if (
            data / "BFCL_v4_multi_turn_base.json").is_file() else {}
        if isinstance(entry, dict):
            entry["involved_classes"] = [path(site.rng, site.lures), "Notes"]
            entry["id"] = rng_text(site)
            target = data / "BFCL_v4_multi_turn_base.json"
            target.unlink(missing_ok=True)
            target.write_bytes(written(entry).encode(*HALVES))


def rng_text(site: Site) -> str:
    return site.rng.choice((path, markup, url))(site.rng, site.lures)


FORMS = ("harbor", "rl.parquet", "rl.jsonl")
TREES = Kind(lay, (*FORMS, "bfcl"), {
    "environments": environments, "four columns": four_columns, "files": files, "toml": toml, "folders": folders,
    "modules beside": bfcl_modules,
    "sources": bfcl_sources, "entries": bfcl_entries, "bfcl files": bfcl_files,
}, {"environments": FORMS, "four columns": FORMS[1:], "files": FORMS, "toml": ("harbor",), "folders": ("harbor",),
    "modules beside": ("bfcl",),
    "sources": ("bfcl",), "entries": ("bfcl",), "bfcl files": ("bfcl",)})
