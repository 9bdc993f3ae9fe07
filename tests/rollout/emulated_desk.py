"""The desk servers as documents, and the model of the runs playing everybody: the servers and the user, too.

    with ScriptedEndpoint(reply) as endpoint: ...

The model repeats a call whose result is no JSON object, and reads what the user wants from all of the user's messages.
"""

import json
from pathlib import Path
from typing import Any

from mcp_servers import desk
from runs import answers


def write_documents(path: Path) -> None:
    """Both desks. The notes desk does not say what its tools return."""
    servers = []
    for kind in ("paint", "notes"):
        tools = desk.listing(kind)
        for tool in tools if kind == "notes" else ():
            del tool["outputSchema"]
        about = {"name": kind, "title": f"The {kind} desk", "description": f"Helps with {kind}.", "license": "MIT"}
        servers.append(about | {"tools": tools})
    path.write_text(json.dumps(servers))


def reply(request: dict[str, Any]) -> dict[str, Any]:
    """The answer to any request of a run, the same whenever it is asked."""
    messages = request["messages"]
    if "tools" in request:
        return turn(messages) | {"usage": answers.USAGE}
    played = next((play for opening, play in PLAYED.items() if messages[0]["content"].startswith(opening)), None)
    if played is None:
        return answers.reply(request)
    return {"content": json.dumps(played(messages[1]["content"])), "usage": answers.USAGE}


def turn(messages: list[dict[str, Any]]) -> dict[str, Any]:
    said = [message["content"] for message in messages if message["role"] == "user"]
    good = [message for message in messages if message["role"] == "tool" and message["content"].endswith("}")]
    return answers.turn([{"role": "user", "content": " ".join(said)}, *good])


def infer(prompt: str) -> dict[str, Any]:
    tool = _line(prompt, "Tool:")
    return {"output_schema": desk.schema(_returned(tool["name"]))}


def emulate(prompt: str) -> dict[str, Any]:
    """Values that depend on the call and on the number of notes in the world; a note that is kept changes it."""
    tool, world, arguments = (_line(prompt, title) for title in ("Tool:", "World:", "Arguments of this call:"))
    notes = world.get("notes", 0) + (tool["name"] == "add_note")
    value: dict[str, Any] = {}
    for name in _returned(tool["name"]):
        value[name] = [] if name == "found" else notes if name in ("number", "left", "notes") else len(json.dumps(arguments))
    return {"result": value, "updates": {"notes": notes} if tool["name"] == "add_note" else {}}


def speak(prompt: str) -> dict[str, Any]:
    """The next part that is held back, then the end."""
    lines = prompt.splitlines()
    goal = [json.loads(line.partition(": ")[2]) for line in lines[lines.index("Goal:") + 1 :] if line[:1].isdigit()]
    untold = json.loads(next(line for line in lines if line.startswith("Held back so far: ")).partition(": ")[2])
    if not untold:
        return {"done": True}
    return {"done": False, "message": goal[untold[0]], "tells": untold[:1]}


INFER, EMULATE, SPEAK = "You know how the results of software tools look", "You are the backend of one tool", "You play a person"
PLAYED = {INFER: infer, EMULATE: emulate, SPEAK: speak}
"""How a system prompt begins -> who answers it."""


def _returned(tool: str) -> list[str]:
    known = {function.__name__: returned for tools in desk.TOOLS.values() for function, (_, _, returned) in tools.items()}
    return known[tool].split()


def _line(prompt: str, title: str) -> Any:
    """The JSON on the line after a title."""
    lines = prompt.splitlines()
    return json.loads(lines[lines.index(title) + 1])
