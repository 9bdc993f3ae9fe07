"""Whatever an endpoint does, an ask ends in a typed answer or in a stable reason, and all of it is accounted for."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from marked import parted
from pydantic import BaseModel
from scripted_endpoint import Fault, ScriptedEndpoint, always, at, once_each, refuse_formats

from astra_data.errors import EndpointError
from astra_data.ledger import Unanswered, Usage
from astra_data.teacher import Ask
from astra_data.teacher.endpoint import _counted, _first_choice

GOOD = '{"ok": true, "score": 0.5, "notes": ["a"]}'
PRICE = {"input": 1.0, "output": 10.0}


def script(request: dict[str, Any]) -> dict[str, Any]:
    return {"content": GOOD, "usage": {"prompt_tokens": 100, "completion_tokens": 10}}


def asking(ask: Ask[Any, Any], outcomes: list[Any], times: int = 1) -> Callable[[Any], Awaitable[None]]:
    """Work that asks one after another and keeps what came of it."""

    async def work(stand: Any) -> None:
        for number in range(times):
            try:
                outcomes.append(await stand.teacher.answer(ask, ask.inputs(text=f"question {number}")))
            except (Unanswered, EndpointError) as error:
                outcomes.append(error)
        outcomes.append(stand.ledger.totals())

    return work


def test_an_answer_is_typed_and_counted(with_model: Any, verdict_ask: Any) -> None:
    out: list[Any] = []
    endpoint = with_model(script, asking(verdict_ask, out), price=PRICE, temperature=0.7, seed=5)
    assert out[0] == verdict_ask.output(ok=True, score=0.5, notes=["a"])
    assert (out[1].input_tokens, out[1].output_tokens) == (100, 10)
    assert out[1].cost == pytest.approx(200e-6)
    (body,) = endpoint.requests
    assert body["model"] == "scripted"
    assert (body["temperature"], body["seed"]) == (0.7, 5)
    assert body["messages"][1]["role"] == "user" and parted(body["messages"][1]["content"]).values == ("question 0",)
    assert body["response_format"]["json_schema"]["strict"] is True


def test_samples_are_separate_asks_with_seeds_of_their_own(with_model: Any, verdict_ask: Any) -> None:
    async def work(stand: Any) -> None:
        for sample in (0, 1, 1):
            await stand.teacher.answer(verdict_ask, verdict_ask.inputs(text="q"), sample=sample)

    endpoint = with_model(script, work, seed=5)
    assert [body["seed"] for body in endpoint.requests] == [5, 6]


@pytest.mark.parametrize("spoiled", ["think", "lost_think_tag", "fence", "prose"])
def test_json_is_found_in_what_surrounds_it(with_model: Any, verdict_ask: Any, spoiled: str) -> None:
    out: list[Any] = []
    endpoint = with_model(script, asking(verdict_ask, out), [always(Fault(spoiled))])
    assert out[0].score == 0.5
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize(
    ("fault", "quoted"),
    [
        (Fault("strings"), "- ok: Input should be a valid boolean"),
        (Fault("truncate"), "cut off before its end"),
        (Fault("unclosed_think"), "no complete JSON"),
        (Fault("words"), "no complete JSON"),
        (Fault("empty"), "no complete JSON"),
    ],
)
def test_an_unusable_answer_is_repaired_and_paid_twice(with_model: Any, verdict_ask: Any, fault: Fault, quoted: str) -> None:
    out: list[Any] = []
    endpoint = with_model(script, asking(verdict_ask, out), [at(0, fault)])
    assert out[0].ok is True
    assert (out[1].asked, out[1].failed, out[1].input_tokens) == (1, 0, 200)
    first, second = endpoint.requests
    assert second["messages"][:2] == first["messages"]
    assert [message["role"] for message in second["messages"][2:]] == ["assistant", "user"]
    assert all(message["content"] for message in second["messages"])
    assert quoted in "\n".join(parted(second["messages"][3]["content"]).values)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault("strings"), "answer: does not fit ok - Input should be a valid boolean"),
        (Fault("truncate"), "answer: cut off"),
        (Fault("words"), "answer: not JSON"),
        (Fault("empty"), "answer: not JSON"),
    ],
)
def test_after_two_repairs_there_is_a_reason_and_no_value(with_model: Any, verdict_ask: Any, fault: Fault, reason: str) -> None:
    out: list[Any] = []
    endpoint = with_model(script, asking(verdict_ask, out), [always(fault)])
    assert isinstance(out[0], Unanswered) and out[0].reason == reason
    assert len(endpoint.requests) == 3
    assert out[0].spent is not None
    assert out[0].spent.usage == Usage(300, 30)
    assert len(out[0].spent.response) == 3
    assert (out[1].failed, out[1].input_tokens) == (1, 300)


def test_a_reason_names_the_field_and_not_its_position(with_model: Any, verdict_ask: Any) -> None:
    out: list[Any] = []
    bad = '{"ok": true, "score": 1, "notes": ["fine", 3]}'
    with_model(lambda request: bad, asking(verdict_ask, out))
    assert out[0].reason == "answer: does not fit notes[] - Input should be a valid string"


@pytest.mark.parametrize("message", [{"content": None, "refusal": "No."}, {"content": "", "finish_reason": "content_filter"}])
def test_a_refusal_is_not_argued_with(with_model: Any, verdict_ask: Any, message: dict[str, Any]) -> None:
    out: list[Any] = []
    endpoint = with_model(lambda request: dict(message), asking(verdict_ask, out))
    assert out[0].reason in ("answer: refused - No.", "answer: filtered")
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize("fault", [Fault.status(429, retry_after_s=0.01), Fault.status(500, retry_after_s=0.01), Fault("cut")])
def test_passing_failures_are_retried(with_model: Any, verdict_ask: Any, fault: Fault) -> None:
    out: list[Any] = []
    endpoint = with_model(script, asking(verdict_ask, out), [at(0, fault)])
    assert out[0].ok is True
    assert len(endpoint.requests) == 2
    assert (out[1].asked, out[1].failed) == (1, 0)


@pytest.mark.parametrize(
    ("fault", "reason", "requests"),
    [
        (Fault.status(429, retry_after_s=0.01), "endpoint: 429 - scripted 429", 3),
        (Fault.status(503, retry_after_s=0.01), "endpoint: 503 - scripted 503", 3),
        (Fault("cut"), "endpoint: connection", 3),
        (Fault("no_choices"), "endpoint: no choices - upstream is gone", 1),
        (Fault("not_json"), "endpoint: not JSON - <html>A proxy</html>", 1),
        (Fault.status(400, error={"message": "the prompt is\ntoo long"}), "endpoint: 400 - the prompt is too long", 3),
    ],
)
def test_lasting_failures_have_stable_reasons_and_are_asked_again_next_time(
    with_model: Any, verdict_ask: Any, fault: Fault, reason: str, requests: int
) -> None:
    out: list[Any] = []
    endpoint = with_model(script, asking(verdict_ask, out), [always(fault)])
    assert isinstance(out[0], Unanswered) and out[0].reason == reason
    assert len(endpoint.requests) == requests
    with_model(script, asking(verdict_ask, out))
    assert out[2].ok is True


def test_a_hanging_endpoint_times_out(with_model: Any, verdict_ask: Any) -> None:
    out: list[Any] = []
    with_model(script, asking(verdict_ask, out), [always(Fault("hang"))], timeout_s=0.2, max_retries=0)
    assert out[0].reason == "endpoint: timeout"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault.status(401), "models.default: the endpoint refused no key (api_key_env is null) (HTTP 401)"),
        (Fault.status(403), "HTTP 403"),
        (Fault.status(404), "models.default: the endpoint does not know the model 'scripted'"),
        (Fault.status(402), "has no credit left"),
        (Fault.status(429, 0.01, {"message": "quota", "code": "insufficient_quota"}), "has no credit left"),
    ],
)
def test_what_no_later_ask_could_survive_stops_all_of_them(with_model: Any, verdict_ask: Any, fault: Fault, words: str) -> None:
    out: list[Any] = []
    endpoint = with_model(script, asking(verdict_ask, out, times=3), [always(fault)], api_key_env=None)
    assert all(isinstance(error, EndpointError) and words in str(error) for error in out[:3])
    assert out[0].mend
    retries = 2 if fault.code == 429 else 0
    assert len(endpoint.requests) == 1 + retries
    assert out[3].failed == 0


def test_an_endpoint_that_is_not_there_stops_the_run(with_model: Any, verdict_ask: Any) -> None:
    out: list[Any] = []
    with_model(script, asking(verdict_ask, out), base_url="http://127.0.0.1:9/v1", max_retries=0)
    assert isinstance(out[0], EndpointError)
    assert "cannot be reached" in str(out[0])


@pytest.mark.parametrize(
    ("refused", "kinds"),
    [
        (("json_schema",), ["json_schema", "json_object", "json_object"]),
        (("json_schema", "json_object"), ["json_schema", "json_object", None, None]),
    ],
)
def test_a_refused_format_is_not_tried_again(
    with_model: Any, verdict_ask: Any, refused: tuple[str, ...], kinds: list[str | None]
) -> None:
    out: list[Any] = []
    endpoint = with_model(script, asking(verdict_ask, out, times=2), [refuse_formats(*refused)])
    assert out[1].ok is True
    assert [(body.get("response_format") or {}).get("type") for body in endpoint.requests] == kinds
    assert out[2].asked == 2


def test_without_structured_output_no_format_is_sent(with_model: Any, verdict_ask: Any) -> None:
    endpoint = with_model(script, asking(verdict_ask, []), structured=False)
    assert "response_format" not in endpoint.requests[0]


def test_a_hundred_equal_asks_are_one_request(with_model: Any, verdict_ask: Any) -> None:
    async def work(stand: Any) -> None:
        question = verdict_ask.inputs(text="the same")
        answers = await asyncio.gather(*(stand.teacher.answer(verdict_ask, question) for _ in range(100)))
        assert all(answer.ok for answer in answers)
        answers[0].notes.append("mine")
        assert answers[1].notes == ["a"]

    assert len(with_model(script, work).requests) == 1


def test_a_repaired_answer_replays_without_asking_and_wherever_the_model_lives(with_model: Any, verdict_ask: Any) -> None:
    out: list[Any] = []
    with_model(script, asking(verdict_ask, out), [at(0, Fault("strings"))])
    endpoint = with_model(script, asking(verdict_ask, out), timeout_s=7, max_retries=1)
    assert out[0] == out[2]
    assert endpoint.requests == []
    assert (out[3].asked, out[3].reused) == (0, 1)


def test_another_temperature_prompt_or_answer_type_is_another_ask(with_model: Any, verdict_ask: Any) -> None:
    class Short(BaseModel):
        ok: bool

    async def work(stand: Any) -> None:
        question = verdict_ask.inputs(text="q")
        await stand.teacher.answer(verdict_ask, question)
        shorter = Ask("verdict", 1, "judge", verdict_ask.inputs, Short, verdict_ask.folder)
        await stand.teacher.answer(shorter, question)

    assert len(with_model(script, work).requests) == 2
    assert len(with_model(script, work, temperature=0.1).requests) == 2


def test_faults_under_load_lose_and_invent_nothing(with_model: Any, verdict_ask: Any) -> None:
    """A third of 300 asks meets some fault once; every ask gets its own answer."""

    def echo(request: dict[str, Any]) -> str:
        number = parted(request["messages"][1]["content"]).values[0].split()[1]
        return f'{{"ok": true, "score": {number}}}'

    kinds = [Fault.status(429, 0.01), Fault.status(500, 0.01), Fault("cut"), Fault("fence"), Fault("strings"), Fault("truncate")]

    async def work(stand: Any) -> None:
        asks = [stand.teacher.answer(verdict_ask, verdict_ask.inputs(text=f"question {n}")) for n in range(300)]
        answers = await asyncio.gather(*asks)
        assert [answer.score for answer in answers] == list(range(300))
        assert stand.ledger.totals().failed == 0

    endpoint: ScriptedEndpoint = with_model(echo, work, [once_each(3, 0.33, kinds)])
    assert len(endpoint.requests) > 350


def test_text_that_json_cannot_hold_does_no_harm(with_model: Any, verdict_ask: Any) -> None:
    out: list[Any] = []
    bad = '{"ok": true, "score": 1e400, "notes": ["\\ud800"]}'
    with_model(lambda request: bad, asking(verdict_ask, out))
    assert out[0].reason == "answer: not JSON"


def test_an_endpoint_that_counts_no_tokens_uses_up_the_budget_all_the_same(with_model: Any, verdict_ask: Any) -> None:
    async def work(stand: Any) -> None:
        await stand.teacher.answer(verdict_ask, verdict_ask.inputs(text="q"))
        assert stand.ledger.totals().input_tokens == 0
        assert 0 < stand.budget.spent <= 1.0

    with_model(lambda request: {"content": GOOD, "usage": None}, work, limit=1.0, price=PRICE, max_tokens=100)


def test_a_repair_that_fails_at_the_endpoint_still_counts_what_was_paid(with_model: Any, verdict_ask: Any) -> None:
    out: list[Any] = []
    faults = [at(0, Fault("strings")), lambda index, request: Fault.status(500, 0.01) if index else None]
    with_model(script, asking(verdict_ask, out), faults)
    assert out[0].reason == "endpoint: 500 - scripted 500"
    assert (out[1].failed, out[1].input_tokens) == (1, 100)


@pytest.mark.parametrize(
    "response",
    [{"choices": choices} for choices in ([None], ["x"], {}, [{}], [{"message": None}], [], [{"message": "x"}])],
)
def test_a_response_without_a_choice_is_no_answer(response: dict[str, Any]) -> None:
    with pytest.raises(Unanswered, match="endpoint: no choices"):
        _first_choice(response, Usage())


@pytest.mark.parametrize("usage", [None, "many", [], {"prompt_tokens": "10"}, {"prompt_tokens": -1}, {"prompt_tokens": 1.5}, {}])
def test_usage_that_cannot_be_read_counts_as_not_told(usage: Any) -> None:
    assert _counted(usage) is None
