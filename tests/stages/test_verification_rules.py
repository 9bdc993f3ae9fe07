"""What two verdicts come to, and what counts as the chain read back [A 20.4]."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from scripted import TEXT, ScriptedTeacher, card, schema, server

from astra_data.pipeline.stage import Keep, Outcome, Quarantine, Reject
from astra_data.rows import Chain, new_row
from astra_data.rows.chains import Walk
from astra_data.stages import evidence
from astra_data.stages.opinions import Seat
from astra_data.stages.prompts import server_card, tool_card
from astra_data.stages.verification import Accept, Panel, Subject, VerifyConfig, combine, verify
from astra_data.teacher.chain_asks import ChainVote, Query, ReadChain
from astra_data.teacher.teacher import Abstained, Unanswered

DESK = server(
    card("open_ticket", "Opens.", schema(), returns=schema({"ticket": TEXT})),
    card("count_tickets", "Counts."),
    card("show_ticket", "Shows.", schema({"ticket": TEXT})),
)
SUBJECT = Subject(server_card(DESK), {tool.name: tool_card(tool) for tool in DESK.tools}, {"ticket": ["T-1"]})
OPEN, COUNT, SHOW = (tool.name for tool in DESK.tools)
FOUND = evidence.of_chain(DESK.tools)
CHAIN: Chain = new_row(
    Chain, server_id=DESK.id, server="desk", tools=[OPEN, COUNT, SHOW], weights=[1, 1], evidence=FOUND, walk=Walk(7, -1.0),
    verdicts=[evidence.verdict(FOUND, 3)], models={},
)


TRUTH: list[tuple[bool | None, bool | None, bool | None, bool | None, bool | None]] = [
    (True, True, True, True, True),
    (True, False, False, True, False),
    (False, True, False, True, False),
    (False, False, False, False, False),
    (True, None, None, True, True),
    (None, True, None, True, True),
    (False, None, False, None, False),
    (None, False, False, None, False),
    (None, None, None, None, None),
]


@pytest.mark.parametrize(("vote", "back", "both", "one", "either"), TRUTH)
def test_how_two_verdicts_combine(vote: Any, back: Any, both: Any, one: Any, either: Any) -> None:
    """[A 20.4]: and / or / either; a null is neither true nor false."""
    accepts: list[tuple[Accept, Any]] = [("and", both), ("or", one), ("either", either), ("none", True)]
    assert [combine(accept, [vote, back]) for accept, _ in accepts] == [value for _, value in accepts]


def test_the_defaults_are_those_of_the_specification() -> None:
    """[A 20.4]: 2 models x 3 samples, at least 4 parsed; 3 models translate, more than half of at least 2 must succeed."""
    config = VerifyConfig()
    assert (len(config.voters), config.votes, config.min_parsed) == (2, 3, 4)
    assert (len(config.translators), config.min_translated, config.share) == (3, 2, 0.5)


def verified(accept: Accept = "either", *, vote: Any = True, read: Any = None) -> tuple[Outcome, ScriptedTeacher]:
    """What becomes of the chain if all voters and all translators say the same; an exception is raised."""
    teacher = ScriptedTeacher({
        "verify_chain": vote if isinstance(vote, Exception) else ChainVote(reason="so", is_valid=vote),
        "chain_to_query": Query(valid=read != [], query="Please." if read != [] else ""),
        "query_to_chain": read if isinstance(read, Exception) else ReadChain(plan="p", chain=read or CHAIN.tools),
    })
    seats = [Seat(teacher, sample) for sample in range(6)]
    return asyncio.run(verify(CHAIN, SUBJECT, Panel(VerifyConfig(accept=accept), seats, seats[:3]))), teacher


@pytest.mark.parametrize(
    ("read", "same"),
    [
        ([OPEN, COUNT, SHOW], True),
        ([COUNT, OPEN, SHOW], True),
        ([OPEN, SHOW, COUNT], True),
        ([SHOW, OPEN, COUNT], False),
        ([OPEN, SHOW], False),
        ([OPEN, OPEN, COUNT, SHOW], False),
        ([], False),
    ],
)
def test_an_order_that_the_evidence_allows_is_the_chain(read: list[str], same: bool) -> None:
    """Exact, or order-equivalent under the dependency partial order; a request that nobody would make is a no."""
    outcome, _ = verified(read=read)
    assert isinstance(outcome, Keep if same else Reject)
    assert [verdict.value for verdict in outcome.row.verdicts[1:]] == [True, same]
    assert replace(outcome.row, verdicts=CHAIN.verdicts) == CHAIN


@pytest.mark.parametrize(
    ("accept", "vote", "read", "expected"),
    [
        ("either", True, Abstained("no words"), Keep),
        ("or", True, Abstained("no words"), Keep),
        ("and", True, Abstained("no words"), Reject),
        ("either", Abstained("open"), None, Keep),
        ("either", Abstained("open"), Abstained("no words"), Reject),
        ("and", True, Unanswered("endpoint: timeout"), Quarantine),
        ("or", True, Unanswered("endpoint: timeout"), Quarantine),
        ("either", True, Unanswered("budget: spent"), Quarantine),
        ("or", False, Unanswered("answer: not JSON"), Quarantine),
        ("either", False, Unanswered("endpoint: timeout"), Reject),
        ("and", Unanswered("endpoint: timeout"), [OPEN, SHOW], Reject),
    ],
)
def test_an_abstention_is_null_and_a_failure_is_quarantined(accept: Accept, vote: Any, read: Any, expected: type) -> None:
    assert type(verified(accept, vote=vote, read=read)[0]) is expected


def test_a_rejection_says_what_was_counted_and_an_abstention_why() -> None:
    outcome, _ = verified("and", vote=Abstained("the schemas leave it open"), read=[SHOW, OPEN, COUNT])
    assert isinstance(outcome, Reject)
    assert outcome.reason == (
        "chain: not verified - vote: the schemas leave it open; "
        "back_translation: 0 of 3 for it, against it: read as show_ticket, open_ticket, count_tickets"
    )
    assert outcome.row.verdicts[1].reason == "too few opinions: the schemas leave it open"


@pytest.mark.parametrize(("accept", "spared"), [("and", True), ("either", True), ("or", False)])
def test_a_vote_that_decides_spares_the_translations(accept: Accept, spared: bool) -> None:
    outcome, teacher = verified(accept, vote=False)
    assert (teacher.asked("chain_to_query") == []) == spared
    assert isinstance(outcome, Reject if spared else Keep)


def test_voters_are_shown_the_evidence_and_translators_the_facts() -> None:
    _, teacher = verified()
    voter, writer, reader = (teacher.asked(name)[0] for name in ("verify_chain", "chain_to_query", "query_to_chain"))
    assert [(item.tool, item.parameter, item.kind, item.source) for item in voter.evidence] == [(SHOW, "ticket", "output", OPEN)]
    assert (voter.shown, writer.facts, reader.query) == (None, {"ticket": ["T-1"]}, "Please.")
    assert [tool.name for tool in reader.tools] == [OPEN, COUNT, SHOW]
