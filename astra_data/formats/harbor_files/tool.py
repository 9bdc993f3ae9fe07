#!/usr/bin/env python3
"""The tools from a shell.

    tool                              the tools on offer, one JSON object a line
    tool get_stock '{"sku": "A1"}'    call one

TOOLS_URL is the address of the MCP server. Standard library alone.
"""

import json
import os
import sys
import urllib.request
from typing import Any

URL = os.environ.get("TOOLS_URL", "http://tools:8000/mcp")


def asked(method: str, params: dict[str, Any]) -> Any:
    """The result of one request."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    request = urllib.request.Request(URL, body, {"Content-Type": "application/json", "Accept": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as reply:
        return json.load(reply)["result"]


def main(words: list[str]) -> int:
    """The exit code: 1 where the tool failed."""
    if not words:
        for tool in asked("tools/list", {})["tools"]:
            sys.stdout.write(json.dumps(tool, ensure_ascii=False) + "\n")
        return 0
    result = asked("tools/call", {"name": words[0], "arguments": json.loads(words[1]) if len(words) > 1 else {}})
    sys.stdout.write(result["content"][0]["text"] + "\n")
    return int(result["isError"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
