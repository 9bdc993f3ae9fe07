"""The questions that verify a chain of tools [A 3]: is it valid, what would a user say, and what would be called for that.

    vote = await teacher.answer(VERIFY_CHAIN, VerifyChain(...), sample=1)                       # vote.is_valid
    said = await teacher.answer(CHAIN_TO_QUERY, ChainToQuery(server=..., tools=[...], facts={}))
    back = await teacher.answer(QUERY_TO_CHAIN, QueryToChain(server=..., tools=[...], query=said.query))     # back.chain
"""

from typing import Any, Self

from pydantic import StrictBool, model_validator

from astra_data.teacher.ask import Ask
from astra_data.teacher.asks import Model, ServerCard, ToolCard


class Supply(Model):
    """What the schemas show of one required parameter: a source of its value, and the earlier tool where it is one."""

    tool: str
    parameter: str
    kind: str
    source: str | None
    field: str | None


class VerifyChain(Model):
    """Ask whether each tool of a chain can be given what it requires, in a task that makes sense [A 3.1].

    `shown` is what the schemas alone make of it (null where they leave it open) and `why` the reason; a prompt has the
    evidence and not the conclusion.
    """

    server: ServerCard
    tools: list[ToolCard]
    evidence: list[Supply]
    shown: bool | None
    why: str


class ChainVote(Model):
    """One vote. The boolean is a boolean: the text "false" is no vote."""

    reason: str
    is_valid: StrictBool


class ChainToQuery(Model):
    """Ask for what a user would say who needs just these tools in this order. `facts` are values that exist, by parameter."""

    server: ServerCard
    tools: list[ToolCard]
    facts: dict[str, list[Any]]


class Query(Model):
    """The request, or an empty one where nobody would make it."""

    valid: StrictBool
    query: str

    @model_validator(mode="after")
    def _valid_is_said(self) -> Self:
        if self.valid and not self.query.strip():
            raise ValueError("a valid query has a text")
        return self


class QueryToChain(Model):
    """Ask which of all the server's tools a request needs, in order."""

    server: ServerCard
    tools: list[ToolCard]
    query: str


class ReadChain(Model):
    plan: str
    chain: list[str]


def _names_tools(inputs: QueryToChain, answer: ReadChain) -> str | None:
    """A chain read back names tools of the server, and at least one [A 3.2]."""
    known = {tool.name for tool in inputs.tools}
    unknown = [name for name in answer.chain if name not in known]
    if not answer.chain:
        return "chain: names no tool"
    return f"chain: {', '.join(unknown)}: not among the listed tools" if unknown else None


VERIFY_CHAIN = Ask("verify_chain", 1, "voter", VerifyChain, ChainVote)
CHAIN_TO_QUERY = Ask("chain_to_query", 1, "translator", ChainToQuery, Query)
QUERY_TO_CHAIN = Ask("query_to_chain", 1, "translator", QueryToChain, ReadChain, check=_names_tools)

VERIFIERS = (VERIFY_CHAIN, CHAIN_TO_QUERY, QUERY_TO_CHAIN)
