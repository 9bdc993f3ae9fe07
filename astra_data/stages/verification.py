"""Verification of chains by a vote and by back-translation, and what follows from the two [A 3, 20.4].

    panel = panel_of(config, resources.roles)
    outcome = await verify(chain, Subject(server, tools, facts), panel)     # Keep, Reject or Quarantine, verdicts in the row

A *vote* asks every voter several times whether the chain is valid, and is true if a strict majority of the votes that could be
read says so. A *back-translation* has each translator say what a user would ask for, and then read from that text alone which
tools it needs; it is true if most of the translators get the chain back, in an order that the evidence allows.

Each check is true, false or null: null where too few had an opinion, as when an offline model abstains.

    accept      true                              false               null: not verified
    and         both true                         one false           else
    or          one true                          both false          else
    either      one true and none false           one false           both null
    none        nothing is asked, and only what the schemas show counts

Where both checks speak, `either` is `and`. A chain is kept if the whole is true. Where a verdict hangs on a request that failed,
the chain is quarantined, so that no failure ever changes a row that is kept. That is also why the reason of a verdict counts
nothing: the counts are in the reason of a rejected row.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from astra_data.pipeline.stage import Keep, Outcome, Quarantine, Reject, StageConfig
from astra_data.rows import Chain
from astra_data.rows.chains import Verdict
from astra_data.stages.evidence import order_equivalent
from astra_data.stages.opinions import Seat, Tally, opinions, seats_of, tally
from astra_data.teacher.asks import ServerCard, ToolCard
from astra_data.teacher.chain_asks import (
    CHAIN_TO_QUERY,
    QUERY_TO_CHAIN,
    VERIFY_CHAIN,
    ChainToQuery,
    QueryToChain,
    Supply,
    VerifyChain,
)
from astra_data.teacher.roles import Roles

Accept = Literal["and", "or", "either", "none"]
VOTE, BACK_TRANSLATION = "vote", "back_translation"
SAID = {
    (VOTE, True): "most votes find the chain valid",
    (VOTE, False): "no majority of the votes finds the chain valid",
    (BACK_TRANSLATION, True): "most translators get the chain back from what they would ask for",
    (BACK_TRANSLATION, False): "most translators get something else back from what they would ask for",
}


class VerifyConfig(StageConfig):
    """Constants of [A 20.4]. Voters and translators are roles; one that `models` does not name is played by `default`."""

    accept: Accept = Field(default="either", description="how the two checks combine")
    voters: list[str] = Field(default=["voter_1", "voter_2"], min_length=1, description="roles that vote")
    votes: int = Field(default=3, ge=1, description="votes of each voter")
    min_parsed: int = Field(default=4, ge=1, description="fewest votes that must be readable")
    translators: list[str] = Field(
        default=["translator_1", "translator_2", "translator_3"], min_length=1, description="roles that translate back"
    )
    min_translated: int = Field(default=2, ge=1, description="fewest translators that must answer")
    share: float = Field(default=0.5, ge=0, lt=1, description="of the translators that answer, more than this must succeed")

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        for field, roles in ("voters", self.voters), ("translators", self.translators):
            if len(set(roles)) < len(roles):
                raise ValueError(f"{field} names a role twice: name each once, and give it a model of its own in models")
        votes = len(self.voters) * self.votes
        if self.min_parsed > votes:
            raise ValueError(f"min_parsed is {self.min_parsed}, and {votes} votes are asked for: ask for more, or need fewer")
        if self.min_translated > len(self.translators):
            raise ValueError(f"min_translated is more than {len(self.translators)} translators: name more, or need fewer")
        return self

    def roles(self) -> tuple[str, ...]:
        """The roles that take part, each once."""
        return () if self.accept == "none" else tuple(dict.fromkeys([*self.voters, *self.translators]))


@dataclass(frozen=True, slots=True)
class Panel:
    """Who verifies."""

    config: VerifyConfig
    voters: list[Seat]
    translators: list[Seat]


@dataclass(frozen=True, slots=True)
class Subject:
    """What is known of the chains of one server: all tools that they may use, and values that exist."""

    server: ServerCard
    tools: dict[str, ToolCard]
    facts: dict[str, list[Any]]

    def of(self, chain: Chain) -> list[ToolCard]:
        return [self.tools[name] for name in chain.tools]


def panel_of(config: VerifyConfig, roles: Roles) -> Panel:
    return Panel(config, seats_of(config.voters, config.votes, roles), seats_of(config.translators, 1, roles))


async def verify(chain: Chain, subject: Subject, panel: Panel) -> Outcome:
    """The chain with its verdicts. A vote against it that no translation could outweigh spares the translations."""
    accept = panel.config.accept
    tallies = {VOTE: await _vote(chain, subject, panel)}
    if tallies[VOTE].value is not False or accept == "or":
        tallies[BACK_TRANSLATION] = await _back_translation(chain, subject, panel)
    verdicts = [Verdict(check, found.value, _reason(check, found)) for check, found in tallies.items()]
    row = replace(chain, verdicts=[*chain.verdicts, *verdicts])
    accepted = combine(accept, [found.value for found in tallies.values()])
    failure = next((f"{check}: {found.failure}" for check, found in tallies.items() if found.failure), None)
    if failure and accepted is not False:
        return Quarantine(f"chain: {failure}", row)
    counted = "; ".join(f"{check}: {found.counted}" for check, found in tallies.items())
    return Keep(row) if accepted else Reject(f"chain: not verified - {counted}", row)


def combine(accept: Accept, values: Sequence[bool | None]) -> bool | None:
    """The verdicts as one, by the table above. A verdict that was spared is not among the values."""
    if accept == "none":
        return True
    true, false, null = (values.count(value) for value in (True, False, None))
    if accept == "or":
        return True if true else None if null else False
    if false:
        return False
    return True if true and (accept == "either" or not null) else None


def _reason(check: str, found: Tally) -> str:
    if found.value is None:
        return f"too few opinions: {found.abstained or found.failure}"
    return SAID[check, found.value]


async def _vote(chain: Chain, subject: Subject, panel: Panel) -> Tally:
    shown, names = chain.verdicts[0], chain.tools
    supplies = [
        Supply(tool=names[item.hop], parameter=item.parameter, kind=item.kind, source=item.source, field=item.field)
        for item in chain.evidence
    ]
    inputs = VerifyChain(
        server=subject.server, tools=subject.of(chain), evidence=supplies, shown=shown.value, why=shown.reason
    )

    async def ask(seat: Seat) -> tuple[bool, str]:
        answer = await seat.teacher.answer(VERIFY_CHAIN, inputs, sample=seat.sample)
        return answer.is_valid, answer.reason

    return tally(await opinions(panel.voters, ask), panel.config.min_parsed, 0.5)


async def _back_translation(chain: Chain, subject: Subject, panel: Panel) -> Tally:
    forth = ChainToQuery(server=subject.server, tools=subject.of(chain), facts=subject.facts)

    async def ask(seat: Seat) -> tuple[bool, str]:
        said = await seat.teacher.answer(CHAIN_TO_QUERY, forth, sample=seat.sample)
        if not said.valid:
            return False, "nobody would ask for it"
        back = QueryToChain(server=subject.server, tools=list(subject.tools.values()), query=said.query)
        read = await seat.teacher.answer(QUERY_TO_CHAIN, back, sample=seat.sample)
        same = order_equivalent(chain.tools, read.chain, chain.evidence)
        return same, f"read as {', '.join(read.chain)}"

    return tally(await opinions(panel.translators, ask), panel.config.min_translated, panel.config.share)
