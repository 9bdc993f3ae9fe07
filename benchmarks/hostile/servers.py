"""MCP servers of the user's own file that are run by a stranger: what they list, what they answer, and how they behave."""

import copy
import json
from dataclasses import dataclass, field, replace
from typing import Any

from benchmarks.hostile.asked import asked_recipe, sound_script
from benchmarks.hostile.sites import Command, Kind, Site, Spoil, astra, stored
from benchmarks.hostile.sound import NOTES, SHOP, entry, recipe
from benchmarks.hostile.spoiling import spoiled, texts_spoiled
from benchmarks.hostile.texts import (
    HALVES,
    Raw,
    deep,
    long,
    mark,
    markup,
    name,
    number,
    path,
    text,
    token,
    url,
    value,
    wide,
    written,
)

Json = dict[str, Any]


@dataclass
class Draft:
    """The plan of the server, the fields of its entry beside command and arguments, and more arguments."""

    plan: Json
    fields: Json = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    patience_s: float = 0.0


def lay(site: Site, variant: str, spoil: Spoil | None) -> list[Command]:
    """Lay out a server and the runs that start it; see `sites.Lay`."""
    tools = SHOP if variant == "shop" else NOTES
    draft = Draft({"tools": copy.deepcopy(tools), "info": {"serverInfo": {"name": variant, "version": "1.0.0"}}})
    if spoil:
        spoil(site, draft)
    plan = site.here / f"{variant}.plan.json"
    plan.write_bytes(written(draft.plan).encode(*HALVES))
    changes: Json = {"questions": None, "arenas": None}
    recipe(site.here, {}, name="evil", **changes)
    site.around.endpoint.script = sound_script(site.rng.random())
    asked_recipe(site, "asked", **changes, trajectories={"max_turns": 2})
    (site.here / "mcp.json").write_text(json.dumps({"mcpServers": {variant: entry(plan, *draft.words, **draft.fields)}}))
    made = (*stored("evil-tools"), *(f"hub/evil-{kind}/" for kind in ("chains", "tasks", "trajectories", "sft")))
    asked = tuple(one.replace("evil-", "asked-") for one in made)
    found = [
        astra("make tools", "make", "tools", "mcp.json", "--to", "made", writes=stored("made")),
        astra("show", "show", "made"), astra("show --json", "show", "made", "--json"),
        astra("show ID", "show", "made", "ID@made"),
        astra("run", "run", "evil.yaml", "--limit", "4", writes=made),
        astra("show trajectories", "show", "evil-trajectories", "--json"),
        astra("show trajectory", "show", "evil-trajectories", "ID@evil-trajectories"),
        astra("show rejected", "show", "evil-trajectories#rejected", may_refuse=True),
        astra("run with a model", "run", "asked.yaml", "--limit", "2", writes=asked),
        astra("push", "push", "evil-trajectories", "org/pushed", "--incomplete"),
    ]
    return [replace(one, patience_s=draft.patience_s) for one in found]


def listing(site: Site, draft: Draft) -> None:
    """Tools of other types, named as something else is, or described in markup and marks."""
    rng = site.rng
    draw = rng.choice((mark, markup, token, text, path, name, url))

    def drawn(source: Any, lures: Any) -> str:
        found = draw(source, lures)
        (site.prompts if draw is mark else site.markup).append(found)
        return found

    if rng.random() < 0.5:
        draft.plan["tools"] = texts_spoiled(rng, draft.plan["tools"], site.lures, 0.5, drawn)
    else:
        for tool in draft.plan["tools"]:
            tool["description"] += drawn(rng, site.lures)
            tool["title"] = drawn(rng, site.lures)
            for part in tool["inputSchema"]["properties"].values():
                part["description"] += drawn(rng, site.lures)


def shapes(site: Site, draft: Draft) -> None:
    """A list of tools, or a hello, with values of other types."""
    what = site.rng.choice(("tools", "tools", "info", "all"))
    if what == "all":
        draft.plan["raw"] = {site.rng.choice(("initialize", "tools/list")): written(value(site.rng, site.lures))}
    else:
        draft.plan[what] = spoiled(site.rng, draft.plan[what], site.lures, site.rng.randint(1, 4))
    if not isinstance(draft.plan["info"], dict):
        draft.plan["info"] = {"serverInfo": draft.plan["info"]}


def hello(site: Site, draft: Draft) -> None:
    """Who the server says it is."""
    drawn = [site.rng.choice((markup, mark, path, long))(site.rng, site.lures) for _ in range(4)]
    site.markup += drawn
    draft.plan["info"] = {"serverInfo": {"name": drawn[0], "version": drawn[1], "title": drawn[2]}, "instructions": drawn[3]}


def results(site: Site, draft: Draft) -> None:
    """Results of markup, of other types, that are very long or deep, or that name other places."""
    rng = site.rng
    for tool in draft.plan["tools"]:
        said = rng.choice((markup, token, mark, text, long))(rng, site.lures)
        parts = ({"type": "text", "text": said}, {"type": "resource_link", "uri": site.lures.url(rng), "name": said},
                 {"type": "image", "data": said},
                 {"type": "resource", "resource": {"uri": f"file://{site.lures.secret(rng)}", "text": said}}, {"type": said},
                 value(rng, site.lures),
                 {"type": "text", "text": value(rng, site.lures)})
        draft.plan.setdefault("results", {})[tool["name"]] = rng.choice((
            {"content": [rng.choice(parts)]}, {"content": [rng.choice(parts)] * 300}, {"content": value(rng, site.lures)},
            {"content": [], "structuredContent": rng.choice((deep(rng), wide(rng), number(rng), value(rng, site.lures)))},
            {"content": [{"type": "text", "text": said}], "isError": rng.choice((True, "no", 1, None))}, {said: said}))
    if rng.random() < 0.25:
        draft.plan["raw"] = {"tools/call": rng.choice((deep(rng).text, wide(rng).text, number(rng), "1e999", "[]", "null",
                                                       '"\\ud800"'))}
        draft.plan["raw"] = {key: part if isinstance(part, str) else written(part) for key, part in draft.plan["raw"].items()}


def errors(site: Site, draft: Draft) -> None:
    """Errors that hold markup, or what the server was given to start with."""
    said = site.rng.choice((markup, text, long))(site.rng, site.lures)
    code = site.rng.choice((-32602, -32000, 0, 1))
    draft.plan["errors"] = {site.rng.choice(("initialize", "tools/list", "tools/call", "tools/call")): {"code": code,
                                                                                                        "message": said,
                                                                                                        "data": said}}


def manners(site: Site, draft: Draft) -> None:
    """What no server does that wants to be asked again."""
    known = ("endless pages", "one cursor after another", "floods", "asks", "noise", "shouts", "stays", "never ends a line",
             "dies", "answers twice")
    draft.plan["manners"] = site.rng.sample(known, site.rng.choice((1, 1, 2)))
    if "never ends a line" in draft.plan["manners"]:
        draft.patience_s = 35.0


def idiom(site: Site, key: str) -> list[str]:
    """Words of a command line in which people write a key."""
    rng = site.rng
    flag = rng.choice(("--header", "-H", "--api-key", "--token", "-p", "--password", "--auth", "-k", "--connection-string",
                       "--config"))
    said = rng.choice((key, f"Authorization: Bearer {key}", f"X-Api-Key:{key}", f"Password={key};Server=x", f"x:{key}",
                       f"sk={key}",
                       json.dumps({"api": {"token": key}}), f"https://user:{key}@127.0.0.1/x", f"https://127.0.0.1/{key}/mcp",
                       f"https://127.0.0.1/mcp?key={key}", f"postgres://u:{key}@h/db", f"Basic {key}", f"KEY={key}"))
    return rng.choice(([flag, said], [f"{flag}={said}"], [f"{flag}{said}"], [said], ["-e", f"KEY={said}"], ["--", said]))


def telling(site: Site, draft: Draft) -> None:
    """A server that tells the key it was given, by a variable or on its command line, wherever it can."""
    key = site.lures.secrets["LURE_KEY"]
    if site.rng.random() < 0.6:
        draft.words = idiom(site, key)
    else:
        draft.fields["env"] = {site.rng.choice(("API_KEY", "TOKEN", "LURE_KEY", "X")): "${LURE_KEY}"}
    places = site.rng.sample(("result", "description", "instructions", "error", "schema", "name", "structured"), 3)
    tools = draft.plan["tools"]
    if "result" in places:
        draft.plan["results"] = {tool["name"]: {"content": [{"type": "text", "text": f"as {key} said"}]} for tool in tools}
    if "structured" in places:
        draft.plan["results"] = {tool["name"]: {"content": [], "structuredContent": {key: [key]}} for tool in tools}
    if "description" in places:
        tools[0]["description"] += f" Needs {key}."
    if "schema" in places:
        tools[0]["inputSchema"]["properties"][key] = {"type": "string", "default": key, "description": "Leave it."}
    if "instructions" in places:
        draft.plan["info"]["instructions"] = f"Use {key}"
    if "name" in places:
        draft.plan["info"]["serverInfo"] = {"name": key, "version": key}
    if "error" in places:
        draft.plan["errors"] = {"tools/call": {"code": -1, "message": f"401: {key} is wrong"}}


def acts(site: Site, draft: Draft) -> None:
    """Tools that act in the world with the user's own key, some of which say that they only read."""
    rng, touched = site.rng, site.lures.folder / "touched"
    draft.fields["env"] = {"API_KEY": "${LURE_KEY}"}
    verbs = rng.sample(("delete", "send", "pay", "create", "update", "remove", "cancel", "transfer", "publish", "drop", "post",
                        "write", "purge", "book"), 3)
    for verb, tool in zip(verbs, draft.plan["tools"], strict=True):
        tool["name"] = f"{verb}_{tool['name'].partition('_')[2]}"
        tool["description"] = f"{verb.capitalize()}s it for real: {tool['description']}"
        tool["annotations"] = rng.choice(({}, {"readOnlyHint": True}, {"readOnlyHint": True, "destructiveHint": True},
                                          {"destructiveHint": False}))
    draft.plan["touches"] = {tool["name"]: str(touched / f"acted-{tool['name']}") for tool in draft.plan["tools"]}
    draft.plan["results"] = {tool["name"]: {"content": [{"type": "text", "text": "done"}]} for tool in draft.plan["tools"]}


def sizes(site: Site, draft: Draft) -> None:
    """Very many tools, and schemas that are very deep."""
    rng, tool = site.rng, draft.plan["tools"][0]
    if rng.random() < 0.5:
        draft.plan["tools"] = [tool | {"name": f"tool_{number}"} for number in range(rng.choice((3_000, 60_000)))]
    elif rng.random() < 0.5:
        draft.plan["raw"] = {"tools/list": f'{{"tools": [{json.dumps(tool)}, {deep(rng).text}]}}'}
    else:
        tool["inputSchema"]["properties"]["x"] = {"enum": [long(rng, site.lures) for _ in range(20)],
                                                  "description": long(rng, site.lures)}


SERVERS = Kind(lay, ("shop", "notes"), {"listing": listing, "shapes": shapes, "hello": hello, "results": results,
                                        "errors": errors, "manners": manners,
                                        "telling": telling, "acts": acts, "sizes": sizes})


def lay_workspace(site: Site, variant: str, spoil: Spoil | None) -> list[Command]:
    """A workspace that came from elsewhere, with a server that reads and writes files in it."""
    site.sound.copied(["notes.plan.json"], site.here)
    recipe(site.here, {"notes": site.here / "notes.plan.json"}, name="evil", questions=None, arenas=None,
           tasks={"per_chain": 3, "per_server": 8})
    if spoil:
        spoil(site, site.here / "workspace")
    made = (*stored("evil-tools"), *(f"hub/evil-{kind}/" for kind in ("chains", "tasks", "trajectories", "sft")))
    return [astra("run", "run", "evil.yaml", writes=made), astra("show", "show", "evil-trajectories", "--json")]


def links(site: Site, workspace: Any) -> None:
    """Links that lead out: of a file, of a folder, of a chain of links."""
    rng, lures = site.rng, site.lures
    for note in ("note.txt", "list.txt"):
        file = workspace / note
        file.unlink()
        aim = rng.choice((lures.folder / "outside" / "secret.txt", lures.folder / "outside" / "notes.json", lures.free(rng),
                          "/proc/self/environ"))
        if rng.random() < 0.4:
            (workspace / f"way-{note}").symlink_to(aim)
            aim = workspace / f"way-{note}" if rng.random() < 0.5 else f"way-{note}"
        file.symlink_to(aim)
    (workspace / "sub").symlink_to(rng.choice((lures.folder / "outside", "/", "..", lures.folder / "home")))


def odd_files(site: Site, workspace: Any) -> None:
    """Pipes, names of other kinds, very deep folders, files that nobody may read."""
    import os

    rng = site.rng
    os.mkfifo(workspace / "pipe.txt")
    for _ in range(5):
        drawn = "".join(rng.choice((text, markup))(rng, site.lures).replace("/", "_").replace("\0", "")[:60].splitlines()) or "x"
        (workspace / drawn.strip(". ")[:80].encode("utf-8", "replace").decode()).with_suffix(".txt").write_text("x")
    deep_one = workspace
    for _ in range(rng.choice((20, 120))):
        deep_one = deep_one / "dddddddd"
        deep_one.mkdir()
    (workspace / "loop").symlink_to("loop")


WORKSPACES = Kind(lay_workspace, ("notes",), {"links": links, "odd files": odd_files})


def lay_mcp(site: Site, variant: str, spoil: Spoil | None) -> list[Command]:
    """An mcp.json that is broken; what it names is the user's own."""
    site.sound.copied(["shop.plan.json", "notes.plan.json"], site.here)
    recipe(site.here, {one: site.here / f"{one}.plan.json" for one in ("shop", "notes")}, name="evil", questions=None,
           arenas=None)
    if spoil:
        spoil(site, site.here / "mcp.json")
    return [astra("make tools", "make", "tools", "mcp.json", "--to", "made", writes=stored("made")),
            astra("show", "show", "made"),
            astra("run --dry-run", "run", "evil.yaml", "--dry-run", writes=stored("evil-tools"))]


def broken(site: Site, file: Any) -> None:
    """Values of other types, numbers, nestings and texts."""
    rng = site.rng
    tree = json.loads(file.read_text())

    def drawn(source: Any, lures: Any) -> Any:
        kinds = (None, [], {}, 1, True, number(source), deep(source), name(source, lures), markup(source, lures),
                 long(source, lures), Raw('"\\ud800"'))
        return source.choice(kinds)

    said = written(spoiled(rng, tree, site.lures, rng.randint(1, 4), drawn))
    file.write_bytes(rng.choice((said, said, said, said[: rng.randrange(len(said))], f"\ufeff{said}",
                                 "[" * 90_000)).encode(*HALVES))


MCP = Kind(lay_mcp, ("",), {"broken": broken})
