"""Chains without a model: tools that need what an earlier one returns or brings about, by names, types and verbs.

`propose` reads nothing but the schemas. Each sample starts its walks elsewhere, so that several samples make a weighted graph.
"""

import random
from typing import Any

from astra_data.teacher.asks import Proposal, Proposals, ProposeChains, ToolCard
from astra_data.teacher.offline.lexicon import END_VERBS, Stage, imperative, stage_of, stem, verb_of
from astra_data.tools.naming import words

MAX_LENGTH = 4
STARTS = 12
HANDLES = frozenset({"id", "name", "path", "key", "index", "file"})
"""Words by which a parameter points at a thing rather than describing it."""
FREE_TEXT = frozenset("query sql text message content title value description body note insight api_key".split())
"""Parameters that two tools may share without speaking of the same thing."""


def propose(inputs: ProposeChains, sample: int) -> Proposals:
    """Chains of 2 to 4 tools of one server. An independent set of tools gives none."""
    rng = random.Random(f"{inputs.server.name}/{sample}")
    known = {tool.name: tool for tool in inputs.tools}
    links = _links(inputs.tools)
    starts = [tool for tool in inputs.tools if links[tool.name]]
    chains: dict[tuple[str, ...], Proposal] = {}
    for start in rng.sample(starts, min(STARTS, len(starts))):
        chain = _walk(start.name, links, rng)
        purpose = " and then ".join(imperative(known[name].description, name) for name in chain)
        chains[tuple(chain)] = Proposal(tools=chain, scenario=f"Someone wants to {purpose}.")
    return Proposals(chains=list(chains.values()))


def _walk(start: str, links: dict[str, dict[str, int]], rng: random.Random) -> list[str]:
    chain, length = [start], rng.randint(2, MAX_LENGTH)
    while len(chain) < length:
        options = {name: weight for name, weight in links[chain[-1]].items() if name not in chain}
        if not options:
            break
        chain.append(rng.choices(list(options), weights=list(options.values()))[0])
    return chain


def _links(tools: list[ToolCard]) -> dict[str, dict[str, int]]:
    """For each tool, the tools that may depend on it, with a weight."""
    links: dict[str, dict[str, int]] = {}
    for first in tools:
        weights = {second.name: strength(first, second) for second in tools if second.name != first.name}
        links[first.name] = {name: weight for name, weight in weights.items() if weight}
    return links


def strength(first: ToolCard, second: ToolCard) -> int:
    """How strongly `second` depends on `first`: 3 it needs a field that is returned, 2 a thing that is brought about or listed,
    1 it looks at or changes what was made or changed; 0 not at all."""
    needed = required_strings(second)
    if (needed & _returned(first)) - FREE_TEXT:
        return 3
    if any(_points_at(parameter, first) for parameter in needed):
        return 2
    if verb_of(first.name) in END_VERBS:
        return 0
    shared = {name for name in needed if name in properties(first)} - FREE_TEXT
    before, after = stage_of(first.name), stage_of(second.name)
    return 1 if shared and before < after else 0


def _returned(tool: ToolCard) -> set[str]:
    return set((tool.output_schema or {}).get("properties") or {})


def _points_at(parameter: str, tool: ToolCard) -> bool:
    """True if the parameter (`branch_name`) names a thing that the tool (`create_branch`, `list_branches`) makes or lists."""
    parts = words(parameter)
    nouns = {stem(word) for word in parts} - HANDLES
    verb = words(tool.name)[:3]
    yields = stage_of(tool.name) is Stage.CREATE or "list" in verb
    return bool(nouns) and len(parts) > len(nouns) and yields and nouns <= {stem(word) for word in words(tool.name)}


def properties(tool: ToolCard) -> dict[str, Any]:
    return tool.parameters.get("properties") or {}


def required_strings(tool: ToolCard) -> set[str]:
    """Required parameters that hold a string and are no enumeration: those that can point at a thing."""
    wanted = set(tool.parameters.get("required") or ())
    return {
        name
        for name, schema in properties(tool).items()
        if name in wanted and isinstance(schema, dict) and schema.get("type") == "string" and "enum" not in schema
    }
