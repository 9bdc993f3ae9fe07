"""Tool documents of every known shape become the same thing, and a bad one is named to the field."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from astra_data.errors import AstraError, DataError, UsageError
from astra_data.tools.documents import Document, read_documents

TOOL = {"name": "t", "description": "Does a thing.", "inputSchema": {"type": "object"}}
FUNCTION = {"type": "function", "function": {"name": "f", "description": "Does a thing.", "parameters": {"type": "object"}}}
ASTRA = {
    "base_info": {
        "group_info": {
            "server_title": "The Weather",
            "server_name": "weather",
            "server_description": "Of today.",
            "domain": "weather",
        },
        "tool_list": [{"name": "t", "description": "Does a thing.", "parameters": {}}],
    }
}


def write(folder: Path, name: str, rows: Any) -> Path:
    text = "\n".join(map(json.dumps, rows)) if ".jsonl" in name else json.dumps(rows)
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


def read(folder: Path, name: str, rows: Any) -> list[Document]:
    return list(read_documents(write(folder, name, rows)))


@pytest.mark.parametrize("name", ["s.json", "s.jsonl", "s.json.gz", "s.jsonl.gz"])
def test_servers_are_read_from_every_kind_of_file(tmp_path: Path, name: str) -> None:
    about = {"name": "git", "version": "2.0", "package": "pypi:mcp-git", "license": "MIT", "reported_name": "mcp-git"}
    [first, second] = read(tmp_path, name, [{"server": about, "tools": [TOOL]}, {"name": "flat", "tools": [FUNCTION]}])
    assert (first.name, first.version, first.title, first.license) == ("git", "2.0", "mcp-git", "MIT")
    assert (first.source.kind, first.source.package, first.source.uri) == ("document", "pypi:mcp-git", name)
    assert first.tools == [TOOL]
    assert (second.name, second.tools) == ("flat", [FUNCTION["function"]])


@pytest.mark.parametrize("row", [ASTRA, {"mcp_info": ASTRA, "graph": {}}])
def test_servers_of_astra_are_read_nested_or_not(tmp_path: Path, row: Any) -> None:
    [document] = read(tmp_path, "mcp_servers.jsonl", [row])
    assert (document.name, document.title, document.description) == ("weather", "The Weather", "Of today.")
    assert document.domain == "weather"
    assert document.tools[0]["name"] == "t"


@pytest.mark.parametrize("name", ["my_tools.json", "my_tools.jsonl"])
def test_loose_tools_are_one_server_named_by_the_file(tmp_path: Path, name: str) -> None:
    [document] = read(tmp_path, name, [FUNCTION, FUNCTION["function"], TOOL])
    assert document.name == "my_tools"
    assert [tool["name"] for tool in document.tools] == ["f", "f", "t"]


def test_a_document_survives_json(tmp_path: Path) -> None:
    [document] = read(tmp_path, "a.jsonl", [ASTRA])
    assert Document.from_json(json.loads(json.dumps(document.to_json()))) == document


@pytest.mark.parametrize(
    ("name", "rows", "kind", "message"),
    [
        ("x.jsonl", [TOOL, []], DataError, "x.jsonl, row 2: expected an object"),
        ("x.jsonl", [{"server": {"name": "a"}, "tools": {}}], DataError, "x.jsonl, row 1, field tools: expected a list"),
        ("x.jsonl", [{"server": {"name": 1}, "tools": []}], DataError, "x.jsonl, row 1, field server.name: expected a text"),
        ("x.json", [{"function": None}], DataError, "x.json, row 1, field function: missing"),
        ("x.json", [{"mcp_info": 1}], DataError, "x.json, row 1, field mcp_info: expected an object"),
        ("x.json", [{"base_info": {"group_info": {}, "tool_list": []}}], DataError, "base_info.group_info.server_name: missing"),
        ("x.json", [{"what": 1}], DataError, "x.json, row 1: neither a server nor a tool"),
        ("x.txt", [], UsageError, "x.txt: cannot tell what this file is"),
    ],
)
def test_what_is_wrong_is_named_with_row_and_field(
    tmp_path: Path, name: str, rows: Any, kind: type[AstraError], message: str
) -> None:
    with pytest.raises(kind) as raised:
        read(tmp_path, name, rows)
    assert message in str(raised.value)


@pytest.mark.parametrize(("name", "content"), [("x.jsonl", b'{"a"\n'), ("x.json", b"["), ("x.json.gz", b"no gzip")])
def test_a_broken_file_is_a_data_error(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=name):
        list(read_documents(tmp_path / name))


def test_a_missing_file_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        list(read_documents(tmp_path / "none.json"))
