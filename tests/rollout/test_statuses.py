"""Trouble of the transport is no result: a session that ended is begun anew, and what failed is told and not recorded."""

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from mcp_servers.shelf import Answer, Shelf, serving
from scripted import TEXT, card, schema, server

from astra_data.ledger import Ledger, Unanswered
from astra_data.rollout.toolbox import LiveToolbox
from astra_data.tools.collect import collect
from astra_data.tools.mcp_config import ServerEntry
from astra_data.tools.pool import Pool
from astra_data.tools.result import ToolBackendDown
from astra_data.tools.session import Deadlines
from astra_data.tools.workspace import Template

ROW = server(card("put", "Puts an item on the shelf.", schema({"item": TEXT})), card("count", "Counts."), name="shelf")
SAID = '{"jsonrpc":"2.0","error":{"code":-32600,"message":"Session not found"},"id":null}'
LOST: Answer = (404, {}, SAID.encode())
CALLS = [("put", {"item": "tea"}), ("put", {"item": "milk"}), ("count", {})]


def entry(shelf: Shelf) -> ServerEntry:
    return ServerEntry("shelf", "http", url=shelf.url, writes="allow")


def played(shelf: Shelf, folder: Path, calls: Sequence[tuple[str, dict[str, str]]] = CALLS, *, deadline: float = 60) -> list[str]:
    """What these calls give in one rollout."""
    async def main() -> list[str]:
        ledger = Ledger.open(folder / "ledger.sqlite")
        try:
            async with (
                Pool({"shelf": entry(shelf)}, Template(), deadlines=Deadlines(60, 60, deadline)) as pool,
                LiveToolbox(ROW, pool, ledger, rollout="r", fixture="f") as toolbox,
            ):
                return [(await toolbox.call(*call)).content for call in calls]
        finally:
            await ledger.close()

    return asyncio.run(main())


def recorded(folder: Path) -> list[str]:
    async def main() -> list[str]:
        ledger = Ledger.open(folder / "ledger.sqlite")
        try:
            return [effect["response"]["content"] for effect in ledger.export() if effect["outcome"] == "ok"]
        finally:
            await ledger.close()

    return asyncio.run(main())


@pytest.mark.parametrize("body", [SAID.encode(), SAID.replace("null", '"server-error"').encode(), b"<html>not found</html>", b""])
@pytest.mark.parametrize("when", [1, 2, 3])
def test_a_session_that_ended_is_begun_anew_in_the_state_that_it_had(when: int, body: bytes, tmp_path: Path) -> None:
    with serving(lambda call: (404, {}, body) if call == when else None) as shelf:
        assert played(shelf, tmp_path) == ["1", "2", "2"]
        assert list(shelf.sessions.values()) == [["tea", "milk"]]
    assert sorted(recorded(tmp_path)) == ["1", "2", "2"]


def test_a_server_that_knows_no_session_is_down_and_nothing_is_recorded(tmp_path: Path) -> None:
    with serving(lambda call: LOST) as shelf:
        with pytest.raises(Unanswered, match=r"tool backend: session expired - shelf: no longer knows this session \(HTTP 404\)"):
            played(shelf, tmp_path)
        assert shelf.calls == 2
    assert recorded(tmp_path) == []
    with serving() as shelf:
        assert played(shelf, tmp_path) == ["1", "2", "2"]


@pytest.mark.parametrize(("status", "said"), [
    (401, "wants other credentials; check `headers` of its entry in mcp.json (HTTP 401)"),
    (403, "refuses these credentials; check `headers` of its entry in mcp.json (HTTP 403)"),
    (405, "speaks no streamable HTTP at this address; check `url` of its entry in mcp.json (HTTP 405)"),
    (418, "refuses the request; check `url` of its entry in mcp.json (HTTP 418)"),
    (429, "gets too many requests; lower --concurrency, or run again later (HTTP 429)"),
    (500, "failed by itself; run again later (HTTP 500)"),
    (502, "failed by itself; run again later (HTTP 502)"),
])
@pytest.mark.parametrize("body", [b"", b'{"error": "no"}', b'{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"no"}}'])
def test_a_status_is_told_and_never_a_result(status: int, said: str, body: bytes, tmp_path: Path) -> None:
    with serving(lambda call: (status, {}, body)) as shelf, pytest.raises(Unanswered, match=re.escape(f"died - shelf: {said}")):
        played(shelf, tmp_path)
    assert recorded(tmp_path) == []


@pytest.mark.parametrize("status", [400, 404, 422])
def test_an_error_under_the_id_of_the_request_is_the_answer_of_the_server(status: int, tmp_path: Path) -> None:
    code = b"-32601" if status == 404 else b"-32602"
    body = b'{"jsonrpc":"2.0","id":REQUEST,"error":{"code":' + code + b',"message":"no such item"}}'
    with serving(lambda call: (status, {}, body) if call == 1 else None) as shelf:
        assert played(shelf, tmp_path) == ["no such item", "1", "1"]


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_asks_to_wait_is_asked_again(status: int, tmp_path: Path) -> None:
    with serving(lambda call: (status, {"Retry-After": "0"}, b"later") if call in (1, 2, 4) else None) as shelf:
        assert played(shelf, tmp_path) == ["1", "2", "2"]
        assert shelf.calls == 6


def test_one_that_asks_to_wait_for_long_is_told(tmp_path: Path) -> None:
    with serving(lambda call: (429, {"Retry-After": "3600"}, b"")) as shelf:
        with pytest.raises(Unanswered, match=r"\(HTTP 429, and says to wait for 3600 s\)"):
            played(shelf, tmp_path)
        assert shelf.calls == 1


@pytest.mark.parametrize(("hello", "said"), [
    ((401, {}, b"{}"), "wants other credentials"),
    ((404, {}, b"<html>"), "has nothing at this address; check `url`"),
    ((503, {"Retry-After": "9999"}, b""), "failed by itself; run again later (HTTP 503, and says to wait for 9999 s)"),
])
def test_a_handshake_that_fails_says_why(hello: Answer, said: str, tmp_path: Path) -> None:
    async def main(shelf: Shelf) -> None:
        ledger = Ledger.open(tmp_path / "ledger.sqlite")
        try:
            async with Pool({"shelf": entry(shelf)}, Template()) as pool:
                await collect(entry(shelf), pool, ledger)
        finally:
            await ledger.close()

    with serving(hello=hello) as shelf, pytest.raises(ToolBackendDown, match=re.escape(said)):
        asyncio.run(main(shelf))


@pytest.mark.parametrize("body", [
    b'{"jsonrpc":"2.0","id":REQUEST,"error":{"code":-32600,"message":"Session not found"}}',
    b'{"jsonrpc":"2.0","id":REQUEST,"error":{"code":-32001,"message":"Session expired."}}',
])
@pytest.mark.parametrize("status", [200, 404])
def test_a_session_that_ended_is_known_by_its_words_too(status: int, body: bytes, tmp_path: Path) -> None:
    with serving(lambda call: (status, {}, body) if call == 2 else None) as shelf:
        assert played(shelf, tmp_path) == ["1", "2", "2"]


@pytest.mark.parametrize("odd", [
    (200, {"Content-Type": "text/html"}, b"<html>Please log in.</html>"),
    (200, {"Content-Type": ""}, b"{}"),
    (200, {}, b'{"message": "Endpoint request timed out"}'),
    (200, {}, b'{"jsonrpc":"2.0","id":REQUEST,"resu'),
    (200, {}, b""),
    (200, {}, b"[" * 5_000),
    (200, {"Content-Type": "text/event-stream"}, b"event: message\ndata: {\"error\": \"Session not found\"}\n\n"),
    (202, {}, b""),
    (204, {}, b""),
    (307, {"Location": "http://127.0.0.1:9/login"}, b""),
])
def test_an_answer_that_cannot_be_read_is_no_result(odd: Answer, tmp_path: Path) -> None:
    with serving(lambda call: odd) as shelf, pytest.raises(Unanswered, match="tool backend: "):
        played(shelf, tmp_path, deadline=3)
    assert recorded(tmp_path) == []
