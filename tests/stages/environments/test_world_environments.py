"""Questions about worlds become environments without a model, whatever they ask, the same ones every time."""

from collections.abc import Callable

import pytest

from astra_data.pipeline.stage import Keep, Outcome
from astra_data.rollout.replay import gold_calls, replay
from astra_data.sandbox import Sandbox
from astra_data.stages.environments import STAGE
from astra_data.stages.environments.assembly import unique_names
from astra_data.teacher.offline.teacher import OfflineTeacher
from astra_data.worlds.compose import Wanted, compose
from astra_data.worlds.domains import DOMAINS

Expand = Callable[..., list[Outcome]]
FORMS = [("single_hop", 1, False), ("parallel_single_hop", 1, False), ("multi_hop", 3, False), ("parallel_multi_hop", 4, False),
         ("multi_hop", 3, True)]


def test_every_scenario_of_every_domain_gives_a_sound_environment(expand: Expand) -> None:
    wanted = [Wanted(domain, "en", scenario, hops, writes=writes) for domain in DOMAINS for scenario, hops, writes in FORMS]
    questions = [compose(one, "unseen") for one in wanted]
    outcomes = expand(STAGE, {"questions": questions}, teacher=OfflineTeacher(), isolation="best_effort")
    assert [type(outcome) for outcome in outcomes] == [Keep] * len(wanted)
    rows = [outcome.row for outcome in outcomes if isinstance(outcome, Keep)]
    assert {check.passed for row in rows for check in row.audit if check.check == "merge"} == {True}, "one program, one tool"
    assert all(row.hackability is not None and row.hackability <= 0.2 for row in rows)
    for row, question, one in zip(rows, questions, wanted, strict=True):
        assert {goal.id for goal in row.turns[0].goals} == {node.id for node in question.nodes if node.needs_tool}
        assert (row.world.load is not None) is one.writes
        assert len({tool.name for tool in row.tools}) == len(row.tools)
    again = expand(STAGE, {"questions": questions}, teacher=OfflineTeacher(), isolation="best_effort")
    assert again == outcomes
    with Sandbox(workers=1, isolation="best_effort", hash_seed=5) as sandbox:
        for row in rows[-5:]:
            played = replay(row, gold_calls(row), sandbox, seed="other")
            assert (played.breakdown.f1, played.final_state_reached) == (1.0, None if row.world.load is None else True)


@pytest.mark.parametrize(
    ("names", "unique"),
    [
        (["a", "b"], ["a", "b"]),
        (["a", "a", "a"], ["a", "a_2", "a_3"]),
        (["a", "a_2", "a"], ["a", "a_2", "a_3"]),
        (["a", "a", "a_2"], ["a", "a_3", "a_2"]),
        ([], []),
    ],
)
def test_names_are_made_unique_and_none_is_taken_from_another(names: list[str], unique: list[str]) -> None:
    assert unique_names(names) == unique
