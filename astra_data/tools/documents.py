"""Tool documents: servers described in a file, in the shapes that people have them.

    for document in read_documents(Path("mcp_tools.jsonl.gz")):
        document.name, len(document.tools)

A record is a server (`{server: {...}, tools: [...]}`, flat `{name, tools, ...}`, or ASTRA's `base_info` [A 1.1], also under
`mcp_info`), an OpenAPI 3 document, or one OpenAI tool; the tools of a file that names no server make one server, named by the
file. JSON, JSON lines and YAML, plain or gzipped.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from astra_data.bounded import files, json_text
from astra_data.errors import DataError, Place, UsageError
from astra_data.hub.tree import sha256_file
from astra_data.messages import JsonObject
from astra_data.rows.tools import Source
from astra_data.tools.filters import UNKEPT


@dataclass(frozen=True, slots=True)
class Document:
    """A server as it was found. `tools` are raw: whatever a file or a `tools/list` says of them."""

    name: str
    tools: list[JsonObject]
    source: Source
    version: str = ""
    title: str = ""
    description: str = ""
    domain: str | None = None
    license: str | None = None
    connection: JsonObject | None = None
    flags: list[str] = field(default_factory=list)

    def to_json(self) -> JsonObject:
        return asdict(self)

    @classmethod
    def from_json(cls, value: JsonObject) -> "Document":
        """The inverse of `to_json`. Raises `ValueError` for a value of another shape."""
        try:
            found = cls(**value | {"source": Source(**value["source"])})
        except (TypeError, KeyError) as error:
            raise ValueError("no document of a server") from error
        texts = (found.name, found.version, found.title, found.description, *found.flags)
        if not all(isinstance(text, str) for text in texts) or not all(isinstance(tool, dict) for tool in found.tools):
            raise ValueError("no document of a server")
        return found


SHAPES = "a record is a server {name, tools: [...]}, an OpenAPI 3 document, or one tool {name, description, parameters}"
MOST_TOOLS = 10_000
"""Of one server."""
SUFFIXES = (".json", ".jsonl", ".yaml", ".yml")


def read_documents(path: Path) -> Iterator[Document]:
    """The servers of a file in its order. `DataError` names file, row (record or line, from 1) and field."""
    for found in documents_of(path):
        if isinstance(found, DataError):
            raise found
        yield found


def documents_of(path: Path) -> Iterator[Document | DataError]:
    """The servers of a file in its order, and in the place of each record that is none the error that names it.

    Raises `DataError` for a file that cannot be read, or holds nothing.
    """
    loose: list[JsonObject] = []
    row = 0
    for row, read in _records(path):
        try:
            document = _document(read(), Place(path.name, row), loose)
        except DataError as error:
            yield error
            continue
        if document is not None:
            yield document
    if not row:
        raise DataError("the file holds no server and no tool", place=Place(path.name), mend=SHAPES)
    if loose:
        name = _stem(path)
        yield Document(name, bounded(loose, Place(path.name)), Source("document", None, None, path.name), title=name)


def _document(value: Any, place: Place, loose: list[JsonObject]) -> Document | None:
    """The server of a record; None for a tool of no server, which is added to the `loose` ones."""
    record = _object(value, place)
    record = _object(record.get("mcp_info", record), _at(place, "mcp_info"))
    if "base_info" in record:
        return _astra(record["base_info"], place)
    if "openapi" in record or "swagger" in record:
        return _openapi(record, place)
    if "tools" in record:
        return _server(record, place)
    if "function" not in record and "name" not in record:
        raise DataError("neither a server nor a tool", place=place, mend=SHAPES)
    loose.append(_unwrapped(record, place))
    return None


def _records(path: Path) -> Iterator[tuple[int, Callable[[], Any]]]:
    """(row from 1, what reads the record) of a file; of JSON lines each is read for itself."""
    names = path.name.removesuffix(".gz")
    if not names.endswith(SUFFIXES):
        mend = f"name it {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}, or one of these with .gz"
        raise UsageError("cannot tell what this file is", place=Place(path.name), mend=mend)
    if names.endswith(".jsonl"):
        mend = "write one JSON object on each line"
        for row, line in files.lines(path):
            yield row, partial(json_text.loads, line, Place(path.name, row), mend=mend, in_parts=True)
        return
    parse = _parsed if names.endswith(".json") else _parsed_yaml
    content = parse(files.content(path), Place(path.name))
    for row, value in enumerate(content if isinstance(content, list) else [content], 1):
        yield row, partial(_same, value)


def _same(value: Any) -> Any:
    return value


def file_digest(path: Path) -> str:
    """SHA-256 of the file, 64 hex digits. Raises `DataError` where it cannot be read."""
    with files.readable(path):
        return sha256_file(path)


def _parsed(text: bytes, place: Place) -> Any:
    return json_text.loads(text, place, mend="write a JSON object or a list; .jsonl has one on each line", in_parts=True)


def _parsed_yaml(text: bytes, place: Place) -> Any:
    import yaml

    from astra_data.bounded import yaml_text

    try:
        return yaml_text.loads(text, core=True)
    except yaml.YAMLError as error:
        said = " ".join(str(error).split())
        raise DataError(f"not YAML: {said}", place=place, mend="check brackets, quotes and indentation") from None


def _openapi(record: JsonObject, place: Place) -> Document:
    from astra_data.tools.openapi import read_openapi

    return read_openapi(record, place.file, place.row)


def _server(record: JsonObject, place: Place) -> Document:
    server = record.get("server", record)
    about = {"name": server} if isinstance(server, str) else _object(server, _at(place, "server"))
    texts = {key: _text(about, key, _at(place, f"server.{key}")) for key in SERVER_TEXTS}
    name = texts["name"] or _stem(Path(place.file))
    version = texts["version"] or texts["reported_version"] or ""
    return Document(
        name,
        _tools(record["tools"], _at(place, "tools")),
        Source("document", texts["package"], version or None, place.file),
        version=version,
        title=texts["title"] or texts["reported_name"] or name,
        description=texts["description"] or "",
        domain=texts["domain"],
        license=texts["license"],
    )


SERVER_TEXTS = ("name", "version", "reported_version", "title", "reported_name", "description", "domain", "license", "package")


def _astra(base: Any, place: Place) -> Document:
    base = _object(base, _at(place, "base_info"))
    where = "base_info.group_info"
    group = _object(base.get("group_info"), _at(place, where))
    names = ("server_name", "server_title", "group_id", "name", "server_description", "domain")
    texts = {key: _text(group, key, _at(place, f"{where}.{key}")) for key in names}
    name = texts["server_name"] or texts["server_title"] or texts["name"] or texts["group_id"]
    if not name:
        raise DataError("missing", place=_at(place, f"{where}.server_name"), mend="name the server")
    return Document(
        name,
        _tools(base.get("tool_list"), _at(place, "base_info.tool_list")),
        Source("document", None, None, place.file),
        title=texts["server_title"] or name,
        description=texts["server_description"] or "",
        domain=texts["domain"],
    )


def _tools(value: Any, place: Place) -> list[JsonObject]:
    if not isinstance(value, list):
        raise DataError("missing" if value is None else "expected a list", place=place, mend=SHAPES)
    return [_tool_at(tool, index, place) for index, tool in enumerate(bounded(value, place))]


def _tool_at(tool: Any, index: int, place: Place) -> JsonObject:
    """The tool; of one that is none its place, and why: it does not cost the others."""
    try:
        return _unwrapped(tool, _at(place, f"{place.field}[{index}]"))
    except DataError as error:
        return no_tool(index, error.message)


def no_tool(index: int, why: str = "expected an object") -> JsonObject:
    """What stands for an entry of a list, counted from 0, that is no tool, so that it is rejected and not forgotten."""
    return {"name": f"[{index}]", UNKEPT: why}


def bounded(tools: list[Any], place: Place) -> list[Any]:
    """The tools of one server, if they are no more than `MOST_TOOLS`; else `DataError`."""
    if len(tools) > MOST_TOOLS:
        raise DataError(f"a server with more than {MOST_TOOLS:,} tools", place=place, mend="leave out tools, or split the server")
    return tools


def _unwrapped(tool: Any, place: Place) -> JsonObject:
    """A tool without OpenAI's `{"type": "function", "function": ...}` around it."""
    found = _object(tool, place)
    if "function" not in found:
        return found
    return _object(found["function"], _at(place, f"{place.field}.function" if place.field else "function"))


def _object(value: Any, place: Place) -> JsonObject:
    if not isinstance(value, dict):
        raise DataError("missing" if value is None else "expected an object", place=place, mend=SHAPES)
    found: JsonObject = value
    return found


def _text(fields: JsonObject, key: str, place: Place) -> str | None:
    value = fields.get(key)
    if value is not None and not isinstance(value, str):
        raise DataError("expected a text", place=place, mend="write it in quotes")
    return str(value) if value else None


def _at(place: Place, part: str) -> Place:
    return Place(place.file, place.row, part)


def _stem(path: Path) -> str:
    return Path(path.name.removesuffix(".gz")).stem
