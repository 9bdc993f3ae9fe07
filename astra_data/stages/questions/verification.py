"""What a decomposition must pass, in this order: it is a graph, its topology is put right, its answers come from what is known,
tools are needed where others wait for them, and then the four scores [A 9, 10].

    outcome = await verify(made, work)      # Keep, Reject or Quarantine, with the checks in the row

    DC   dependency consistency   share of nodes whose every dependency is necessary
    SA   atomicity                share of nodes that cannot be divided
    SR   sequential rationality   share of nodes that wait for nothing in vain
    TC   task completeness        1 if the nodes are enough for the question, else 0

The means are over all nodes, those without dependencies included; `quality` is the mean of the four, null if one has no verdict.
What can be shown is shown (`proofs`), the rest is asked. An abstention is null; a judge without a usable answer quarantines.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from statistics import fmean

from astra_data.pipeline.stage import Keep, Outcome, Quarantine, Reject
from astra_data.rollout.goals import same
from astra_data.rows.questions import QuestionCheck
from astra_data.stages.questions import graph
from astra_data.stages.questions.corpus import stands_in_one
from astra_data.stages.questions.made import CHECKS, Made, Work
from astra_data.stages.questions.proofs import DC, SA, SOURCES, SR, TC, mean, proofs
from astra_data.teacher.question_asks import (
    CHECK_SUPPORT,
    JUDGE_ATOMICITY,
    JUDGE_COMPLETENESS,
    JUDGE_DEPENDENCIES,
    JUDGE_ORDER,
    JUDGE_TOOL_NEED,
    CheckSupport,
    JudgeSteps,
    StepCard,
)
from astra_data.teacher.teacher import Abstained, Teacher, Unanswered

TOOL_NECESSITY = "tool_necessity"
FINAL = "final_answer"
"""How the main answer is called among steps whose answers are looked for in passages."""
JUDGED = {DC: JUDGE_DEPENDENCIES, SA: JUDGE_ATOMICITY, SR: JUDGE_ORDER}


class Refused(Exception):  # noqa: N818 - an outcome, not an error
    """The question does not pass. `made` has the checks so far."""

    def __init__(self, reason: str, made: Made) -> None:
        super().__init__(reason)
        self.reason, self.made = reason, made


async def verify(made: Made, work: Work) -> Outcome:
    """Keep the question with its checks, reject it for the first thing that is wrong, or quarantine it."""
    for name, step in STEPS.items():
        try:
            made = await step(made, work)
        except Refused as refused:
            return Reject(f"question: {refused.reason}", refused.made.question)
        except Unanswered as failure:
            return Quarantine(f"judge: {name}: {failure.reason}", made.question)
    return Keep(made.question)


async def topology(made: Made, work: Work) -> Made:
    """The nodes are a graph, before and after what is unused is taken out of it; it has as many levels as were asked for."""
    _graph(made)
    question, check = graph.repaired(made.question, made.uses)
    made = replace(made, question=question)
    _graph(made)
    made = made.checked(QuestionCheck("graph", 1.0, "ids, dependencies, levels and answers are in order", [], CHECKS), check)
    if made.hops and not made.hops.least <= question.hops <= made.hops.most:
        raise Refused(f"other hops than asked for - {question.hops}", made)
    return made


def _graph(made: Made) -> None:
    if wrong := graph.problem(made.question):
        raise Refused(f"no valid graph - {wrong}", made.checked(QuestionCheck("graph", 0.0, str(wrong), wrong.nodes, CHECKS)))


async def support(made: Made, work: Work) -> Made:
    """Every answer stands in the passages, or the judge quotes what it follows from."""
    if not made.passages:
        return made
    cards = [card for card in [*_cards(made), *_final(made)] if not stands_in_one(card.answer, made.passages)]
    judge, missing = CHECKS, [card.id for card in cards]
    if cards:
        judge, inputs = _judge(work).name, CheckSupport(passages=list(made.passages), steps=cards)
        try:
            answer = await _judge(work).answer(CHECK_SUPPORT, inputs)
            missing = [one.id for one in answer.steps if one.quote is None]
        except Abstained:
            judge = CHECKS
    nodes = {node.id: node.id not in missing for node in made.question.nodes}
    made = _judged(made, mean("support", nodes | dict.fromkeys(missing, False), "the passages hold every answer", judge))
    if missing:
        raise Refused(f"an answer is not in the passages - {', '.join(missing)}", made)
    return made


def _final(made: Made) -> list[StepCard]:
    """The main answer as a step, where it is not the answer of one."""
    question = made.question
    if any(same(node.answer, question.answer) for node in question.nodes):
        return []
    return [StepCard(id=FINAL, question=question.question, answer=question.answer, depends_on=[])]


async def tool_need(made: Made, work: Work) -> Made:
    """Nodes that need no tool may only be leaves, and some node needs one [A 9]."""
    if made.question.source in SOURCES:
        check = QuestionCheck(TOOL_NECESSITY, 1.0, "known from how it was made", [], CHECKS)
    else:
        made, check = await _asked_need(made, _judge(work))
        if check.value is None:
            return _judged(made, check)
    leaves = graph.leaves(made.question.nodes)
    wrong = [node.id for node in made.question.nodes if not node.needs_tool and node.id not in leaves]
    if wrong:
        check = replace(check, value=0.0, reason=f"others wait for {', '.join(wrong)}, which needs no tool", nodes=wrong)
        raise Refused(f"a node that others depend on needs no tool - {', '.join(wrong)}", _judged(made, check))
    if not any(node.needs_tool for node in made.question.nodes):
        raise Refused("no node needs a tool", _judged(made, replace(check, value=0.0, reason="no node needs a tool")))
    return _judged(made, check)


async def _asked_need(made: Made, judge: Teacher) -> tuple[Made, QuestionCheck]:
    """The nodes with the judge's verdicts; as they are, with a check without a value, where it abstains."""
    try:
        answer = await judge.answer(JUDGE_TOOL_NEED, _inputs(made))
    except Abstained as abstained:
        return made, QuestionCheck(TOOL_NECESSITY, None, abstained.reason, [], judge.name)
    needs = {one.id: one.needs_tool for one in answer.steps}
    nodes = [replace(node, needs_tool=needs[node.id]) for node in made.question.nodes]
    return made.changed(nodes=nodes), QuestionCheck(TOOL_NECESSITY, 1.0, "only leaves need no tool", [], judge.name)


async def scores(made: Made, work: Work) -> Made:
    """The four scores, and `quality`."""
    shown = {check.check: check for check in proofs(made)}
    four = [shown.get(name) or await _score(name, made, _judge(work)) for name in (DC, SA, SR, TC)]
    values = [check.value for check in four if check.value is not None]
    quality = fmean(values) if len(values) == len(four) else None
    return _judged(made, *four).changed(quality=quality)


async def _score(name: str, made: Made, judge: Teacher) -> QuestionCheck:
    try:
        if name == TC:
            whole = await judge.answer(JUDGE_COMPLETENESS, _inputs(made))
            return QuestionCheck(TC, float(whole.complete), whole.reason, [], judge.name)
        answer = await judge.answer(JUDGED[name], _inputs(made))
    except Abstained as abstained:
        return QuestionCheck(name, None, abstained.reason, [], judge.name)
    faults = "; ".join(f"{one.id}: {one.reason}" for one in answer.steps if not one.ok)
    check = mean(name, {one.id: one.ok for one in answer.steps}, "every node", judge.name)
    return replace(check, reason=faults or check.reason)


async def acceptance(made: Made, work: Work) -> Made:
    """No check without a verdict, unless they are allowed; and quality, where the threshold is a number."""
    config, question = work.config.verify, made.question
    open_ones = [check for check in question.checks if check.value is None]
    if open_ones and not config.accept_abstained:
        raise Refused(f"not verified - {open_ones[0].check}: {open_ones[0].reason}", made)
    if isinstance(config.threshold, float) and question.quality is not None and question.quality < config.threshold:
        low = min((check for check in question.checks if check.check in (DC, SA, SR, TC)), key=lambda check: check.value or 0.0)
        raise Refused(f"quality below {config.threshold:g} - {low.check}: {low.reason}", made)
    return made


STEPS: dict[str, Callable[[Made, Work], Awaitable[Made]]] = {
    "topology": topology, "support": support, TOOL_NECESSITY: tool_need, "scores": scores, "acceptance": acceptance,
}
"""The steps by name, in order."""


def _judge(work: Work) -> Teacher:
    assert work.judge is not None
    return work.judge


def _inputs(made: Made) -> JudgeSteps:
    return JudgeSteps(question=made.question.question, answer=made.question.answer, steps=_cards(made))


def _cards(made: Made) -> list[StepCard]:
    return [
        StepCard(id=node.id, question=node.question, answer=node.answer, depends_on=node.depends_on)
        for node in made.question.nodes
    ]


def _judged(made: Made, *checks: QuestionCheck) -> Made:
    """With these checks, and with the judge among the models if one of them is its."""
    judges = [("judge", check.judge) for check in checks if check.judge != CHECKS]
    return made.checked(*checks).changed(models=made.question.models | dict(judges))
