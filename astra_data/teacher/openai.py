"""A teacher and a policy behind an OpenAI-compatible endpoint, every request through the ledger.

    teacher = OpenAITeacher(endpoint, ledger)
    verdict = await teacher.answer(JUDGE, inputs)

A key holds all that decides an answer and nothing that only decides how fast it comes. An answer that does not fit
goes back with the validation error, twice at most; then the ask is `Unanswered`. No value is ever filled in.
"""

import functools
from typing import Any

from pydantic import ValidationError

from astra_data.ledger import Answer, Ledger, Unanswered, Usage
from astra_data.messages import JsonObject, Message, assistant, user
from astra_data.rows.canonical import canonical, digest
from astra_data.teacher.ask import PROMPTS, Ask, I, O, load_prompt
from astra_data.teacher.endpoint import BadRequest, Completion, Endpoint
from astra_data.teacher.extract import json_values, split_thought
from astra_data.teacher.marks import harmless
from astra_data.teacher.response_format import formats
from astra_data.teacher.teacher import Turn
from astra_data.teacher.wire import from_wire, text_of, to_wire

REPAIRS = 2
POLICY_VERSION = 1
MAX_QUOTED_ERRORS = 5


class OpenAITeacher:
    """Answers asks with one model. `name` is the model's."""

    def __init__(self, endpoint: Endpoint, ledger: Ledger) -> None:
        self._endpoint, self._ledger = endpoint, ledger
        self._first_format: dict[str, int] = {}

    @property
    def name(self) -> str:
        return self._endpoint.config.model

    async def answer(self, ask: Ask[I, O], inputs: I, *, sample: int = 0) -> O:
        """See `Teacher.answer`. Raises `Unanswered`, and `EndpointError` for what no later ask could survive."""
        messages = ask.render(inputs)
        request = {
            "ask": ask.name,
            "version": ask.version,
            "prompt": ask.prompt_hash,
            "output": ask.output_id,
            "model": self.name,
            "sampling": self._endpoint.config.sampling,
            "messages": messages,
            "sample": sample,
        }
        produce = functools.partial(self._converse, ask, inputs, messages, sample)
        answer = await self._ledger.once(digest(request), "ask", request, produce)
        try:
            return _fitted(ask.output, answer.response)
        except ValidationError as error:
            raise Unanswered("answer: held a secret of this run, and does not fit without it", sent=False) from error

    async def _converse(self, ask: Ask[I, O], inputs: I, messages: list[Message], sample: int) -> Answer:
        """Ask, and ask again with what was wrong. All turns are paid for, and counted."""
        usage, said, reason = Usage(), list[str](), ""
        for _ in range(1 + REPAIRS):
            try:
                completion = await self._complete(ask, messages, sample)
            except Unanswered as error:
                usage += error.spent.usage if error.spent else Usage()
                raise Unanswered(error.reason, Answer(said, usage), sent=error.sent or bool(said)) from error
            usage += completion.usage
            content = text_of(completion.message.get("content"))
            said.append(content)
            value, reason, advice = _read(ask, inputs, completion, content)
            if not reason:
                return Answer(value, usage)
            if not advice:
                break
            said_last = harmless(split_thought(content)[1]) or "(no answer)"
            messages = [*messages, assistant(said_last), user(_repair(advice))]
        raise Unanswered(reason, Answer(said, usage))

    async def _complete(self, ask: Ask[I, O], messages: list[Message], sample: int) -> Completion:
        """One request in the most exact format that the endpoint takes for this ask."""
        choices = formats(ask.name, ask.output)
        first = self._first_format.get(ask.name, 0 if self._endpoint.config.structured else len(choices) - 1)
        for number in range(first, len(choices)):
            form = choices[number]
            body = {"messages": messages} | ({"response_format": form} if form else {})
            try:
                completion = await self._endpoint.complete(body, sample)
            except BadRequest:
                if form is None:
                    raise
                continue
            if number > first:
                self._first_format[ask.name] = number
            return completion
        raise AssertionError("the last format is none at all")


class OpenAIPolicy:
    """Takes the assistant's turns with one model."""

    def __init__(self, endpoint: Endpoint, ledger: Ledger) -> None:
        self._endpoint, self._ledger = endpoint, ledger

    @property
    def name(self) -> str:
        return self._endpoint.config.model

    @property
    def sampling(self) -> JsonObject:
        return self._endpoint.config.sampling

    async def act(self, messages: list[Message], tools: list[JsonObject], *, sample: int = 0) -> Turn:
        """See `Policy.act`. Raises `Unanswered`, and `EndpointError` for what no later turn could survive."""
        request = {
            "policy": POLICY_VERSION,
            "pass_reasoning": self._endpoint.config.pass_reasoning,
            "model": self.name,
            "sampling": self.sampling,
            "messages": messages,
            "tools": digest(tools),
            "sample": sample,
        }
        produce = functools.partial(self._turn, messages, tools, sample)
        answer = await self._ledger.once(digest(request), "ask", request, produce)
        return Turn(answer.response["message"], answer.usage, answer.response["finish"])

    async def _turn(self, messages: list[Message], tools: list[JsonObject], sample: int) -> Answer:
        sent = to_wire(messages, pass_reasoning=self._endpoint.config.pass_reasoning)
        body = {"messages": sent} | ({"tools": tools} if tools else {})
        completion = await self._endpoint.complete(body, sample)
        message = from_wire(completion.message, messages)
        return Answer({"message": message, "finish": completion.finish}, completion.usage)


def _fitted(model: type[O], value: Any) -> O:
    """`value` as the model has it, by strict rules: "false" is no boolean and "1" no number."""
    return model.model_validate_json(canonical(value), strict=True)


def _read(ask: Ask[I, O], inputs: I, completion: Completion, content: str) -> tuple[Any, str, str]:
    """`(value, "", "")`, or why there is none as `(None, reason, advice)`; without advice asking again is no use."""
    if completion.message.get("refusal"):
        return None, f"answer: refused - {text_of(completion.message['refusal'])}", ""
    if completion.finish == "content_filter":
        return None, "answer: filtered", ""
    reason, advice = "answer: not JSON", "It holds no complete JSON object."
    if completion.finish == "length":
        reason, advice = "answer: cut off", "It was cut off before its end. Answer more briefly."
    for number, value in enumerate(json_values(content)):
        wrong = _wrong(ask, inputs, value)
        if wrong is None:
            return value, "", ""
        if number == 0:
            reason, advice = wrong
    return None, reason, advice


def _wrong(ask: Ask[I, O], inputs: I, value: Any) -> tuple[str, str] | None:
    """(reason, advice) if the value is no answer to this ask."""
    try:
        advice = ask.misfit(inputs, _fitted(ask.output, value))
    except ValidationError as error:
        return _misfit(error)
    return (f"answer: does not fit the question - {advice}", f"- {advice}") if advice else None


def _misfit(error: ValidationError) -> tuple[str, str]:
    """The first error as a reason to count by, and all of them as advice. List positions are not part of a reason."""
    errors = error.errors(include_url=False, include_input=False, include_context=False)
    paths = [".".join(str(part) for part in item["loc"]) or "the answer" for item in errors]
    first = ".".join("[]" if isinstance(part, int) else part for part in errors[0]["loc"]) or "the answer"
    advice = "\n".join(f"- {path}: {item['msg']}" for path, item in zip(paths, errors[:MAX_QUOTED_ERRORS], strict=False))
    return f"answer: does not fit {first.replace('.[]', '[]')} - {errors[0]['msg']}", advice


def _repair(advice: str) -> str:
    """What was wrong as data, line by line: it may quote the inputs and the answer."""
    return load_prompt(PROMPTS / "repair.md.jinja").render({"advice": advice.split("\n")})[1]
