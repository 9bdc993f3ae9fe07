"""Which model plays which role in a run: the recipe's `models:` made into teachers and policies.

    roles = build(recipe.models, ledger, Budget(5.0), offline_teacher, offline_policy)
    await roles.teacher("judge").answer(JUDGE, inputs)      # models.judge, or else models.default

All that a model needs (key, price for a budget) is checked here, before anything is asked or paid.
"""

import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import astra_data
from astra_data.errors import UsageError
from astra_data.ledger import Ledger
from astra_data.messages import JsonObject
from astra_data.teacher.budget import Budget
from astra_data.teacher.models import ModelConfig, is_loopback
from astra_data.teacher.teacher import Policy, Teacher
from astra_data.tools.scrub import Scrub
from astra_data.tools.urls import user_of

if TYPE_CHECKING:
    from openai import AsyncOpenAI

DEFAULT = "default"

Model = Literal["offline"] | ModelConfig


@dataclass(frozen=True, slots=True)
class Player:
    """What one entry of `models:` became. `identity` is its part of a stage key."""

    teacher: Teacher
    policy: Policy
    identity: JsonObject


@dataclass(frozen=True, slots=True)
class Roles:
    """The players of a run by role; a role that the recipe does not name is played by `default`."""

    players: Mapping[str, Player]
    closers: tuple[Callable[[], Awaitable[None]], ...] = ()

    def teacher(self, role: str) -> Teacher:
        """Raises `UsageError` for a role that nobody plays."""
        return self._player(role).teacher

    def policy(self, role: str) -> Policy:
        """Raises `UsageError` for a role that nobody plays."""
        return self._player(role).policy

    def names(self, roles: Iterable[str]) -> dict[str, str]:
        """Role -> model name, as cards and rows say it, of those roles that are played."""
        return {role: self._player(role).teacher.name for role in roles if self._plays(role)}

    def identity(self, roles: Iterable[str]) -> dict[str, JsonObject]:
        """Role -> model and sampling, of those roles that are played: the part of a stage key that models decide."""
        return {role: self._player(role).identity for role in roles if self._plays(role)}

    async def close(self) -> None:
        """Give all connections back."""
        for closer in self.closers:
            await closer()

    def _plays(self, role: str) -> bool:
        return role in self.players or DEFAULT in self.players

    def _player(self, role: str) -> Player:
        player = self.players.get(role) or self.players.get(DEFAULT)
        if player is None:
            raise UsageError(
                f"the recipe names no model for the role {role!r}", mend=f"add models.{role}, or models.{DEFAULT}"
            )
        return player


def build(
    models: Mapping[str, Model],
    ledger: Ledger,
    budget: Budget,
    offline: Teacher,
    offline_policy: Policy,
    environ: Mapping[str, str] = os.environ,
) -> Roles:
    """The players of a recipe. Raises `UsageError` for a missing key, and for what a budget needs to know."""
    players, clients = {}, _Clients(environ)
    secrets = frozenset().union(*(config.secrets(environ) for config in models.values() if not isinstance(config, str)))
    for role, config in models.items():
        if isinstance(config, str):
            players[role] = Player(offline, offline_policy, {"model": offline.name, "version": astra_data.__version__})
        else:
            players[role] = _play(role, config, clients, ledger, budget, secrets)
    return Roles(players, clients.closers())


def _play(role: str, config: ModelConfig, clients: "_Clients", ledger: Ledger, budget: Budget,
          secrets: frozenset[str]) -> Player:
    from astra_data.teacher.endpoint import Endpoint
    from astra_data.teacher.openai import OpenAIPolicy, OpenAITeacher

    if budget.limit is not None and (config.price is None or config.max_tokens is None):
        message = f"models.{role}: a budget needs price and max_tokens, to know what a request can cost at most"
        raise UsageError(message, mend="add both (price: {input: 0, output: 0} for a model of one's own)")
    scrub = ledger.scrub if ledger.scrub.values else Scrub(secrets)
    endpoint = Endpoint(role, config, clients.client(role, config), budget, scrub)
    identity = {"model": config.model, "sampling": config.sampling}
    return Player(OpenAITeacher(endpoint, ledger), OpenAIPolicy(endpoint, ledger), identity)


class _Clients:
    """One client, and so one connection pool, for all roles at the same place."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._clients: dict[tuple[object, ...], AsyncOpenAI] = {}

    def client(self, role: str, config: ModelConfig) -> "AsyncOpenAI":
        from astra_data.teacher.endpoint import new_client

        key = _key(role, config, self._environ)
        place = (config.base_url, config.api_key_env, config.timeout_s, config.max_retries)
        if place not in self._clients:
            self._clients[place] = new_client(config, key)
        return self._clients[place]

    def closers(self) -> tuple[Callable[[], Awaitable[None]], ...]:
        return tuple(client.close for client in self._clients.values())


def _key(role: str, config: ModelConfig, environ: Mapping[str, str]) -> str | None:
    """The key to send. An endpoint of this machine needs none, and gets only one that is named for it."""
    local = config.base_url is not None and is_loopback(config.base_url)
    if config.api_key_env is None or (local and "api_key_env" not in config.model_fields_set):
        return None
    key = environ.get(config.api_key_env)
    if not key and not local:
        message = f"models.{role}: the environment variable {config.api_key_env} is not set"
        raise UsageError(message, mend=f"export {config.api_key_env}, or name another in models.{role}.api_key_env")
    if key and user_of(config.base_url or ""):
        message = f"models.{role}: base_url holds a user and {config.api_key_env} a key, and an endpoint takes one of them"
        raise UsageError(message, mend=f"take the user out of models.{role}.base_url, or write api_key_env: null")
    return key or None
