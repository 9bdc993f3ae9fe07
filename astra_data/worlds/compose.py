"""Composes questions: worlds are populated, hops taken, until a question of the wanted form stands without a weakness.

    question = compose(Wanted("shop", language="en", scenario="multi_hop", hops=3), seed="7/12")

The same seed gives the same question. A seed is tried in a numbered series of attempts, so the result does not depend on time.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from astra_data.errors import UsageError
from astra_data.rows import Question, content_id, new_row
from astra_data.rows.questions import Node
from astra_data.worlds import moves
from astra_data.worlds.builder import Builder, Step, WeakError
from astra_data.worlds.domain import Tables, populate
from astra_data.worlds.domains import DOMAINS
from astra_data.worlds.programs import UNAIDED, WRITES, references_of, tables_of
from astra_data.worlds.sentences import Speaker
from astra_data.worlds.shapes import STYLES
from astra_data.worlds.telling import leaks, told
from astra_data.worlds.wording import LANGUAGES, WAYS, Phrase
from astra_data.worlds.writes import kinds, written

SCENARIOS = ("single_hop", "parallel_single_hop", "multi_hop", "parallel_multi_hop")
"""The four scenario types [A 8.2]."""
MOST_HOPS = 20
MOST_KEYS = 3
"""Rows that a question leads over before it writes."""
UNAIDED_SHARE = 0.2
"""Share of questions whose last hop needs no tool."""
ATTEMPTS = 2000
PER_WORLD = 10
"""Attempts with the same tables."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What question is wanted: `hops` levels (1 for the single-hop scenarios), over tables of up to `rows` rows; with `writes` it
    has the state changed on the way."""

    domain: str
    language: str = "en"
    scenario: str = "multi_hop"
    hops: int = 2
    rows: int = 12
    writes: bool = False


def compose(wanted: Wanted, seed: str) -> Question:
    """The question that a seed makes. Raises `UsageError` for what there is not, and where no attempt succeeded."""
    _known(wanted)
    rng = random.Random(f"{seed}/worlds/{wanted.domain}/{wanted.scenario}/{wanted.hops}/{wanted.writes}")
    write = rng.choice(kinds(DOMAINS[wanted.domain])) if wanted.writes else ""
    for attempt in range(ATTEMPTS):
        if attempt % PER_WORLD == 0:
            tables = populate(DOMAINS[wanted.domain], rng, wanted.rows)
        builder = Builder(DOMAINS[wanted.domain], tables, rng)
        try:
            _written(builder, wanted.hops, write) if wanted.writes else FORMS[wanted.scenario](builder, wanted.hops)
        except WeakError:
            continue
        question = _question(wanted, builder, tables, style=rng.randrange(STYLES))
        if not leaks(question):
            return question
    message = f"no question of {wanted.hops} hops was found in {ATTEMPTS} attempts"
    raise UsageError(message, mend="ask for more rows or fewer hops")


def _known(wanted: Wanted) -> None:
    for name, value, known in (("domain", wanted.domain, DOMAINS), ("language", wanted.language, LANGUAGES),
                               ("scenario", wanted.scenario, SCENARIOS)):
        if value not in known:
            raise UsageError(f"there is no {name} {value!r} of worlds", mend=f"one of: {', '.join(known)}")
    single = wanted.scenario in ("single_hop", "parallel_single_hop")
    least = 1 if single else 3 if wanted.writes else 2
    most = 1 if single else MOST_HOPS
    if single and wanted.writes:
        raise UsageError(f"{wanted.scenario} has no place for writes", mend="use multi_hop")
    if not least <= wanted.hops <= most:
        raise UsageError(f"{wanted.scenario} has {least} to {most} hops, not {wanted.hops}", mend=f"give a number from {least}")


def _chain(builder: Builder, hops: int, *, number: bool = False) -> Step:
    """`hops` levels with one node each; with `number` the last one is a number."""
    step = moves.start(builder, last=hops == 1)
    for level in range(2, hops + 1):
        step = moves.onward(builder, step, last=level == hops)
    if step.level != hops or (number and step.gives != "number"):
        raise WeakError("the chain ends in something else")
    return step


def _serial(builder: Builder, hops: int) -> Step:
    """A chain; in some, the last hop is to see how numbers on the way compare."""
    if hops < 3 or builder.rng.random() > UNAIDED_SHARE:
        return _chain(builder, hops)
    last = _chain(builder, hops - 1, number=True)
    others = [step for step in builder.steps[:-1] if step.gives == "number"]
    if not others:
        return moves.onward(builder, last, last=True)
    return moves.judged(builder, last, builder.rng.sample(others, min(len(others), builder.rng.randrange(1, 3))))


def _parallel(builder: Builder, hops: int) -> Step:
    """Some first hops that have nothing to do with one another."""
    for _ in range(builder.rng.randrange(2, 5)):
        step = moves.start(builder, last=True)
        if step.gives == "list":
            raise WeakError("a list within a list of answers")
    return step


def _joined(builder: Builder, hops: int) -> Step:
    """Chains that end in numbers, joined one after another until there are `hops` levels."""
    joins = builder.rng.randrange(1, min(hops, 4))
    step = _chain(builder, hops - joins, number=True)
    for number in range(joins):
        last = number == joins - 1
        unaided = last and builder.rng.random() < UNAIDED_SHARE
        count = builder.rng.randrange(1, 3) if unaided else 1
        beside = [_chain_beside(builder, builder.rng.randrange(1, hops - joins + 1)) for _ in range(count)]
        step = moves.judged(builder, step, beside) if unaided else moves.calculated(builder, step, {"node": beside[0].id})
    if step.level != hops:
        raise WeakError("joined on another level")
    return step


def _chain_beside(builder: Builder, hops: int) -> Step:
    step = moves.start(builder, last=hops == 1)
    for level in range(2, hops + 1):
        step = moves.onward(builder, step, last=level == hops)
    if step.gives != "number":
        raise WeakError("only numbers can be joined")
    return step


def _written(builder: Builder, hops: int, op: str) -> Step:
    """A chain to a row, a write to it or for it, a read that depends on the write, and calculations for hops that are left."""
    keys = builder.rng.randrange(1, min(hops - 2, MOST_KEYS) + 1)
    step = moves.start(builder, last=False)
    for _ in range(keys - 1):
        step = moves.onward(builder, step, last=False)
    if step.gives not in builder.tables:
        raise WeakError("the chain ends in no row")
    step = written(builder, step, op, last=keys == hops - 2)
    while step.level < hops:
        step = moves.onward(builder, step, last=False)
    return step


FORMS: Mapping[str, Callable[[Builder, int], Step]] = {
    "single_hop": lambda builder, hops: moves.start(builder, last=True),
    "parallel_single_hop": _parallel,
    "multi_hop": _serial,
    "parallel_multi_hop": _joined,
}
"""Scenario -> what is built of it."""

FAMILIES = {
    "lookup": "read", "follow": "read", "total": "combine", "mean": "combine", "highest": "combine", "lowest": "combine",
    "count": "combine", "extreme": "find", "having": "list", "gap": "compare", "add": "calculate", "subtract": "calculate",
    "multiply": "scale", "percent": "percent", "days": "date", "shift": "date", "greater": "greater", "ordered": "order",
    "set": "set", "move": "move", "cancel": "cancel", "create": "create",
}
"""Operation -> what a template says of it: a template is a scenario and all that is done, in whatever order and number."""

TYPES = {"number": "number", "date": "date", "text": "text", "list": "list"}


def _question(wanted: Wanted, builder: Builder, tables: Tables, style: int) -> Question:
    speaker = Speaker(builder.domain, LANGUAGES[wanted.language], builder.rng.randrange(WAYS))
    nodes = [_node(step, builder, speaker) for step in builder.steps]
    used = {table for step in builder.steps for table in tables_of(step.program)}
    known = {name: rows for name, rows in tables.items() if name in used}
    last = builder.steps[-1]
    many = wanted.scenario == "parallel_single_hop"
    row: Question = new_row(
        Question, source="worlds", domain=wanted.domain, language=wanted.language, scenario=wanted.scenario,
        template=f"{wanted.scenario}:{'+'.join(sorted({FAMILIES[step.program['op']] for step in builder.steps}))}",
        world=content_id([wanted.domain, tables]),
        knowledge={"tables": known, "style": style, "writes": any(step.program["op"] in WRITES for step in builder.steps)},
        question=told(wanted.scenario, builder, speaker),
        answer=[step.answer for step in builder.steps] if many else last.answer,
        answer_type="list" if many else nodes[-1].answer_type,
        nodes=nodes, checks=[], quality=None, hops=max(step.level for step in builder.steps), models={},
    )
    return row


def _node(step: Step, builder: Builder, speaker: Speaker) -> Node:
    """A step as a node, whose question states what it takes from others."""
    gives = {other.id: other for other in builder.steps}

    def stated(node: str) -> Phrase:
        other = gives[node]
        return speaker.row(other.gives, other.answer) if other.gives in builder.tables else speaker.constant(other.answer)

    depends = [*references_of(step.program), *step.program.get("after", [])]
    kind = "integer" if isinstance(step.answer, int) else TYPES.get(step.gives, "text")
    return Node(step.id, step.level, speaker.sentence(step.program, stated), step.answer, kind,
                list(dict.fromkeys(depends)), step.program["op"] not in UNAIDED, program=step.program, effect=step.effect)
