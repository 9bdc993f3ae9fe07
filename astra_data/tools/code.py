"""Whether a tool runs what it is told: code or a command line leads anywhere, and nothing in its text says where.

    runs(Declared("shell_execute", "", {"properties": {"command": {"type": "string"}}}))
    # 'it has a parameter `command`, which may be code'

A query of a database is none: what of it opens files is looked at where it is sent (`reach`).
"""

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from astra_data.tools.declared import Declared, kinds, properties
from astra_data.tools.naming import words

SPOKEN = frozenset(
    "bash cmd javascript js node perl php powershell pwsh python repl ruby sh shell subprocess terminal typescript zsh".split()
)
"""What code is written in, or typed into."""
HOLDERS = SPOKEN | frozenset(
    "args argv cli cmdline cmds code codes command commandline commands entrypoint eval exec executable expr interpreter "
    "keystrokes lambda lua macro macros playbook program programs script scripts snippet snippets stdin".split()
)
"""Words of parameters that are code, or the command line of something."""
NUMBERED = frozenset(
    "accent account airline airport area barcode bank branch category char city class color colour cost country coupon currency "
    "department dial discount error exit facility fiscal gift hotel hts http icao iata icd industry invite item lang language "
    "locale location naics order phone plu post postal postcode product promo qr reason ref reference region response return "
    "room route shop sort station state status stock store subject swift tax ticker time tracking unit voucher zip zone".split()
)
"""Whose codes are no programs: `country_code`."""
TOLD = frozenset("count format id ids lang language name names output path size style timeout type version".split())
"""Last words of parameters that are about code, and hold none."""

RUNS = frozenset(
    "debug eval evaluate evaluates evaluated exec execute executes executed executing execution install interpret interprets "
    "invoke invokes launch run running runs spawn spawns".split()
)
ASKED = frozenset("analysis calculation formula formulas queries query report search select sql statistics".split())
"""What may be run without running code."""
FED = frozenset("feed input interact send start write".split())
SAID = frozenset("arbitrary binary cmd code command commands executable process program programs script scripts snippet".split())
CLOSED = frozenset({"boolean", "integer", "number", "null"})
NEAR = 5
"""Words between the verb and what is run."""


def runs(tool: Declared) -> str | None:
    """Why a tool may run what it is told, or None."""
    whole = tool.parameters
    if not isinstance(whole, dict):
        return None
    texts = [(name, schema) for name, schema in properties(whole) if _open(schema, whole)]
    for name, schema in texts:
        title, told = (str(schema.get(key) or "") if isinstance(schema, dict) else "" for key in ("title", "description"))
        if any(_holds(words(said)) for said in (name, title)) or _speaks(told) or _typed(schema):
            return f"it has a parameter `{name[:60]}`, which may be code"
    if texts and (_named(words(tool.name), [words(name) for name, _ in texts]) or _tells(tool.description)):
        return "it may run what it is told"
    return None


def _open(schema: Any, whole: Any) -> bool:
    """Whether a parameter may be any text, or holds texts."""
    for kind in kinds(schema, whole):
        types = kind.get("type", "any") if kind else "any"
        chosen = kind is not None and {"enum", "const"} & kind.keys()
        if not chosen and not CLOSED.issuperset(map(str, types if isinstance(types, list) else [types])):
            return True
    return False


def _holds(name: list[str]) -> bool:
    """Whether a parameter of this name is code."""
    if not HOLDERS & set(name):
        return name[:2] == ["command", "line"]
    codes = name[-1] in ("code", "codes") and len(name) > 1 and name[-2] in NUMBERED
    return not codes and name[-1] not in TOLD - ({"path"} if {"script", "executable", "program"} & set(name) else set())


def _typed(schema: Any) -> bool:
    kind = schema.get("contentMediaType") if isinstance(schema, dict) else None
    return bool(set(re.findall("[a-z]+", str(kind or "").lower())) & (SPOKEN | {"ecmascript", "script", "executable"}))


def _speaks(description: str) -> bool:
    """Whether a parameter is described as code."""
    said = re.findall("[a-z]+", description.lower())
    return _tells(description) or any(
        (one in SPOKEN and other in SAID) or (one, other) in {("command", "line"), ("source", "code")}
        for one, other in pairwise(said)
    )


def _named(name: list[str], parameters: Iterable[list[str]]) -> bool:
    """Whether a tool of this name runs one of its parameters."""
    if SPOKEN & set(name) or (name[-1:] == ["process"] and FED & set(name)):
        return True
    asks = bool(ASKED & set(name)) or all(ASKED & set(parameter[-1:]) for parameter in parameters)
    return bool(RUNS & set(name)) and not asks


def _tells(description: str) -> bool:
    """Whether a text says that code is run."""
    said = re.findall("[a-z]+", description.lower())
    places = [index for index, word in enumerate(said) if word in RUNS]
    return any((SAID | SPOKEN) & set(said[max(0, index - NEAR) : index + NEAR + 1]) for index in places)
