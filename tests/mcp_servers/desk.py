"""Two small MCP servers over stdio, standard library only and quick to start, for whole runs.

    python desk.py paint      # pure tools, all read-only: rollouts may share one process
    python desk.py notes      # keeps notes in a file of its workspace: every rollout needs a process of its own

If `STARTS` names a file, each start adds a line to it.
"""

import json
import os
import sys
from pathlib import Path


def measure_room(width, depth):
    return {"area": width * depth}


def paint_needed(area, coats):
    return {"litres": area * coats / 8}


def price_paint(litres, price):
    return {"total": litres * price}


def drying_time(coats, humidity):
    return {"hours": coats * (2 + humidity / 50)}


def add_note(text):
    with NOTES.open("a") as file:
        file.write(f"{text}\n")
    return {"number": len(notes())}


def find_notes(word):
    return {"found": [note for note in notes() if word in note]}


def strike_note(number):
    kept = notes()
    kept.pop(number - 1)
    NOTES.write_text("".join(f"{note}\n" for note in kept))
    return {"left": len(kept)}


def count_notes():
    return {"notes": len(notes())}


def notes():
    return NOTES.read_text().splitlines() if NOTES.exists() else []


NOTES = Path("notes.txt")
NUMBER, WHOLE, STRING = {"type": "number"}, {"type": "integer"}, {"type": "string"}
LIST = {"type": "array", "items": STRING}
KINDS = {
    **dict.fromkeys(("width", "depth", "area", "coats", "litres", "price", "humidity", "total", "hours"), NUMBER),
    **dict.fromkeys(("number", "left", "notes"), WHOLE),
    **{"text": STRING, "word": STRING, "found": LIST},
}
TOOLS = {
    "paint": {
        measure_room: ("Floor area of a room, from its width and depth in metres.", "width depth", "area"),
        paint_needed: ("Litres of paint for an area in square metres and a number of coats.", "area coats", "litres"),
        price_paint: ("What a number of litres costs at a price per litre.", "litres price", "total"),
        drying_time: ("Hours until all coats are dry, at a humidity in percent.", "coats humidity", "hours"),
    },
    "notes": {
        add_note: ("Keep a note at the end of the list. Says its number.", "text", "number"),
        find_notes: ("All notes that hold a word, in the order they were kept.", "word", "found"),
        strike_note: ("Take the note with this number off the list.", "number", "left"),
        count_notes: ("Say how many notes are on the list now.", "", "notes"),
    },
}


def schema(names):
    return {"type": "object", "properties": {name: KINDS[name] for name in names}, "required": list(names)}


def listing(kind):
    hints = {"readOnlyHint": True} if kind == "paint" else None
    return [
        {
            "name": function.__name__,
            "description": text,
            "inputSchema": schema(given.split()),
            "outputSchema": schema(returned.split()),
            **({"annotations": hints} if hints else {}),
        }
        for function, (text, given, returned) in TOOLS[kind].items()
    ]


def answer(kind, method, params):
    if method == "initialize":
        about = {"name": kind, "version": "1.0.0", "title": f"The {kind} desk"}
        return {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": about,
                "instructions": f"Helps with {kind}."}
    if method == "tools/list":
        return {"tools": listing(kind)}
    if method == "tools/call":
        functions = {function.__name__: function for function in TOOLS[kind]}
        value = functions[params["name"]](**params.get("arguments", {}))
        return {"content": [{"type": "text", "text": json.dumps(value)}], "structuredContent": value}
    return {}


def main():
    kind = sys.argv[1]
    if starts := os.environ.get("STARTS"):
        with Path(starts).open("a") as file:
            file.write(f"{kind} {os.getpid()}\n")
    for line in sys.stdin:
        request = json.loads(line)
        if "id" not in request:
            continue
        reply = {"jsonrpc": "2.0", "id": request["id"]}
        try:
            reply["result"] = answer(kind, request["method"], request.get("params", {}))
        except Exception as error:
            reply["error"] = {"code": -32602, "message": str(error)}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
