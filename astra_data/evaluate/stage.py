"""The stage: one item is one rollout of a policy in an arena, its outcome the trajectory with its score.

    STAGE = evaluation()                            # the oracle, a random policy, an empty one, or the model of the role `policy`
    STAGE = evaluation(Path("runs/tiny/model"))     # a model of this machine

As with any stage, running it again goes on where it was: answers of an endpoint are in the ledger, and what is quarantined is
tried again.
"""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from astra_data.evaluate.policies import EmptyPolicy, RandomPolicy
from astra_data.messages import JsonObject
from astra_data.pipeline.stage import Expand, Inputs, Keep, Outcome, Resources, Stage
from astra_data.rollout.oracle import Oracle
from astra_data.rollout.scoring import Mode, Terms
from astra_data.rows import Arena
from astra_data.stages.acting import ActingConfig, Wanted, items, outcome, sandboxed, total
from astra_data.teacher.teacher import Policy

if TYPE_CHECKING:
    from astra_data.evaluate.local import LocalPolicy

WEIGHTS = ("*.safetensors", "*.json", "*.jinja", "*.model", "*.txt")
ROLE = "policy"


class EvaluationConfig(ActingConfig):
    """Who acts, and what counts. `model` names an `endpoint` or a `local` model; sampling of an endpoint is that of its role."""

    policy: Literal["oracle", "random", "empty", "endpoint", "local"]
    model: str | None = None
    calls_per_turn: int = Field(default=1, ge=1)
    temperature: float = Field(default=0.0, ge=0)
    max_tokens: int = Field(default=1024, ge=1)
    mode: Mode = "f1"
    answer: float = Field(default=0.0, ge=0)
    decline: float = Field(default=0.0, ge=0)

    @property
    def terms(self) -> Terms:
        return Terms(self.mode, self.answer, self.decline)


def evaluation(folder: Path | None = None, batch: int = 16, notes: list[str] | None = None) -> Stage:
    """The stage. `folder` holds the local model, of which up to `batch` conversations are continued at once; `notes` gets a
    sentence where prompts held tokens of its template."""

    @asynccontextmanager
    async def open_stage(inputs: Inputs, config: EvaluationConfig, resources: Resources) -> AsyncIterator[Expand]:
        local = None if folder is None else _local(folder, config, resources.seed, batch)
        async with sandboxed(config.isolation, config.cpu_s) as sandbox:

            async def expand(wanted: Wanted) -> list[Outcome]:
                policy = local or _policy(wanted.arena, config, resources)
                return [await outcome(wanted, policy, sandbox, config, config.terms, Keep)]

            yield expand
        if notes is not None and local is not None and local.broken:
            notes.append(f"in {local.broken} of {local.shown} prompts tokens of the chat template stood as text, and were broken")

    def fingerprint(config: EvaluationConfig, resources: Resources) -> JsonObject:
        return {} if folder is None else {"weights": digest_of(folder)}

    return Stage(
        name="evaluation", version=2, reads=("arenas",), config=EvaluationConfig, items=items, open=open_stage, roles=_roles,
        fingerprint=fingerprint, histograms=("reward",), writes="trajectories", total=total,
    )


def _roles(config: EvaluationConfig) -> tuple[str, ...]:
    return (ROLE,) if config.policy == "endpoint" else ()


def _policy(arena: Arena, config: EvaluationConfig, resources: Resources) -> Policy:
    if config.policy == "oracle":
        return Oracle(arena, config.calls_per_turn)
    if config.policy == "random":
        return RandomPolicy(arena, resources.seed)
    return EmptyPolicy() if config.policy == "empty" else resources.roles.policy(ROLE)


def _local(folder: Path, config: EvaluationConfig, seed: int, batch: int) -> "LocalPolicy":
    from astra_data.evaluate.local import LocalPolicy

    return LocalPolicy.load(folder, config.model or folder.name, config.temperature, config.max_tokens, seed, batch)


def digest_of(folder: Path) -> str:
    """SHA-256 of the files of a model: weights, config, tokenizer and templates, by name."""
    total = hashlib.sha256()
    for path in sorted({path for pattern in WEIGHTS for path in folder.glob(pattern)}):
        with path.open("rb") as file:
            total.update(f"{path.name}\n{hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return total.hexdigest()
