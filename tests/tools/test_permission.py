"""Which tools may be called: by what they are called, by their schema, by their hints, by their server's entry, by the recipe."""

import asyncio
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from mcp_servers.counting import TOOLS, UNDOABLE, serving

from astra_data.tools.declared import Declared
from astra_data.tools.mcp_config import ServerEntry
from astra_data.tools.permission import of_wire, refusals, unlisted
from astra_data.tools.pool import Pool
from astra_data.tools.reading import doubt, prefixes_of
from astra_data.tools.result import NOT_PERMITTED, ToolBackendDown
from astra_data.tools.workspace import Template

KEYED = ServerEntry("shop", "stdio", "uvx", ("shop-mcp",), {"SHOP_TOKEN": "hunter2222"})
THROWN = ServerEntry("shop", "stdio", "uvx", ("shop-mcp", "/workspace"))
READ_ONLY = {"readOnlyHint": True, "destructiveHint": False, "openWorldHint": False}
TEXT, YES = {"type": "string"}, {"type": "boolean"}


def schema(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def why(name: str, parameters: Any = None, hints: Any = None, entry: ServerEntry = KEYED, text: str = "") -> str | None:
    return refusals(entry, [Declared(name, text, parameters, hints)])[name]


READING = (
    "get_post list_updates get_order getUpdates list_orders get_merge_request list-merge-requests search_repositories search "
    "read_file listIssues shop_list_issues get_deleted_messages list_commits get_draft list_backups whoami get_user_posts "
    "list_scheduled_jobs get_payment list_transactions lookup_word count_rows find_messages LIST_USERS get.user view_page "
    "describe_table calculate_tax compare_prices fetch find_order search_files_and_folders list_push_events get_installation"
).split()
LEANING = (
    "validate_address convert_currency check_stock summarize_page analyze_text account_balance show_page weather my_events"
).split()
WRITING = (
    "delete send pay delete_all get_and_delete search_and_replace fetch_and_send run_query execute_sql create_issue createIssue "
    "github_create_issue notion-update-page getAndDelete get-and-delete GetAndDelete getOrCreate find_or_create_user listDELETE "
    "listJSONdelete get_rid_of_user mark_as_read mark_read shop_mark_read list_push list_for_sale read_then_purge check_out "
    "git_fetch post update order_list wire_transfer book_flight archive_mail refund submit_form charge_card call_api "
    "invoke_tool set_list eliminar_usuario supprimer_tout enviarCorreo loeschen_alles get_eliminar "
    "vernichte frobnicate read_mail_and_vernichten "
    "getdelete listen reader getter open pull receive_message consume pop get_next_and_ack löschen get_löschen get_d\u0435lete "
    "\uff44elete upload_file download_file export_csv generate_invoice start_search wait_and_buy restart"
).split()


@pytest.mark.parametrize("name", READING)
def test_what_plainly_reads_is_called_whatever_its_server_works_on(name: str) -> None:
    assert why(name) is None
    assert why(name, hints=READ_ONLY) is None


@pytest.mark.parametrize("name", LEANING)
def test_what_leans_to_reading_is_called_if_its_server_declares_so(name: str) -> None:
    assert why(name) == "its name does not say that it reads, and env.SHOP_TOKEN is a secret"
    assert why(name, hints=READ_ONLY) is None


@pytest.mark.parametrize("name", [*WRITING, "", " ", "get\nx", "get\u202ex", "x" * 300])
def test_what_does_not_evidently_read_is_not_called_whatever_it_declares(name: str) -> None:
    assert why(name) is not None
    assert why(name, hints=READ_ONLY | {"title": "Get all"}) is not None
    assert why(name, entry=THROWN) is None, "what the workspace holds is thrown away"


@pytest.mark.parametrize(
    "hints",
    [
        {"readOnlyHint": False},
        {"destructiveHint": True},
        READ_ONLY | {"destructiveHint": True},
        READ_ONLY | {"title": "Delete everything"},
        {"readOnlyHint": "yes"},
        {"readOnlyHint": 0},
        {"destructiveHint": "true"},
        ["readOnlyHint"],
        "readOnlyHint",
    ],
)
def test_hints_make_a_tool_that_reads_less_allowed(hints: Any) -> None:
    assert why("get_order", hints=hints) is not None


@pytest.mark.parametrize("hints", [None, {}, {"readOnlyHint": None}, {"destructiveHint": False}, {"openWorldHint": True}])
def test_silence_and_an_open_world_are_nothing_against_reading(hints: Any) -> None:
    assert why("get_order", hints=hints) is None


@pytest.mark.parametrize(
    "parameters",
    [
        *(schema(**{name: TEXT}) for name in "sql script command cmd body payload method statement code js sql_query".split()),
        *(schema(**{name: TEXT}) for name in "output_path save_to saveAs downloadDir export_file local_path headers".split()),
        *(schema(**{name: YES}) for name in "delete delete_after mark_read archive overwrite removeAll commit dry_run".split()),
        schema(method={"enum": ["GET", "DELETE"]}),
        schema(action={"type": "string", "enum": ["get", "remove"]}),
        schema(operation=TEXT),
        schema(filter=schema(inner={"type": "array", "items": schema(delete=YES)})),
        {"type": "object", "properties": {"x": {"$ref": "#/$defs/A"}}, "$defs": {"A": schema(purge=YES)}},
        {"type": "object", "anyOf": [schema(id=TEXT), schema(delete=YES)]},
        schema(archive=True),
        schema(query={"type": "string", "description": "A Cypher statement."}),
        "no schema",
        [],
    ],
)
def test_a_parameter_that_can_do_more_than_read_speaks_against_a_name_that_reads(parameters: Any) -> None:
    assert why("get_items", parameters, READ_ONLY) is not None


@pytest.mark.parametrize(
    "parameters",
    [
        None,
        schema(),
        schema(query=TEXT, limit={"type": "integer"}, order_by=TEXT, created_after=TEXT, include_deleted=YES, updated=YES),
        schema(method={"enum": ["GET", "HEAD"]}),
        schema(path=TEXT, encoding=TEXT, recursive=YES),
        schema(pipeline_id=TEXT, zip_code=TEXT, status_code=TEXT, payment_method=TEXT),
        schema(select={"anyOf": [TEXT, {"type": "array"}]}),
    ],
)
def test_ordinary_parameters_do_not(parameters: Any) -> None:
    assert why("get_items", parameters) is None


CHOICE = {"Switch": {"enum": ["Yes", "No"]}, "Deep": {"anyOf": [{"$ref": "#/$defs/Flag"}, {"type": "null"}]}, "Flag": YES}
SWITCHES: list[Any] = [
    *(YES, {}, True, None, {"description": "x"}, {"const": True}, {"enum": [True, False]}, {"enum": ["yes", "no"]}),
    *({"type": "string", "enum": ["on", "off"]}, {"type": "integer", "minimum": 0, "maximum": 1}, {"type": "integer"}),
    {"enum": [0, 1]},
    *({"type": ["null", "boolean"]}, {"type": "string", "default": "false"}, {"type": "string", "pattern": "^(true|false)$"}),
    *({"$ref": "#/$defs/Switch"}, {"$ref": "#/$defs/Deep"}, {"allOf": [{"oneOf": [TEXT, {"$ref": "#/$defs/Flag"}]}]}),
    *({"$ref": "#/$defs/Gone"}, {"$ref": "https://example.org/a.json"}, {"$ref": 7}, {"type": "number"}),
    *({"type": "string", "examples": ["TRUE"]}, {"anyOf": [TEXT, YES]}, {"type": "string", "default": "0"}),
]


@pytest.mark.parametrize("kind", SWITCHES, ids=str)
@pytest.mark.parametrize("name", ["archive", "publishNow", "dry_run", "dryrun", "readOnly", "simulate", "what_if", "notify"])
def test_a_switch_is_one_however_its_schema_says_so(name: str, kind: Any) -> None:
    parameters = schema(**{name: kind}) | {"$defs": CHOICE}
    assert why("get_items", parameters, READ_ONLY) is not None
    assert why("get_items", schema(filter=schema(inner={"items": schema(**{name: kind})})) | {"$defs": CHOICE}) is not None


def test_a_schema_that_refers_to_itself_ends() -> None:
    loop = {"$defs": {"A": {"anyOf": [{"$ref": "#/$defs/A"}] * 3}}}
    assert why("get_items", schema(archive={"$ref": "#/$defs/A"}) | loop) is not None


@pytest.mark.parametrize(
    "parameters",
    [
        schema(limit={"type": "integer", "default": 1}, order_id={"type": "integer"}, report_year={"enum": [2025, 2026]}),
        schema(sort={"enum": ["asc", "desc"], "default": "asc"}, order={"$ref": "#/$defs/A"}) | {"$defs": {"A": {"enum": ["a"]}}},
        schema(label=TEXT, branch={"anyOf": [TEXT, {"type": "null"}]}, verbose=YES, include_archived={"enum": ["yes", "no"]}),
    ],
)
def test_a_number_a_name_or_what_is_shown_is_no_switch(parameters: Any) -> None:
    assert why("get_items", parameters) is None


def test_a_description_that_begins_with_writing_speaks_against_a_name_that_reads() -> None:
    assert why("get_items", text="Deletes all items.") is not None
    assert why("get_items", text="All items that were deleted.") is None


def test_only_evident_prefixes_stand_before_the_verb() -> None:
    many = [f"bank_{verb}_account" for verb in ("get", "list", "delete", "create")]
    assert prefixes_of("shop", many) == {("shop",), ("bank",)}
    assert refusals(KEYED, [Declared(name) for name in many])["bank_get_account"] is None
    for verb in ("update", "mark", "frobnicate"):
        names = [f"{verb}_list", f"{verb}_items", f"{verb}_read"]
        assert all(refusals(KEYED, [Declared(name) for name in names]).values()), verb


def test_on_the_workspace_alone_everything_is_called_but_what_declares_that_it_reaches_out() -> None:
    assert why("delete", hints={"destructiveHint": True}, entry=THROWN) is None
    assert why("post_tweet", hints={"openWorldHint": True}, entry=THROWN) == (
        "its name does not say that it reads, and it declares that it reaches out of its workspace")
    assert why("post_tweet", hints={"openWorldHint": "perhaps"}, entry=THROWN) is not None
    assert why("post_tweet", hints={"openWorldHint": False}, entry=THROWN) is None
    assert why("search", hints={"openWorldHint": True}, entry=THROWN) is None
    assert why("search", hints={"openWorldHint": True, "destructiveHint": True}, entry=THROWN) is not None


def test_the_recipe_allows_all_tools_or_those_that_it_names() -> None:
    declared = [Declared(name) for name in UNDOABLE]
    assert all(refusals(KEYED, declared).values())
    assert refusals(KEYED.permitting("allow"), declared) == dict.fromkeys(UNDOABLE)
    named = refusals(KEYED.permitting(frozenset({"pay"})), declared)
    assert [name for name in UNDOABLE if named[name] is None] == ["pay"]
    for entry in (KEYED, THROWN):
        assert unlisted(entry) and unlisted(entry.permitting(frozenset({"pay"}))) and not unlisted(entry.permitting("allow"))


def test_of_two_tools_with_one_name_both_must_be_harmless() -> None:
    twins = [Declared("get_items"), Declared("get_items", "", schema(delete=YES))]
    assert refusals(KEYED, twins)["get_items"] is not None and refusals(KEYED, twins[::-1])["get_items"] is not None


def test_what_a_server_lists_is_judged_with_its_title_and_without_what_has_no_name() -> None:
    wire = [{"name": "get_a", "title": "Delete it"}, {"name": 7}, {}, {"name": "get_b", "inputSchema": schema(sql=TEXT)}]
    listed = of_wire(wire)
    assert [tool.name for tool in listed] == ["get_a", "get_b"] and all(map(doubt, listed))


async def attempts(entry: ServerEntry) -> dict[str, str]:
    """Tool -> what came of a call, in a session of the pool."""
    found = {}
    async with Pool({entry.name: entry}, Template()) as pool, pool.lease(entry.name) as session:
        for name in [*TOOLS, "unlisted"]:
            try:
                found[name] = (await session.call(name, {"order": "A-1"} if name != "list_orders" else {})).content
            except ToolBackendDown as down:
                found[name] = down.reason
        assert session.alive
    return found


@pytest.mark.parametrize("kind", ["secret", "folder", "remote"])
def test_a_session_of_the_pool_sends_no_call_that_is_not_permitted(tmp_path: Path, kind: str) -> None:
    program = tmp_path / "counting.py"
    shutil.copyfile(Path(__file__).parents[1] / "mcp_servers" / "counting.py", program)
    calls = tmp_path / "counting.calls"
    with serving(calls) as url:
        entry = {
            "secret": ServerEntry("s", "stdio", sys.executable, (str(program),), {"K": "${HOME}"}),
            "folder": ServerEntry("s", "stdio", sys.executable, (str(program), str(tmp_path))),
            "remote": ServerEntry("s", "http", url=url),
        }[kind]
        found = asyncio.run(attempts(entry))
        assert {name for name, said in found.items() if said == NOT_PERMITTED} == {*UNDOABLE, "unlisted"}
        assert calls.read_text().split() == ["list_orders", "get_order", "find_order"]
        calls.unlink()
        asyncio.run(attempts(entry.permitting(frozenset({"send"}))))
        assert calls.read_text().split() == ["list_orders", "get_order", "find_order", "send"]


@pytest.mark.parametrize(("name", "description"), [
    ("get_ride", "Orders a ride for the customer."),
    ("fetch_token", "Fetches and rotates the token."),
    ("find_item", "Looks up an item. Deletes the copy that it finds."),
    ("read_message", "Returns a message, removing it from the queue."),
    ("get_order", "Looks it up; calling it cancels the order."),
    ("get_report", "Gets the report. This is irreversible."),
    ("list_keys", "Lists the keys and then revokes all of them."),
])
def test_what_a_description_says_that_a_tool_does_speaks_against_it(name: str, description: str) -> None:
    assert doubt(Declared(name, description, {"type": "object", "properties": {}}, {"readOnlyHint": True})) is not None


@pytest.mark.parametrize("description", [
    "Returns the orders of a customer and their prices.",
    "Gives the details of an item. Use it before you order one.",
    "Lists deleted items; updates are shown first.",
    "Reads a file. Set `limit` to get more lines, and add a filter to get fewer.",
    "Gets the status of a payment. It moves slowly.",
])
def test_words_that_only_tell_of_other_things_do_not(description: str) -> None:
    assert doubt(Declared("get_item", description, {"type": "object", "properties": {}}, None)) is None


@pytest.mark.parametrize("name", ["get_obliterate", "list-unlist", "find_evict", "get_buy", "get_expunge", "get-set"])
def test_a_verb_that_writes_is_one_after_a_verb_that_reads(name: str) -> None:
    assert doubt(Declared(name, "Returns a thing.", {"type": "object", "properties": {}}, None)) is not None


@pytest.mark.parametrize("schema", [
    {"mode": {"enum": ["peek", "destroy"]}}, {"side_effects": {"type": "boolean"}}, {"webhook": {"type": "string"}},
    {"if_missing": {"enum": ["fail", "create"]}}, {"callback_url": {"type": "string"}}, {"new_value": {"type": "string"}},
    {"expression": {"type": "string", "description": "Python code that is evaluated for each row"}},
])
def test_a_parameter_by_which_something_is_done_besides_speaks_against_it(schema: Any) -> None:
    assert doubt(Declared("get_item", "Returns an item.", {"type": "object", "properties": schema}, None)) is not None
