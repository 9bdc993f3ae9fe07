"""Where the required values of a chain can come from, as far as the schemas show."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import NUMBER, TEXT, schema

from astra_data.rows.chains import Evidence
from astra_data.rows.tools import Tool
from astra_data.stages.evidence import of_chain, order_equivalent, verdict


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


def maker(name: str, returns: Any) -> Tool:
    return Tool(name, f"Does {name}.", schema(), returns, None)


def taker(**needs: Any) -> Tool:
    return Tool("take", "Takes.", schema(needs), None, None)


WHOLE = {"type": "integer"}
TICKETS = {"type": "array", "items": {"type": "object", "properties": {"ticket_id": TEXT}}}
REFERRED = {"type": "object", "properties": {"result": {"$ref": "#/$defs/Ticket"}}, "$defs": {"Ticket": schema({"id": TEXT})}}


@pytest.mark.parametrize(
    ("earlier", "needs", "expected"),
    [
        (maker("create_ticket", schema({"id": TEXT})), {"ticket_id": TEXT}, ("similar", "id")),
        (maker("create_ticket", schema({"ticket": TEXT})), {"ticket_id": TEXT}, ("similar", "ticket")),
        (maker("create_order", schema({"id": TEXT})), {"ticket_id": TEXT}, ("user", None)),
        (maker("create_ticket", schema({"ticket_title": TEXT})), {"ticket_id": TEXT}, ("user", None)),
        (maker("create_ticket", schema({"ticket_name": TEXT})), {"ticket_id": TEXT}, ("user", None)),
        (maker("create_ticket", schema({"id": TEXT})), {"ticket_id": WHOLE}, ("user", None)),
        (maker("measure", schema({"areas": WHOLE})), {"floor_area": NUMBER}, ("similar", "areas")),
        (maker("measure", schema({"areas": NUMBER})), {"floor_area": WHOLE}, ("user", None)),
        (maker("measure", schema({"area": {"anyOf": [WHOLE, {"type": "null"}]}})), {"floor_area": WHOLE}, ("similar", "area")),
        (maker("find_tickets", schema({"found": TICKETS})), {"ticket_id": TEXT}, ("output", None)),
        (maker("open_ticket", REFERRED), {"ticket_id": TEXT}, ("similar", "id")),
        (maker("open_ticket", {"type": "object", "properties": {"again": {"$ref": "#"}}}), {"ticket_id": TEXT}, ("user", None)),
        (maker("list_tables", None), {"table_name": TEXT}, ("described", None)),
        (maker("list_tables", schema({"count": WHOLE})), {"table_name": TEXT}, ("user", None)),
        (maker("delete_table", None), {"table_name": TEXT}, ("user", None)),
        (maker("list_tables", None), {"name": TEXT}, ("user", None)),
        (maker("list_tables", None), {"table": TEXT}, ("user", None)),
    ],
)
def test_an_output_fits_by_type_and_words_and_without_one_the_description_speaks(
    earlier: Tool, needs: dict[str, Any], expected: tuple[str, str | None]
) -> None:
    (found,) = of_chain([earlier, taker(**needs)])
    assert (found.kind, found.field) == expected
    assert found.source == (None if found.kind == "user" else earlier.name)


def test_a_field_of_the_same_name_wins_over_a_shared_parameter_and_that_over_a_likeness() -> None:
    chain = [maker("open_ticket", schema({"ticket_id": TEXT})), Tool("tag", "Tags.", schema({"ticket_id": TEXT}), None, None)]
    assert of_chain([*chain, taker(ticket_id=TEXT)])[-1] == Evidence(2, "ticket_id", "output", "open_ticket")
    chain[0] = maker("open_ticket", schema({"id": TEXT}))
    assert of_chain([*chain, taker(ticket_id=TEXT)])[-1] == Evidence(2, "ticket_id", "shared", "tag")


NAMES = "abcde"


@st.composite
def chains_with_evidence(draw: st.DrawFn) -> tuple[list[str], list[Evidence]]:
    """A chain, repeated tools among them, and sources for some of its hops."""
    chain = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=5))
    found = []
    for hop in range(1, len(chain)):
        for source in draw(st.lists(st.none() | st.sampled_from(chain[:hop]), max_size=2)):
            found.append(Evidence(hop, "p", "user" if source is None else "output", source))
    return chain, found


def sources_come_first(chain: list[str], order: tuple[int, ...], found: list[Evidence]) -> bool:
    """Whether an order of the hops puts every hop after the last of its source before it."""
    for item in found:
        if item.source is not None:
            source = max(hop for hop in range(item.hop) if chain[hop] == item.source)
            if order.index(source) > order.index(item.hop):
                return False
    return True


@given(chains_with_evidence())
def test_orders_are_equivalent_exactly_where_every_source_comes_first(drawn: tuple[list[str], list[Evidence]]) -> None:
    chain, found = drawn
    assert order_equivalent(chain, chain, found)
    for order in permutations(range(len(chain))):
        kept_apart = all(order.index(a) < order.index(b) for b in order for a in range(b) if chain[a] == chain[b])
        if kept_apart:
            assert order_equivalent(chain, [chain[hop] for hop in order], found) == sources_come_first(chain, order, found)


@given(chains_with_evidence(), st.lists(st.sampled_from(NAMES), max_size=5))
def test_other_tools_are_never_equivalent(drawn: tuple[list[str], list[Evidence]], other: list[str]) -> None:
    chain, found = drawn
    if sorted(other) != sorted(chain):
        assert not order_equivalent(chain, other, found)


@given(st.permutations(NAMES))
def test_a_chain_whose_every_hop_takes_from_the_one_before_has_one_order(other: list[str]) -> None:
    found = [Evidence(hop, "p", "output", NAMES[hop - 1]) for hop in range(1, len(NAMES))]
    assert order_equivalent(list(NAMES), other, found) == (other == list(NAMES))
    assert order_equivalent(list(NAMES), other, [])
