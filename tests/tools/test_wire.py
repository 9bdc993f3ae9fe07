"""What a server sends is taken exactly or refused at once with the reason, over stdio, as a JSON body and as an event alike."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from typing import Any

import httpx2
import pytest
from mcp_servers import raw

from astra_data.rows import Server, check, to_dict
from astra_data.tools.bodies import Exact
from astra_data.tools.collect import listed
from astra_data.tools.mcp_config import ServerEntry
from astra_data.tools.normalise import Normalised, normalise
from astra_data.tools.result import DIED, ToolBackendDown, ToolResult
from astra_data.tools.session import Deadlines, McpSession
from astra_data.tools.workspace import Template

WAYS = ("stdio", "body", "event")
SAY = "Tells all that is known of one thing of the shop."
SCHEMA = {"type": "object", "properties": {"thing": {"type": "string", "description": "its name"}}, "required": ["thing"]}
DEADLINES = Deadlines(60, 60, 60)
HERE = "@@"


def tool(name: Any, **more: Any) -> Any:
    return {"name": name, "description": SAY, "inputSchema": SCHEMA} | more


def bytes_of(value: Any, here: str | bytes = "") -> bytes:
    """As JSON, with `here` in the place of the text `HERE`."""
    return json.dumps(value).encode().replace(b'"@@"', here.encode() if isinstance(here, str) else here)


def nested(deep: int) -> str:
    return '{"properties":' * deep + "{}" + "}" * deep


GOOD = [tool(f"tell_{number}") for number in range(3)]
BOUNDED = {"type": "object", "properties": {"n": {"type": "number", "maximum": HERE}}}
KEPT: dict[str, tuple[bytes, list[str]]] = {
    "no schema": (bytes_of({"name": "odd", "description": SAY}), []),
    "a schema that is null": (bytes_of(tool("odd", inputSchema=None)), []),
    "annotations that are a list": (bytes_of(tool("odd", annotations=[1])), ["no usable annotations: odd"]),
    "an output schema that is a list": (bytes_of(tool("odd", outputSchema=[1])), ["no usable output schema: odd"]),
}
REFUSED: dict[str, tuple[bytes, str, str]] = {
    "null": (b"null", "[3]", "tool: cannot be kept - [3]: expected an object"),
    "a text": (b'"tell"', "[3]", "tool: cannot be kept - [3]: expected an object"),
    "a text that is half a character": (rb'"\ud800"', "[3]", "tool: cannot be kept - [3]: expected an object"),
    "a list": (b"[{}]", "[3]", "tool: cannot be kept - [3]: expected an object"),
    "no name": (bytes_of({"description": SAY}), "", "tool: invalid name - it has none"),
    "a name that is null": (bytes_of(tool(None)), "", "tool: invalid name - it has none"),
    "a name that is a number": (bytes_of(tool(7)), "7", "tool: invalid name - 7"),
    "a name that is a list": (bytes_of(tool(["a"])), "['a']", "tool: invalid name - ['a']"),
    "a name twice": (bytes_of(tool("tell_0")), "tell_0", "tool: duplicate name - tell_0"),
    "a schema that is a list": (bytes_of(tool("odd", inputSchema=[1])), "odd", "tool: parameters not an object schema - odd"),
    "a schema that is a text": (bytes_of(tool("odd", inputSchema="x")), "odd", "tool: parameters not an object schema - odd"),
    "a schema that is true": (bytes_of(tool("odd", inputSchema=True)), "odd", "tool: parameters not an object schema - odd"),
    "a schema 300 deep": (bytes_of(tool("odd", inputSchema=HERE), nested(300)), "odd",
                          "tool: cannot be kept - odd: nested more than 128 deep"),
    "a schema 900 deep": (bytes_of(tool("odd", inputSchema=HERE), nested(900)), "odd",
                          "tool: cannot be kept - odd: nested more than 128 deep"),
    "a description that is a number": (bytes_of(tool("odd", description=7)), "odd", "tool: no description - odd"),
    "a description that is an object": (bytes_of(tool("odd", description={"a": 1})), "odd", "tool: no description - odd"),
    "half a character as an escape": (bytes_of(tool("odd", description=HERE), r'"half \ud800"'), "odd",
                                      "tool: cannot be kept - odd: half of a surrogate pair"),
    "half a character as bytes": (bytes_of(tool("odd", description=HERE), b'"half \xed\xa0\xbd"'), "odd",
                                  "tool: cannot be kept - odd: bytes that are no UTF-8"),
    "an integer of 257 bits": (bytes_of(tool("odd", inputSchema=BOUNDED), str(2**256)), "odd",
                               "tool: cannot be kept - odd: an integer beyond 64 bits"),
    "NaN": (bytes_of(tool("odd", inputSchema=BOUNDED), "NaN"), "odd", "tool: cannot be kept - odd: a number that is not finite"),
    "1e999": (bytes_of(tool("odd", inputSchema=BOUNDED), "1e999"), "odd",
              "tool: cannot be kept - odd: a number that is not finite"),
}


def message(**more: Any) -> bytes:
    return bytes_of({"jsonrpc": "2.0", "id": HERE, **more}, "ID")


def lists(*tools: bytes) -> bytes:
    return b'{"jsonrpc": "2.0", "id": ID, "result": {"tools": [' + b",".join([*map(bytes_of, GOOD), *tools]) + b"]}}"


def says(text: bytes) -> bytes:
    return b'{"jsonrpc": "2.0", "id": ID, "result": {"content": [], "structuredContent": {"n": ' + text + b"}}}"


@contextmanager
def entry_of(way: str, listed: bytes, called: bytes) -> Iterator[ServerEntry]:
    """A server whose answers are these, reached in this way."""
    if way == "stdio":
        yield ServerEntry("s", "stdio", sys.executable, ("-P", raw.__file__, listed.hex(), called.hex()), writes="allow")
        return
    with raw.serving(listed, called, events=way == "event") as url:
        yield ServerEntry("s", "http", url=url, writes="allow")


def made(way: str, listing: bytes) -> Normalised:
    async def main(entry: ServerEntry) -> Normalised:
        with closing(Template()) as template, template.fresh() as workspace:
            session = await McpSession.start(entry, workspace, deadlines=DEADLINES)
            try:
                return normalise(await listed(entry, session))
            finally:
                await session.close()

    with entry_of(way, listing, b"") as entry:
        return asyncio.run(main(entry))


def called(way: str, answer: bytes, arguments: Any = None) -> ToolResult:
    async def main(entry: ServerEntry) -> ToolResult:
        with closing(Template()) as template, template.fresh() as workspace:
            session = await McpSession.start(entry, workspace, deadlines=DEADLINES)
            try:
                return await session.call("tell_0", arguments or {"thing": "x"})
            finally:
                await session.close()

    with entry_of(way, lists(), answer) as entry:
        return asyncio.run(main(entry))


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("way", WAYS)
def test_what_is_odd_about_tools_costs_them_alone_and_each_has_its_reason(way: str) -> None:
    found = made(way, lists(*(odd for odd, _, _ in REFUSED.values())))
    assert found.server is not None and [tool.name for tool in found.server.tools] == ["tell_0", "tell_1", "tell_2"]
    assert to_dict(found.server)["tools"] == to_dict(made(way, lists()).server)["tools"]
    for row in [found.server, *(row for row, _ in found.rejected)]:
        check(Server, to_dict(row), file="rows")
    places = [name.startswith("[") for _, name, _ in REFUSED.values()]
    wanted = [why.replace("[3]", f"[{at}]") if placed else why
              for at, (placed, (_, _, why)) in enumerate(zip(places, REFUSED.values(), strict=True), 3)]
    assert [why for _, why in found.rejected] == wanted


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("case", REFUSED)
def test_a_tool_that_cannot_be_taken_is_a_row_of_its_own(case: str) -> None:
    odd, name, why = REFUSED[case]
    found = made("event", lists(odd))
    assert found.server is not None and len(found.server.tools) == 3
    assert [([tool.name for tool in row.tools], reason) for row, reason in found.rejected] == [([name], why)]


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("case", KEPT)
def test_what_is_missing_loses_nothing_and_what_is_left_out_is_flagged(case: str) -> None:
    odd, flags = KEPT[case]
    found = made("body", lists(odd))
    assert found.server is not None and found.rejected == []
    last = found.server.tools[-1]
    assert (last.name, last.annotations, last.output_schema) == ("odd", None, None)
    assert [flag for flag in found.server.flags if "odd" in flag] == flags


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("way", WAYS)
def test_a_list_that_no_parser_reads_says_so(way: str) -> None:
    with pytest.raises(ToolBackendDown) as raised:
        made(way, lists(bytes_of(tool("odd", inputSchema=HERE), nested(3_000))))
    assert raised.value.detail == "s: it sent an answer that cannot be read: nested deeper than any parser here reads"


UNREAD = {
    "half a character as an escape": (says(rb'"\ud800"'), "half of a surrogate pair"),
    "half a character as bytes": (says(b'"\xed\xa0\xbd"'), "bytes that are no UTF-8"),
    "half a character in an error": (b'{"jsonrpc": "2.0", "id": ID, "error": {"code": 1, "message": "\\ud800"}}',
                                     "half of a surrogate pair"),
    "1e999": (says(b"1e999"), "a number that is not finite"),
    "a number of 5,000 digits": (says(b"9" * 5_000), "a number that is not finite"),
    "300 deep": (says(nested(300).encode()), "nested more than 128 deep"),
    "3,000 deep": (says(nested(3_000).encode()), "nested deeper than any parser here reads"),
    "no result and no error": (message(), "it is neither a result nor an error"),
    "a result that is null": (message(result=None), "it is neither a result nor an error"),
    "a result that is a number": (message(result=5), "its result is no object"),
    "a result and an error": (message(result={"content": []}, error={"code": 1, "message": "x"}),
                              "it is both a result and an error"),
    "an error that is a text": (message(error="boom"), "its error has no code and message"),
    "an error without a code": (message(error={"message": "boom"}), "its error has no code and message"),
}


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", UNREAD)
def test_an_answer_that_cannot_be_taken_is_refused_at_once_with_the_reason(case: str, way: str) -> None:
    answer, why = UNREAD[case]
    with pytest.raises(ToolBackendDown) as raised:
        called(way, answer)
    assert (raised.value.reason, raised.value.detail) == (DIED, f"s: it sent an answer that cannot be read: {why}")


YES = message(result={"content": [{"type": "text", "text": "yes"}]})
NOTE = b'{"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": 1}}'
READ = {
    "a byte order mark before it": (b"\xef\xbb\xbf" + YES, "yes"),
    "an id with a decimal point": (YES.replace(b"ID", b"ID.0"), "yes"),
    "a list with one message": (b"[" + YES + b"]", "yes"),
    "a list with a notification first": (b"\xef\xbb\xbf [" + NOTE + b" , " + YES + b"] ", "yes"),
    "a list with a notification last": (b"[" + YES.replace(b"ID", b"ID.0") + b"," + NOTE + b"]", "yes"),
    "a list with a number of its own": (b"[" + NOTE + b"," + says(b"1.50") + b"]", '{"n":1.5}'),
    "an integer of 257 bits": (says(b"%d" % 2**256), f'{{"n":{2**256}}}'),
    "a number that is called none": (says(b"NaN"), '{"n":NaN}'),
    "an exponent in a text": (says(b'"1e999"'), '{"n":"1e999"}'),
    "a large number that fits": (says(b"1e+300"), '{"n":1e+300}'),
    "an error that is null": (message(result={"content": [{"type": "text", "text": "yes"}]}, error=None), "yes"),
    "a result named error": (says(b'{"result": 1, "error": 2}'), '{"n":{"error":2,"result":1}}'),
    "content that is null": (message(result={"content": None}), ""),
    "content that is a text": (message(result={"content": "12"}), "12"),
    "a text that is a number": (message(result={"content": [{"type": "text", "text": 5}]}), "5"),
    "an image without data": (message(result={"content": [{"type": "image", "mimeType": "image/png"}]}), "[image image/png]"),
    "structured content that is a list": (message(result={"content": [], "structuredContent": [1, 2]}), "[1,2]"),
    "a type that nobody knows": (message(result={"content": [{"type": "hologram", "of": "x"}]}), '{"of":"x","type":"hologram"}'),
}


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("case", READ)
def test_what_a_result_says_in_its_own_way_is_shown(case: str) -> None:
    answer, shown = READ[case]
    for way in WAYS:
        assert called(way, answer) == ToolResult(shown, is_error=False)


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("way", ["body", "event"])
def test_a_long_result_comes_as_a_body_and_as_an_event(way: str) -> None:
    said = called(way, message(result={"content": [{"type": "text", "text": "x" * (3 << 20)}]}))
    assert said.content.startswith("x" * 50_000) and said.content.endswith("more characters]")


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize(("value", "why"), [
    ("\ud800", "half of a surrogate pair"), (2**64, "an integer beyond 64 bits"), (float("nan"), "a number that is not finite"),
])
def test_arguments_that_would_arrive_as_others_are_not_sent(value: Any, why: str) -> None:
    for way in WAYS:
        wanted = ToolResult(f"Error: these arguments cannot be sent: {why}", is_error=True, backend="none")
        assert called(way, b"", {"thing": value}) == wanted


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("way", WAYS)
def test_a_refused_answer_in_a_list_is_refused_at_once(way: str) -> None:
    with pytest.raises(ToolBackendDown, match="cannot be read: a number that is not finite"):
        called(way, b"[" + NOTE + b"," + says(b"1e999") + b"]")


@pytest.mark.usefixtures("nothing_left")
def test_a_byte_order_mark_before_all_events_is_none_of_them() -> None:
    assert streamed(b"\xef\xbb", b"\xbfdata: " + NOTE + b"\n\n") == b"data: " + NOTE + b"\n\n"


class Blocks(httpx2.AsyncByteStream):
    def __init__(self, *blocks: bytes) -> None:
        self.blocks = blocks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for block in self.blocks:
            yield block


def streamed(*blocks: bytes, kind: str = "text/event-stream") -> bytes:
    """What is handed on of an answer to a GET that comes in these blocks."""

    async def main() -> bytes:
        reply = httpx2.Response(200, headers={"content-type": kind}, stream=Blocks(*blocks))
        async with httpx2.AsyncClient(transport=Exact(httpx2.MockTransport(lambda request: reply))) as client:
            return (await client.get("http://localhost/")).content

    return asyncio.run(main())


NOTICE = b'{"jsonrpc": "2.0",\r\ndata: "method": "notifications/x"}'
SOUND = b": hi\nid: 1\nretry: 5\ndata:\n\nevent: message\r\nid: 2\r\ndata: " + NOTICE + b"\r\n\r\ndata: 1"


@pytest.mark.parametrize("size", range(1, 12))
def test_events_are_handed_on_as_they_came_however_they_are_cut(size: int) -> None:
    found = streamed(*(SOUND[at : at + size] for at in range(0, len(SOUND), size)))
    assert found.replace(b"\r\n", b"\r").replace(b"\r", b"\n") == SOUND.replace(b"\r\n", b"\n")


def test_an_event_that_cannot_be_read_keeps_its_other_fields() -> None:
    found = streamed(b'id: 4\ndata: {"jsonrpc": "2.0", "id": 9, "result": {"a":\ndata: "\\ud800"}}\n\ndata: {}\n\n')
    first, second, _ = found.split(b"\n\n")
    assert first.startswith(b"id: 4\ndata: {") and b"half of a surrogate pair" in first and second == b"data: {}"
    assert json.loads(first.partition(b"data: ")[2])["id"] == 9


def test_what_is_neither_events_nor_an_answer_is_handed_on() -> None:
    assert streamed(b"\xff", b"\xfe", kind="application/octet-stream") == b"\xff\xfe"
