"""Tool documents as strangers write them, and what is asked of models about them."""

import copy
import gzip
import json
from dataclasses import dataclass
from typing import Any

import yaml

from benchmarks.hostile.asked import asked_recipe, sound_script
from benchmarks.hostile.sites import Command, Kind, Site, Spoil, astra, stored
from benchmarks.hostile.sound import DOCUMENT, OPENAPI, recipe
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
    shell,
    text,
    token,
    url,
    wide,
    written,
)

Json = dict[str, Any]
PATTERNS = ("^(a+)+$", "^(?=(a+)+b)(a|b)*$", r"^(a|aa)+\\1$", "(?!(a*)*b)x", r"^(?:(a+)+)(?<!b)$", "^(([a-z])+.)+[A-Z]([a-z])+$")
FORMS = ("document.json", "documents.jsonl.gz", "openapi.yaml", "openapi.json", "tools.json")


@dataclass
class Draft:
    """A document: its tree, and the bytes that are written in its place where `data` is given."""

    file: str
    tree: Any
    data: bytes | None = None

    @property
    def is_openapi(self) -> bool:
        return self.file.startswith("openapi")

    def tools(self) -> list[Json]:
        """The objects that describe a tool."""
        if self.is_openapi:
            return [operation for item in self.tree["paths"].values() for operation in item.values()]
        return list(self.tree if isinstance(self.tree, list) else self.tree["tools"])

    def written(self) -> bytes:
        if self.data is not None:
            return self.data
        if self.file.endswith(".yaml"):
            try:
                return yaml.safe_dump(self.tree).encode(*HALVES)
            except yaml.YAMLError:
                return written(self.tree).encode(*HALVES)
        said = written(self.tree).encode(*HALVES)
        return gzip.compress(said, 1) if self.file.endswith(".gz") else said


def lay(site: Site, form: str, spoil: Spoil | None) -> list[Command]:
    """Lay out a document; see `sites.Lay`."""
    tree: Any = OPENAPI if form.startswith("openapi") else DOCUMENT["tools"] if form.startswith("tools") else DOCUMENT
    draft = Draft(form, copy.deepcopy(tree))
    if spoil:
        spoil(site, draft)
    (site.here / form).write_bytes(draft.written())
    site.around.endpoint.script = sound_script(site.rng.random())
    only: Json = {"mcp": None, "servers": None, "workspace": None, "questions": None, "arenas": None, "documents": [form]}
    recipe(site.here, {}, name="evil", **only)
    asked_recipe(site, name="asked", **only, trajectories={"max_turns": 2})
    made = (*stored("evil-tools"), *(f"hub/evil-{kind}/" for kind in ("chains", "tasks", "trajectories", "sft")))
    asked = tuple(one.replace("evil-", "asked-") for one in made)
    return [
        astra("make tools", "make", "tools", form, "--to", "made", writes=stored("made")),
        astra("show", "show", "made"), astra("show --json", "show", "made", "--json"),
        astra("show ID", "show", "made", "ID@made"),
        astra("run", "run", "evil.yaml", "--limit", "3", writes=made), astra("show tasks", "show", "evil-tasks", "--json"),
        astra("run with a model", "run", "asked.yaml", "--limit", "2", writes=asked),
        astra("push", "push", "made", "org/pushed", "--incomplete"), astra("run --dry-run", "run", "evil.yaml", "--dry-run",
                                                                          writes=stored("evil-tools")),
    ]


def words(site: Site, draft: Draft) -> None:
    """Names and descriptions that are markup, marks, paths or commands."""
    draw = site.rng.choice((mark, mark, markup, markup, token, shell, path, name, url, text))

    def drawn(rng: Any, lures: Any) -> str:
        found = draw(rng, lures)
        (site.prompts if draw is mark else site.markup).append(found)
        return found

    draft.tree = texts_spoiled(site.rng, draft.tree, site.lures, 0.5, drawn) if not draft.is_openapi else _described(site, draft,
                                                                                                                     drawn)


def _described(site: Site, draft: Draft, drawn: Any) -> Any:
    """An OpenAPI document with other texts where texts are free."""
    tree = draft.tree
    for holder in (tree["info"], *draft.tools(), *tree["components"]["schemas"].values()):
        for field in ("title", "description", "summary", "operationId", "version"):
            if site.rng.random() < 0.6:
                holder[field] = str(holder.get(field, "")) + drawn(site.rng, site.lures)
    tree["info"]["license"] = {"name": drawn(site.rng, site.lures)}
    return tree


def identity(site: Site, draft: Draft) -> None:
    """Who the server says it is: its name, licence, version and field."""
    rng = site.rng
    drawn = {field: rng.choice((markup, path, name, shell, mark))(rng, site.lures) for field in
             ("name", "version", "title", "description", "license", "domain", "package", "reported_name")}
    site.markup += drawn.values()
    if draft.is_openapi:
        draft.tree["info"] = {"title": drawn["name"], "version": drawn["version"], "description": drawn["description"],
                              "license": {"identifier": drawn["license"]}}
    elif isinstance(draft.tree, dict):
        draft.tree["server"] = drawn
    else:
        draft.tree = [{"server": drawn, "tools": draft.tree}]


def types(site: Site, draft: Draft) -> None:
    """Values of other types anywhere."""
    draft.tree = spoiled(site.rng, draft.tree, site.lures, site.rng.randint(1, 4))
    if draft.file.endswith(".yaml"):
        draft.data = written(draft.tree).encode(*HALVES)


def schemas(site: Site, draft: Draft) -> None:
    """Schemas that grow when they are written out, that refer to themselves or elsewhere, or whose patterns take for ever."""
    rng, lures = site.rng, site.lures
    depth = rng.choice((12, 25, 60))
    doubling: Json = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2}
                      for n in range(depth)} | {f"d{depth}": {"type": "object"}}
    nested: Any = {"type": "object", "properties": {"x": {"type": "string"}}}
    for _ in range(rng.choice((9, 18, 200))):
        nested = {"allOf": [nested, copy.copy(nested)]} if rng.random() < 0.8 else {"anyOf": [nested, nested]}
    here = "#/components/schemas/" if draft.is_openapi else "#/$defs/"
    drawn = rng.choice((
        {"type": "object", "$ref": "#/$defs/d0", "$defs": doubling}, {"$ref": lures.url(rng)},
        {"$ref": f"file://{lures.secret(rng)}"},
        {"$ref": str(lures.secret(rng))}, {"$ref": "#"}, {"$ref": f"{here}Order"},
        {"$schema": lures.url(rng), "$id": lures.url(rng)},
        {"type": "object", "properties": {"x": {"type": "string", "pattern": rng.choice(PATTERNS), "default": "a" * 40 + "!",
                                                "examples": ["a" * 60 + "!"], "enum": ["a" * 50 + "!"]}}, "required": ["x"]},
        {"type": "object", "properties": {"x": {"type": "string", "pattern": "(" * 2_000 + ")" * 2_000}}},
        {"type": "object", "properties": {"x": {"type": "string", "pattern": "(a{1,9999}){1,9999}"}}},
        {"type": "object", "properties": {"x": {"type": "string", "minLength": 10**10}}, "required": ["x"]},
        {"type": "object", "properties": {"x": {"type": "array", "minItems": 10**9, "items": {"type": "string"}}},
         "required": ["x"]},
        {"type": "object", "properties": {"x": {"enum": [text(rng, lures)] * 50_000}}, "required": ["x"]},
        {"type": "object", "properties": {"x": {"type": "number", "multipleOf": 1e-300, "maximum": 1e308}}, "required": ["x"]},
        {"type": "object", "properties": {"x": {"type": "integer", "minimum": 10**400}}, "required": ["x"]},
        {"type": "object", "properties": {text(rng, lures): {"type": "string"} for _ in range(50)}}, nested, deep(rng),
        {"type": "object", "properties": {"x": deep(rng)}}, {"type": "object", "properties": {"x": {"default": number(rng)}}},
    ))
    if draft.is_openapi:
        draft.tree["components"]["schemas"]["Order"] = drawn
        draft.tree["components"]["schemas"] |= {key: {"allOf": [{"$ref": f"{here}{part['$ref'].rpartition('/')[2]}"} for part in
                                                                value.get("allOf", ())]} for key, value in doubling.items()}
        if rng.random() < 0.4:
            draft.tree["components"]["schemas"]["Order"] = {"$ref": f"{here}d0"}
    else:
        for tool in draft.tools():
            tool["inputSchema"] = drawn
    if draft.file.endswith(".yaml"):
        draft.data = written(draft.tree).encode(*HALVES)


def sizes(site: Site, draft: Draft) -> None:
    """Very many tools, very long texts, very deep values."""
    rng = site.rng
    what = rng.choice(("tools", "text", "deep", "wide", "names"))
    if what == "text":
        for tool in draft.tools():
            tool["description"] = long(rng, site.lures)
    elif draft.is_openapi:
        count = rng.choice((3_000, 100_000))
        operation = {"operationId": "x", "summary": "Look up one thing of many things."}
        draft.tree["paths"] = {f"/x{number}": {"get": operation | {"operationId": f"x{number}"}} for number in range(count)}
        draft.data = written(draft.tree).encode()
    elif what in ("tools", "names"):
        count = rng.choice((5_000, 300_000))
        tool = json.dumps(draft.tools()[0])
        many = ",".join(tool.replace('"find_orders"', f'"find_{number}"' if what == "tools" else '"find_orders"')
                        for number in range(count))
        draft.data = (f"[{many}]" if isinstance(draft.tree, list) else f'{{"name": "shop", "tools": [{many}]}}').encode()
        draft.data = gzip.compress(draft.data, 1) if draft.file.endswith(".gz") else draft.data
    else:
        draft.tools()[0]["inputSchema"] = {"type": "object",
                                           "properties": {"x": deep(rng) if what == "deep" else {"enum": wide(rng)}}}


def bombs(site: Site, draft: Draft) -> None:
    """Files that are small and become large, or that are no text."""
    rng, said = site.rng, draft.written() if not draft.file.endswith(".gz") else json.dumps(draft.tree).encode()
    if draft.file.endswith(".gz"):
        piece = gzip.compress(rng.choice((b" ", b"[", b"\n", b"0")) * 50_000_000, 9)
        draft.data = rng.choice((piece * rng.choice((4, 120)), gzip.compress(gzip.compress(said)), gzip.compress(said)[:-5], said,
                                 piece[:-9]))
    elif draft.file.endswith(".yaml"):
        lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]"
                                                           for n in range(1, rng.choice((5, 8)))]
        merged = ["b0: &b0 {x: 1}"] + [f"b{n}: &b{n} {{<<: [{', '.join([f'*b{n - 1}'] * 9)}], k{n}: 1}}" for n in range(1, 8)]
        more = rng.choice((lines, merged, ["x: &x {y: *x}", "x: &x [*x]"],
                           [f"x: !!python/object/apply:os.system ['{site.lures.shell(rng)}']"],
                           ["x: " + "{a: " * 3_000], ["? ? ? ? ?" * 900], ["x: !!binary '" + "A" * 9_000_000 + "'"],
                           ["1e999: x", "~: y", ".nan: z"],
                           ["x: 2001-01-01T00:00:00+99:99"], [f"x: {'9' * 5_000}"], ["x: 1:1:1:1:1:1:1:1:1"], ["--- x", "--- y"]))
        draft.data = said + "\n".join([*more, f"x-z: {more[-1].partition(':')[0]}", ""]).encode()
    else:
        draft.data = rng.choice((b"\xff\xfe" + said.decode().encode("utf-16-le"), b"\xef\xbb\xbf" + said,
                                 said + b"\0" * 9_000_000, b"\xc3\x28" + said,
                                 said[: rng.randrange(len(said))], said + said, b"[" * 200_000, b"", b"\0", b"NaN",
                                 b'"' + b"a" * 50_000_000,
                                 said.replace(b'"tools"', b'"tools": [], "tools"'), b"[" + b"1e999," * 99 + b"1]",
                                 b"//x\n" + said))


def hidden(site: Site, draft: Draft) -> None:
    """Names that stand for something else where objects are made from documents."""
    rng = site.rng
    odd = ("__class__", "__proto__", "__init__", "source", "connection", "mcp_info", "base_info", "openapi", "swagger",
           "function", "flags")
    command: Json = {"type": "stdio", "command": "/bin/sh", "args": ["-c", site.lures.shell(rng)], "env": ["LURE_KEY"]}
    holders = [draft.tree, *draft.tools()] if isinstance(draft.tree, dict) else draft.tools()
    for holder in holders:
        for key in rng.sample(odd, 4):
            holder[key] = rng.choice((command, {"kind": "live", "uri": str(site.lures.secret(rng))}, [command],
                                      text(rng, site.lures), Raw("1e999"),
                                      {"base_info": {"group_info": {}, "tool_list": [command]}}))
    if isinstance(draft.tree, dict) and not draft.is_openapi:
        draft.tree["server"] = {"name": "shop", "connection": command, "command": command["command"], "args": command["args"]}


DOCUMENTS = Kind(lay, FORMS, {"words": words, "identity": identity, "types": types, "schemas": schemas, "sizes": sizes,
                              "bombs": bombs,
                              "hidden": hidden})
