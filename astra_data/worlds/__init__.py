"""Procedural relational worlds: tables, questions over them with exact answers, and the code of tools that answer them.

    question = compose(Wanted("shop", "en", "multi_hop", hops=3), seed="7/0")
    drafts_of(question)["1"]        # the tool of its first node: schema, gold call, source

Unlimited, seeded, and without any model. See `docs/worlds.md`.
"""

from astra_data.worlds.compose import SCENARIOS, Wanted, compose
from astra_data.worlds.domains import DOMAINS
from astra_data.worlds.drafts import WORLD_MODULE, WORLD_SOURCE, ToolDraft, draft, drafts_of
from astra_data.worlds.wording import LANGUAGES

__all__ = [
    "DOMAINS", "LANGUAGES", "SCENARIOS", "WORLD_MODULE", "WORLD_SOURCE", "ToolDraft", "Wanted", "compose", "draft", "drafts_of",
]
