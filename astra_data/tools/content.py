"""The wire result of `tools/call` as the text that a policy is shown.

>>> text_of({"content": [{"type": "text", "text": "12"}, {"type": "image", "mimeType": "image/png", "data": "AAAA"}]})
'12\\n[image image/png, 3 bytes]'
"""

from typing import Any

import orjson

from astra_data.messages import JsonObject


def text_of(result: JsonObject) -> str:
    """Text parts joined by newlines, other parts as one line each; structured content where there is nothing else."""
    content = result.get("content")
    parts = [_part(part) for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    if not any(parts) and result.get("structuredContent") is not None:
        return orjson.dumps(result["structuredContent"], option=orjson.OPT_SORT_KEYS).decode()
    return "\n".join(parts)


def _part(part: JsonObject) -> str:
    kind = str(part.get("type", "unknown"))
    if kind == "text":
        return str(part.get("text", ""))
    if kind == "resource" and isinstance(part.get("resource"), dict):
        resource = part["resource"]
        return str(resource["text"]) if "text" in resource else _line("resource", resource, resource.get("blob"))
    return _line(kind, part, part.get("data"))


def _line(kind: str, part: JsonObject, data: Any) -> str:
    words = [kind, *(str(part[key]) for key in ("mimeType", "uri") if part.get(key))]
    size = f", {len(data) * 3 // 4 - data[-2:].count('=')} bytes" if isinstance(data, str) else ""
    return f"[{' '.join(words)}{size}]"
