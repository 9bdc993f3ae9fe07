"""An answer that fits its type may still not fit the question: it is mended like any other misfit, and never kept."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from astra_data.ledger import Unanswered
from astra_data.teacher import Ask
from astra_data.teacher.offline.teacher import OfflineTeacher
from astra_data.teacher.stand_ins import SIMULATE_USER, SimulateUser, UserTurn
from astra_data.teacher.teacher import Abstained


def must_quote(inputs: Any, answer: Any) -> str | None:
    return None if inputs.text in answer.notes else "notes must hold the text"


def test_the_model_is_told_what_does_not_fit_the_question(verdict_ask: Ask[Any, Any], with_model: Any) -> None:
    ask = replace(verdict_ask, check=must_quote)
    given: list[str] = []

    async def work(stand: Any) -> None:
        verdict = await stand.teacher.answer(ask, ask.inputs(text="tea"))
        assert verdict.notes == ["tea"]
        again = await stand.teacher.answer(ask, ask.inputs(text="tea"))
        assert again == verdict

    def script(request: Any) -> str:
        given.append(request["messages"][-1]["content"])
        return '{"ok": true, "score": 1, "notes": ["tea"]}' if len(given) == 2 else '{"ok": true, "score": 1}'

    with_model(script, work)
    assert len(given) == 2
    assert "- notes must hold the text" in given[1]


def test_an_answer_that_never_fits_the_question_is_none(verdict_ask: Ask[Any, Any], with_model: Any) -> None:
    ask = replace(verdict_ask, check=must_quote)

    async def work(stand: Any) -> None:
        with pytest.raises(Unanswered, match="answer: does not fit the question - notes must hold the text"):
            await stand.teacher.answer(ask, ask.inputs(text="tea"))

    endpoint = with_model(lambda request: '{"ok": true, "score": 1}', work)
    assert len(endpoint.requests) == 3


def test_a_rule_whose_answer_does_not_fit_abstains() -> None:
    never = replace(SIMULATE_USER, check=lambda inputs, answer: "wrong")
    inputs = SimulateUser(goal=["a", "b"], untold=[1], conversation=[], turns_left=1)
    with pytest.raises(Abstained, match="does not fit: wrong"):
        asyncio.run(OfflineTeacher().answer(never, inputs))
    assert asyncio.run(OfflineTeacher().answer(SIMULATE_USER, inputs)) == UserTurn(done=False, message="b", tells=[1])
