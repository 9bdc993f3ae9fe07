"""YAML from outside, as the JSON value that it stands for, of bounded size and depth whatever its aliases unfold to.

    loads(b"on: &a [1, 2]\\nagain: *a")         # {"True": [1, 2], "again": [1, 2]}

Names are texts, days and times are texts in ISO 8601. An alias counts as much as what it stands for; one that stands for what it
is in is refused, and so are tags that mean more than JSON can hold. Numbers may be beyond what can be kept: see `exact.fault`.
"""

import datetime
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from astra_data.nesting import MOST_DEPTH

MOST_BYTES = 16 << 20
MOST_VALUES = 600_000
"""Values and names, those of aliases counted at each use."""
MOST_DIRECTIVES = 50
LONGEST_NUMBER = 400
"""Characters of a number, a day or a time."""
FAST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
TAG = "tag:yaml.org,2002:"
MERGE = f"{TAG}merge"
_MAKE = yaml.constructor.SafeConstructor()
SCALARS: Mapping[str, Callable[[Any], Any]] = {
    f"{TAG}null": lambda node: None,
    f"{TAG}bool": _MAKE.construct_yaml_bool,
    f"{TAG}int": _MAKE.construct_yaml_int,
    f"{TAG}float": _MAKE.construct_yaml_float,
    f"{TAG}timestamp": _MAKE.construct_yaml_timestamp,
}
"""Tag of a scalar that is no text -> its value."""
CORE = (
    (f"{TAG}null", re.compile(r"~|null|Null|NULL|")),
    (f"{TAG}bool", re.compile(r"true|True|TRUE|false|False|FALSE")),
    (f"{TAG}int", re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")),
    (f"{TAG}float", re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
                               r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")),
)
"""Tag of a plain scalar -> how it is written in the core schema (YAML 1.2.2, 10.3.2)."""
CORE_SCALARS: Mapping[str, Callable[[Any], Any]] = {
    f"{TAG}null": lambda node: None,
    f"{TAG}bool": lambda node: {"true": True, "false": False}[node.value.lower()],
    f"{TAG}int": lambda node: int(node.value, {"0o": 8, "0x": 16}.get(node.value[:2], 10)),
    f"{TAG}float": lambda node: float(node.value.lower().replace(".inf", "inf").replace(".nan", "nan")),
}
TEXTS = frozenset({f"{TAG}str", f"{TAG}value", MERGE})
COLLECTIONS = {yaml.SequenceStartEvent: f"{TAG}seq", yaml.MappingStartEvent: f"{TAG}map"}


class NotPlainError(yaml.MarkedYAMLError):
    """YAML that means more than JSON can hold, or more than a bound allows."""


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end is not reached; `merged` are the pairs that `<<` brings in."""

    value: list[Any] | dict[str, Any]
    anchor: str | None
    size: int = 1
    depth: int = 0
    name: str | None = None
    merges: bool = False
    merged: list[tuple[str, Any]] = field(default_factory=list)


def loads(text: bytes | str, *, core: bool = False) -> Any:
    """The value of the one document in the text, in YAML 1.1, or in the core schema of 1.2; None for an empty one.

    Raises `yaml.YAMLError`.
    """
    if len(text) > MOST_BYTES:
        raise NotPlainError(problem=f"more than {MOST_BYTES >> 20} MiB of YAML: write it as JSON")
    if text.count(b"\n%" if isinstance(text, bytes) else "\n%") > MOST_DIRECTIVES:  # type: ignore[arg-type]
        raise NotPlainError(problem=f"more than {MOST_DIRECTIVES} directives")
    loader = FAST(text)
    try:
        return _Reader(loader, core=core).document()
    finally:
        loader.dispose()


class _Reader:
    """Builds the value from the events of a parser, without recursion."""

    def __init__(self, loader: Any, *, core: bool) -> None:
        self._loader, self._core = loader, core
        self._open: list[_Open] = []
        self._anchored: dict[str, tuple[Any, int, int]] = {}
        self._values = 0
        self._root: Any = None

    def document(self) -> Any:
        documents = 0
        while self._loader.check_event():
            event = self._loader.get_event()
            documents += isinstance(event, yaml.DocumentStartEvent)
            if documents > 1:
                raise NotPlainError(problem="expected a single document", problem_mark=event.start_mark)
            self._take(event)
        return self._root

    def _take(self, event: Any) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._begin(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._end()
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)

    def _begin(self, event: Any) -> None:
        if event.tag not in (None, "!", COLLECTIONS[type(event)]):
            raise NotPlainError(problem=f"the tag {event.tag[:80]!r}", problem_mark=event.start_mark)
        if self._names_next():
            raise NotPlainError(problem="a list or mapping for a name", problem_mark=event.start_mark)
        self._count(1, 1, event)
        self._open.append(_Open([] if isinstance(event, yaml.SequenceStartEvent) else {}, event.anchor))
        if event.anchor:
            self._anchored.pop(event.anchor, None)

    def _end(self) -> None:
        done = self._open.pop()
        if done.merged and isinstance(done.value, dict):
            done.value = dict(done.merged) | done.value
        if done.anchor:
            self._anchored[done.anchor] = (done.value, done.size, done.depth + 1)
        self._put(done.value, done.size, done.depth + 1)

    def _alias(self, event: Any) -> None:
        if event.anchor not in self._anchored:
            inside = any(one.anchor == event.anchor for one in self._open)
            said = "an alias inside what it stands for" if inside else f"found undefined alias {event.anchor[:80]!r}"
            raise NotPlainError(problem=said, problem_mark=event.start_mark)
        value, size, depth = self._anchored[event.anchor]
        self._count(size, depth, event)
        if self._names_next():
            value = self._name(value, event)
        self._put(value, size, depth)

    def _scalar(self, event: Any) -> None:
        tag = event.tag
        if tag in (None, "!"):
            tag = self._tag(event)
        naming = self._names_next()
        self._count(1, 0, event)
        if naming and tag == MERGE:
            self._open[-1].name, self._open[-1].merges = "<<", True
            return
        value = _value(tag, event, CORE_SCALARS if self._core else SCALARS)
        if event.anchor:
            self._anchored[event.anchor] = (_plain(value), 1, 0)
        self._put((event.value if self._core else self._name(value, event)) if naming else _plain(value), 1, 0)

    def _tag(self, event: Any) -> str:
        """What a scalar without a tag is."""
        if not self._core or event.value == "<<":
            return str(self._loader.resolve(yaml.ScalarNode, event.value, event.implicit))
        plain = event.implicit[0] and event.tag is None
        return next((tag for tag, written in CORE if plain and written.fullmatch(event.value)), f"{TAG}str")

    def _name(self, value: Any, event: Any) -> str:
        """A value as the name of a pair."""
        if isinstance(value, list | dict):
            raise NotPlainError(problem="a list or mapping for a name", problem_mark=event.start_mark)
        worded = self._core and (value is None or isinstance(value, bool))
        return json.dumps(value) if worded else str(value)

    def _names_next(self) -> bool:
        """Whether what comes next is the name of a pair."""
        return bool(self._open) and isinstance(self._open[-1].value, dict) and self._open[-1].name is None

    def _put(self, value: Any, size: int, depth: int) -> None:
        """Take a finished value, or a name, into what is open."""
        if not self._open:
            self._root = value
            return
        top = self._open[-1]
        top.size += size
        top.depth = max(top.depth, depth)
        if isinstance(top.value, list):
            top.value.append(value)
        elif top.name is None:
            top.name = value
        elif top.merges:
            top.merged += _merged(value)
            top.name, top.merges = None, False
        else:
            top.value[top.name] = value
            top.name = None

    def _count(self, size: int, depth: int, event: Any) -> None:
        """Count what comes next. Raises `NotPlainError` beyond a bound."""
        self._values += size
        if len(self._open) + depth > MOST_DEPTH:
            raise NotPlainError(problem=f"nested more than {MOST_DEPTH} deep", problem_mark=event.start_mark)
        if self._values > MOST_VALUES:
            said = f"stands for more than {MOST_VALUES:,} values, aliases written out: write it as JSON"
            raise NotPlainError(problem=said, problem_mark=event.start_mark)


def _value(tag: str, event: Any, scalars: Mapping[str, Callable[[Any], Any]]) -> Any:
    """The value of a scalar, a text where no other is known to be meant."""
    if tag in TEXTS:
        return event.value
    if tag not in scalars:
        raise NotPlainError(problem=f"the tag {tag[:80]!r}", problem_mark=event.start_mark)
    if len(event.value) > LONGEST_NUMBER:
        raise NotPlainError(problem=f"a number of {len(event.value)} characters", problem_mark=event.start_mark)
    try:
        return scalars[tag](yaml.ScalarNode(tag, event.value, event.start_mark, event.end_mark))
    except (ValueError, OverflowError, KeyError, AttributeError):
        if event.tag in (None, "!"):
            return event.value
        raise NotPlainError(problem=f"no {tag.removeprefix(TAG)}: {event.value[:80]!r}", problem_mark=event.start_mark) from None


def _plain(value: Any) -> Any:
    """A scalar as JSON has it."""
    if isinstance(value, datetime.date):
        return value.isoformat()
    return value


def _merged(value: Any) -> list[tuple[str, Any]]:
    """The pairs that the value of `<<` stands for; of several mappings the first one wins."""
    mappings = list(reversed(value)) if isinstance(value, list) else [value]
    if not all(isinstance(mapping, dict) for mapping in mappings):
        raise NotPlainError(problem="expected a mapping or list of mappings for merging")
    return [pair for mapping in mappings for pair in mapping.items()]
