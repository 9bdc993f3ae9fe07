"""What the README of a dataset, or another of its files, says of files elsewhere is not followed: it is just its own folder."""

import http.server
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_versions import make_version
from strange_versions import FILE, copied, rewrite_file, tell

from astra_data.errors import DataError
from astra_data.hub import foreign
from astra_data.hub.store import Store
from astra_data.hub.tree import sha256_file

HEAD = "configs:\n- config_name: default\n  data_files: {}"
ELSEWHERE = {
    "an absolute path": "CANARY",
    "a step up": "../canary.jsonl",
    "steps within and up": "data/../../canary.jsonl",
    "an address": "URL/canary.jsonl",
    "the Hub": "hf://datasets/org/canary/canary.jsonl",
    "an archive elsewhere": "zip://canary.jsonl::URL/canary.zip",
    "a file address": "file://CANARY",
    "a pattern": "../*.jsonl",
    "a list": "[data/*.parquet, CANARY]",
    "a split": "[{split: train, path: [data/*.parquet, ../canary.jsonl]}]",
    "a link": "link.jsonl",
    "a folder behind a link": "linked/canary.jsonl",
}
"""What is said of `data_files`, by kind; each leads to the file `canary.jsonl` beside the folder, or to a server that counts."""
FEW = [ELSEWHERE[name] for name in ("an absolute path", "a step up", "an address", "the Hub", "a split", "a link")]


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    file = tmp_path / "canary.jsonl"
    file.write_text('{"text": "canary"}\n')
    return file


@pytest.fixture
def server() -> Iterator[http.server.HTTPServer]:
    """It counts what it is asked in `asked`."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            running.asked.append(self.path)
            self.send_response(404)
            self.end_headers()

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    running: Any = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.asked = []
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield running
    running.shutdown()
    running.server_close()
    thread.join()


def directed(folder: Path, said: str, canary: Path, server: Any) -> None:
    """Let the README of a folder say where its files are; links of the names that it may use are there."""
    url = f"http://127.0.0.1:{server.server_port}"
    tell(folder, HEAD.format(said.replace("CANARY", str(canary)).replace("URL", url)))
    (folder / "link.jsonl").symlink_to(canary)
    (folder / "linked").symlink_to(canary.parent)


def test_a_version_is_what_its_lineage_names_wherever_its_readme_leads(
    store: Store, client: Any, canary: Path, server: Any, tmp_path: Path
) -> None:
    version = make_version(store, "a", "b")
    for number, said in enumerate(FEW):
        folder = copied(version, tmp_path / f"theirs-{number}")
        directed(folder, said, canary, server)
        (folder / "dataset_infos.json").write_text(json.dumps({"default": {"features": {"text": {"_type": "Image"}}}}))
        (folder / f"{folder.name}.py").write_text(f"open({str(canary)!r}, 'w').write('run')")
    directed(version.path, str(canary), canary, server)
    found = client(f"""
folders = [{str(tmp_path)!r} + f"/theirs-{{number}}" for number in range({len(FEW)})]
answer([*map(texts, folders), texts("tasks", store=store.root), [row["text"] for row in load(folders[0], streaming=True)]])""")
    assert found == [["a", "b"]] * (len(FEW) + 2)
    assert canary.read_text() == '{"text": "canary"}\n' and server.asked == []


def test_a_dataset_without_lineage_is_the_files_of_its_own_folder(
    client: Any, canary: Path, server: Any, tmp_path: Path
) -> None:
    for number, said in enumerate(ELSEWHERE.values()):
        folder = tmp_path / f"foreign-{number}"
        (folder / "data").mkdir(parents=True)
        pq.write_table(pa.table({"text": ["own"]}), folder / FILE)
        directed(folder, said, canary, server)
    found = client(f"answer([texts({str(tmp_path)!r} + f'/foreign-{{n}}') for n in range({len(ELSEWHERE)})])")
    for said in found:
        assert said.startswith("DataError") and ("its own folder" in said or "no files of rows" in said), said
    assert server.asked == []


def test_its_readme_may_say_which_of_its_files_are_a_config_or_a_split(client: Any, tmp_path: Path) -> None:
    folder = tmp_path / "foreign"
    (folder / "more").mkdir(parents=True)
    for name, text in (("one.jsonl", "one"), ("more/two.jsonl", "two"), ("more/three.jsonl", "three")):
        (folder / name).write_text(json.dumps({"text": text}) + "\n")
    tell(folder, """configs:
- config_name: first
  data_files: one.jsonl
- config_name: rest
  data_files:
  - {split: train, path: more/two.jsonl}
  - {split: test, path: "more/th*.jsonl"}""")
    found = client(f"""
folder = {str(folder)!r}
rest = load(folder + "#rest", split=None)
answer([texts(folder + "#first"), {{name: rest[name]["text"][:] for name in rest}}, texts(folder), texts(folder + "#none")])""")
    assert found[:2] == [["one"], {"train": ["two"], "test": ["three"]}]
    assert all("choose one of: first, rest" in said for said in found[2:])


@pytest.mark.parametrize("head", [
    "a: &a [x, x]\nb: &b [*a, *a]\nconfigs: [*b, *b]", "configs: [", "configs: [[[[{a: !!python/object/apply:os.system [id]}]]]]",
    "configs:\n- config_name: default\n  data_files: {train: {path: [7]}}",
], ids=["aliases", "no YAML", "an object", "a number"])  # fmt: skip
def test_a_readme_that_is_no_plain_yaml_is_refused(head: str, tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text('{"text": "a"}\n')
    tell(tmp_path, head)
    with pytest.raises(DataError, match="its README"):
        foreign.rows_of(tmp_path, None)


SAID = {
    "a number": "7",
    "true": "true",
    "a null": "[null]",
    "a list of lists": "[[[one.jsonl]]]",
    "a split that is none": "{'a b': x.jsonl}",
    "a split that is a list": "[{split: [train], path: one.jsonl}]",
    "one split twice": "[{split: a, path: one.jsonl}, {split: a, path: one.jsonl}]",
    "objects in an object": "{train: {test: {path: one.jsonl}}}",
    "an object without split": "[{path: one.jsonl}]",
    "an object for a path": "[{split: train, path: {a: one.jsonl}}]",
    "half a list": "[{split: a, path: 1}, x]",
    "more than patterns": "[{split: train, path: one.jsonl, revision: main}]",
    "no such file": "[two.jsonl]",
    "a folder": "more",
    "what is hidden": "'*/rows.jsonl'",
    "patterns without end": f"[{', '.join(['a*.jsonl'] * 101)}]",
}


@pytest.mark.parametrize("said", SAID.values(), ids=SAID)
def test_what_is_no_way_to_say_files_is_a_clear_error(said: str, tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_text('{"text": "a"}\n')
    for folder in ("more", ".hidden"):
        (tmp_path / folder).mkdir()
    (tmp_path / ".hidden" / "rows.jsonl").write_text('{"text": "a"}\n')
    tell(tmp_path, HEAD.format(said))
    with pytest.raises(DataError, match="its README"):
        foreign.rows_of(tmp_path, None)


@pytest.mark.parametrize("head", [
    "configs: 7", "configs: {default: {data_files: one.jsonl}}", "configs: [one.jsonl]", "configs: [null]",
    "configs: [{config_name: default}, []]", "&a configs: *a", "configs: !!set {a, b}", "configs: !!binary aGk=",
])  # fmt: skip
def test_configs_that_are_none_are_a_clear_error(head: str, tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_text('{"text": "a"}\n')
    tell(tmp_path, head)
    with pytest.raises(DataError, match="its README"):
        foreign.rows_of(tmp_path, None)


@pytest.mark.parametrize("head", [
    "? " * 60_000, "[" * 200_000, "{a: " * 60_000, "- " * 100_000, "a: &a [" + "*b, " * 60_000, "%TAG ! x\n" * 20_000,
    "a: !!int " + "9" * 200_000, "<<: " * 50_000, "\n".join(f"k{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 200)),
], ids=range(9))  # fmt: skip
def test_a_head_of_any_yaml_is_read_in_little_time(head: str, tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_text('{"text": "a"}\n')
    tell(tmp_path, head)
    begun = time.monotonic()
    with pytest.raises(DataError, match="its README"):
        foreign.rows_of(tmp_path, None)
    assert time.monotonic() - begun < 5


def test_a_pattern_of_many_stars_is_matched_in_little_time(tmp_path: Path) -> None:
    (tmp_path / f"{'a' * 200}.jsonl").write_text('{"text": "a"}\n')
    tell(tmp_path, HEAD.format(f"'{'*a' * 60}*b.jsonl'"))
    begun = time.monotonic()
    with pytest.raises(DataError, match="in its own folder"):
        foreign.rows_of(tmp_path, None)
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(("pattern", "found"), [
    ("**", ["a.jsonl", "b/c.jsonl", "b/d/e.jsonl", "b/d/f.jsonl"]),
    ("*", ["a.jsonl"]),
    ("b/**", ["b/c.jsonl", "b/d/e.jsonl", "b/d/f.jsonl"]),
    ("**/[ef].jsonl", ["b/d/e.jsonl", "b/d/f.jsonl"]),
    ("./b//c.jsonl", ["b/c.jsonl"]),
    ("b/*/?.jsonl", ["b/d/e.jsonl", "b/d/f.jsonl"]),
    ("[b/.h/x.jsonl, b/.h/*.jsonl, a.jsonl, '*.jsonl']", ["b/.h/x.jsonl", "a.jsonl"]),
    ("**/d/**/e*", ["b/d/e.jsonl"]),
])  # fmt: skip
def test_patterns_are_read_as_on_the_hub(pattern: str, found: list[str], tmp_path: Path) -> None:
    for name in ("a.jsonl", "b/c.jsonl", "b/d/e.jsonl", "b/d/f.jsonl", "b/.h/x.jsonl", "__x/y.jsonl", "b/z.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    tell(tmp_path, HEAD.format(pattern if pattern.startswith("[") else f"'{pattern}'"))
    assert foreign.rows_of(tmp_path, None).files == {"train": [str(tmp_path / name) for name in found]}


def test_no_column_opens_files_when_it_is_read(store: Store, client: Any, canary: Path, server: Any, tmp_path: Path) -> None:
    """Neither what `datasets` notes in a Parquet file nor a type of its own makes a path or an address an image or a sound."""
    url = f"http://127.0.0.1:{server.server_port}/canary.png"
    paths = [{"bytes": None, "path": str(canary)}, {"bytes": None, "path": url}]
    for number, kind in enumerate(("Image", "Audio", "Pdf")):
        noted = {"info": {"features": {"text": {"_type": "Value", "dtype": "string"}, "file": {"_type": kind}}}}
        table = pa.table({"text": ["a", "b"], "file": pa.array(paths, pa.struct({"bytes": pa.binary(), "path": pa.string()}))})
        table = table.replace_schema_metadata({"huggingface": json.dumps(noted)})
        for name in ("foreign", "theirs"):
            folder = tmp_path / f"{name}-{number}"
            copied(make_version(store, "a"), folder) if name == "theirs" else (folder / "data").mkdir(parents=True)
            pq.write_table(table, folder / FILE)
        rewrite_file(folder, sha256=sha256_file(folder / FILE), size=(folder / FILE).stat().st_size)
    found = client(f"""
folders = [{str(tmp_path)!r} + f"/{{name}}-{{number}}" for name in ("foreign", "theirs") for number in range(3)]
loaded = [*map(load, folders), load(folders[0], streaming=True)]
answer([[row["file"] for row in rows] for rows in loaded])""")
    assert found == [[{"bytes": None, "path": str(canary)}, {"bytes": None, "path": url}]] * 7
    assert server.asked == []


def test_what_is_no_plain_type_or_no_parquet_is_an_error(client: Any, tmp_path: Path) -> None:
    for name, content in (("text", b"not Parquet"), ("half", b"PAR1" + bytes(100) + b"PAR1"), ("none", b"")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "train.parquet").write_bytes(content)
    (tmp_path / "empty").mkdir()
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "scripts.py").write_text("raise SystemExit(3)")
    found = client(f"answer([texts({str(tmp_path)!r} + '/' + name) for name in ('text', 'half', 'none', 'empty', 'scripts')])")
    assert all(said.startswith("DataError") for said in found), found
