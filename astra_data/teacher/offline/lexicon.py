"""Words: which of them carry meaning, and what kind of action a verb is.

    >>> imperative("Shows the working tree status. Read-only.")
    'show the working tree status'
"""

import re
from enum import IntEnum

from astra_data.tools.naming import words

TOKEN = re.compile(r"[a-z]+|\d+")

STOP_WORDS = frozenset(
    (
        "a an and any as at be by for from get if in into is it its of on one or the their then this that to via with "
        "you your"
    ).split()
)


class Stage(IntEnum):
    """Where an action stands in the life of a thing: it brings it about, changes it, or looks at it."""

    CREATE = 0
    CHANGE = 1
    READ = 2


CREATE_VERBS = frozenset("build create generate import init initialize load make new open register start upload".split())
CHANGE_VERBS = frozenset(
    (
        "add append apply checkout clear commit configure convert_to copy customize delete disable edit enable fill "
        "format highlight insert join merge modify move protect push put record remove rename replace reset save send "
        "set sort stage switch toggle transform unprotect unstage update upsert write"
    ).split()
)
READ_VERBS = frozenset(
    (
        "aggregate analyze answer assess audit calculate check classify compare compute convert count decode describe "
        "detect determine discover display divide download encode estimate evaluate examine execute explain explore "
        "export extract fetch filter find get give hash identify inspect list look measure monitor multiply negate parse "
        "perform pivot plan predict print profile project provide query rank read recommend resolve retrieve return "
        "round run search show simplify simulate solve split subtract suggest sum summarize test trace translate "
        "validate verify view wait"
    ).split()
)
VERBS = CREATE_VERBS | CHANGE_VERBS | READ_VERBS


def label(parameter: str) -> str:
    """A parameter's name as a person says it."""
    return " ".join(words(parameter)) or parameter


def tokens(text: str) -> set[str]:
    """The meaning-bearing words of a text, roughly stemmed."""
    found = (stem(word) for word in TOKEN.findall(text.lower()))
    return {word for word in found if word not in STOP_WORDS}


def stem(word: str) -> str:
    """Plural and third person off, nothing more: two forms of a word meet, different words do not."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def stage_of(tool: str) -> Stage:
    """The kind of action of a tool, by the first verb in its name; without one it only looks."""
    for word in words(tool):
        if word in CREATE_VERBS:
            return Stage.CREATE
        if word in CHANGE_VERBS:
            return Stage.CHANGE
        if word in READ_VERBS:
            return Stage.READ
    return Stage.READ


def imperative(description: str, name: str = "") -> str:
    """The first sentence of a tool's description as a request in lower case, without asides in brackets.

    A first word that also stands in the tool's `name` is taken for a verb.
    """
    text = re.sub(r"\s*\([^()]*\)", "", " ".join(description.split()))
    parts = [part.strip(" .,;:") for part in re.split(r"[.;:!?](?:\s|$)", text, maxsplit=2)]
    first = parts[1] if len(parts) > 1 and len(parts[0].split()) < 3 and parts[1] else parts[0]
    head, _, rest = first.partition(" ")
    verbs = VERBS | set(words(name))
    for verb in (stem(head.lower()), head.lower()):
        if verb in verbs:
            return f"{verb} {rest}".strip()
    return f"get {first}" if head.isupper() else f"get {first[:1].lower()}{first[1:]}"
