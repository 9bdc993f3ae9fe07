"""Reads a request: its sentences, which of the offered tools each one means, and the values it states.

    read('Convert the length with value 3, from unit "mile" and to unit "meter".', tools)
    # [Step("convert the length", "convert_length", {"value": 3, "from_unit": "mile", "to_unit": "meter"}, from_earlier=())]

Nothing is known here but the text and the tools on offer: a sentence that fits no tool gives a step without one.
"""

import json
import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from astra_data.messages import JsonObject
from astra_data.teacher.offline.lexicon import CHANGE_VERBS, CREATE_VERBS, STOP_WORDS, TOKEN, imperative, label, stem, tokens
from astra_data.text.literals import literals, within

THRESHOLD = 0.8
"""Share of a sentence's information that a tool's document must cover to be meant by it."""

MOST_SENTENCES = 500
"""Of a request that are read."""
LONGEST_LABEL = 100
"""Characters of a parameter's name as a person says it."""
DECODER = json.JSONDecoder()
OPENER = re.compile(r"^(?:first|then|next|finally|also|after that|please|and)\b[\s,]*", re.IGNORECASE)
FROM_EARLIER = re.compile(r"(?:is |= ?|: ?)?(?:taken )?from the (?:earlier|previous|last) result", re.IGNORECASE)
SENTENCE_END = re.compile(r"\n|[.;?!](?=[ \n]|\Z)")
GLUE = re.compile(r"\s*(is\b|=|:|of\b|as\b)?\s*")
BARE = re.compile(r"""'([^']*)'|((?!["\[{])[^\s,;]*[^\s,;.])""")
WORDLY = re.compile(r"\w")
STRINGING = ("with", "and")
TELLING = re.compile(r"[\d/._#@'-]")
"""What a word without quotes must hold to be taken for a value, unless `is`, `=` or `:` leads up to it."""
MASK = "\x00"


@dataclass(frozen=True, slots=True)
class Step:
    """One sentence of a request. `tool` is None if no offered tool fits; `from_earlier` are parameters to be taken from
    an earlier result."""

    request: str
    tool: str | None
    arguments: dict[str, Any]
    from_earlier: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """The values that a sentence states for one tool's parameters, and what is left of the sentence without them."""

    arguments: dict[str, Any]
    from_earlier: tuple[str, ...]
    request: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A tool, and the words of its document and of its headline."""

    function: JsonObject
    document: set[str]
    headline: set[str]


def read(text: str, tools: list[JsonObject]) -> list[Step]:
    """The steps of a request in order."""
    offers = [Offer(tool["function"], _document(tool["function"]), _headline(tool["function"])) for tool in tools]
    weights = _weights(offers)
    return [_step(sentence, offers, weights) for sentence in sentences(text)[:MOST_SENTENCES]]


def sentences(text: str) -> list[str]:
    """The sentences of a text; a full stop or line break inside a JSON string, list or object ends none."""
    told, found, start = literals(text), [], 0
    for end in (match.start() for match in SENTENCE_END.finditer(text)):
        if not within(end, told):
            found.append(text[start:end])
            start = end + 1
    found.append(text[start:])
    return [OPENER.sub("", sentence.strip()) for sentence in found if sentence.strip()]


def _step(sentence: str, offers: list[Offer], weights: dict[str, float]) -> Step:
    best: tuple[tuple[float, ...], str, Statement] | None = None
    for offer in offers:
        function = offer.function
        statement = _statement(sentence, function)
        said = tokens(statement.request)
        covered = _share(said, offer.document, weights)
        if covered >= THRESHOLD and _dares(function, statement.request) and _complete(function, statement):
            headline = offer.headline
            rank = (covered, _share(said, headline, weights), _share(headline, said, weights), len(statement.arguments))
            if best is None or rank > best[0]:
                best = (rank, function["name"], statement)
    if best is None:
        return Step(sentence, None, {}, ())
    return Step(best[2].request, best[1], best[2].arguments, best[2].from_earlier)


def _dares(function: JsonObject, request: str) -> bool:
    """True unless the tool makes or changes something by a verb that the request does not say: such a tool is never guessed."""
    verb = _request_of(function).partition(" ")[0]
    return verb not in CREATE_VERBS | CHANGE_VERBS or stem(verb) in {stem(word) for word in TOKEN.findall(request.lower())}


def _complete(function: JsonObject, statement: Statement) -> bool:
    """True if every required parameter is stated, so that the call can be made."""
    required = set((function.get("parameters") or {}).get("required") or ())
    return required <= statement.arguments.keys() | set(statement.from_earlier)


def _statement(sentence: str, function: JsonObject) -> Statement:
    """What the sentence states of this tool's parameters, longest labels first."""
    parameters = (function.get("parameters") or {}).get("properties") or {}
    arguments: dict[str, Any] = {}
    earlier: list[str] = []
    rest = sentence
    for name in sorted(parameters, key=lambda parameter: -len(label(parameter))):
        said = _find(rest, label(name), parameters[name])
        if said is None:
            continue
        value, start, end = said
        if value is FROM_EARLIER:
            earlier.append(name)
        else:
            arguments[name] = value
        rest = f"{rest[:start]}{MASK}{rest[end:]}"
    ordered = {name: arguments[name] for name in parameters if name in arguments}
    return Statement(ordered, tuple(name for name in parameters if name in earlier), _cleaned(rest))


def _find(sentence: str, name: str, schema: Any) -> tuple[Any, int, int] | None:
    """(value, start, end) of the last place where the label is followed by a value."""
    places = [match.span() for match in saying(name).finditer(sentence)] if len(name) <= LONGEST_LABEL else []
    told = literals(sentence) if places else []
    for start, end in reversed(places):
        if within(start, told):
            continue
        glue = GLUE.match(sentence, end)
        if glue is None or not glue[0]:
            continue
        position = glue.end()
        if earlier := FROM_EARLIER.match(sentence, position):
            return FROM_EARLIER, start, earlier.end()
        value = _literal(sentence, position, schema) or _word(sentence, position, schema, led=bool(glue[1]))
        if value is not None:
            return value[0], start, value[1]
    return None


@lru_cache(4096)
def saying(name: str) -> re.Pattern[str]:
    """Where a label stands as whole words."""
    return re.compile(rf"\b{re.escape(name)}\b", re.IGNORECASE)


def _literal(sentence: str, position: int, schema: Any) -> tuple[Any, int] | None:
    """The JSON literal at the position, and its end. A number without quotes is a text where the schema wants one."""
    try:
        end = DECODER.raw_decode(sentence, position)[1]
        value = orjson.loads(sentence[position:end])
    except (ValueError, RecursionError):
        return None
    if sentence[end : end + 1] not in ("", " ", ",", ";", "."):
        return None
    wants_text = isinstance(schema, dict) and schema.get("type") == "string"
    return (sentence[position:end] if wants_text and not isinstance(value, str) else value), end


def _word(sentence: str, position: int, schema: Any, *, led: bool) -> tuple[Any, int] | None:
    """A value without quotes where the schema wants a string: one of its enumeration, or a word that looks like a value."""
    if not isinstance(schema, dict) or schema.get("type") != "string":
        return None
    for option in sorted((option for option in schema.get("enum") or () if isinstance(option, str)), key=len, reverse=True):
        end = position + len(option)
        if sentence[position:end].casefold() == option.casefold() and not WORDLY.match(sentence, end):
            return option, end
    word = BARE.match(sentence, position)
    if word is None or MASK in word[0] or word[0].lower() in STOP_WORDS or not (led or TELLING.search(word[0])):
        return None
    return word[1] or word[2], word.end()


def _cleaned(rest: str) -> str:
    """The sentence without its stated values and the words that strung them together."""
    *led_up, last = rest.split(MASK)
    return " ".join("".join([*map(_unstrung, led_up), last]).split()).strip(" ,;.")


def _unstrung(text: str) -> str:
    """The text without the spaces, commas and words that string a value to it."""
    end = len(text)
    while end:
        if text[end - 1] == "," or text[end - 1].isspace():
            end -= 1
        elif (size := _word_at(text, end)) > 0:
            end -= size
        else:
            break
    return text[:end]


def _word_at(text: str, end: int) -> int:
    """The length of the stringing word that ends here, 0 if none does."""
    size = next((len(word) for word in STRINGING if text.endswith(word, 0, end)), 0)
    return 0 if size and end > size and WORDLY.match(text, end - size - 1) else size


def _document(function: JsonObject) -> set[str]:
    return tokens(f"{label(function['name'])} {function.get('description') or ''}")


def _headline(function: JsonObject) -> set[str]:
    return tokens(_request_of(function)) or {stem(word) for word in label(function["name"]).split()}


def _request_of(function: JsonObject) -> str:
    return imperative(function.get("description") or "", function["name"])


def _weights(offers: list[Offer]) -> dict[str, float]:
    """Inverse document frequency of every word in the tools on offer."""
    counts = Counter(word for offer in offers for word in offer.document)
    return {word: math.log((len(offers) + 1) / (count + 0.5)) + 0.1 for word, count in counts.items()}


def _share(said: set[str], document: set[str], weights: dict[str, float]) -> float:
    """The share of `said`'s weight that `document` covers. A word no tool knows weighs as much as the rarest one."""
    rarest = max(weights.values(), default=1.0)
    total = sum(weights.get(word, rarest) for word in said)
    return sum(weights.get(word, rarest) for word in said & document) / total if total else 0.0
