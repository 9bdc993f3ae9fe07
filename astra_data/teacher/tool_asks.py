"""The questions about servers and tools before anything is made of them: which field, and does a description say enough.

    label = await teacher.answer(LABEL_DOMAIN, LabelDomain(server=..., tools=[...], domains=["weather", ...]))
    label.domain        # "weather", or None where none of the list fits
"""

from pydantic import StrictBool

from astra_data.teacher.ask import Ask
from astra_data.teacher.asks import Model, ServerCard, ToolCard


class ToolName(Model):
    """A tool as far as a label needs it."""

    name: str
    description: str


class LabelDomain(Model):
    """Ask which of the listed domains a server belongs to. `stated` is what its own documents call it."""

    server: ServerCard
    tools: list[ToolName]
    stated: str | None
    domains: list[str]


class DomainLabel(Model):
    """One of the domains asked about, or None."""

    reason: str
    domain: str | None


class JudgeDescription(Model):
    """Ask whether a tool's description and parameters tell what it does [A 1, 20.1]."""

    server: ServerCard
    tool: ToolCard


class DescriptionJudgement(Model):
    reason: str
    clear: StrictBool


def _listed(inputs: LabelDomain, answer: DomainLabel) -> str | None:
    if answer.domain is None or answer.domain in inputs.domains:
        return None
    return f"domain: {answer.domain!r} is not on the list; choose one of it, or null"


LABEL_DOMAIN = Ask("label_domain", 1, "labeller", LabelDomain, DomainLabel, check=_listed)
JUDGE_DESCRIPTION = Ask("judge_description", 1, "labeller", JudgeDescription, DescriptionJudgement)
