"""Mutants ask for something else than the gold call does, whatever the tool works out."""

from astra_data.audit.mutants import optioned
from astra_data.rows.environments import Goal, Match

SCHEMA = {"parameters": {"type": "object", "required": ["part", "whole"], "properties": {
    "part": {"type": "number"}, "whole": {"type": "number"}, "decimals": {"type": "integer"}}}}


def test_a_share_of_two_numbers_that_nobody_asked_for_is_another_one() -> None:
    goal = Goal("1", "percentage", {"part": 7713, "whole": 558.55}, {"result": 1380.9}, 1380.9, Match("number"), [])
    shares = [each.arguments["part"] / each.arguments["whole"] for each in optioned(goal, SCHEMA)]
    assert shares
    assert all(abs(share / (7713 / 558.55) - 1) > 0.1 for share in shares)
