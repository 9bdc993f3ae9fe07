"""What a labeller adds to a server: its domain, and a second look at descriptions that may say too little [A 1, 20.1].

    server = await with_domain(server, teacher)                  # server.domain is one of DOMAINS, or what its documents state
    outcome = await without_ambiguous(normalised, document, teacher)

A labeller may abstain: then the domain stays null, and a description in doubt is kept with a flag.
"""

import asyncio
from collections.abc import Awaitable, Iterable
from dataclasses import replace
from typing import TypeVar

from astra_data.rows import Server
from astra_data.rows.tools import Tool
from astra_data.teacher.asks import ServerCard, ToolCard
from astra_data.teacher.teacher import Abstained, Teacher
from astra_data.teacher.tool_asks import JUDGE_DESCRIPTION, LABEL_DOMAIN, JudgeDescription, LabelDomain, ToolName
from astra_data.tools.documents import Document
from astra_data.tools.domains import DOMAINS
from astra_data.tools.filters import borderline
from astra_data.tools.normalise import Normalised, row_of, settled

T = TypeVar("T")

MOST_TOOLS = 64
"""Tools that a labeller is shown, the first of the server."""

ROLE = "labeller"
AMBIGUOUS = "tool: ambiguous description"


async def with_domain(server: Server, teacher: Teacher) -> Server:
    """The server with its domain. One that its documents state in a word of the list is taken, and nobody is asked."""
    stated = server.domain
    known = "-".join((stated or "").casefold().replace("_", " ").split())
    if known in DOMAINS:
        return replace(server, domain=known)
    tools = [ToolName(name=tool.name, description=tool.description) for tool in server.tools[:MOST_TOOLS]]
    ask = LabelDomain(server=_card(server), tools=tools, stated=stated, domains=list(DOMAINS))
    try:
        label = await teacher.answer(LABEL_DOMAIN, ask)
    except Abstained:
        return server
    flags = [f"stated domain: {stated}"] if stated and label.domain else []
    models = server.models | {ROLE: teacher.name}
    return replace(server, domain=label.domain or stated, flags=[*server.flags, *flags], models=models)


async def without_ambiguous(found: Normalised, document: Document, teacher: Teacher) -> Normalised:
    """What is left without the tools whose borderline descriptions the labeller calls ambiguous; it is asked of no other."""
    server = found.server
    doubtful = [tool for tool in server.tools if borderline(tool.name, tool.description)] if server else []
    if server is None or not doubtful:
        return found
    verdicts = await _all(_unclear(server, tool, teacher) for tool in doubtful)
    judged = dict(zip((tool.name for tool in doubtful), verdicts, strict=True))
    reasons = {name: reason for name, reason in judged.items() if reason}
    dropped = [
        (row_of(document, [tool], []), f"{AMBIGUOUS} - {tool.name}: {reasons[tool.name]}")
        for tool in doubtful
        if tool.name in reasons
    ]
    flags = [*server.flags, *(f"description not judged: {name}" for name, reason in judged.items() if reason is None)]
    kept = [tool for tool in server.tools if tool.name not in reasons]
    models = {ROLE: teacher.name} if any(reason is not None for reason in judged.values()) else {}
    return settled(document, kept, flags, [*found.rejected, *dropped], models)


async def _unclear(server: Server, tool: Tool, teacher: Teacher) -> str | None:
    """Why a description is ambiguous, the empty text if it is clear, None if the labeller abstains."""
    card = ToolCard(name=tool.name, description=tool.description, parameters=tool.parameters, output_schema=tool.output_schema)
    try:
        verdict = await teacher.answer(JUDGE_DESCRIPTION, JudgeDescription(server=_card(server), tool=card))
    except Abstained:
        return None
    return "" if verdict.clear else verdict.reason or "no reason given"


async def _all(asked: Iterable[Awaitable[T]]) -> list[T]:
    """All answers in order. The first failure is raised when the others are done, so that none is left in flight."""
    answers = await asyncio.gather(*asked, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return [answer for answer in answers if not isinstance(answer, BaseException)]


def _card(server: Server) -> ServerCard:
    return ServerCard(name=server.name, title=server.title, description=server.description)
