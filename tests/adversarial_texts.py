"""Texts that a pattern finds hard, made from its own parse tree: what it repeats, over and over, then something that it refuses.

    for unit, head, tail in attacks(re.compile(r"\\S+@\\S+\\.\\S+")): ...      # ("x@", "", "\\x00"), ...

A text of any length is `head + unit * count + tail`. Units are samples of every part of the pattern, of every start of it, and of
two such parts one after the other; heads are what may stand before the repeated part.
"""

import itertools
import random
import re
from collections.abc import Iterator, Sequence
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

TAILS = ("", "\x00", "!", " ")
FILLERS = ("a", "1", " ", "\n", ".", "-", "é", "\\", '"', "{", "[", "<", "a ", "a.", "1,", "/")
MOST_UNITS = 90
MOST_SAMPLE = 24
"""Characters of one unit."""
REPEATS = (parser.MAX_REPEAT, parser.MIN_REPEAT, parser.POSSESSIVE_REPEAT)
CATEGORIES = {
    parser.CATEGORY_DIGIT: "7", parser.CATEGORY_NOT_DIGIT: "a", parser.CATEGORY_SPACE: " ", parser.CATEGORY_NOT_SPACE: "a",
    parser.CATEGORY_WORD: "a", parser.CATEGORY_NOT_WORD: "-",
}
Attack = tuple[str, str, str]


def attacks(pattern: re.Pattern[str]) -> Iterator[Attack]:
    """(head, unit, tail), the same for the same pattern."""
    rng = random.Random(pattern.pattern)
    tree = list(parser.parse(pattern.pattern, pattern.flags))
    units = list(dict.fromkeys(unit[:MOST_SAMPLE] for unit in [*_units(tree, rng), *FILLERS] if unit))
    pairs = [one + other for one, other in itertools.permutations(units, 2)]
    chosen = units[:MOST_UNITS] + rng.sample(pairs, min(len(pairs), MOST_UNITS))
    heads = list(dict.fromkeys(["", *(head for head in _heads(tree, rng) if head)]))
    for number, unit in enumerate(dict.fromkeys(chosen)):
        yield "", unit, TAILS[number % len(TAILS)]
    for head in heads[1:]:
        yield from ((head, unit, TAILS[-1 - number % len(TAILS)]) for number, unit in enumerate(units[: MOST_UNITS // 4]))


def text_of(attack: Attack, length: int) -> str:
    """The attack at about this length."""
    head, unit, tail = attack
    return head + unit * max(1, (length - len(head) - len(tail)) // len(unit)) + tail


def _units(nodes: Sequence[Any], rng: random.Random) -> Iterator[str]:
    """Samples of every part, every start and every end of the pattern, inside out."""
    for variant in range(3):
        parts = [_sample([node], rng, variant) for node in nodes]
        yield from ("".join(parts[:end]) for end in range(1, len(parts) + 1))
        yield from ("".join(parts[start:end]) for start in range(len(parts)) for end in (start + 1, start + 2))
    for node in nodes:
        for inner in _inside(node):
            yield from _units(inner, rng)


def _heads(nodes: Sequence[Any], rng: random.Random) -> Iterator[str]:
    """What stands before each part that repeats."""
    for index, (kind, _) in enumerate(nodes):
        if kind in REPEATS:
            yield _sample(nodes[:index], rng, 0)
            yield _sample(nodes[: index + 1], rng, 1)


def _inside(node: Any) -> list[Sequence[Any]]:
    kind, value = node
    if kind in REPEATS:
        return [value[2]]
    if kind is parser.SUBPATTERN:
        return [value[3]]
    if kind is parser.BRANCH:
        return list(value[1])
    if kind in (parser.ASSERT, parser.ASSERT_NOT):
        return [value[1]]
    return [value] if kind is parser.ATOMIC_GROUP else []


def _sample(nodes: Sequence[Any], rng: random.Random, variant: int) -> str:
    """A text that the parts match, more or less: assertions are passed over."""
    return "".join(_one(kind, value, rng, variant) for kind, value in nodes)


def _one(kind: Any, value: Any, rng: random.Random, variant: int) -> str:
    if kind is parser.LITERAL:
        return chr(value)
    if kind is parser.NOT_LITERAL:
        return "b" if chr(value) == "a" else "a"
    if kind is parser.ANY:
        return "a"
    if kind is parser.IN:
        return _member(value, rng, variant)
    if kind in REPEATS:
        least, most, inner = value
        return _sample(inner, rng, variant) * min(max(least, 1 + variant % 2), int(most))
    if kind is parser.SUBPATTERN:
        return _sample(value[3], rng, variant)
    if kind is parser.ATOMIC_GROUP:
        return _sample(value, rng, variant)
    if kind is parser.BRANCH:
        branches = value[1]
        return _sample(branches[variant % len(branches)], rng, variant)
    return ""


def _member(choices: Sequence[Any], rng: random.Random, variant: int) -> str:
    """A character of a class: another one for each variant."""
    if choices[0][0] is parser.NEGATE:
        refused = re.compile(f"[{''.join(map(_spelled, choices[1:]))}]")
        return next((one for one in rng.sample("a1 .-@\n", 7) if not refused.match(one)), "~")
    kind, value = choices[variant % len(choices)]
    if kind is parser.RANGE:
        return chr(value[variant % 2])
    return CATEGORIES.get(value, "a") if kind is parser.CATEGORY else chr(value)


def _spelled(choice: Any) -> str:
    kind, value = choice
    if kind is parser.RANGE:
        return f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}"
    names = {parser.CATEGORY_DIGIT: r"\d", parser.CATEGORY_NOT_DIGIT: r"\D", parser.CATEGORY_SPACE: r"\s",
             parser.CATEGORY_NOT_SPACE: r"\S", parser.CATEGORY_WORD: r"\w", parser.CATEGORY_NOT_WORD: r"\W"}
    return names.get(value, "") if kind is parser.CATEGORY else re.escape(chr(value))
