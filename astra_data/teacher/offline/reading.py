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
from typing import Any

import orjson

from astra_data.messages import JsonObject
from astra_data.teacher.offline.lexicon import CHANGE_VERBS, CREATE_VERBS, STOP_WORDS, TOKEN, imperative, label, stem, tokens

THRESHOLD = 0.8
"""Share of a sentence's information that a tool's document must cover to be meant by it."""

DECODER = json.JSONDecoder()
OPENER = re.compile(r"^(?:first|then|next|finally|also|after that|please|and)\b[\s,]*", re.IGNORECASE)
FROM_EARLIER = re.compile(r"(?:is |= ?|: ?)?(?:taken )?from the (?:earlier|previous|last) result", re.IGNORECASE)
GLUE = re.compile(r"\s*(is\b|=|:|of\b|as\b)?\s*")
BARE = re.compile(r"""'([^']*)'|((?!["\[{])[^\s,;]*[^\s,;.])""")
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


def read(text: str, tools: list[JsonObject]) -> list[Step]:
    """The steps of a request in order."""
    functions = [tool["function"] for tool in tools]
    weights = _weights(functions)
    return [_step(sentence, functions, weights) for sentence in sentences(text)]


def sentences(text: str) -> list[str]:
    """The sentences of a text; a full stop or line break inside a JSON string, list or object ends none."""
    found, start, index = [], 0, 0
    while index < len(text):
        if text[index] in '"[{':
            index = _literal_end(text, index)
        elif text[index] == "\n" or (text[index] in ".;?!" and text[index + 1 : index + 2] in ("", " ", "\n")):
            found.append(text[start:index])
            index += 1
            start = index
        else:
            index += 1
    found.append(text[start:])
    return [OPENER.sub("", sentence.strip()) for sentence in found if sentence.strip()]


def _literal_end(text: str, index: int) -> int:
    try:
        return DECODER.raw_decode(text, index)[1]
    except ValueError:
        return index + 1


def _step(sentence: str, functions: list[JsonObject], weights: dict[str, float]) -> Step:
    best: tuple[tuple[float, ...], str, Statement] | None = None
    for function in functions:
        statement = _statement(sentence, function)
        said = tokens(statement.request)
        covered = _share(said, _document(function), weights)
        if covered >= THRESHOLD and _dares(function, statement.request) and _complete(function, statement):
            headline = _headline(function)
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
    for match in reversed(list(re.finditer(rf"\b{re.escape(name)}\b", sentence, re.IGNORECASE))):
        if _inside_literal(sentence, match.start()):
            continue
        glue = GLUE.match(sentence, match.end())
        if glue is None or not glue[0]:
            continue
        position = glue.end()
        if earlier := FROM_EARLIER.match(sentence, position):
            return FROM_EARLIER, match.start(), earlier.end()
        value = _literal(sentence, position, schema) or _word(sentence, position, schema, led=bool(glue[1]))
        if value is not None:
            return value[0], match.start(), value[1]
    return None


def _inside_literal(sentence: str, position: int) -> bool:
    index = 0
    while index < position:
        end = _literal_end(sentence, index) if sentence[index] in '"[{' else index + 1
        if end > position:
            return True
        index = end
    return False


def _literal(sentence: str, position: int, schema: Any) -> tuple[Any, int] | None:
    """The JSON literal at the position, and its end. A number without quotes is a text where the schema wants one."""
    try:
        end = DECODER.raw_decode(sentence, position)[1]
        value = orjson.loads(sentence[position:end])
    except ValueError:
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
        if re.match(rf"{re.escape(option)}(?!\w)", sentence[position:], re.IGNORECASE):
            return option, position + len(option)
    word = BARE.match(sentence, position)
    if word is None or MASK in word[0] or word[0].lower() in STOP_WORDS or not (led or TELLING.search(word[0])):
        return None
    return word[1] or word[2], word.end()


def _cleaned(rest: str) -> str:
    """The sentence without its stated values and the words that strung them together."""
    bare = re.sub(rf"(?:\bwith\b|,|\band\b|\s)*{MASK}", MASK, rest).replace(MASK, "")
    return " ".join(bare.split()).strip(" ,;.")


def _document(function: JsonObject) -> set[str]:
    return tokens(f"{label(function['name'])} {function.get('description') or ''}")


def _headline(function: JsonObject) -> set[str]:
    return tokens(_request_of(function)) or {stem(word) for word in label(function["name"]).split()}


def _request_of(function: JsonObject) -> str:
    return imperative(function.get("description") or "", function["name"])


def _weights(functions: list[JsonObject]) -> dict[str, float]:
    """Inverse document frequency of every word in the tools on offer."""
    counts = Counter(word for function in functions for word in _document(function))
    return {word: math.log((len(functions) + 1) / (count + 0.5)) + 0.1 for word, count in counts.items()}


def _share(said: set[str], document: set[str], weights: dict[str, float]) -> float:
    """The share of `said`'s weight that `document` covers. A word no tool knows weighs as much as the rarest one."""
    rarest = max(weights.values(), default=1.0)
    total = sum(weights.get(word, rarest) for word in said)
    return sum(weights.get(word, rarest) for word in said & document) / total if total else 0.0
