"""Without a model a vote is what the schemas show, and a translation is read back from what was written."""

import asyncio
from typing import Any

import pytest
from scripted import NUMBER, TEXT, card, schema

from astra_data.teacher.asks import ServerCard
from astra_data.teacher.chain_asks import (
    CHAIN_TO_QUERY,
    QUERY_TO_CHAIN,
    VERIFY_CHAIN,
    ChainToQuery,
    QueryToChain,
    ReadChain,
    VerifyChain,
)
from astra_data.teacher.offline.teacher import OfflineTeacher
from astra_data.teacher.teacher import Abstained

SERVER = ServerCard(name="desk", title="Desk", description="A desk.")
OPEN = card("open_ticket", "Opens a ticket.", schema({"subject": TEXT}), returns=schema({"ticket_id": TEXT}))
SHOW = card("show_ticket", "Shows a ticket.", schema({"ticket_id": TEXT}))
CLOSE = card("close_ticket", "Closes a ticket for good.", schema({"ticket_id": TEXT}))
RATE = card("rate_agent", "Rates the agent who helped.", schema({"stars": NUMBER}))


def answered(ask: Any, inputs: Any, sample: int = 0) -> Any:
    return asyncio.run(OfflineTeacher().answer(ask, inputs, sample=sample))


@pytest.mark.parametrize("shown", [True, False, None])
def test_a_vote_is_what_the_schemas_show(shown: bool | None) -> None:
    inputs = VerifyChain(server=SERVER, tools=[OPEN, SHOW], evidence=[], shown=shown, why="so it is")
    if shown is None:
        with pytest.raises(Abstained, match="so it is"):
            answered(VERIFY_CHAIN, inputs)
    else:
        vote = answered(VERIFY_CHAIN, inputs)
        assert (vote.is_valid, vote.reason) == (shown, "so it is")


@pytest.mark.parametrize("chain", [[OPEN, SHOW], [OPEN, CLOSE], [OPEN, SHOW, RATE], [RATE, OPEN]])
def test_a_chain_comes_back_from_its_request(chain: list[Any]) -> None:
    facts = {"subject": ["Broken lamp"], "stars": [4]}
    said = answered(CHAIN_TO_QUERY, ChainToQuery(server=SERVER, tools=chain, facts=facts))
    assert said.valid
    read = answered(QUERY_TO_CHAIN, QueryToChain(server=SERVER, tools=[RATE, CLOSE, SHOW, OPEN], query=said.query))
    assert read.chain == [tool.name for tool in chain]


def test_no_request_is_made_up_and_none_guessed_at() -> None:
    with pytest.raises(Abstained, match="no value is known"):
        answered(CHAIN_TO_QUERY, ChainToQuery(server=SERVER, tools=[OPEN, SHOW], facts={}))
    for text in ("Sing a song.", 'Open a ticket with subject "a". Sing a song.'):
        with pytest.raises(Abstained, match="no tool for a sentence"):
            answered(QUERY_TO_CHAIN, QueryToChain(server=SERVER, tools=[OPEN, SHOW], query=text))


@pytest.mark.parametrize(
    ("chain", "wrong"),
    [
        (["open_ticket"], None),
        (["open_ticket", "ghost"], "chain: ghost: not among the listed tools"),
        ([], "chain: names no tool"),
    ],
)
def test_what_is_read_back_names_tools_that_are_there(chain: list[str], wrong: str | None) -> None:
    inputs = QueryToChain(server=SERVER, tools=[OPEN, SHOW], query="Please.")
    assert QUERY_TO_CHAIN.misfit(inputs, ReadChain(plan="p", chain=chain)) == wrong
