"""What a recipe says of questions: which of the four sources there are, and what a decomposition must be.

    questions:
      worlds: {count: 500, languages: [en, de], hops: [2, 6]}
      domains: {names: [weather, {name: medicine, knowledge: medicine.jsonl}], per_domain: 20}
      given: {files: [mine.jsonl]}
      trajectories: demo-trajectories
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from astra_data.pipeline.complaints import did_you_mean
from astra_data.pipeline.stage import StageConfig
from astra_data.stages.decontamination import Against, Decontaminate
from astra_data.worlds import DOMAINS, LANGUAGES
from astra_data.worlds.compose import MOST_HOPS

Scenario = Literal["single_hop", "parallel_single_hop", "multi_hop", "parallel_multi_hop"]
SCENARIOS: list[Scenario] = ["single_hop", "parallel_single_hop", "multi_hop", "parallel_multi_hop"]
LEAST_WRITING_HOPS = 3
"""Fewest hops of a question about a world that changes it: find, write, ask again."""


class Range(StageConfig):
    """A whole number, or `[least, most]`."""

    least: int = Field(ge=1)
    most: int = Field(ge=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.least > self.most:
            raise ValueError(f"[{self.least}, {self.most}] runs backwards: write the smaller number first")
        return self


def _range(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return {"least": value, "most": value}
    if isinstance(value, list | tuple):
        if len(value) != 2:
            raise ValueError("a range has two ends: write a number, or [least, most]")
        return {"least": value[0], "most": value[1]}
    return value


Span = Annotated[Range, BeforeValidator(_range)]


def _known(names: list[str], known: dict[str, Any], what: str) -> None:
    for name in names:
        if name not in known:
            raise ValueError(f"there is no {what} {name!r} of worlds: {did_you_mean(name, known)}")


class Worlds(StageConfig):
    """Questions about procedural worlds, drawn by seed. Domains and scenarios take turns."""

    count: int = Field(default=100, ge=1, description="questions")
    domains: list[str] = Field(default=list(DOMAINS), min_length=1, description="domains of worlds")
    languages: list[str] = Field(default=["en"], min_length=1, description="ISO 639-1 codes")
    scenarios: list[Scenario] = Field(default=SCENARIOS, min_length=1, description="how hops are arranged")
    hops: Span = Field(default=Range(least=2, most=4), description="levels of multi-hop questions, up to 20")
    rows: Span = Field(default=Range(least=8, most=16), description="rows of the largest table")
    stateful: float = Field(default=0.25, ge=0, le=1, description="share of multi_hop questions of 3 hops or more that write")

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        _known(self.domains, DOMAINS, "domain")
        _known(self.languages, dict(LANGUAGES), "language")
        multi = {"multi_hop", "parallel_multi_hop"} & set(self.scenarios)
        if multi and not 2 <= self.hops.least <= self.hops.most <= MOST_HOPS:
            raise ValueError(f"multi-hop questions have 2 to {MOST_HOPS} hops: write such a number, or [least, most]")
        return self


class NamedDomain(StageConfig):
    """A domain to ask about, and what is known of it."""

    name: str = Field(min_length=1)
    knowledge: Against | None = Field(default=None, description="file or dataset address of passages; null has answers made up")
    license: str | None = Field(default=None, description="SPDX identifier of the passages")


def _named(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


class Domains(StageConfig):
    """Questions that the writer makes up about domains."""

    names: list[Annotated[NamedDomain, BeforeValidator(_named)]] = Field(min_length=1, description="domains")
    per_domain: int = Field(default=4, ge=1, description="questions of each domain and language")
    languages: list[str] = Field(default=["en"], min_length=1, description="ISO 639-1 codes")
    hops: Span = Field(default=Range(least=3, most=5), description="levels of a question [A 8.2]")
    passages: int = Field(default=8, ge=1, description="passages that a question is made from, drawn by seed")


class Given(StageConfig):
    """Questions that exist."""

    files: list[Against] = Field(min_length=1, description="JSON Lines files of questions")
    license: str | None = Field(default=None, description="SPDX identifier of the questions")


class Quantile(StageConfig):
    """A threshold that moves with the questions: of each source, those at or above this quantile stay."""

    quantile: float = Field(ge=0, le=1)


class Verify(StageConfig):
    """What the four scores must be [A 10]."""

    threshold: float | Quantile = Field(default=0.85, description="least quality, or {quantile: q}")
    accept_abstained: bool = Field(default=False, description="keep a question of which a judge abstained from a check")

    @model_validator(mode="after")
    def _in_bounds(self) -> Self:
        if isinstance(self.threshold, float) and not 0 <= self.threshold <= 1:
            raise ValueError("threshold lies between 0 and 1: write such a number, or {quantile: q}")
        return self


class QuestionsConfig(StageConfig):
    """Where questions come from, and which stay. A source that is null is not used."""

    worlds: Worlds | None = None
    domains: Domains | None = None
    given: Given | None = None
    trajectories: Against | None = Field(default=None, description="address of trajectories to take apart")
    verify: Verify = Verify()
    near_duplicate: float | None = Field(default=0.95, gt=0, le=1, description="a question this similar to an earlier one goes")
    decontaminate: Decontaminate = Decontaminate()

    @property
    def asks(self) -> bool:
        """Whether models take part."""
        return bool(self.domains or self.given or self.trajectories)

    @property
    def names_a_source(self) -> bool:
        return self.worlds is not None or self.asks
