"""Where the required values of a chain can come from, as far as the schemas show."""

from typing import Any

import pytest
from scripted import TEXT, schema

from astra_data.rows.tools import Tool
from astra_data.stages.evidence import of_chain, verdict


def tool(name: str, *needs: str, returns: tuple[str, ...] = ()) -> Tool:
    output: Any = schema(dict.fromkeys(returns, TEXT)) if returns else None
    return Tool(name, f"Does {name}.", schema(dict.fromkeys(needs, TEXT), extra=TEXT), output, None)


OPEN = tool("open", "subject", returns=("ticket",))


@pytest.mark.parametrize(
    ("chain", "kinds"),
    [
        ([OPEN, tool("show", "ticket")], ["user", "output"]),
        ([tool("make", "path"), tool("read", "path")], ["user", "shared"]),
        ([OPEN, tool("show", "ticket"), tool("close", "ticket", "reason")], ["user", "output", "output", "user"]),
        ([OPEN, tool("next", "cursor")], ["user", "unsupported"]),
        ([tool("a", returns=("cursor",)), tool("next", "cursor")], ["output"]),
        ([tool("a"), tool("b")], []),
    ],
)
def test_each_required_value_has_a_source(chain: list[Tool], kinds: list[str]) -> None:
    assert [item.kind for item in of_chain(chain)] == kinds


def test_the_nearest_source_is_named() -> None:
    chain = [OPEN, tool("copy", "subject", returns=("ticket",)), tool("show", "ticket", "subject")]
    found = [(item.hop, item.parameter, item.kind, item.source) for item in of_chain(chain)]
    assert found[2:] == [(2, "ticket", "output", "copy"), (2, "subject", "shared", "copy")]


@pytest.mark.parametrize("schema_", [None, True, {}, {"required": None}, {"properties": None, "required": []}])
def test_odd_schemas_need_nothing(schema_: Any) -> None:
    found = of_chain([OPEN, Tool("odd", "Odd.", schema_, schema_, None)])
    assert [(item.hop, item.parameter, item.kind, item.source) for item in found] == [(0, "subject", "user", None)]


@pytest.mark.parametrize(
    ("chain", "value"),
    [
        ([OPEN, tool("show", "ticket")], True),
        ([OPEN, tool("show", "ticket"), tool("say", "words")], None),
        ([OPEN, tool("list")], None),
        ([OPEN, tool("show", "ticket"), tool("list")], None),
        ([OPEN, tool("next", "cursor")], False),
    ],
)
def test_the_verdict_is_false_only_for_what_nobody_can_supply(chain: list[Tool], value: bool | None) -> None:
    assert verdict(of_chain(chain), len(chain)).value is value
