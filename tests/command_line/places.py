"""Cases of what is stored: the store and its files, addresses, and rows from a file."""

from command_line.arrangements import Case, arranged, full, one, read_only, rewrite

ROW = '{"server_id": "x", "server": "s", "chain_id": null, "kind": "server", "parent_id": null, "augmentation": null, '
TASK = ROW + '"text": TEXT, "language": null, "target_tools": [], "scores": [], "models": {}, "sub_tasks": [], "horizon": 1}\n'
FIELDS = "(a row has the fields and types that `astra show ADDRESS --json` prints)"
ELSEWHERE = "or set ASTRA_STORE to a folder with room that you can write to)"
ONLINE = "(go online; until then only a 40-digit commit that was loaded before can be read)"


LINEAGE, PARQUET = "small-tasks/versions/*/lineage.json", "small-tasks/versions/*/data/*.parquet"

STORES = [
    Case(
        "store: a file",
        "show small-tasks --store small.yaml/x",
        2,
        "astra: the store ... cannot be: ... is a file (set ASTRA_STORE to a folder)",
    ),
    Case(
        "store: read-only",
        "run small.yaml seed=9 --only tasks --ledger l.sqlite",
        3,
        f"astra: cannot write in HERE/hub: the file system is read-only (mount it writable, {ELSEWHERE}",
        within=read_only,
    ),
    Case(
        "store: full",
        "run small.yaml seed=9 --only tasks --ledger l.sqlite",
        3,
        f"astra: cannot write in HERE/hub: the disk is full (free some space, {ELSEWHERE}",
        within=full,
    ),
    Case(
        "store: full ledger",
        "run small.yaml seed=9 --only tasks",
        3,
        "astra: hub/ledger.sqlite: the disk is full (free some space and run again: every answer returned so far is kept)",
        within=full,
    ),
    Case(
        "store: not a ledger",
        "run small.yaml --ledger notes.txt",
        3,
        "astra: notes.txt: this is not a ledger (name another file, or move this one away)",
        {"notes.txt": "Buy flour. " * 99},
    ),
    Case(
        "lineage: not JSON",
        "show small-tasks",
        3,
        "astra: HERE/hub/small-tasks/...lineage.json: not JSON: ... (the file is damaged: ...)",
        within=rewrite(LINEAGE, lambda old: old[:99]),
    ),
    Case(
        "lineage: wrong type",
        "show small-tasks",
        3,
        "astra: ...lineage.json, field seed: ... integer (the file was changed by hand ...)",
        within=rewrite(LINEAGE, lambda old: old.replace(b'"seed": 7', b'"seed": "7"')),
    ),
    Case(
        "lineage: unknown kind",
        "show small-tasks",
        3,
        "astra: small-tasks@..., field kind: unknown kind of dataset 'dreams' (use ...)",
        within=rewrite(LINEAGE, lambda old: old.replace(b'"kind": "tasks"', b'"kind": "dreams"')),
    ),
    Case(
        "lineage: none",
        "make trajectories small-tools small-tasks --to t",
        3,
        "astra: HERE/...lineage.json: there is no such file (make or pull the version again)",
        within=arranged(lambda here: one(here, LINEAGE).unlink()),
    ),
    Case(
        "Parquet: cut off",
        "show small-tasks",
        3,
        "astra: HERE/...parquet: the file is not the one its lineage names (make or pull the version again)",
        within=rewrite(PARQUET, lambda old: old[:-99]),
    ),
    Case(
        "Parquet: cut off, as input",
        "make trajectories small-tools small-tasks --to t",
        3,
        "astra: HERE/...parquet: the file is not the one its lineage names (make or pull the version again)",
        within=rewrite(PARQUET, lambda old: old[:-99]),
    ),
    Case(
        "Parquet: overwritten inside",
        "make trajectories small-tools small-tasks --to t --recipe small.yaml",
        3,
        "astra: HERE/...parquet: the file is not the one its lineage names (make or pull the version again)",
        within=rewrite(PARQUET, lambda old: old[:4] + b"\xff" * 200 + old[204:]),
    ),
    Case(
        "Parquet: damaged, before a push",
        "push small-tasks org/x",
        3,
        "astra: HERE/...parquet: the file is not the one its lineage names (make or pull the version again)",
        within=rewrite(PARQUET, lambda old: old[:-99]),
    ),
    Case(
        "rows: a server that no mcp.json of the user's names",
        "make trajectories small-tools small-tasks --to t --ledger fresh.sqlite",
        5,
        "astra: no server could be started: tool backend: not named - manners: the dataset starts it by `...`, which is not run; "
        "put the server into the mcp.json of your recipe (--recipe), or have it emulated (servers.manners.emulate: true)",
    ),
    Case(
        "refs: damaged",
        "show small-tasks",
        3,
        "astra: HERE/hub/small-tasks/refs/main: names no version that is here (write one of: ...)",
        within=rewrite("small-tasks/refs/main", lambda old: b"zz\n"),
    ),
    Case(
        "keys: damaged",
        "run small.yaml --only tasks",
        3,
        "astra: HERE/...json: no record of a run (remove it, and the stage is run again)",
        within=rewrite("small-tasks/keys/*.json", lambda old: b"[]"),
    ),
]

ADDRESSES = [
    Case("address: too long", f"show ./{'a' * 5000}", 2, "astra: address './aaa...': it is longer than any (...)"),
    Case("address: a part too long", f"show ./x/{'b' * 256}", 2, "astra: address './x/bbb...': it is longer than any (...)"),
    Case("address: unknown", "show small-tsks", 3, "astra: no dataset 'small-tsks' in the store ... (did you mean small-tasks?)"),
    Case(
        "address: unknown version",
        "show small-tasks@1234567",
        3,
        "astra: small-tasks in the store ... has no version 1234567 (it has: ...)",
    ),
    Case(
        "address: malformed version",
        "show small-tasks@12",
        2,
        "astra: address 'small-tasks@12': '12' is no version (... 7 to 40 digits ...)",
    ),
    Case(
        "address: malformed", "show 'Small Tasks'", 2, "astra: address 'Small Tasks': a name in the store ... (write small-tasks)"
    ),
    Case(
        "address: a file",
        "show rows.jsonl",
        2,
        "astra: address 'rows.jsonl': this is a source file, not a dataset (make one of it: ...)",
    ),
    Case(
        "address: no folder",
        "show ./none",
        3,
        "astra: there is no folder ./none (write org/name for the Hub, or a name in the store)",
    ),
    Case(
        "address: no config",
        "show small-sft#rejected",
        3,
        "astra: small-sft@... has no config 'rejected' (its configs are: default)",
    ),
    Case(
        "address: no row",
        "show small-tasks zz",
        3,
        "astra: small-tasks@...: no row has an id that starts with zz (`astra show ... --json` ...)",
    ),
    Case(
        "address: new name",
        "make tasks small-tools small-chains --to A!",
        2,
        "astra: address 'A!': a name in the store ... (write a)",
    ),
    Case(
        "address: not on the Hub",
        "pull small-tasks",
        2,
        "astra: small-tasks is not on the Hub (give ORG/NAME, or ORG/NAME@REVISION)",
    ),
    Case(
        "address: not in the store",
        "push ./x org/x",
        2,
        "astra: ./x is not in the store (pull it first, or give the name of a stored dataset)",
    ),
    Case("address: no repo", "push small-tasks x", 2, "astra: address 'x': this is no Hub dataset id (write org/name, ...)"),
]

IMPORT = "make tasks rows.jsonl --to e"
ROWS = [
    Case("rows: missing", IMPORT, 2, "astra: there is no file rows.jsonl (write rows with `astra show ADDR --json`)"),
    Case("rows: none", IMPORT, 3, "astra: rows.jsonl: the file holds no rows (write rows with ...)", {"rows.jsonl": "\n"}),
    Case(
        "rows: not JSON",
        IMPORT,
        3,
        "astra: rows.jsonl, row 1: not JSON: ... (write one JSON object on each line)",
        {"rows.jsonl": "{\n"},
    ),
    Case(
        "rows: no object",
        IMPORT,
        3,
        "astra: rows.jsonl, row 1: expected an object (write one row per line)",
        {"rows.jsonl": "[1]\n"},
    ),
    Case(
        "rows: missing field", IMPORT, 3, f"astra: rows.jsonl, row 1, field server_id: missing {FIELDS}", {"rows.jsonl": "{}\n"}
    ),
    Case(
        "rows: wrong type",
        IMPORT,
        3,
        f"astra: rows.jsonl, row 1, field text: expected string, got int {FIELDS}",
        {"rows.jsonl": TASK.replace("TEXT", "7")},
    ),
    Case(
        "rows: unknown field",
        IMPORT,
        3,
        f"astra: rows.jsonl, row 1, field mood: not a field of this row {FIELDS}",
        {"rows.jsonl": TASK.replace("TEXT", '"a", "mood": 1')},
    ),
]
