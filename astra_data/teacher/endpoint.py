"""An OpenAI-compatible endpoint: one request in, one completion out, and every failure with a name.

    endpoint = Endpoint("judge", config, new_client(config, key), budget)
    completion = await endpoint.complete({"messages": messages})

Retries, their waits and `Retry-After` are the openai client's. What is left after them either concerns one request
(`Unanswered`, with a stable reason) or all of them (`EndpointError`, which ends the run before it wastes more).
"""

import asyncio
import base64
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import openai
import orjson

from astra_data.bounded.answers import HOOKS, PLAIN, AnswerRefusedError
from astra_data.errors import EndpointError
from astra_data.exact import UNKEPT, loads
from astra_data.ledger import Answer, Unanswered, Usage
from astra_data.messages import JsonObject
from astra_data.teacher.budget import Budget
from astra_data.teacher.models import ModelConfig
from astra_data.teacher.wire import text_of
from astra_data.tools.scrub import Scrub
from astra_data.tools.silence import harmless
from astra_data.tools.urls import told, user_of, without_user

LONGEST_RETRY_AFTER_S = 120.0
"""The openai client waits no longer for an endpoint that asks for time."""

TEMPLATE_TOKENS = 1000
"""What a chat template may add to a request; of the rest, no token is shorter than a byte."""

MAX_DETAIL = 200

INTERRUPTED = re.compile(r"error|abort|cancel|overload|time_?out|fail|insufficient|unavailable", re.IGNORECASE)
"""Finish reasons of a generation that broke off through no doing of the model: it is asked for again."""


class BadRequest(Unanswered):
    """The endpoint cannot take this request: too long, or with an option it does not know."""


@dataclass(frozen=True, slots=True)
class Completion:
    """The first choice of a response, as it came over the wire."""

    message: JsonObject
    finish: str
    usage: Usage


def new_client(config: ModelConfig, key: str | None) -> openai.AsyncOpenAI:
    """A client on the aiohttp transport, quiet. It follows no redirect: prompts go to the address that was given, and nowhere
    else. An absent key is sent as a placeholder, never looked up elsewhere.

    User and password of the address become a header, so that no address with them goes from hand to hand.
    """
    for name in ("openai", "httpx", "httpx2", "httpcore", "httpcore2"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return openai.AsyncOpenAI(
        api_key=key or "none",
        base_url=config.base_url and without_user(config.base_url),
        default_headers=_login(config.base_url),
        timeout=config.timeout_s,
        max_retries=config.max_retries,
        http_client=openai.DefaultAioHttpClient(timeout=config.timeout_s, headers=PLAIN, event_hooks=HOOKS,
                                                follow_redirects=False),
    )


def _login(address: str | None) -> dict[str, str]:
    """The header for user and password of an address, if it has them."""
    login = user_of(address or "")
    return {"Authorization": f"Basic {base64.b64encode(':'.join(login).encode()).decode()}"} if login else {}


class Endpoint:
    """The model of a role behind its client. One failure that concerns all requests fails all later ones at once.

    What comes back is scrubbed before anything is made of it: an endpoint may repeat its key in an error or an answer.
    """

    def __init__(self, role: str, config: ModelConfig, client: openai.AsyncOpenAI, budget: Budget,
                 scrub: Scrub | None = None) -> None:
        self.config, self._scrub = config, scrub or Scrub()
        self._role, self._client, self._budget = role, client, budget
        self._answers = self._gave = False
        self._broken: EndpointError | None = None
        retries = config.max_retries
        self._deadline_s = config.timeout_s * (retries + 1) + LONGEST_RETRY_AFTER_S * retries

    async def complete(self, body: JsonObject, sample: int = 0) -> Completion:
        """The completion of `body`, with model and sampling added. Raises `Unanswered`, `EndpointError`.

        An endpoint that does not count tokens is booked at its upper bound in the budget, and as nothing in the usage.
        """
        if self._broken:
            raise self._broken
        payload = orjson.dumps({"model": self.config.model, **body, **self._sampling(sample)})
        usage = Usage()
        for _ in range(1 + self.config.max_retries):
            completion = await self._once(payload, usage)
            if not INTERRUPTED.search(completion.finish):
                return completion
            usage = completion.usage
        reason = f"endpoint: interrupted - finish reason {completion.finish}"
        raise Unanswered(reason, Answer(text_of(completion.message.get("content")), usage))

    async def _once(self, payload: bytes, before: Usage) -> Completion:
        """The completion of one request, with what was used `before` it added to its own usage."""
        bound = self._cost(len(payload) + TEMPLATE_TOKENS, self.config.max_tokens or 0)
        async with self._budget.reserve(bound) as spend:
            response = _parsed(await self._post(payload), self._scrub)
            counted = _counted(response.get("usage"))
            tokens = counted or (0, 0)
            spend(self._cost(*tokens) if counted else bound)
        return _first_choice(response, before + Usage(*tokens, self._cost(*tokens)))

    def _sampling(self, sample: int) -> JsonObject:
        chosen = dict(self.config.sampling)
        extra = chosen.pop("extra_body", {})
        if "seed" in chosen:
            chosen["seed"] += sample
        if "max_tokens" in chosen and self.config.base_url is None:
            chosen["max_completion_tokens"] = chosen.pop("max_tokens")
        return {**chosen, **extra}

    def _cost(self, input_tokens: int, output_tokens: int) -> float:
        """USD. An upper bound when given bytes for input tokens and the permitted output tokens."""
        price = self.config.price
        return 0.0 if price is None else (input_tokens * price.input + output_tokens * price.output) / 1e6

    async def _post(self, payload: bytes) -> str:
        try:
            async with asyncio.timeout(self._deadline_s):
                text = await self._client.post("/chat/completions", content=payload, cast_to=str)
        except TimeoutError as error:
            raise Unanswered("endpoint: timeout") from error
        except AnswerRefusedError as error:
            raise Unanswered(f"endpoint: {error}") from error
        except openai.APIStatusError as error:
            self._answers = True
            raise self._refusal(error) from harmless(error, self._scrub)
        except openai.APIConnectionError as error:
            raise self._no_connection(error) from harmless(error, self._scrub)
        except Exception as error:  # an answer that the client cannot read: a charset that is none, bytes that are no text
            reason = f"endpoint: an answer that cannot be read - {type(error).__name__}"
            raise Unanswered(reason) from harmless(error, self._scrub)
        self._answers = self._gave = True
        return text

    def _refusal(self, error: openai.APIStatusError) -> Exception:
        status, config = error.status_code, self.config
        reason = f"endpoint: {status} - {_detail(self._scrub.json(error.body))}"
        if status < 400 and not self._gave:
            mend = f"if you trust that address, give it as models.{self._role}.base_url"
            return self._fail(f"the endpoint sends elsewhere (HTTP {status}), which is not followed", mend)
        if status < 400 or (status in (403, 404) and self._gave):
            return Unanswered(reason)  # it refuses this request, and not the key or the model
        if status in (401, 403):
            key = config.api_key_env or "no key (api_key_env is null)"
            mend = f"give a key that may use {config.model}, or name its variable in models.{self._role}.api_key_env"
            return self._fail(f"the endpoint refused {key} (HTTP {status})", mend)
        if status == 404:
            mend = f"check models.{self._role}.model and models.{self._role}.base_url"
            return self._fail(f"the endpoint does not know the model {config.model!r} (HTTP 404)", mend)
        if status == 402 or error.code == "insufficient_quota":
            mend = "top up the account, or name another model: all answers so far are kept"
            return self._fail(f"the account behind {config.api_key_env} has no credit left (HTTP {status})", mend)
        return BadRequest(reason) if status in (400, 422) else Unanswered(reason)

    def _no_connection(self, error: openai.APIConnectionError) -> Exception:
        causes = list(_causes(error))
        if not self._answers and any(isinstance(cause, aiohttp.ClientConnectorError) for cause in causes):
            mend = f"start the server, or check models.{self._role}.base_url"
            return self._fail("the endpoint cannot be reached", mend)
        late = any(isinstance(cause, TimeoutError) for cause in causes)
        return Unanswered("endpoint: timeout" if late else "endpoint: connection")

    def _fail(self, message: str, mend: str) -> EndpointError:
        self._broken = EndpointError(f"models.{self._role}: {message}", mend=mend)
        return self._broken


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause = error.__cause__
    while cause is not None:
        yield cause
        cause = cause.__cause__


def _detail(body: Any) -> str:
    if isinstance(body, dict):
        body = body.get("message", body)
    return " ".join(told(str(body)).split())[:MAX_DETAIL]


def _parsed(text: str, scrub: Scrub) -> JsonObject:
    try:
        response = scrub.json(loads(text))
    except ValueError as error:
        why = f"{error}, in " if str(error) in UNKEPT else ""
        raise Unanswered(f"endpoint: not JSON - {why}{_detail(scrub(text))}") from None
    if not isinstance(response, dict):
        raise Unanswered(f"endpoint: not JSON - {_detail(scrub(text))}")
    return response


def _first_choice(response: JsonObject, usage: Usage) -> Completion:
    choices = response.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(first, dict) or not isinstance(first.get("message"), dict):
        reason = f"endpoint: no choices - {_detail(response.get('error', response))}"
        raise Unanswered(reason, Answer(None, usage))
    return Completion(first["message"], str(first.get("finish_reason") or "stop"), usage)


def _counted(usage: Any) -> tuple[int, int] | None:
    """(input tokens, output tokens) of a response's usage, or None where it does not say them: no prompt has none."""
    if not isinstance(usage, dict) or not usage:
        return None
    counts = [usage.get(name) or 0 for name in ("prompt_tokens", "completion_tokens")]
    fit = all(type(count) is int and count >= 0 for count in counts) and counts[0] > 0
    return (counts[0], counts[1]) if fit else None
