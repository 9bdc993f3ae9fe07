"""Cases of what goes in: tool documents, mcp.json, live servers, recipes."""

import gzip

from command_line import server
from command_line.arrangements import CLOSED, Case, impatient

SHAPES = "(a record is a server {name, tools: [...]}, ...)"
ENTRY = '(such as {"command": "uvx", "args": ["mcp-server-time"], "env": {"KEY": "${KEY}"}})'
AGAIN = "(mend the server's entry in mcp.json and run again; `astra doctor` says which launchers are here)"
DOCTOR = f"astra: tools: nothing could be collected: tool backend: start failed - ... {AGAIN}"


def mcp(content: str) -> dict[str, str | bytes]:
    return {"mcp.json": content}


def live(entry: str) -> dict[str, str | bytes]:
    return mcp(f'{{"mcpServers": {{"x": {entry}}}}}')


def manners(*words: str) -> dict[str, str | bytes]:
    entry = server(*words)
    return live(f'{{"command": "{entry["command"]}", "args": {str(entry["args"]).replace(chr(39), chr(34))}}}')


def document(name: str, content: str | bytes, code: int, line: str) -> Case:
    return Case(f"document: {line}", f"make tools {name} --to t", code, f"astra: {line}", {name: content})


DOCUMENTS = [
    Case(
        "document: missing",
        "make tools none.json --to t",
        3,
        "astra: none.json: cannot be read: No such file or directory (check the path, and that the file is whole)",
    ),
    Case(
        "document: a folder",
        "make tools hub --to t",
        3,
        "astra: hub: cannot be read: Is a directory (check the path, and that the file is whole)",
    ),
    document("t.json", "{nope", 3, "t.json: not JSON: ... (write a JSON object or a list; .jsonl has one on each line)"),
    document(
        "t.jsonl", '\n{"a"\n', 3, "t.jsonl, row 2: not JSON: ... (write one JSON object on each line)"
    ),
    document("t.txt", "x", 2, "t.txt: cannot tell what this file is (name it .json, .jsonl, ... or one of these with .gz)"),
    document("t.json", '[{"name": "x", "tools": 3}]', 3, f"t.json, row 1, field tools: expected a list {SHAPES}"),
    document("t.json", '{"name": 1, "tools": []}', 3, "t.json, row 1, field server.name: expected a text (write it in quotes)"),
    document("t.json", '[{"x": 1}]', 3, f"t.json, row 1: neither a server nor a tool {SHAPES}"),
    document("t.json", "[]", 3, f"t.json: the file holds no server and no tool {SHAPES}"),
    document(
        "t.json.gz", b"plain", 3, "t.json.gz: cannot be read: Not a gzipped file ... (check the path, and that the file is whole)"
    ),
    document(
        "t.jsonl.gz",
        gzip.compress(b"{}" * 99)[:-9],
        3,
        "t.jsonl.gz: cannot be read: ... (check the path, and that the file is whole)",
    ),
]

MAKE = "make tools mcp.json --to t"
SERVERS = [
    Case(
        "mcp.json: missing",
        "make tools my-mcp.json --to t",
        2,
        "astra: ...my-mcp.json: cannot be read: ... (name an existing mcp.json)",
    ),
    Case("mcp.json: not JSON", MAKE, 3, "astra: ...mcp.json: not JSON: ... (remove comments and trailing commas)", mcp("{")),
    Case("mcp.json: a list", MAKE, 3, 'astra: ...mcp.json: expected an object (write {"mcpServers": {...}})', mcp("[]")),
    Case("mcp.json: empty", MAKE, 3, 'astra: mcp.json, field mcpServers: no servers (write {"mcpServers": {...}})', mcp("{}")),
    Case("mcp.json: no command", MAKE, 3, f"astra: mcp.json, field mcpServers.x.command: missing {ENTRY}", live("{}")),
    Case(
        "mcp.json: args",
        MAKE,
        3,
        f"astra: mcp.json, field mcpServers.x.args: expected a list of texts {ENTRY}",
        live('{"command": "a", "args": "b"}'),
    ),
    Case(
        "mcp.json: env",
        MAKE,
        3,
        "astra: mcp.json, field mcpServers.x.env.K: expected a text (write the value in quotes)",
        live('{"command": "a", "env": {"K": {}}}'),
    ),
    Case(
        "mcp.json: SSE",
        MAKE,
        2,
        "astra: mcp.json, field mcpServers.x.type: the SSE transport is not spoken here (use ...)",
        live('{"type": "sse", "url": "http://x"}'),
    ),
    Case(
        "mcp.json: a variable that is not set",
        MAKE,
        2,
        "astra: mcp.json, field mcpServers.x.env.K: the environment variable NO_SUCH is not set (export ...)",
        live('{"command": "uvx", "env": {"K": "${NO_SUCH}"}}'),
    ),
    Case(
        "server: not installed",
        MAKE,
        5,
        DOCTOR.replace("...", "x: the command no-such is not installed", 1),
        live('{"command": "no-such"}'),
    ),
    Case(
        "server: dies at start",
        MAKE,
        5,
        DOCTOR.replace("...", "x: ...; its last words: cannot go on", 1),
        manners("die-at-start"),
    ),
    Case(
        "server: hangs at start",
        MAKE,
        5,
        DOCTOR.replace("...", "x: no handshake within 0.5 s", 1),
        manners("hang-at-start"),
        impatient,
    ),
    Case(
        "server: not there over HTTP",
        MAKE,
        5,
        DOCTOR.replace("...", "x: ...", 1),
        live(f'{{"type": "http", "url": "{CLOSED}/mcp"}}'),
    ),
]


def recipe(content: str | bytes, line: str, words: str = "", code: int = 2) -> Case:
    return Case(f"recipe: {line}", f"run r.yaml {words}", code, f"astra: {line}", {"r.yaml": content})


RECIPES = [
    Case("recipe: unknown", "run nope", 2, "astra: no recipe 'nope' (give a YAML file, or a packaged...: astra-14b...)"),
    recipe("name: [\n", "r.yaml, row 2: not YAML: ... (check brackets, quotes and indentation)"),
    recipe(b"\xff\xfe\x00", "r.yaml: cannot be read: ... (name a YAML file in UTF-8)"),
    recipe("- a\n", "r.yaml: a recipe is a mapping (start it with `name: my-recipe`)"),
    recipe("seed: 1\n", "r.yaml, field name: missing (add `name: ...`)"),
    recipe("name: A b\n", "r.yaml, field name: 'A b' is not a name (use a-z, ...)"),
    recipe("name: x\nsed: 1\n", "r.yaml, field sed: unknown key (did you mean seed?)"),
    recipe("name: x\ntasks: {per_serv: 2}\n", "r.yaml, field tasks.per_serv: unknown key (did you mean per_server?)"),
    recipe(
        "name: x\ntrajectories: {accept: {rewrd: 1}}\n",
        "r.yaml, field trajectories.accept.rewrd: unknown key (did you mean reward?)",
    ),
    recipe("name: x\nseed: many\n", "r.yaml, field seed: 'many' is not a whole number (write a whole number)"),
    recipe("name: x\ntasks: 3\n", "r.yaml, field tasks: 3 is not a mapping (write a mapping)"),
    recipe("name: x\ntasks: {per_server: -2}\n", "r.yaml, field tasks.per_server: -2 is out of range (write at least 0)"),
    recipe("name: x\nmodels: {judge: {model: m, tmp: 1}}\n", "r.yaml, field models.judge.tmp: unknown key (...temperature...)"),
    recipe(
        "name: x\nmodels: {judge: gpt}\n",
        "r.yaml, field models.judge: 'gpt' is no choice here (write 'offline', or a mapping ...)",
    ),
    recipe(
        "name: x\nmodels: {judge: {model: m, base_url: 'https://e.org'}}\n",
        "r.yaml, field models.judge: a base_url needs api_key_env beside it (the variable that holds its key, ...)",
    ),
    recipe(
        "name: x\n",
        "the recipe names nothing to start from (add `mcp: mcp.json` or `documents: [FILE]` for trajectories, ...)",
    ),
    recipe("name: x\n", "the recipe names no tools (add `mcp: mcp.json`, or `documents: [FILE]`, or both)", "--only tools"),
    recipe(
        "name: x\nquestions: {worlds: {cuont: 3}}\n",
        "r.yaml, field questions.worlds.cuont: unknown key (did you mean count?)",
    ),
    recipe(
        "name: x\nquestions: {worlds: {domains: [shpo]}}\n",
        "r.yaml, field questions.worlds: there is no domain 'shpo' of worlds (did you mean shop?)",
    ),
    recipe(
        "name: x\nquestions: {worlds: {hops: [3, 2]}}\n",
        "r.yaml, field questions.worlds.hops: [3, 2] runs backwards (write the smaller number first)",
    ),
    recipe(
        "name: x\nquestions: {worlds: {hops: 1}}\n",
        "r.yaml, field questions.worlds: multi-hop questions have 2 to 20 hops (write such a number, or [least, most])",
    ),
    recipe("name: x\nquestions: {domains: {}}\n", "r.yaml, field questions.domains.names: missing (add `names: ...`)"),
    recipe("name: x\nquestions: {trajectories: gone}\n", "no dataset 'gone' in the store ...hub (...)", code=3),
    recipe(
        "name: x\nquestions: {trajectories: small-tools}\n",
        "small-tools@... holds tools (name a dataset of trajectories)",
    ),
    recipe(
        "name: x\nquestions: {verify: {threshold: 2}, worlds: {}}\n",
        "r.yaml, field questions.verify: threshold lies between 0 and 1 (write such a number, or {quantile: q})",
    ),
    recipe("name: x\nmcp: none.json\n", "...none.json: cannot be read: ... (name an existing mcp.json)"),
    recipe("name: x\ndocuments: [none.json]\n", "none.json: cannot be read: ... (check the path, ...)", code=3),
    recipe(
        "name: x\nworkspace: {folder: none}\nmcp: mcp.json\n",
        "the workspace folder ...none does not exist (name an existing folder)",
    ),
    recipe("name: x\n", "'a' overrides nothing (write KEY=VALUE, such as tasks.per_server=4)", "a"),
    recipe("name: x\n", "a: '[' is not YAML: ... (put quotes around it: 'a=\"...\"')", "a=["),
    recipe("name: x\nseed: 1\n", "seed.x: seed is not a mapping (override one of the values beside it)", "seed.x=1"),
    recipe("name: x\n", "no stage 'task' (did you mean tasks?)", "--only task"),
    recipe("name: x\n", "no dataset 'x-tools' in the store ...hub (did you mean small-tools?)", "--only chains", 3),
]
