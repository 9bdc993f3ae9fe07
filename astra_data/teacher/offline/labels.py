"""Labels by the words that are there.

A domain is one that the tools' names and descriptions speak of often, and clearly more often than of any other; otherwise
nobody knows.
"""

import re
from collections import Counter

from astra_data.teacher.teacher import Abstained
from astra_data.teacher.tool_asks import DomainLabel, LabelDomain
from astra_data.tools.domains import DOMAINS
from astra_data.tools.naming import words

LEAST_TOOLS = 2
"""Tools that must speak of a domain."""

LEAST_SHARE = 0.25
"""Share of the tools that must speak of it."""

LEAST_LEAD = 1.25
"""How many times as often as the second domain."""

ABOUT_WEIGHT = 2
"""Tools that the server's own name, title and description count for, each."""

TEXT = re.compile(r"[A-Za-z][A-Za-z0-9]*")


def domain(inputs: LabelDomain, sample: int) -> DomainLabel:
    """The domain whose words most tools use. Raises `Abstained` where too few do, or two domains are about as likely."""
    about = [_words(text) for text in (inputs.server.name, inputs.server.title, inputs.server.description, inputs.stated or "")]
    tools = [_words(f"{tool.name} {tool.description}") for tool in inputs.tools]
    known = {name: DOMAINS[name] for name in inputs.domains if name in DOMAINS}
    speaking = Counter({name: sum(not said.isdisjoint(own) for said in tools) for name, own in known.items()})
    score = Counter(speaking)
    for name, own in known.items():
        score[name] += ABOUT_WEIGHT * sum(not said.isdisjoint(own) for said in about)
    ranked = sorted(score, key=lambda name: (-score[name], name))
    best, second = ranked[0], ranked[1]
    if speaking[best] < max(LEAST_TOOLS, LEAST_SHARE * len(tools)):
        raise Abstained(f"only {speaking[best]} of {len(tools)} tools speak of one field")
    if score[best] < LEAST_LEAD * score[second]:
        raise Abstained(f"{best} and {second} are about as likely")
    return DomainLabel(reason=f"{speaking[best]} of {len(tools)} tools speak of it", domain=best)


def _words(text: str) -> set[str]:
    """The words of names and sentences, each with its singular."""
    found = {part for token in TEXT.findall(text) for part in words(token)}
    return found | {word[:-1] for word in found if word.endswith("s")}
