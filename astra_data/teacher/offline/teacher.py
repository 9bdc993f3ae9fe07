"""The offline teacher: one rule per ask.

    await OfflineTeacher().answer(PROPOSE_CHAINS, ProposeChains(server=..., tools=[...]))
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from pydantic import BaseModel

from astra_data.teacher import asks, chain_asks, environment_asks, question_asks, stand_ins, task_asks, tool_asks
from astra_data.teacher.ask import Ask
from astra_data.teacher.offline import chains, environments, judges, labels, questions, tasks, variants, verification
from astra_data.teacher.offline import stand_ins as playing
from astra_data.teacher.teacher import Abstained

I = TypeVar("I", bound=BaseModel)  # noqa: E741 - input and output, as in `Ask`
O = TypeVar("O", bound=BaseModel)  # noqa: E741

RULES: dict[str, Callable[[Any, int], BaseModel]] = {
    tool_asks.LABEL_DOMAIN.name: labels.domain,
    asks.PROPOSE_CHAINS.name: chains.propose,
    chain_asks.VERIFY_CHAIN.name: verification.vote,
    chain_asks.CHAIN_TO_QUERY.name: verification.to_query,
    chain_asks.QUERY_TO_CHAIN.name: verification.to_chain,
    asks.WRITE_TASK.name: tasks.write,
    task_asks.AUGMENT_TASK.name: variants.augment,
    task_asks.JOIN_TASKS.name: variants.join,
    task_asks.CHECK_COVERAGE.name: variants.coverage,
    task_asks.CHECK_INTENT.name: variants.intent,
    task_asks.JUDGE_TASK.name: variants.rate,
    task_asks.JUDGE_TASK_RELEASED.name: variants.rate,
    asks.JUDGE_UNDERSTANDING.name: judges.understanding,
    asks.JUDGE_PLANNING.name: judges.planning,
    asks.JUDGE_ROUND.name: judges.round_of_calls,
    asks.JUDGE_CALLS.name: judges.necessity,
    asks.JUDGE_ANSWER.name: judges.answer,
    environment_asks.WRITE_TOOL.name: environments.write_tool,
    environment_asks.SCALE_TOOL.name: environments.scale_tool,
    environment_asks.WRITE_CALL.name: environments.write_call,
    environment_asks.WRITE_CODE.name: environments.write_code,
    environment_asks.CLUSTER_TOOLS.name: environments.cluster_tools,
    environment_asks.MERGE_TOOL.name: environments.merge_tool,
    question_asks.WORD_STEPS.name: questions.word,
    question_asks.JUDGE_COMPLETENESS.name: questions.completeness,
    stand_ins.EMULATE_CALL.name: playing.emulate,
    stand_ins.SIMULATE_USER.name: playing.reply,
}
"""Ask name -> rule. A rule takes the inputs and the sample index, and may raise `Abstained`."""


class OfflineTeacher:
    """Answers asks by rules; deterministic, free, and allowed to abstain."""

    name = "offline"

    async def answer(self, ask: Ask[I, O], inputs: I, *, sample: int = 0) -> O:
        """The rule's answer. Raises `Abstained` where there is no rule, or the rule cannot know."""
        rule = RULES.get(ask.name)
        if rule is None:
            raise Abstained(f"no rule answers {ask.name}")
        answer = cast(O, rule(inputs, sample))
        if wrong := ask.misfit(inputs, answer):
            raise Abstained(f"the rule's answer does not fit: {wrong}")
        return answer
