"""The wire result of `tools/call` as the text that a policy is shown.

>>> text_of({"content": [{"type": "text", "text": "12"}, {"type": "image", "mimeType": "image/png", "data": "AAAA"}]})
'12\\n[image image/png, 3 bytes]'
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import orjson

from astra_data.exact import fault
from astra_data.messages import JsonObject

NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?!\w|\.\d)")

IGNORED = {"_meta", "isError", "content"}
MOST_LEAVES = 5_000
ERROR_TEXTS = ("error", "message", "detail", "details")
VERDICTS = ("success", "ok")
MEDIA = ("image", "audio", "resource_link")
"""Types of parts that are shown by a line that describes them."""
ABOUT_PARTS = {"type", "annotations", "_meta", "name", "mimeType", "uri", "data"}
"""What of any part such a line tells, or nobody needs to know."""
ABOUT_ERRORS = ("code", "error_code", "error_type", "hint", "status", "suggestion", "type")
"""What an object may hold beside its error and still tell of nothing else."""


def text_of(result: JsonObject) -> str:
    """Text parts joined by newlines, other parts as one line each; structured content as JSON where the text does not tell it.
    What is no result of the protocol is shown as it came."""
    content, structured = result.get("content"), result.get("structuredContent")
    if not isinstance(content, list):
        content = [] if structured is not None else [_bare(result) if content is None else content]
    parts = [_part(part) if isinstance(part, dict) else _plain(part) for part in content]
    if structured is not None and not (any(parts) and _told(parts, structured)):
        parts = [*filter(None, parts), _json(structured)]
    return "\n".join(parts)


def _json(structured: Any) -> str:
    """As JSON text. A number that no row could hold is no trouble in a text."""
    if fault(structured):
        return json.dumps(structured, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return orjson.dumps(structured, option=orjson.OPT_SORT_KEYS).decode()


def cut(text: str, most: int) -> str:
    """The first characters of a text, with a mark that tells how many more there are; the text where there are none.

    >>> cut("a" * 60, 50)[45:]
    'aaaaa\\n[cut off: 10 more characters]'
    """
    return text if len(text) <= most else f"{text[:most]}\n[cut off: {len(text) - most:,} more characters]"


def failed(result: JsonObject) -> bool:
    """True if the result is flagged as an error, or is a JSON object that tells of nothing but an error, as many servers answer:
    `{"error": "no such file"}`, `{"success": false, "message": "no such file"}`."""
    if str(result.get("isError")).lower() in ("true", "1"):
        return True
    value = _parsed(text_of(result))
    if not isinstance(value, dict):
        return False
    said = {name for name in ERROR_TEXTS if isinstance(value.get(name), str) and value[name].strip()}
    if said and any(value.get(name) is False for name in VERDICTS):
        return True
    others = {name for name, held in value.items() if held not in (None, "", [], {})} - {*ERROR_TEXTS, *ABOUT_ERRORS}
    return "error" in said and not others


def _told(parts: list[str], structured: Any) -> bool:
    """True if one part is the structured content as JSON, or every text and number inside it stands in the parts. So many that
    it would take long to look them all up count as not told."""
    if any(_parsed(part) == structured for part in parts):
        return True
    leaves = set(_leaves(structured))
    if len(leaves) > MOST_LEAVES:
        return False
    text = "\n".join(parts)
    numbers = {float(number) for number in NUMBER.findall(text)}
    return all(value in numbers if isinstance(value, int | float) else _written(value, text) for value in leaves)


def _written(value: str, text: str) -> bool:
    """True if the text holds the value, as itself or as one of the ways to write it in JSON."""
    return value in text or any(form[1:-1] in text for form in (json.dumps(value), json.dumps(value, ensure_ascii=False)))


def _leaves(value: Any) -> Iterator[str | int | float]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _leaves(inner)
    elif value is not None and not isinstance(value, bool):
        yield value


def _parsed(text: str) -> Any:
    try:
        return orjson.loads(text)
    except ValueError:
        return None


def _part(part: JsonObject) -> str:
    kind = str(part.get("type", "unknown"))
    if part and "type" not in part:
        return _plain(part)
    if kind == "text" and ("text" in part or not part.keys() - ABOUT_PARTS):
        return _plain(part.get("text"))
    if kind == "resource" and isinstance(part.get("resource"), dict):
        resource = part["resource"]
        return _plain(resource["text"]) if "text" in resource else _line("resource", resource, resource.get("blob"))
    known = kind in MEDIA or not part.keys() - ABOUT_PARTS
    return _line(kind, part, part.get("data")) if known else _plain(part)


def _bare(result: JsonObject) -> JsonObject | None:
    """What a result without content says all the same; None for nothing."""
    return {key: value for key, value in result.items() if key not in IGNORED} or None


def _plain(value: Any) -> str:
    """A text as it is, nothing for null, any other value as JSON."""
    return value if isinstance(value, str) else "" if value is None else _json(value)


def _line(kind: str, part: JsonObject, data: Any) -> str:
    words = [kind, *(str(part[key]) for key in ("name", "mimeType", "uri") if part.get(key))]
    size = f", {len(data) * 3 // 4 - data[-2:].count('=')} bytes" if isinstance(data, str) else ""
    return f"[{' '.join(words)}{size}]"
