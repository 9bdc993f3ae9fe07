"""Proposals become walks of one server, and what is unsound among them is said."""

import functools
from typing import Any

import pytest
from scripted import TEXT, ScriptedTeacher, card, schema, server

from astra_data.pipeline.stage import Keep, Reject, ServerOptions
from astra_data.stages.chains import STAGE
from astra_data.teacher.asks import Proposal, Proposals

OPEN = card("open", "Opens.", schema({"subject": TEXT}), returns=schema({"ticket": TEXT}))
SHOW, CLOSE = card("show", "Shows.", schema({"ticket": TEXT})), card("close", "Closes.", schema({"ticket": TEXT}))
PAGE = card("page", "Pages.", schema({"cursor": TEXT}))
SERVER = server(OPEN, SHOW, CLOSE, PAGE)


@pytest.fixture
def expand(expand: Any) -> Any:
    """The stage as far as proposals, walks and evidence go: verification has tests of its own."""
    return functools.partial(expand, verify={"accept": "none"})


def proposing(*rounds: list[list[str]]) -> ScriptedTeacher:
    script = [Proposals(chains=[Proposal(tools=chain, scenario="s") for chain in chains]) for chains in rounds]
    return ScriptedTeacher({"propose_chains": script})


def kept(outcomes: list[Any]) -> dict[tuple[str, ...], Any]:
    return {tuple(outcome.row.tools): outcome.row for outcome in outcomes if isinstance(outcome, Keep)}


def reasons(outcomes: list[Any]) -> list[str]:
    return [outcome.reason for outcome in outcomes if isinstance(outcome, Reject)]


def test_weights_count_the_proposals_of_all_samples(expand: Any) -> None:
    teacher = proposing([["open", "show"]], [["open", "show"], ["open", "close"]], [["open", "show", "close"]])
    chains = kept(expand(STAGE, {"tools": [SERVER]}, teacher=teacher, proposals=3, max_length=2))
    assert {tools: row.weights for tools, row in chains.items()} == {
        ("open", "show"): [3],
        ("open", "close"): [1],
        ("show", "close"): [1],
    }
    assert len(teacher.seen) == 3
    row = chains["open", "show"]
    assert [(item.parameter, item.kind, item.source) for item in row.evidence] == [
        ("subject", "user", None),
        ("ticket", "output", "open"),
    ]
    assert (row.verdicts[0].value, row.models, row.walk.seed) == (True, {"writer": "scripted"}, 7)


def test_an_unknown_tool_gives_no_edge_over_it(expand: Any) -> None:
    outcomes = expand(STAGE, {"tools": [SERVER]}, teacher=proposing([["open", "ghost", "close"], ["show", "close"]]), proposals=1)
    assert set(kept(outcomes)) == {("show", "close")}
    assert reasons(outcomes) == ["chain: unknown tool - open, ghost, close"]


def test_a_tool_named_twice_makes_a_proposal_unsound(expand: Any) -> None:
    outcomes = expand(STAGE, {"tools": [SERVER]}, teacher=proposing([["open", "show", "open"]]), proposals=1)
    assert reasons(outcomes) == ["chain: a tool is repeated - open, show, open"]


def test_a_value_that_nobody_can_supply_rejects_the_chain(expand: Any) -> None:
    (outcome,) = expand(STAGE, {"tools": [SERVER]}, teacher=proposing([["open", "page"]]), proposals=1)
    assert outcome.reason == "chain: unsupported input - nothing supplies cursor of hop 1"
    assert outcome.row.verdicts[0].value is False


@pytest.mark.parametrize(
    ("teacher", "options", "reason"),
    [
        (proposing([]), {}, "chain: no dependent tools were found - shop"),
        (ScriptedTeacher({}), {}, "chain: the teacher abstained - no script for propose_chains"),
        (proposing([]), {"shop": ServerOptions(skip=["show", "close", "page"])}, "chain: too few tools left - shop"),
    ],
)
def test_a_server_without_chains_says_why(expand: Any, teacher: ScriptedTeacher, options: Any, reason: str) -> None:
    assert reasons(expand(STAGE, {"tools": [SERVER]}, teacher=teacher, options=options)) == [reason]


def test_skipped_tools_are_not_shown_and_many_are_drawn_by_seed(expand: Any) -> None:
    teacher = proposing([])
    expand(STAGE, {"tools": [SERVER]}, teacher=teacher, options={"shop": ServerOptions(skip=["show"])}, proposals=1)
    assert [tool.name for tool in teacher.seen[0][1].tools] == ["open", "close", "page"]
    shown = []
    for seed in (1, 1, 2, 3, 4):
        teacher = proposing([])
        expand(STAGE, {"tools": [SERVER]}, teacher=teacher, max_tools=2, proposals=1, seed=seed)
        shown.append(tuple(tool.name for tool in teacher.seen[0][1].tools))
    assert shown[0] == shown[1] and len(set(shown)) > 1
    assert all(len(names) == 2 for names in shown)


def test_a_server_has_at_most_so_many_chains(expand: Any) -> None:
    teacher = proposing([["open", "show", "close"], ["close", "show"], ["show", "open"]])
    assert len(kept(expand(STAGE, {"tools": [SERVER]}, teacher=teacher, proposals=1, per_server=2))) == 2


def test_a_tool_may_come_twice_where_revisits_are_allowed(expand: Any) -> None:
    teacher = proposing([["show", "close"], ["close", "show"], ["show", "close", "show"]])
    outcomes = expand(STAGE, {"tools": [SERVER]}, teacher=teacher, proposals=1, allow_revisits=True, min_length=3, max_length=3)
    assert set(kept(outcomes)) == {("show", "close", "show"), ("close", "show", "close")}
    assert reasons(outcomes) == []


def test_a_server_with_642_tools_is_capped_for_chains_and_not_lost(expand: Any) -> None:
    large = server(*(card(f"make_thing_{number}", f"Makes thing {number}.") for number in range(642)), name="large")

    def all_in_a_row(inputs: Any) -> Proposals:
        return Proposals(chains=[Proposal(tools=[tool.name for tool in inputs.tools], scenario="s")])

    teacher = ScriptedTeacher({"propose_chains": all_in_a_row})
    outcomes = expand(STAGE, {"tools": [large]}, teacher=teacher)
    assert {len(inputs.tools) for inputs in teacher.asked("propose_chains")} == {64}
    assert len(kept(outcomes)) == 64
    assert all(row.server_id == large.id for row in kept(outcomes).values())
    again = kept(expand(STAGE, {"tools": [large]}, teacher=teacher))
    assert list(again) == list(kept(outcomes))


def test_the_config_says_which_roles_take_part() -> None:
    assert STAGE.roles_of(STAGE.config.model_validate({"verify": {"accept": "none"}})) == ("writer",)
    named = STAGE.config.model_validate({"verify": {"voters": ["a", "b"], "translators": ["b", "c"]}})
    assert STAGE.roles_of(named) == ("writer", "a", "b", "c")
