"""Chains are proposed where one tool needs another, and nowhere else."""

from itertools import pairwise

import pytest
from scripted import NUMBER, TEXT, card, schema

from astra_data.teacher.asks import ProposeChains, ServerCard, ToolCard
from astra_data.teacher.offline.chains import propose, strength

TICKET = schema({"ticket_id": TEXT})
OPEN = card("open_ticket", "Opens a ticket.", schema({"subject": TEXT}), returns=schema({"ticket_id": TEXT}))
CLOSE = card("close_ticket", "Closes a ticket.", TICKET)
SHOW = card("show_ticket", "Shows a ticket.", TICKET)
NOTE = card("update_ticket", "Updates a ticket.", TICKET)
LIST = card("list_tickets", "Lists tickets.")
ADD, SINE = card("add", "Adds.", schema({"a": NUMBER, "b": NUMBER})), card("sine", "Gives the sine.", schema({"a": NUMBER}))


def asked(*tools: ToolCard) -> ProposeChains:
    return ProposeChains(server=ServerCard(name="desk", title="Desk", description="Tickets."), tools=list(tools))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (OPEN, SHOW, 3),
        (OPEN, CLOSE, 3),
        (LIST, SHOW, 2),
        (
            card("create_branch", "Creates.", schema({"branch_name": TEXT})),
            card("checkout", "Checks out.", schema({"branch_name": TEXT})),
            2,
        ),
        (NOTE, SHOW, 1),
        (SHOW, NOTE, 0),
        (NOTE, CLOSE, 0),
        (CLOSE, SHOW, 0),
        (SHOW, LIST, 0),
        (ADD, SINE, 0),
        (card("make", "Makes.", schema({"text": TEXT})), card("read", "Reads.", schema({"text": TEXT})), 0),
        (card("scan", "Scans.", returns=schema({"text": TEXT})), card("say", "Says.", schema({"text": TEXT})), 0),
        (card("set_mode", "Sets.", schema({"mode": TEXT})), card("run", "Runs.", schema({"mode": TEXT | {"enum": ["a"]}})), 0),
        (card("set_mode", "Sets.", schema({"mode": TEXT})), card("run", "Runs.", schema(mode=TEXT)), 0),
    ],
    ids=lambda value: value.name if isinstance(value, ToolCard) else str(value),
)
def test_how_strongly_one_tool_depends_on_another(first: ToolCard, second: ToolCard, expected: int) -> None:
    assert strength(first, second) == expected


def test_every_hop_of_a_proposal_is_a_dependency() -> None:
    tools = {tool.name: tool for tool in (OPEN, CLOSE, SHOW, NOTE, LIST, ADD)}
    proposals = [proposal for sample in range(8) for proposal in propose(asked(*tools.values()), sample).chains]
    assert proposals
    for proposal in proposals:
        assert 2 <= len(proposal.tools) <= 4
        assert len(set(proposal.tools)) == len(proposal.tools)
        assert all(strength(tools[first], tools[second]) for first, second in pairwise(proposal.tools))


@pytest.mark.parametrize("tools", [(), (OPEN,), (ADD, SINE), (SHOW, CLOSE, ADD)])
def test_independent_tools_give_nothing(tools: tuple[ToolCard, ...]) -> None:
    assert propose(asked(*tools), 0).chains == []


def test_the_same_sample_is_the_same_and_samples_differ() -> None:
    ask = asked(OPEN, CLOSE, SHOW, NOTE, LIST)
    assert [propose(ask, sample) for sample in range(5)] == [propose(ask, sample) for sample in range(5)]
    assert len({propose(ask, sample).model_dump_json() for sample in range(5)}) > 1


def test_a_scenario_says_what_is_wanted() -> None:
    scenarios = [proposal.scenario for proposal in propose(asked(LIST, SHOW), 0).chains]
    assert scenarios == ["Someone wants to list tickets and then show a ticket."]
