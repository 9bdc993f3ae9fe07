"""Words: which of them carry meaning, and what kind of action a verb is.

    >>> imperative("Shows the working tree status. Read-only.")
    'show the working tree status'
"""

import re
from enum import IntEnum

from astra_data.tools.naming import words

TOKEN = re.compile(r"[a-z]+|\d+")
ASIDE = re.compile(r"\s?(\([^()]*\)|\[[^\[\]]*\])")
CLAUSE_END = re.compile(r"[.;:!?](?:\s|$)")
MOST_ADVERBS = 8
"""In front of a verb."""

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


CREATE_VERBS = frozenset(
    (
        "build clone create deploy fork generate import init initialize install load make new open provision register "
        "schedule setup start upload"
    ).split()
)
CHANGE_VERBS = frozenset(
    (
        "abort accept activate add append apply approve archive assign attach authenticate cancel change checkout claim "
        "clear close combine commit complete configure convert_to copy customize deactivate decline decrease define "
        "delete detach disable dismiss drop edit enable expand fill finalize fix format forward highlight increase "
        "initiate insert join link lock manage mark merge modify move normalize optimize patch pause populate postpone "
        "promote protect publish pull purge push put rebase record redo regenerate reject remove rename renew repair "
        "replace reply resend reset restart restore restrict resume revoke rotate save send set share sort stage stop "
        "submit subscribe switch sync terminate toggle transform trigger unapprove undo uninstall unlink unlock unmerge "
        "unprotect unset unstage unsubscribe update upsert write"
    ).split()
)
READ_VERBS = frozenset(
    (
        "aggregate analyze answer approximate assess audit calculate check classify collect compare compute convert count "
        "decode decompose derive describe detect determine discover display divide download echo encode estimate evaluate "
        "examine execute explain explore export express extract fetch filter find gather get give group hash identify "
        "inspect list look measure monitor multiply negate parse perform pivot plan predict preview print profile project "
        "provide query rank read recommend render resolve retrieve return round run search select show simplify simulate "
        "solve split subtract suggest sum summarize test trace track translate transpose truncate use validate verify "
        "view wait"
    ).split()
)
VERBS = CREATE_VERBS | CHANGE_VERBS | READ_VERBS
END_VERBS = frozenset("abort cancel clear close delete dismiss drop purge remove revoke terminate uninstall unlink".split())
"""Verbs after which there is nothing left to look at."""


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


def verb_of(tool: str) -> str | None:
    """The first verb in a tool's name."""
    return next((word for word in words(tool) if word in VERBS), None)


def stage_of(tool: str) -> Stage:
    """The kind of action of a tool, by the first verb in its name; without one it only looks."""
    verb = verb_of(tool)
    if verb in CREATE_VERBS:
        return Stage.CREATE
    return Stage.CHANGE if verb in CHANGE_VERBS else Stage.READ


def imperative(description: str, name: str = "") -> str:
    """The first sentence of a tool's description as a request in lower case, without asides in brackets.

    A first word that also stands in the tool's `name` is taken for a verb.
    """
    text = ASIDE.sub("", " ".join(description.split())).strip()
    parts = [part.strip(" .,;:") for part in CLAUSE_END.split(text, maxsplit=2)]
    first = parts[1] if len(parts) > 1 and len(parts[0].split()) < 3 and parts[1] else parts[0]
    shown = first if first.partition(" ")[0].isupper() else first[:1].lower() + first[1:]
    return _request(first, VERBS | set(words(name))) or f"get {shown}"


def _request(sentence: str, verbs: frozenset[str]) -> str | None:
    """The sentence with its verb first and bare, or None if it begins neither with one nor with an adverb and one."""
    parts = sentence.split(" ", MOST_ADVERBS)
    last = next((at for at, part in enumerate(parts) if not part.endswith("ly")), len(parts) - 1)
    for at in range(last, -1, -1):
        head, _, rest = " ".join(parts[at:]).partition(" ")
        verb = next((verb for verb in (stem(head.lower()), head.lower()) if verb in verbs), None)
        if verb is not None:
            return f"{verb} {rest}".strip()
    return None
