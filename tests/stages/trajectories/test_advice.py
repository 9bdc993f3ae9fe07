"""Where most rollouts end with a call that no parser read, one sentence says what to set."""

import pytest

from astra_data.hub.lineage import Funnel
from astra_data.stages.trajectories.stage import STAGE

TEXT = "trajectory: calls_as_text"


@pytest.mark.parametrize(("kept", "rejected", "quarantined", "said"), [
    (0, {TEXT: 1}, {}, "1 of 1 rollouts"),
    (2, {TEXT: 4, "score: FA below 0.75": 1}, {}, "4 of 7 rollouts"),
    (2, {TEXT: 4}, {"judge: FA: timeout": 2}, None),
    (0, {"trajectory: empty_answer": 9}, {}, None),
    (0, {}, {}, None),
])
def test_the_sentence_counts_the_rollouts(
    kept: int, rejected: dict[str, int], quarantined: dict[str, int], said: str | None
) -> None:
    told = STAGE.advice(Funnel(9, kept, rejected, quarantined))
    assert told is None if said is None else told is not None and told.startswith(said) and "--tool-call-parser" in told
