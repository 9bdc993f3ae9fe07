"""Tools that write share a state: effects are goals, order counts, and the state at the end is part of the row."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from scripted import ScriptedTeacher

from astra_data.pipeline.stage import Keep, Outcome, Reject
from astra_data.rollout.replay import gold_calls, replay
from astra_data.rows import Question, new_row
from astra_data.rows.questions import Node
from astra_data.sandbox import Sandbox
from astra_data.stages.environments import STAGE
from astra_data.teacher.environment_asks import Arguments, Code, ToolDocument

Expand = Callable[..., list[Outcome]]
TABLES = {"accounts": {"X": {"balance": 5}, "Y": {"balance": 1}}}
PAY = Node("pay", 1, "Pay 2 from X to Y.", 3, "integer", [], True, effect={"accounts": {"X": {"balance": 3}}})
READ = Node("read", 2, "What does Y have now?", 3, "integer", ["pay"], True)
QUESTION: Question = new_row(
    Question, source="given", domain="bank", language="en", scenario="multi_hop", template="transfer", world="seed 4",
    knowledge={"tables": TABLES}, question="Pay 2 from X to Y, and say what Y has then.", answer=3, answer_type="integer",
    nodes=[PAY, READ], checks=[], quality=None, hops=2, models={},
)
WRONG = "return {'error': {'type': 'invalid_argument', 'message': 'not so'}}\n"
SOURCES = {
    "Pay": f"import world\n\ndef pay(amount):\n    if type(amount) is not int or amount < 1:\n        {WRONG}"
           "    accounts = world.TABLES['accounts']\n    accounts['X']['balance'] -= amount\n"
           "    accounts['Y']['balance'] += amount\n    return {'left': accounts['X']['balance']}\n",
    "What": f"import world\n\ndef read(account):\n    if account not in ('X', 'Y'):\n        {WRONG}"
            "    return {'balance': world.TABLES['accounts'][account]['balance']}\n",
}


def kind(inputs: Any) -> str:
    return str(inputs.case.question.split()[0])


def schema(name: str, kind: str) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"type": kind}}, "required": [name]}


def writer(sources: dict[str, str] = SOURCES) -> ScriptedTeacher:
    documents = {
        "Pay": ToolDocument(name="pay", description="Pays.", parameters=schema("amount", "integer")),
        "What": ToolDocument(name="read", description="Reads.", parameters=schema("account", "string")),
    }
    given = {"Pay": {"amount": 2}, "What": {"account": "Y"}}
    return ScriptedTeacher({
        "write_tool": lambda inputs: documents[kind(inputs)],
        "scale_tool": lambda inputs: inputs.document,
        "write_call": lambda inputs: Arguments(arguments=given[kind(inputs)]),
        "write_code": lambda inputs: Code(source=sources[kind(inputs)], answer_path="balance"),
    })


def made(expand: Expand, question: Question, teacher: ScriptedTeacher) -> Outcome:
    (outcome,) = expand(STAGE, {"questions": [question]}, teacher=teacher, isolation="best_effort")
    return outcome


def test_a_write_is_a_goal_by_its_effect_and_what_reads_it_comes_after(expand: Expand) -> None:
    outcome = made(expand, QUESTION, writer())
    assert isinstance(outcome, Keep), outcome
    row = outcome.row
    pay, read = row.turns[0].goals
    assert (pay.match.kind, pay.answer, pay.response, pay.after) == ("state", PAY.effect, {"left": 3}, [])
    assert (read.match.kind, read.answer, read.after) == ("number", 3, ["pay"])
    assert row.world.initial_state == TABLES
    assert row.world.final_state == {"accounts": {"X": {"balance": 3}, "Y": {"balance": 3}}}
    assert row.split_keys == ["world:seed 4", "template:transfer"]
    with Sandbox(workers=1, isolation="best_effort") as sandbox:
        (gold,) = gold_calls(row)
        played = replay(row, [gold], sandbox)
        assert (played.breakdown.f1, played.final_state_reached) == (1.0, True)
        twice = replay(row, [[gold[0], *gold]], sandbox)
        assert (twice.breakdown.unsolved, twice.final_state_reached) == (["read"], False)


def test_a_write_that_says_so_and_does_nothing_is_refused(expand: Expand) -> None:
    idle = "def pay(amount):\n    return {'left': 3}\n"
    outcome = made(expand, QUESTION, writer(SOURCES | {"Pay": idle}))
    assert isinstance(outcome, Reject)
    assert "the state must then hold" in outcome.reason


def test_a_question_that_only_reads_has_no_state(expand: Expand) -> None:
    source = (
        "BALANCES = {'Y': 3}\n\ndef read(account):\n    if account not in ('X', 'Y'):\n        " + WRONG
        + "    return {'balance': BALANCES.get(account)}\n"
    )
    outcome = made(expand, replace(QUESTION, nodes=[replace(READ, depends_on=[])]), writer({"What": source}))
    assert isinstance(outcome, Keep)
    assert (outcome.row.world.load, outcome.row.world.final_state) == (None, None)
