"""A message of the protocol as it came over the wire: read exactly, or refused with the reason, at once.

    read(b'{"jsonrpc": "2.0", "id": 1, "result": {"content": []}}')     # [JSONRPCResponse]; several of a list
    read(b'{"jsonrpc": "2.0", "id": 1, "result": null}')                # [Refused(1, "its result is no object")]
    read(b"Loading ...")                                                # []: no message

The parser of the official client ends at about 200 levels, reads 1e999 as infinite, and takes one of two where a message has a
result and an error. What it refuses is read again, so that a tool that cannot be kept costs that tool alone: it keeps its place
in a list, with what can be kept of it and the reason. An answer that cannot be read becomes an error
of ours (`statuses.trouble`).
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from mcp.types import CONNECTION_CLOSED, ErrorData, JSONRPCError, JSONRPCMessage, JSONRPCRequest, JSONRPCResponse
from mcp.types import jsonrpc_message_adapter as messages

from astra_data.exact import HALF, NOT_FINITE, fault, wide
from astra_data.messages import JsonObject
from astra_data.tools.batches import BOM, parted
from astra_data.tools.filters import UNKEPT, kept
from astra_data.tools.statuses import MARK

UNREADABLE = "it sent an answer that cannot be read"
NO_TEXT = "bytes that are no UTF-8"
NO_MESSAGE = "it is no message of the protocol"
EVENT = "it is an event of HTTP, with `data:` before the message"
LED = b"data:"
ANSWER = re.compile(rb'(?:\s*\[)?\s*\{[^{}\[\]]{0,400}"(?:result|error)"\s*:')
"""How an answer begins, even one that does not end."""


@dataclass(frozen=True, slots=True)
class Refused:
    """An answer that cannot be taken, why, and the id of its request where that is known."""

    id: Any
    why: str

    def error(self, asked: Any = None) -> JSONRPCError:
        """What is handed on in its place, to the request `asked` or to the one that it names."""
        known = self.id if type(self.id) is int or (isinstance(self.id, str) and self.id.isascii()) else None
        error = ErrorData(code=CONNECTION_CLOSED, message=f"{MARK}{UNREADABLE}: {self.why}")
        return JSONRPCError(jsonrpc="2.0", id=known if asked is None else asked, error=error)


def read(text: bytes) -> list[JSONRPCMessage | Refused]:
    """The messages, and what is wrong with an answer; nothing of what is no message and not meant to be an answer."""
    found = [_read(part) for part in parted(text)]
    return [one for one in found if one is not None]


def answers(text: bytes, asked: Any) -> list[bytes]:
    """Each message of a text, or in its place one that the official client reads; `asked` is the id of the request sent."""
    return [answer(part, asked) for part in parted(text)]


def answering(text: bytes, asked: Any) -> bytes:
    """Of a text that holds several messages the answer to the request that was sent."""
    parts = parted(text)
    if len(parts) == 1:
        return answer(parts[0], asked)
    for part in parts:
        if str(getattr(found := _read(part), "id", None)) == str(asked) and not isinstance(found, JSONRPCRequest):
            return answer(part, asked)
    return answer(b"", asked)


def answer(text: bytes, asked: Any) -> bytes:
    """The same text, or in its place one that the official client reads; `asked` is the id of the request that was sent."""
    text = text.removeprefix(BOM)
    if (found := _quick(text)) is None:
        found = _again(text)
        if found is None and asked is not None:
            found = Refused(asked, NO_MESSAGE)
        if found is not None and not isinstance(found, Refused):
            value = found.model_dump(by_alias=True, exclude_unset=True)
            return b"" if fault(value) == HALF else json.dumps(value).encode()
    return found.error(asked).model_dump_json(exclude_unset=True).encode() if isinstance(found, Refused) else text


def _read(text: bytes) -> JSONRPCMessage | Refused | None:
    found = _quick(text)
    return _again(text) if found is None else found


def _quick(text: bytes) -> JSONRPCMessage | Refused | None:
    """What the official client's parser reads."""
    try:
        message = messages.validate_json(text, by_name=False)
    except ValueError:
        return None
    if not isinstance(message, JSONRPCResponse | JSONRPCError):
        return message
    if b'"result"' in text and b'"error"' in text and (why := _twofold(wide(text))):
        return Refused(message.id, why)
    odd = isinstance(message, JSONRPCResponse) and "tools" not in message.result and fault(message.result)
    return Refused(message.id, NOT_FINITE) if odd and _infinite(text) else message


def _again(text: bytes) -> JSONRPCMessage | Refused | None:
    """What that parser does not read."""
    if text.lstrip().startswith(LED):
        inner = _read(text.lstrip().removeprefix(LED))
        return Refused(inner.id, EVENT) if isinstance(inner, JSONRPCResponse | JSONRPCError | Refused) else None
    meant = ANSWER.match(text)
    try:
        value = wide(text.decode(errors="surrogateescape"))
    except ValueError as error:
        return Refused(None, str(error)) if meant else None
    if not isinstance(value, dict) or value.get("jsonrpc") != "2.0" or not {"method", "id"} & value.keys():
        return Refused(None, NO_MESSAGE) if meant else None
    if isinstance(number := value.get("id"), float) and number.is_integer():
        value["id"] = int(number)
    if "method" in value:
        return _valid(value)
    result = value.get("result")
    rest = value
    if isinstance(result, dict) and isinstance(result.get("tools"), list):
        value["result"] = result | {"tools": [_kept(tool, text) for tool in result["tools"]]}
        rest = value | {"result": {name: part for name, part in result.items() if name != "tools"}}
    why = _twofold(value) or _wrong(value) or _fault(rest, text)
    return Refused(value["id"], why) if why else _valid(value) or Refused(value["id"], NO_MESSAGE)


def _valid(value: JsonObject) -> JSONRPCMessage | None:
    try:
        return messages.validate_python(value, by_name=False)
    except ValueError:
        return None


def _kept(tool: Any, text: bytes) -> Any:
    """What can be kept of the entry of a list."""
    if not isinstance(tool, dict):
        return tool if fault(tool) is None else None
    return kept(tool) | ({UNKEPT: why} if (why := _fault(tool, text)) else {})


def _fault(value: Any, text: bytes) -> str | None:
    """Why a value of the text cannot be kept. Of bytes that are no UTF-8 each stands for half of a character."""
    why = fault(value)
    if why != HALF or _encodes(text.decode(errors="surrogateescape"), "strict"):
        return why
    return NO_TEXT if _encodes(json.dumps(value, ensure_ascii=False), "surrogateescape") else HALF


def _encodes(text: str, errors: str) -> bool:
    try:
        text.encode(errors=errors)
    except UnicodeEncodeError:
        return False
    return True


def _twofold(value: JsonObject) -> str | None:
    """Whether an answer is both or neither."""
    held = [name for name in ("result", "error") if value.get(name) is not None]
    if len(held) == 2:
        return "it is both a result and an error"
    return None if held else "it is neither a result nor an error"


def _wrong(value: JsonObject) -> str | None:
    """What is wrong with the form of a result or an error."""
    error = value.get("error")
    if error is None:
        return None if isinstance(value["result"], dict) else "its result is no object"
    formed = isinstance(error, dict) and isinstance(error.get("code"), int) and isinstance(error.get("message"), str)
    return None if formed else "its error has no code and message"


def _infinite(text: bytes) -> bool:
    """Whether a number of the text is too large for any that we have. One that is called infinite is taken at its word."""
    found = False

    def number(digits: str) -> float:
        nonlocal found
        found = found or float(digits) in (float("inf"), float("-inf"))
        return 0.0

    json.loads(text, parse_float=number)
    return found
