"""What a judgement allows it allows for what was judged: the parameters that the server lists, and places in the workspace."""

from dataclasses import replace
from typing import Any

import pytest

from astra_data.tools.declared import Declared
from astra_data.tools.mcp_config import ServerEntry
from astra_data.tools.permission import strayed, undeclared

KEYED = ServerEntry("shop", "stdio", "uvx", ("shop-mcp",), {"SHOP_TOKEN": "hunter2222"})
THROWN = ServerEntry("shop", "stdio", "uvx", ("shop-mcp", "/workspace"))
TEXT = {"type": "string"}


def schema(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


@pytest.mark.parametrize("entry", [KEYED, THROWN])
def test_an_argument_that_the_server_does_not_list_is_not_sent(entry: ServerEntry) -> None:
    """The schema that was looked at is the server's; a dataset's may allow more."""
    listed = schema(order=TEXT, filter={"type": "object"}, page=schema(size={"type": "integer"}))
    tools = [Declared("get_order", "", listed), Declared("none"), Declared("odd", "", [])]
    tools += [Declared("far", "", {"$ref": "#/$defs/A", "$defs": {"A": {"allOf": [schema(a=TEXT), schema(b=TEXT)]}}})]

    def sent(name: str, **arguments: Any) -> bool:
        return undeclared(entry, tools, name, arguments) is None

    assert sent("get_order", order="a", filter={"id": 1}, page={"size": 2}) and sent("none") and sent("far", a="x", b="y")
    assert not any([sent("get_order", order="a", purge=True), sent("none", x=1), sent("odd", x=1), sent("far", c="z")])
    hidden = {"command": "x"} if entry is THROWN else {"delete": True}
    assert not sent("get_order", filter=hidden) and not sent("get_order", filter=[{"deep": hidden}])
    assert undeclared(entry.permitting(frozenset({"none"})), tools, "none", {"x": 1}) is None
    assert undeclared(entry, [*tools, Declared("get_order", "", schema())], "get_order", {"order": "a"}) is not None


def test_a_place_outside_is_looked_for_unless_the_entry_names_one_or_the_recipe_allows_the_tool() -> None:
    def refused(entry: ServerEntry, **arguments: Any) -> bool:
        return strayed(entry, "read_file", arguments or {"path": "/etc/passwd"}) is not None

    plain = ServerEntry("s", "stdio", "uvx", ("files-mcp",))
    for env in ({"TOKEN": "ab/cd+/efgh"}, {"API_KEY": "/srv/x"}, {"API_KEY": "${KEY}"}, {"LEVEL": "x"}, {"DB": "https://db.example.org"}):
        assert refused(replace(plain, env=env)), env
    for args in (("--token=/srv/x",), ("${KEY}",), ("/workspace/a",), ("${workspaceFolder}/a",), ("--level", "x")):
        assert refused(replace(plain, args=(*plain.args, *args))), args
    for args in (("/srv/x",), ("--root=~/x",), ("${HOME}/x",), ("--dir", "${DATA_DIR}"), ("../x",), ("C:\\x",), ("file:///srv",)):
        assert not refused(replace(plain, args=(*plain.args, *args))), args
    assert not refused(replace(plain, env={"ROOT": "/srv/x"})) and not refused(ServerEntry("s", "http", url="https://example.org"))
    assert not refused(plain.permitting("allow")) and not refused(plain.permitting(frozenset({"read_file"})))
    assert refused(plain.permitting(frozenset({"write_file"}))) and not refused(plain, path="/workspace/a")
    assert refused(ServerEntry("s", "stdio", "/srv/bin/a-server", ())), "its own program is no place that it is given"
