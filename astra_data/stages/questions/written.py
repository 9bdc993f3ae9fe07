"""Sources (b) and (c): questions that the writer makes up about a domain, and given ones that it takes apart [A 8.2].

What comes back names its steps by ids and refers to their answers as `{id}`. In the row every reference has become the answer, so
that a sub-question can be read alone.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from astra_data.pipeline.stage import Item, Reject
from astra_data.rollout.goals import same, stands_in, text_of
from astra_data.rows import Question, new_row
from astra_data.rows.questions import Node
from astra_data.stages.questions import graph
from astra_data.stages.questions.config import Domains, NamedDomain
from astra_data.stages.questions.given import UNKNOWN, ToDecompose
from astra_data.stages.questions.made import Made, Work
from astra_data.teacher.question_asks import (
    DECOMPOSE_QUESTION,
    REFERENCE,
    WRITE_QUESTION,
    DecomposeQuestion,
    WriteQuestion,
    WrittenStep,
    WrittenSteps,
)
from astra_data.teacher.teacher import Abstained
from astra_data.teacher.typed_answers import NotOfKindError, normal
from astra_data.text.language import language_of


@dataclass(frozen=True, slots=True)
class ToWrite:
    """The `number`th question about a domain in a language."""

    domain: NamedDomain
    language: str
    number: int


def items(config: Domains) -> Iterator[Item]:
    for domain in config.names:
        for language in config.languages:
            for number in range(config.per_domain):
                yield Item(f"{domain.name}-{language}-{number}", ToWrite(domain, language, number))


async def write(wanted: ToWrite, work: Work) -> Made | Reject:
    """A question about a domain. Raises `Unanswered`."""
    config = work.config.domains
    assert config is not None and work.writer is not None
    seed = f"{work.resources.seed}/questions/{wanted.domain.name}/{wanted.language}/{wanted.number}"
    passages = _drawn((work.passages or {}).get(wanted.domain.name, ()), config.passages, random.Random(seed))
    ask = WriteQuestion(domain=wanted.domain.name, language=wanted.language, passages=passages, least_hops=config.hops.least,
                        most_hops=config.hops.most, seed=f"{work.resources.seed}/{wanted.number}")
    try:
        written = await work.writer.answer(WRITE_QUESTION, ask)
    except Abstained as abstained:
        return Reject(f"question: the teacher abstained - {abstained.reason}")
    made = _made(written, "domains", wanted.domain.name, wanted.language, written.question, passages, work.writer.name)
    told = language_of(written.question)
    if told not in (None, wanted.language):
        return Reject(f"question: language differs - {told}, not {wanted.language}", made.question)
    return Made(made.question, made.uses, passages, config.hops)


def _drawn(passages: Sequence[str], count: int, rng: random.Random) -> list[str]:
    """Some of the passages, in their order."""
    chosen = sorted(rng.sample(range(len(passages)), min(count, len(passages))))
    return [passages[index] for index in chosen]


async def decompose(wanted: ToDecompose, work: Work) -> Made | Reject:
    """A given question taken apart; rejected where its steps lead to another answer than the given one. Raises `Unanswered`."""
    assert work.writer is not None
    row, language = wanted.row, wanted.row.told_language
    domain = row.domain or UNKNOWN
    ask = DecomposeQuestion(question=row.question, domain=domain, language=language, passages=row.knowledge, answer=row.answer)
    try:
        written = await work.writer.answer(DECOMPOSE_QUESTION, ask)
    except Abstained as abstained:
        return Reject(f"question: the teacher abstained - {abstained.reason}")
    made = _made(written, "given", domain, language, row.question, row.knowledge, work.writer.name)
    if row.answer is not None and not _agrees(row.answer, made.question):
        return Reject(f"question: not the given answer - {text_of(made.question.answer)}", made.question)
    return made


def _agrees(given: Any, question: Question) -> bool:
    """Whether the answer is the given one, in the form of its type."""
    try:
        wanted = normal(question.answer_type, given)
    except NotOfKindError:
        return False
    texts = isinstance(wanted, str) and isinstance(question.answer, str)
    return wanted.casefold() == question.answer.casefold() if texts else same(wanted, question.answer)


def _made(written: WrittenSteps, source: str, domain: str, language: str, text: str, passages: Sequence[str],
          writer: str) -> Made:
    """The row as it was written: levels that the dependencies have, or 1 where these go round in a circle."""
    answers = {step.id: normal(step.answer_type, step.answer) for step in written.steps}
    levels = graph.levels_of({step.id: step.depends_on for step in written.steps}) or {}
    nodes = [
        Node(step.id, levels.get(step.id, 1), _said(step, answers), answers[step.id], step.answer_type, step.depends_on, True)
        for step in written.steps
    ]
    question: Question = new_row(
        Question, source=source, domain=domain, language=language, scenario=graph.scenario_of(nodes), template=None, world=None,
        knowledge={"passages": list(passages)} if passages else {}, question=text,
        answer=normal(written.answer_type, written.answer), answer_type=written.answer_type, nodes=nodes, checks=[], quality=None,
        hops=max(node.level for node in nodes), models={"writer": writer},
    )
    return Made(question, {step.id: _uses(step, answers) for step in written.steps}, passages)


def _said(step: WrittenStep, answers: dict[str, Any]) -> str:
    """The sub-question with the answers that it refers to in their places."""
    return REFERENCE.sub(lambda found: text_of(answers[found[1]]), step.question)


def _uses(step: WrittenStep, answers: dict[str, Any]) -> list[str]:
    """The steps whose answers a step refers to, or states in its words."""
    referred = REFERENCE.findall(step.question)
    stated = [name for name in step.depends_on if stands_in(text_of(answers[name]), step.question)]
    return list(dict.fromkeys([*referred, *stated]))
