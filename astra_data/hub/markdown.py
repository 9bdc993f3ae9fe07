"""Texts from data in a page of Markdown: words that stay words, wherever the page is rendered.

    >>> told("too vague | see [x](y)")
    'too vague \\\\| see \\\\[x\\\\](y)'
    >>> code("a`b")
    '``a`b``'

A page of ours prints numbers, and what these functions made; `templates` refuses the rest. So no text of a row, a lineage or a
document can be a tag, a link, a picture, a heading, a table or an end of the front matter.
"""

import json
import re
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from astra_data import resources
from astra_data.characters import UNSEEN, visible

if TYPE_CHECKING:
    from jinja2 import Environment
    from yaml import SafeDumper

LONGEST = 400
"""Characters of one text; what is longer is cut."""

LINK = re.compile(r"://|www\.|@|mailto:|xmpp:", re.IGNORECASE)
"""What renderers make links of without being asked."""

SPECIAL = re.compile(r"[\\`*\[\]<|~${&]|^[-+=#>]|(?<![^\W_])_|_(?![^\W_])")
NUMBERED = re.compile(r"^(\d{1,9})([.)])(?=\s|$)")
ENTITIES = {"<": "&lt;", "&": "&amp;", ">": "&gt;"}
TICKS = re.compile("`+")


class Markdown(str):
    """Markdown of our own making."""

    __slots__ = ()


def told(text: object) -> Markdown:
    """The text in a paragraph, a heading or a cell of a table. One that could become a link is shown as code."""
    line = _line(text)
    if LINK.search(line):
        return code(line)
    plain = SPECIAL.sub(lambda found: ENTITIES.get(found[0], f"\\{found[0]}"), line)
    return Markdown(NUMBERED.sub(r"\1\\\2", plain))


def code(text: object) -> Markdown:
    """The text as code inside a line or a cell. A bar, which would end the cell, is written as its number."""
    line = _line(text).replace("|", "\\x7c")
    fence = "`" * _more_ticks(line, 1)
    room = " " if line.startswith("`") or line.endswith("`") else ""
    return Markdown(f"{fence}{room}{line}{room}{fence}" if line else "")


def fenced(text: object, language: str = "") -> Markdown:
    """The text as a block of code, line by line."""
    fence = "`" * _more_ticks(str(text), 3)
    return Markdown(f"{fence}{language}\n{visible(str(text))}\n{fence}")


def quoted(text: object) -> Markdown:
    """The text as a literal in a block of Python."""
    return Markdown(json.dumps(str(text)))


def listed(texts: Iterable[object]) -> Markdown:
    """The texts in alphabetical order, with commas."""
    return Markdown(", ".join(told(text) for text in sorted(map(str, texts))))


def front_matter(head: dict[str, Any]) -> Markdown:
    """The YAML head of a page between its two lines of dashes. Parsed, it is `head` again."""
    import yaml

    text = yaml.dump(head, Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=2**31)
    return Markdown(f"---\n{visible(text)}---")


@cache
def templates() -> "Environment":
    """The pages in `cards/`. A missing variable is an error, and so is a text that none of these functions made."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    env = Environment(
        loader=FileSystemLoader(resources.folder("cards")),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_made_here,
    )
    env.filters |= {"code": code, "fenced": fenced, "listed": listed, "quoted": quoted, "told": told}
    return env


def _made_here(value: Any) -> Any:
    if type(value) not in (int, float, Markdown):
        raise TypeError(f"a card prints {str(value)[:40]!r} as it is; use one of the filters told, code, fenced, quoted")
    return value


def _line(text: object) -> str:
    line = visible(" ".join(str(text).split()))
    return line if len(line) <= LONGEST else f"{line[:LONGEST]} ..."


def _more_ticks(text: str, least: int) -> int:
    """How many backticks in a row end no code with this text in it."""
    return max([least, *(len(run) + 1 for run in TICKS.findall(text))])


@cache
def _dumper() -> "type[SafeDumper]":
    """Texts of several lines, or with what is not seen, in double quotes on one line."""
    import yaml

    class Dumper(yaml.SafeDumper):
        pass

    def text(dumper: Any, value: str) -> Any:
        style = '"' if "\n" in value or UNSEEN.search(value) else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Dumper.add_representer(str, text)
    return Dumper
