"""Ways to spoil a sound trajectory. Each operator makes one flaw that a scorer has to find.

    spoiled = OPERATORS["repeated_call"](row, random.Random(0))      # a copy of the stored row, or None where it does not apply

Operators know the message shape and nothing of any check. They leave everything else as it was: a spoiled row is still a row that
validates, with call records that fit its messages.
"""

import copy
import json
import random
import re
from collections.abc import Callable
from typing import Any

Row = dict[str, Any]
Operator = Callable[[Row, random.Random], Row | None]

FRENCH = (
    "Voici ce que j'ai trouvé : les opérations demandées ont été effectuées, et les résultats sont conformes à vos attentes. "
    "N'hésitez pas à me dire si vous souhaitez que je continue avec autre chose."
)
NUMBER = re.compile(r"\d+(?:\.\d+)?")


def fabricated_argument(row: Row, rng: random.Random) -> Row | None:
    """One value of one call becomes one that nobody ever mentioned."""
    spoiled = copy.deepcopy(row)
    places = [
        (call["function"]["arguments"], name)
        for message in spoiled["messages"]
        for call in message.get("tool_calls") or ()
        for name, value in call["function"]["arguments"].items()
        if isinstance(value, str | int | float) and not isinstance(value, bool)
    ]
    if not places:
        return None
    arguments, name = rng.choice(places)
    value = arguments[name]
    arguments[name] = f"made-up-{rng.randint(1000, 9999)}.txt" if isinstance(value, str) else rng.randint(700_000, 999_999)
    return spoiled


def ignored_tool_error(row: Row, rng: random.Random) -> Row | None:
    """One call fails, and the rest of the conversation goes on as if it had not."""
    spoiled = copy.deepcopy(row)
    results = [message for message in spoiled["messages"] if message["role"] == "tool"]
    if not results:
        return None
    failed = rng.choice(results)
    failed["content"] = "Error: the operation could not be completed because the resource is locked"
    for record in spoiled["calls"]:
        if record["id"] == failed["tool_call_id"]:
            record["ok"] = False
    return spoiled


def redundant_call(row: Row, rng: random.Random) -> Row | None:
    """A call of another tool on offer is made before the answer; nobody asked for it and nothing uses its result."""
    used = {record["tool"] for record in row["calls"]}
    others = [tool["function"] for tool in row["tools"] if tool["function"]["name"] not in used]
    easy = [function for function in others if not (function.get("parameters") or {}).get("required")]
    if not easy:
        return None
    spoiled = copy.deepcopy(row)
    _insert(spoiled, len(spoiled["messages"]) - 1, rng.choice(easy)["name"], {}, '{"status": "ready", "entries": []}', ok=True)
    return spoiled


def ungrounded_answer(row: Row, rng: random.Random) -> Row | None:
    """One number of the answer becomes another one."""
    spoiled = copy.deepcopy(row)
    numbers = list(NUMBER.finditer(spoiled["messages"][-1]["content"]))
    if not numbers:
        return None
    chosen = rng.choice(numbers)
    text = spoiled["messages"][-1]["content"]
    spoiled["messages"][-1]["content"] = f"{text[: chosen.start()]}{rng.randint(400_000, 699_999)}{text[chosen.end() :]}"
    return spoiled


def invented_url(row: Row, rng: random.Random) -> Row | None:
    """The answer points to a page that no tool ever returned."""
    spoiled = copy.deepcopy(row)
    page = f"https://www.example-{rng.randint(10, 99)}.org/results/{rng.randint(100, 999)}"
    spoiled["messages"][-1]["content"] += f"\nDetails: {page}"
    return spoiled


def wrong_language(row: Row, rng: random.Random) -> Row | None:
    """The answer is in a language that the user does not write."""
    spoiled = copy.deepcopy(row)
    spoiled["messages"][-1]["content"] = FRENCH
    return spoiled


def unfinished(row: Row, rng: random.Random) -> Row | None:
    """The last round of calls never happens, and the answer speaks only of the others."""
    rounds = [index for index, message in enumerate(row["messages"]) if message.get("tool_calls")]
    lines = row["messages"][-1]["content"].splitlines()
    if len(rounds) < 2 or len(lines) < 2:
        return None
    spoiled = copy.deepcopy(row)
    kept = spoiled["messages"][: rounds[-1]]
    gone = {call["id"] for message in spoiled["messages"][rounds[-1] :] for call in message.get("tool_calls") or ()}
    spoiled["messages"] = [*kept, {"role": "assistant", "content": "\n".join(lines[: len(rounds) - 1])}]
    spoiled["calls"] = [record for record in spoiled["calls"] if record["id"] not in gone]
    return spoiled


def unknown_tool(row: Row, rng: random.Random) -> Row | None:
    """One call names a tool that is not on offer, and gets the error that the loop gives."""
    spoiled = copy.deepcopy(row)
    calls = [call for message in spoiled["messages"] for call in message.get("tool_calls") or ()]
    if not calls:
        return None
    call = rng.choice(calls)
    call["function"]["name"] = name = f"{call['function']['name']}_v2"
    for message in spoiled["messages"]:
        if message["role"] == "tool" and message["tool_call_id"] == call["id"]:
            message |= {"name": name, "content": f"Error: there is no tool {name!r}"}
    for record in spoiled["calls"]:
        if record["id"] == call["id"]:
            record |= {"tool": name, "ok": False, "backend": "none"}
    return spoiled


def repeated_call(row: Row, rng: random.Random) -> Row | None:
    """A call that had succeeded is made once more, exactly as it was, with the same result."""
    rounds = [index for index, message in enumerate(row["messages"]) if len(message.get("tool_calls") or ()) == 1]
    if not rounds:
        return None
    spoiled = copy.deepcopy(row)
    index = rng.choice(rounds)
    function = row["messages"][index]["tool_calls"][0]["function"]
    result = next(m["content"] for m in row["messages"][index:] if m["role"] == "tool")
    _insert(spoiled, len(spoiled["messages"]) - 1, function["name"], function["arguments"], result, ok=True)
    return spoiled


def _insert(row: Row, index: int, name: str, arguments: Row, result: str, *, ok: bool) -> None:
    """One more call and its result before message `index`."""
    call_id = f"call_{len(row['calls'])}"
    function = {"name": name, "arguments": json.loads(json.dumps(arguments))}
    row["messages"][index:index] = [
        {"role": "assistant", "content": "", "tool_calls": [{"id": call_id, "type": "function", "function": function}]},
        {"role": "tool", "tool_call_id": call_id, "name": name, "content": result},
    ]
    row["calls"].append({"id": call_id, "tool": name, "ok": ok, "injected": False, "backend": "live"})


OPERATORS: dict[str, Operator] = {
    operator.__name__: operator
    for operator in (
        fabricated_argument,
        ignored_tool_error,
        redundant_call,
        ungrounded_answer,
        invented_url,
        wrong_language,
        unfinished,
        unknown_tool,
        repeated_call,
    )
}
"""Name of the flaw -> operator."""
