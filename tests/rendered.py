"""Pages of Markdown as a reader's program takes them: the YAML head, and what kinds of things stand below.

page = rendered(card)
page.head, page.shape, page.texts
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

FRONT = re.compile(r"^\s*---[\r\n]+([\S\s]*?)[\r\n]+---(?:\r\n|\n|$)")
"""As the Hub finds a head."""

ACTIVE = {"html_inline", "html_block", "link_open", "image"}
AUTOMATIC = re.compile(r"://|www\.|\w@\w", re.IGNORECASE)
"""What some programs make links of by themselves, outside code."""


@dataclass(frozen=True)
class Rendered:
    """`shape` is the kind of every element in order, runs of text and code inside a line taken as one."""

    head: dict[str, Any]
    shape: list[str]
    active: list[str]
    texts: list[str]


def rendered(page: str) -> Rendered:
    found = FRONT.match(page)
    body = page[found.end():] if found else page
    tokens = list(_flat(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(body)))
    kinds = ["words" if token.type in ("text", "code_inline", "text_special") else token.type + token.tag for token in tokens]
    automatic = [token.content for token in tokens if token.type == "text" and AUTOMATIC.search(token.content)]
    return Rendered(
        head=yaml.safe_load(found[1]) if found else {},
        shape=[kind for kind, _ in groupby(kind for kind in kinds if kind)],
        active=[token.type for token in tokens if token.type in ACTIVE] + automatic,
        texts=[token.content for token in tokens if token.content],
    )


def _flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        if token.type == "inline":
            yield from _flat(token.children or [])
        else:
            yield token
