"""Whether a tool reads and changes nothing, as far as its name, its schema and its hints say.

    doubt(Declared("get_post", "Returns a post.", {...}))       # None: it reads
    doubt(Declared("get_and_delete", "", {...}))                # 'its name says `delete`'

Hints only take away. A server's word that a tool is read-only counts where the name leans to it (`validate_address`) and nothing
speaks against it; its word that a tool is not, or that it destroys, counts always.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from astra_data.tools.declared import PLAIN, Declared, kinds, listed, properties
from astra_data.tools.naming import words
from astra_data.tools.verbs import (
    ACTING,
    CHOOSES,
    CODE,
    CODE_ENDS,
    COMPUTES,
    COUNTS,
    DEEDS,
    HEADS,
    HOLDS,
    JOINS,
    LEANS,
    NOUNS,
    OUTPUTS,
    PLACES,
    PLURAL,
    READS,
    SPOILS,
    SPOKEN,
    THINGS,
    WRITES,
)

PLAIN_NAME = re.compile(r"[A-Za-z0-9_./: -]{1,200}")
LANGUAGES = re.compile(r"\b(?:sql|graphql|cypher|sparql|statements?|javascript|python|shell)\b", re.IGNORECASE)
DERIVED = re.compile(r"(?:ed|ers?|ors?|ions?|ments?|ables?|ance)$")
"""Ends of words that are made of a verb and are none: deleted, creator, installation, replacement."""
LONG = tuple(verb for verb in WRITES if len(verb) >= 5)
MILD = frozenset({"resolve", "generate", "give", "make", "invoke"})
"""What descriptions of tools that read begin with, too."""
ALARM = re.compile(
    r"\b(?:irreversibl[ey]|destructive|can(?:not|'t| not) be undone|permanently|self-destruct\w{0,4})\b", re.IGNORECASE
)
ACTED = re.compile(r"(?:\A|[.!?;:]\s{1,3}|\b(?:and|then|also|it)\s{1,3})([a-z]{2,20}s)(?=\s{1,3}([a-z]{1,12})\b)")
"""A verb in the third person where a sentence or a further verb begins, and the word after it."""
ACTING_ON = re.compile(r"\b([a-z]{2,20})ing\s{1,3}(?:it|them)\b")
DETERMINERS = frozenset("a all an any each every her him his it its my one our that the their them this those you your".split())
LONGEST_TEXT = 4_000
METHODS = (["http", "method"], ["request", "method"])
RUN = re.compile(r"\b(?:python|javascript|typescript|shell|bash|lua|ruby) (?:code|script|expression|command)", re.IGNORECASE)
YES_OR_NO = frozenset("true false yes no on off y n t f 0 1 0.0 1.0 enabled disabled enable disable always never".split())
SWITCHED = re.compile(r"true|false|\byes\b|\bno\b|\bon\b|\boff\b", re.IGNORECASE)
MOST_PROPERTIES = 2000
MOST_PREFIX = 3
VERBS = READS | WRITES | LEANS | NOUNS


def doubt(tool: Declared, prefixes: frozenset[tuple[str, ...]] = frozenset()) -> str | None:
    """Why the tool is not taken to be one that only reads, or None. `prefixes` are what may stand before the verb."""
    return (
        _of_hints(tool.annotations)
        or _of_name(tool.name, prefixes, declared=tool.read_only)
        or _of_text(tool)
        or of_parameters(tool)
    )


def prefixes_of(server: str, tools: Iterable[str]) -> frozenset[tuple[str, ...]]:
    """What may stand before the verb: words of the server's name, and beginnings that verbs of both kinds follow."""
    following: dict[tuple[str, ...], set[str]] = {(word,): set() for word in words(server)}
    for name in tools:
        found = words(name)
        for length in range(1, min(len(found), MOST_PREFIX + 1)):
            following.setdefault(tuple(found[:length]), set()).add(found[length])
    given = {(word,) for word in words(server)}
    shared = {start for start, after in following.items() if len(after) > 2 and after & READS and after & WRITES}
    return frozenset(start for start in given | shared if not VERBS & set(start))


def writing(word: str) -> bool:
    """Whether a word of a name is a verb that changes something, or holds one: `delete`, `anddelete`, but not `deleted`."""
    return word in WRITES or (not DERIVED.search(word) and any(verb in word for verb in LONG))


def _of_hints(annotations: Any) -> str | None:
    if annotations is None:
        return None
    if not isinstance(annotations, dict):
        return "its annotations cannot be read"
    if annotations.get("readOnlyHint", True) not in (True, None):
        return "it declares that it is not read-only"
    return "it declares that it may destroy" if annotations.get("destructiveHint") not in (None, False) else None


def _of_name(name: str, prefixes: frozenset[tuple[str, ...]], *, declared: bool) -> str | None:
    found = words(name)
    if not PLAIN_NAME.fullmatch(name) or not found:
        return "its name cannot be read"
    if verb := next((word for word in found if writing(word)), None):
        return f"its name says `{verb}`"
    if pair := next((pair for pair in pairwise(found) if pair in SPOILS), None):
        return f"its name says `{' '.join(pair)}`"
    start = max((len(start) for start in prefixes if len(start) < len(found) and tuple(found[: len(start)]) == start), default=0)
    found = found[start:]
    if found[0] not in READS and not (declared and _leans(found)):
        return "its name does not say that it reads"
    return _of_object(found[0], found[1:])


def _leans(found: Sequence[str]) -> bool:
    """Whether a name without a verb that reads may be one that does, if the server says so."""
    return found[0] in LEANS or all(word in HEADS | LEANS | READS for word in found)


def _of_object(verb: str, rest: Sequence[str]) -> str | None:
    """What of the words after a verb that reads says that something else is done, too."""
    for join, after in pairwise(rest):
        if join in JOINS and after not in READS | LEANS and not (after.endswith("s") and after not in NOUNS):
            return f"its name says `{join} {after}`"
    if verb in PLURAL and rest and rest[-1] in NOUNS - THINGS:
        return f"its name says `{rest[-1]}`"
    return None


def _of_text(tool: Declared) -> str | None:
    """What the title or the description says that the tool changes: by its first verb, by one that follows `and` or begins a
    sentence in the third person, or by a word that says it of anything."""
    title = tool.annotations.get("title") if isinstance(tool.annotations, dict) else None
    for text in (str(title or "")[:LONGEST_TEXT], str(tool.description or "")[:LONGEST_TEXT]):
        if found := ALARM.search(text):
            return f"its description says `{found[0].lower()}`"
        first = next(iter(re.findall(r"[A-Za-z]+", text[:200])), "").lower()
        if _base(first) & (WRITES - MILD):
            return f"its description says `{first}`"
        for said, after in ACTED.findall(text.lower()):
            if _base(said) & (WRITES | DEEDS) - MILD and after in DETERMINERS:
                return f"its description says `{said}`"
        for stem in ACTING_ON.findall(text.lower()):
            if {stem, f"{stem}e", stem[:-1]} & (WRITES - MILD):
                return f"its description says `{stem}ing`"
    return None


def _base(verb: str) -> set[str]:
    """What a verb in the third person may be the form of."""
    stems = {verb, verb.removesuffix("s"), verb.removesuffix("es")}
    return stems | {f"{verb.removesuffix('ies')}y"} if verb.endswith("ies") else stems


def of_parameters(tool: Declared) -> str | None:
    """What of the tool's parameters speaks against reading, or None."""
    if tool.parameters is not None and not isinstance(tool.parameters, dict):
        return "its parameters cannot be read"
    for count, (name, schema) in enumerate(properties(tool.parameters or {})):
        if count == MOST_PROPERTIES:
            return "it has too many parameters to look at"
        if _acts(name, schema, tool):
            return f"it has a parameter `{name[:60]}`"
    return None


def _acts(name: str, schema: Any, tool: Declared) -> bool:
    """Whether a parameter may make a tool that reads do something else."""
    parts = words(name)
    if not PLAIN_NAME.fullmatch(name) or not parts or (name != "Accept" and WRITES & set(parts)):
        return True
    if "_".join(parts) in CODE or parts[-1] in CODE_ENDS or SPOKEN & set(parts) or parts[-2:] in METHODS:
        return parts[-1] not in CHOOSES or not _harmless(schema)
    if ACTING & set(parts) or parts[0] == "new" or "".join(parts) in ("doit", "ifmissing", "then"):
        return True
    if _chooses_to_write(schema) or (isinstance(schema, dict) and RUN.search(str(schema.get("description", ""))[:LONGEST_TEXT])):
        return True
    if (parts[-1] in PLACES and OUTPUTS & set(parts)) or "".join(parts) in ("outfile", "dryrun"):
        return True
    if parts == ["data"] and words(tool.name)[0] not in COMPUTES:
        return True
    if (parts[0] in NOUNS or "".join(parts) in HOLDS) and _switch(parts[-1], schema, tool.parameters):
        return True
    return parts[-1] == "query" and _language(schema, tool)


def _chooses_to_write(schema: Any) -> bool:
    """Whether one of the values that a parameter may have is a verb that changes something."""
    choices = listed(schema.get("enum")) if isinstance(schema, dict) else []
    return any(word in WRITES for choice in choices if isinstance(choice, str) for word in words(choice)[:1])


def _harmless(schema: Any) -> bool:
    """Whether a parameter has a list of choices, none of which changes anything."""
    choices = schema.get("enum", [schema.get("const")]) if isinstance(schema, dict) else None
    if not isinstance(choices, list) or not choices:
        return False
    first = [words(choice)[:1] for choice in choices if isinstance(choice, str)]
    return len(first) == len(choices) and all(one and one[0] in READS | LEANS | {"options", "head"} for one in first)


def _switch(name: str, schema: Any, whole: Any) -> bool:
    """Whether a parameter can be yes or no, as far as its schema tells; a whole number can, unless it counts something."""
    for kind in kinds(schema, whole):
        if kind is None or not PLAIN & kind.keys():
            return True
        types, counts = str(kind.get("type")), name in COUNTS
        given = [*listed(kind.get("enum")), *listed(kind.get("examples")), kind.get("const"), kind.get("default")]
        said = {str(value).lower() for value in given} - ({"0", "1"} if counts else set())
        if "boolean" in types or said & YES_OR_NO or SWITCHED.search(str(kind.get("pattern", ""))):
            return True
        if ("integer" in types or "number" in types) and not counts and "enum" not in kind:
            return True
    return False


def _language(schema: Any, tool: Declared) -> bool:
    """Whether a query is written in a language that can also change things."""
    told = str(schema.get("description", "")) if isinstance(schema, dict) else ""
    named = {"query", "sql", "graphql", "cypher", "db", "database"} & set(words(tool.name))
    return bool(named) or LANGUAGES.search(f"{told} {tool.description}") is not None
