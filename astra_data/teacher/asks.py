"""Every question the pipeline puts to a model: what goes in, what must come out, and the prompt file that says it.

    proposals = await teacher.answer(PROPOSE_CHAINS, ProposeChains(server=..., tools=[...]), sample=0)

A judge never sees more of a conversation than the moment it judges: callers cut the messages before they ask.
"""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, WithJsonSchema

from astra_data.teacher.ask import Ask


def _one_of(*allowed: float) -> AfterValidator:
    def check(value: float) -> float:
        if value not in allowed:
            raise ValueError(f"must be one of {', '.join(f'{number:g}' for number in allowed)}")
        return value

    return AfterValidator(check)


Half = Annotated[float, Strict(), _one_of(0, 0.5, 1), WithJsonSchema({"enum": [0, 0.5, 1]})]
"""A judged step of the paper's three-point scale [A 7.1]."""

Flag = Annotated[float, Strict(), _one_of(0, 1), WithJsonSchema({"enum": [0, 1]})]


class Model(BaseModel):
    """Base of inputs and outputs: frozen, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ServerCard(Model):
    """What a prompt says of a server."""

    name: str
    title: str
    description: str


class ToolCard(Model):
    """What a prompt says of a tool; `output_schema` is null where the server declares none."""

    name: str
    description: str
    parameters: dict[str, Any]
    output_schema: dict[str, Any] | None = None


class ProposeChains(Model):
    """Ask for chains of dependent tools in one server [A 2.2]."""

    server: ServerCard
    tools: list[ToolCard]


class Proposal(Model):
    """One chain and the scenario it would serve."""

    tools: list[str] = Field(min_length=2)
    scenario: str


class Proposals(Model):
    chains: list[Proposal]


class WriteTask(Model):
    """Ask for a user's task [A 4]. `tools` are the tools to use, in order if `ordered`.

    `facts` are literal values that exist in the user's world, by `parameter` or `tool.parameter`; what is not listed may be
    invented within the schema. `optional` names optional parameters worth stating, by tool.
    """

    server: ServerCard
    tools: list[ToolCard]
    ordered: bool
    facts: dict[str, list[Any]]
    optional: dict[str, list[str]]
    seed: str


class WrittenTask(Model):
    """The task as the user says it, and the tools it needs in order."""

    text: str = Field(min_length=1)
    target_tools: list[str] = Field(min_length=1)


class Conversation(Model):
    """A conversation under judgement, cut where the judge must not look further.

    `reference` are the tools that the task's author expected; other ways may be as good. `failed` are the ids of calls whose
    result is an error.
    """

    tools: list[dict[str, Any]]
    messages: list[dict[str, Any]]
    reference: list[str]
    failed: list[str] = []


class Judgement(Model):
    """One score on the three-point scale, the reason, and words quoted from the conversation."""

    reason: str
    score: Half
    quote: str = ""


class RoundJudgement(Model):
    """The two scores of one round of calls: was the last result understood, is this round a good next step [A 7.1]."""

    reason: str
    understanding: Half | None
    planning: Half | None
    quote: str = ""


class CallJudgement(Model):
    """Whether one call was necessary and not redundant."""

    call_id: str
    necessary: Flag
    reason: str


class CallJudgements(Model):
    calls: list[CallJudgement]


class AnswerJudgement(Model):
    """The final answer against the question (`correctness`) and against the whole conversation (`summary`)."""

    reason: str
    correctness: Half
    summary: Half
    quote: str = ""


PROPOSE_CHAINS = Ask("propose_chains", 1, "writer", ProposeChains, Proposals)
WRITE_TASK = Ask("write_task", 1, "writer", WriteTask, WrittenTask)
JUDGE_UNDERSTANDING = Ask("judge_understanding", 1, "judge", Conversation, Judgement)
JUDGE_PLANNING = Ask("judge_planning", 1, "judge", Conversation, Judgement)
JUDGE_ROUND = Ask("judge_round", 1, "judge", Conversation, RoundJudgement)
JUDGE_CALLS = Ask("judge_calls", 1, "judge", Conversation, CallJudgements)
JUDGE_ANSWER = Ask("judge_answer", 1, "judge", Conversation, AnswerJudgement)

JUDGES = (JUDGE_UNDERSTANDING, JUDGE_PLANNING, JUDGE_ROUND, JUDGE_CALLS, JUDGE_ANSWER)
