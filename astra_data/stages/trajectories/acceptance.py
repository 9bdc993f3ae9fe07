"""Which trajectories are good enough to train on [A 21.2]."""

from typing import Annotated, get_args

from pydantic import AfterValidator, Field

from astra_data.hub.lineage import Funnel
from astra_data.pipeline.stage import Keep, Outcome, Quarantine, Reject, StageConfig
from astra_data.rollout.loop import ANSWERED, CALLS_AS_TEXT
from astra_data.rows import Trajectory
from astra_data.stages.trajectories.axes import ABSTAINED, FAILED, Axis

TEXT_CALLS = f"trajectory: {CALLS_AS_TEXT}"
"""The reason of a policy whose calls no parser read."""
PARSER = (
    "the endpoint's tool-call parser did not read the call: vLLM wants --enable-auto-tool-choice --tool-call-parser NAME, "
    "SGLang --tool-call-parser NAME, llama.cpp --jinja"
)


def _some(weights: dict[Axis, float]) -> dict[Axis, float]:
    if all(weights.get(axis) == 0 for axis in get_args(Axis)):
        raise ValueError("every axis has weight 0: give one a weight above 0")
    return weights


Weights = Annotated[dict[Axis, Annotated[float, Field(ge=0, allow_inf_nan=False)]], AfterValidator(_some)]


class Acceptance(StageConfig):
    """Thresholds, ours, since the paper gives none; and the weights of the axes, its plain mean by default."""

    reward: float = Field(default=0.8, ge=0, le=1, description="least reward")
    weights: Weights = Field(default={}, description="weight of each axis in the reward; 1 for those not named")
    answer: float = Field(default=0.75, ge=0, le=1, description="least FA; a trajectory whose FA has no value is not accepted")
    axis: float = Field(default=0.5, ge=0, le=1, description="least value of any axis")
    flaws: int = Field(default=0, ge=0, description="most flaws found by checks, whatever the judge thinks of them")
    abstained: int = Field(default=2, ge=0, le=7, description="most axes on which the judge may have abstained")


def advice(funnel: Funnel) -> str | None:
    """What to set where most rollouts ended with a call that the policy wrote as text."""
    as_text = funnel.rejected.get(TEXT_CALLS, 0)
    rollouts = funnel.kept + sum(funnel.rejected.values()) + sum(funnel.quarantined.values())
    return f"{as_text} of {rollouts} rollouts ended with a call written as text: {PARSER}." if 2 * as_text > rollouts else None


def decide(trajectory: Trajectory, thresholds: Acceptance) -> Outcome:
    """Keep, reject with the first threshold that was missed, or quarantine where a judge could not be had."""
    failed = next((score for score in trajectory.scores if score.status == FAILED), None)
    if failed is not None:
        return Quarantine(f"judge: {failed.axis}: {failed.reason}", trajectory)
    if trajectory.terminal != ANSWERED:
        reason = f"trajectory: {trajectory.terminal}"
        return Reject(f"{reason} - {PARSER}" if reason == TEXT_CALLS else reason, trajectory)
    if len(trajectory.flaws) > thresholds.flaws:
        return Reject(f"check: {trajectory.flaws[0].check} - {trajectory.flaws[0].reason}", trajectory)
    answer = next(score for score in trajectory.scores if score.axis == "FA")
    if answer.value is None:
        return Reject(f"score: FA has no value - {answer.reason}", trajectory)
    if answer.value < thresholds.answer:
        return Reject(f"score: FA below {thresholds.answer:g} - {answer.reason}", trajectory)
    low = next((score for score in trajectory.scores if score.value is not None and score.value < thresholds.axis), None)
    if low is not None:
        return Reject(f"score: {low.axis} below {thresholds.axis:g} - {low.reason}", trajectory)
    unknown = [score.axis for score in trajectory.scores if score.status == ABSTAINED]
    if len(unknown) > thresholds.abstained:
        return Reject(f"score: the judge abstained too often - {', '.join(unknown)}", trajectory)
    if trajectory.reward is None:
        return Reject("score: no axis with a weight has a value", trajectory)
    if trajectory.reward < thresholds.reward:
        return Reject(f"score: reward below {thresholds.reward:g}", trajectory)
    return Keep(trajectory)
