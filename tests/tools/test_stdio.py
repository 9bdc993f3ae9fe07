"""A server that says too much, or nothing that can be read, is no longer listened to, and a call says why in one sentence."""

import asyncio
import sys
from pathlib import Path

import pytest
from measured import memory

from astra_data.exact import HALF, NOT_FINITE, UNREAD
from astra_data.tools.mcp_config import ServerEntry
from astra_data.tools.result import DIED, ToolBackendDown, ToolResult
from astra_data.tools.session import Deadlines, McpSession
from astra_data.tools.stdio import SPREAD, TOO_LONG, TOO_MANY, TOO_RICH
from astra_data.tools.wire import EVENT, NO_TEXT, UNREADABLE
from astra_data.tools.workspace import Template

DEADLINES = Deadlines(60, 60, 9)
MOST_MIB = 256
"""More than a message may have, as it stands in a buffer, as a line and as a text; far less than comes along."""
SERVER = """
import json, sys
say = sys.stdout.buffer.write
def answer(result): say(json.dumps({"jsonrpc": "2.0", "id": id, "result": result}).encode() + b"\\n")
def text(text): answer({"content": [{"type": "text", "text": text}]})
def raw(result): say(b'{"jsonrpc": "2.0", "id": %d, "result": ' % id + result + b"}\\n")
def said(text): raw(b'{"content": [{"type": "text", "text": "' + text + b'"}]}')
def spread(**form): say(json.dumps({"jsonrpc": "2.0", "id": id, "result": {"content": []}}, **form).encode() + b"\\n")
def for_ever(line):
    while True: say(line)
for line in sys.stdin:
    request = json.loads(line)
    id, method, params = request.get("id"), request["method"], request.get("params", {})
    if method == "initialize":
        answer({"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}},
                "serverInfo": {"name": "s", "version": "1"}})
    elif method == "tools/list":
        answer({"tools": [{"name": "get", "description": "Gets.", "inputSchema": {"type": "object"}}]})
    elif method == "tools/call":
        WAY
    elif id is not None:
        answer({})
    sys.stdout.flush()
"""
BEYOND = {
    "a line without end": ("for_ever(b'x' * 65536)", TOO_LONG),
    "an answer without end": (
        "say(b'{\"jsonrpc\": \"2.0\", \"id\": %d, \"result\": {\"x\": \"' % id); for_ever(b'x' * 65536)", TOO_LONG,
    ),
    "an answer that is too long": ("text('x' * (33 << 20))", TOO_LONG),
    "many lists": ("raw(b'{\"x\": [' + b'[],' * 500_000 + b'[]]}')", TOO_RICH),
    "lists in one another, many": ("raw(b'{\"x\": ' + b'[' * 600_000 + b']' * 600_000 + b'}')", TOO_RICH),
    "lists in one another": ("raw(b'{\"x\": ' + b'[' * 5_000 + b']' * 5_000 + b'}')", f"{UNREADABLE}: {UNREAD}"),
    "objects in one another": ("raw(b'{\"x\":' * 5_000 + b'1' + b'}' * 5_000)", f"{UNREADABLE}: {UNREAD}"),
    "a number without end": ("raw(b'{\"x\": ' + b'1' * 1_000_000 + b'}')", f"{UNREADABLE}: {NOT_FINITE}"),
    "a result that is none": ("answer(5)", f"{UNREADABLE}: its result is no object"),
    "half of an answer": (
        "say(b'{\"jsonrpc\": \"2.0\", \"id\": %d, \"result\": {\"content\": \\n' % id)",
        f"{UNREADABLE}: not JSON: unexpected end of data: line 2 column 1 (char 51)",
    ),
    "an answer over several lines": ("spread(indent=2)", SPREAD),
    "an answer over several lines, by tabs": ("spread(indent='\\t')", SPREAD),
    "an answer over several lines, by names": ("spread(indent=1, sort_keys=True)", SPREAD),
    "an answer over several lines, not indented": ("spread(indent=0)", SPREAD),
    "an answer as an event": ("say(b'event: message\\ndata: '); text('yes')", f"{UNREADABLE}: {EVENT}"),
    "an id that is a list": ("id = [id]; text('yes')", f"{UNREADABLE}: it is no message of the protocol"),
    "half a letter as an escape": ("said(rb'a \\ud83d b')", f"{UNREADABLE}: {HALF}"),
    "the other half": ("said(rb'\\udc00 \\\\ud83d')", f"{UNREADABLE}: {HALF}"),
    "bytes that are no letter": ("said(b'a \\xff\\xfe b')", f"{UNREADABLE}: {NO_TEXT}"),
    "half a letter as bytes": ("said(b'a \\xed\\xa0\\xbd b')", f"{UNREADABLE}: {NO_TEXT}"),
    "notifications without end": (
        "for_ever(b'{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"level\":\"info\",\"data\":1}}\\n')",
        TOO_MANY,
    ),
    "requests without end": ("for_ever(b'{\"jsonrpc\": \"2.0\", \"id\": 7, \"method\": \"ping\"}\\n')", TOO_MANY),
    "answers to nobody": ("for_ever(b'{\"jsonrpc\": \"2.0\", \"id\": 777, \"result\": {}}\\n')", TOO_MANY),
    "lines that say nothing": ("for_ever(b'Loading ...\\n')", TOO_MANY),
    "empty lines": ("for_ever(b'\\n')", TOO_MANY),
    "NUL bytes in lines": ("for_ever(b'\\0' * 999 + b'\\n')", TOO_MANY),
    "NUL bytes without end": ("for_ever(b'\\0' * 65536)", TOO_LONG),
    "the end, in an answer": ("say(b'{\"jsonrpc\": \"2.0\", \"id\"'); sys.exit()", "Connection closed"),
}  # fmt: skip
WITHIN = {
    "two halves that are one letter": (r"said(rb'\ud83d\ude00')", "\U0001f600"),
    "half a letter in what nobody asked for": (
        "say(rb'{\"jsonrpc\": \"2.0\", \"method\": \"notifications/message\", \"params\": {\"data\": \"\\ud800\"}}');"
        "say(b'\\n'); text('yes')",
        "yes",
    ),
    "a message of another over several lines": (
        "say(json.dumps({'jsonrpc': '2.0', 'method': 'x', 'params': {'error': 1}}, indent=2).encode() + b'\\n'); text('yes')",
        "yes",
    ),
    "an event that is no answer": ("say(b'data: {\"level\": 1}\\n'); text('yes')", "yes"),
    "a NUL in a text": ("text('a\\0b')", "a\0b"),
    "NUL bytes before it": ("say(b'\\0\\0\\n'); text('yes')", "yes"),
    "what is no JSON": ("say(b'Loading ...\\n{\\n[1, 2\\n\\xff\\n\"\\n'); text('yes')", "yes"),
    "JSON that is no message": ("say(b'{\"level\": \"info\"}\\n[]\\n5\\nnull\\n'); text('yes')", "yes"),
    "notifications that are none": (
        "say(b'{\"jsonrpc\": \"2.0\", \"method\": \"notifications/message\", \"params\": 5}\\n' * 99); text('yes')", "yes",
    ),
    "as many unasked as may be": ("say(b'...\\n' * 3_000); text('yes')", "yes"),
    "an answer that is long": ("text('x' * (30 << 20))", "x" * (30 << 20)),
    "an id as a text": ("id = str(id); text('yes')", "yes"),
}  # fmt: skip


def called(way: str, arguments: dict[str, str] | None = None) -> ToolResult:
    """What a call comes back as, of a server that answers every call in this way."""

    async def main() -> ToolResult:
        template = Template()
        entry = ServerEntry("s", "stdio", sys.executable, ("-c", SERVER.replace("WAY", way)), writes="allow", longest=1 << 30)
        with template.fresh() as workspace:
            session = await McpSession.start(entry, workspace, deadlines=DEADLINES)
            try:
                return await session.call("get", arguments or {})
            except ToolBackendDown:
                assert not session.alive
                raise
            finally:
                await session.close()
                template.close()

    return asyncio.run(main())


@pytest.mark.parametrize("case", BEYOND)
def test_what_goes_beyond_a_bound_ends_the_call_with_one_sentence_and_takes_little_memory(nothing_left: Path, case: str) -> None:
    way, why = BEYOND[case]
    with memory() as taken, pytest.raises(ToolBackendDown) as raised:
        called(way)
    assert (raised.value.reason, raised.value.detail) == (DIED, f"s: {why}")
    assert taken() < MOST_MIB


@pytest.mark.parametrize("case", WITHIN)
def test_what_can_be_made_out_is_an_answer(nothing_left: Path, case: str) -> None:
    way, said = WITHIN[case]
    assert called(way) == ToolResult(said, is_error=False)


def test_a_server_that_never_answers_is_given_up_at_the_deadline(nothing_left: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "DEADLINES", Deadlines(60, 60, 0.5))
    with pytest.raises(ToolBackendDown, match=r"s: get took more than 0\.5 s"):
        called("pass")


@pytest.mark.parametrize("params", ['{"level": "sk-CANARY-x7", "data": 1}', "null", '{"progress": "a lot", "progressToken": {}}'])
def test_odd_notifications_are_passed_over_in_silence(nothing_left: Path, params: str, capfd: pytest.CaptureFixture[str]) -> None:
    methods = ("notifications/message", "notifications/progress", "notifications/cancelled", "notifications/made_up")
    lines = [f'{{"jsonrpc": "2.0", "method": "{method}", "params": {params}}}\n' for method in methods]
    assert called(f"say({''.join(lines).encode()!r} * 100); text('7')") == ToolResult("7", is_error=False)
    assert capfd.readouterr().err == ""
