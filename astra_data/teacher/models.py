"""`ModelConfig`: one endpoint of a recipe's `models:`, and how to sample from it.

    models:
      default: {model: gpt-5-mini, max_tokens: 4096, price: {input: 0.25, output: 2.0}}
      user: {model: Qwen/Qwen3-8B, base_url: "http://127.0.0.1:8000/v1"}
      judge: offline

A key goes only where it belongs: `OPENAI_API_KEY` is the default for OpenAI itself, any other host names its own. User and
password in a `base_url` are sent as such, and never shown.
"""

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from astra_data.messages import JsonObject
from astra_data.tools.plain import SECRET_NAME, calm_name, plain
from astra_data.tools.secrets import searchable
from astra_data.tools.urls import url_secrets, user_of

OPENAI_KEY = "OPENAI_API_KEY"


class Price(BaseModel):
    """USD per million tokens."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: Annotated[float, Field(ge=0)]
    output: Annotated[float, Field(ge=0)]


class ModelConfig(BaseModel):
    """One model behind one OpenAI-compatible endpoint. `None` leaves a choice to the endpoint.

    `seed` is the seed of sample 0; sample n is drawn with `seed + n`. `structured` asks for output by schema, and
    drops to JSON mode and then to plain text where the endpoint refuses. `pass_reasoning` sends earlier
    `reasoning_content` back. Throughput (`timeout_s`, `max_retries`) and place (`base_url`) identify no answer.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    base_url: str | None = Field(default=None, repr=False)
    api_key_env: str | None = OPENAI_KEY
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: Annotated[int, Field(gt=0)] | None = None
    seed: int | None = None
    extra_body: JsonObject = Field(default_factory=dict, repr=False)
    structured: bool = True
    pass_reasoning: bool = False
    timeout_s: Annotated[float, Field(gt=0)] = 300.0
    max_retries: Annotated[int, Field(ge=0)] = 5
    price: Price | None = None

    @model_validator(mode="after")
    def _key_is_named_for_other_hosts(self) -> Self:
        if self.base_url and not is_loopback(self.base_url) and "api_key_env" not in self.model_fields_set:
            raise ValueError(
                "a base_url needs api_key_env beside it: the variable that holds its key, or null if it needs none"
            )
        return self

    @property
    def sampling(self) -> JsonObject:
        """What decides how an answer is drawn, unset choices left out."""
        chosen: dict[str, Any] = self.model_dump(include={"temperature", "top_p", "max_tokens", "seed", "extra_body"})
        return {name: value for name, value in chosen.items() if value is not None and value != {}}

    def secrets(self, environ: Mapping[str, str]) -> frozenset[str]:
        """What may not be shown of this endpoint: its key, what its address holds, and what goes with a request as a secret."""
        key, url = environ.get(self.api_key_env or "", ""), self.base_url or ""
        held = [*(user_of(url) or ()), *(part for part in url_secrets(url) if not calm_name(part))]
        return searchable([key, *held, *_named_secrets(self.extra_body)])


def _named_secrets(value: Any, name: str = "") -> Iterator[str]:
    """The texts of a JSON value whose names are those of secrets."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _named_secrets(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _named_secrets(inner, name)
    elif isinstance(value, str) and SECRET_NAME.search(name) and not plain(value):
        yield value


def is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
