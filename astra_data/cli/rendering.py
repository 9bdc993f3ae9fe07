"""Rows as text for people: lines, each no longer than a page is wide."""

import json
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

from astra_data.characters import one_line, visible
from astra_data.errors import UsageError
from astra_data.rows import Row
from astra_data.tools.connect import command_of

WIDTH = 120
DEEPEST = 60
"""Indent of a line, at most."""
LABEL = 15
QUOTE = 80
AXES = {
    "QU": "query understanding",
    "QP": "query planning",
    "TCU": "response understanding",
    "TCP": "response-based planning",
    "TCS": "tool-call status",
    "TC": "tool conciseness",
    "FA": "final answer",
}


def row_lines(row: Row) -> Iterator[str]:
    """One row, in the form that its kind is best read in."""
    if row.get("messages"):
        return conversation(row)
    return server_lines(row) if "connection" in row and row.get("tools") else field_lines(row)


def conversation(row: Row) -> Iterator[str]:
    """A trajectory or a training conversation, turn by turn, numbered as scores refer to them."""
    yield f"{row['id']}  {row['server']}  reward {_number(row.get('reward'))}  {row.get('terminal', '')}".rstrip()
    yield from refusals(row)
    for number, message in enumerate(row["messages"]):
        yield ""
        yield f"[{number}] {message['role']}"
        if message.get("reasoning_content"):
            yield from wrapped(f"(thinks) {message['reasoning_content']}", 4)
        if message.get("content"):
            yield from wrapped(str(message["content"]), 4)
        for call in message.get("tool_calls") or ():
            yield from wrapped(f"-> {call['function']['name']} {json_text(call['function']['arguments'])}", 4)


def server_lines(row: Row) -> Iterator[str]:
    """A server: what it is, where it was found, and its tools as signatures."""
    yield f"{row['id']}  {row['name']} {row['version'] or ''}".rstrip()
    yield from refusals(row)
    about = {"title": row["title"], "description": row["description"], "domain": row["domain"], "license": row["license"]}
    source = ", ".join(str(value) for value in (row["source"] or {}).values() if value)
    yield from field_lines(about | {"source": source, "connection": _started(row["connection"]), "flags": row["flags"]})
    for tool in row["tools"]:
        yield ""
        yield from wrapped(f"{tool['name']}({', '.join(_parameters(tool['parameters']))})", 0)
        yield from wrapped(tool["description"] or "(no description)", 4)


def _started(connection: Any) -> str:
    """How a server is started, as one would type it; the names of its variables or headers follow."""
    if not isinstance(connection, dict):
        return "none: documentation only"
    names = connection.get("env") or connection.get("headers")
    line = command_of(connection, most=4000)
    return f"{line}  with {one_line(', '.join(map(str, names)), 1000)}" if isinstance(names, list) and names else line


def signature(name: str, schema: Row) -> Iterator[str]:
    """A tool as one would call it, and what it says of itself."""
    yield from wrapped(f"{name}({', '.join(_parameters(schema.get('parameters') or {}))})", 0)
    yield from wrapped(schema.get("description") or "(no description)", 4)


def _parameters(schema: Any) -> Iterator[str]:
    """`name: type` of each parameter; a question mark where it may be left out."""
    if not isinstance(schema, dict) or not isinstance(schema.get("properties"), dict):
        yield json_text(schema)[:QUOTE]
        return
    required = schema.get("required") or ()
    for name, about in schema["properties"].items():
        kind = about.get("type", "any") if isinstance(about, dict) else "any"
        yield f"{name}{'' if name in required else '?'}: {kind if isinstance(kind, str) else '|'.join(map(str, kind))}"


def reasons_of(row: Row) -> Iterator[str]:
    """Why a row scored what it scored, and why it was not accepted if it was not.

    Every axis with its value or why it has none, the judge, and the words it went by. Raises `UsageError` for a row that
    carries neither scores nor reasons.
    """
    scores, verdicts = row.get("scores") or [], row.get("verdicts") or []
    if not scores and not verdicts and not row.get("reasons"):
        raise UsageError(f"row {row['id']} has no scores", mend="--why is for trajectories, tasks, chains and rejected rows")
    reward = f"  reward {_number(row['reward'])}  {row['terminal']}" if "reward" in row else ""
    yield f"{row['id'] or row['input_id']}{reward}"
    yield from refusals(row)
    for score in scores:
        yield ""
        name = f"{score['axis']:<4} {AXES.get(score['axis'], '')}"
        yield f"{name:<29} {_number(score['value']):<6} {_judged(score)}".rstrip()
        yield from wrapped(_why(score), 5)
        for quote in score.get("evidence") or ():
            if quote["text"]:
                yield from wrapped(f'[{quote["message"]}] "{_first_words(quote["text"])}"', 5)
    for verdict in verdicts:
        yield ""
        yield f"{verdict['check']}  {json_text(verdict['value'])}"
        yield from wrapped(verdict["reason"], 5)


def _judged(score: Row) -> str:
    return f"by {score['judge']}" if score.get("judge") else ""


def _why(score: Row) -> str:
    """The reason, after why there is no value where there is none."""
    status = str(score.get("status", "scored")).replace("_", " ")
    return score["reason"] if status == "scored" else f"{status}: {score['reason']}"


def refusals(row: Row) -> Iterator[str]:
    for reason in row.get("reasons") or ():
        yield from wrapped(f"not accepted: {reason}", 0, 4)


def field_lines(row: Row) -> Iterator[str]:
    """A row field by field, empty fields left out; a list of structs takes one line each."""
    for name, value in row.items():
        if value in (None, "", [], {}):
            continue
        if isinstance(value, list) and all(isinstance(item, dict) for item in value):
            shown = "\n".join(_pairs(item) for item in value)
        elif isinstance(value, list) and all(isinstance(item, str) for item in value):
            shown = ", ".join(value)
        else:
            shown = _pairs(value) if isinstance(value, dict) else value if isinstance(value, str) else json_text(value)
        first, *rest = wrapped(shown, LABEL)
        yield f"{name:<{LABEL}}{first[LABEL:]}"
        yield from rest


def _pairs(struct: Row) -> str:
    known = {name: value for name, value in struct.items() if value not in (None, "", [], {})}
    return "  ".join(f"{name} {value if isinstance(value, str) else json_text(value)}" for name, value in known.items())


def lineage_lines(steps: Iterable[Row]) -> Iterator[str]:
    """A row and its ancestors, one block each."""
    for number, step in enumerate(steps):
        yield from [""] * bool(number)
        yield f"{step['dataset']}  {step['address']}"
        yield from (f"    {line}" for line in field_lines({key: step[key] for key in step if key not in ("dataset", "address")}))


def wrapped(text: str, indent: int, further: int = 0) -> Iterator[str]:
    """Text in lines of at most `WIDTH`; its own line breaks stay, and what is not seen is written out."""
    margin = " " * min(indent, DEEPEST)
    for line in visible(str(text).replace("\r\n", "\n")).split("\n"):
        yield from textwrap.wrap(
            line, WIDTH, initial_indent=margin, subsequent_indent=margin + " " * further, break_on_hyphens=False,
            replace_whitespace=False, break_long_words=False,
        ) or [""]


def _first_words(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= QUOTE else f"{line[:QUOTE].rsplit(' ', 1)[0]} ..."


def json_text(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "(nested too deep to be shown)"


def _number(value: float | None) -> str:
    return "null" if value is None else f"{value:.3g}"
