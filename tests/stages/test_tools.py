"""Documents to servers: what is kept, what is rejected and why, and which of two like servers stays."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import polars as pl
import pytest
from small_stages import resources as small_resources

from astra_data.hub.store import Store
from astra_data.hub.writer import read_rows
from astra_data.ledger import Ledger
from astra_data.pipeline.progress import Silent
from astra_data.pipeline.runner import Run, run_stage
from astra_data.pipeline.stage import ServerOptions
from astra_data.rows import Server
from astra_data.stages.tools import STAGE, ToolsConfig, select
from astra_data.teacher.offline.policy import OfflinePolicy
from astra_data.teacher.offline.teacher import OfflineTeacher
from astra_data.teacher.roles import Player, Roles

DESCRIPTION = "Reads the thermometer on the roof and returns what it shows."


def frame(*servers: tuple[str, Sequence[str]]) -> pl.LazyFrame:
    tools = [[{"name": name, "description": DESCRIPTION} for name in names] for _, names in servers]
    ids, names = [f"id{index}" for index in range(len(servers))], [name for name, _ in servers]
    return pl.LazyFrame({"id": ids, "name": names, "tools": tools})


def decided(*servers: tuple[str, Sequence[str]], **config: Any) -> list[str | None]:
    rows = select(frame(*servers), ToolsConfig(**config), cast(Any, None)).collect()
    assert rows["id"].to_list() == [f"id{index}" for index in range(len(servers))]
    assert [reason is None for reason in rows["reason"]] == rows["keep"].to_list()
    return rows["reason"].to_list()


TEN = [f"tool_{number}" for number in range(10)]


def test_of_servers_with_one_name_the_first_stays() -> None:
    assert decided(("a", TEN), ("a", ["other"]), ("b", ["third"])) == [None, "server: duplicate name", None]


def test_of_servers_with_nearly_the_same_tools_the_first_stays() -> None:
    """Name set Jaccard of 0.9 [A 20.1]."""
    reasons = decided(("a", TEN), ("b", TEN[:9]), ("c", TEN[:8]), ("d", [*TEN, "more"]))
    assert reasons == [None, "server: near duplicate - of a", None, "server: near duplicate - of a"]
    assert decided(("a", TEN), ("b", TEN[:9]), near_duplicate=1.0) == [None, None]


def test_a_recipe_may_keep_servers_that_are_alike() -> None:
    assert decided(("a", TEN), ("b", TEN), near_duplicate=None) == [None, None]


def test_a_server_that_goes_takes_no_other_with_it() -> None:
    assert decided(("a", ["x"]), ("a", TEN), ("b", TEN)) == [None, "server: duplicate name", None]


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """run(document, ...) -> (kept rows, [(name, reasons)] of rejected ones), through runner and store."""
    def go(documents: list[Any], options: dict[str, ServerOptions] | None = None) -> tuple[list[Any], list[Any]]:
        path = tmp_path / "servers.json"
        path.write_text(json.dumps(documents))

        async def main() -> Any:
            ledger = Ledger.open(tmp_path / "ledger.sqlite")
            roles = Roles({"default": Player(OfflineTeacher(), OfflinePolicy(), {})})
            given = small_resources(ledger, roles=roles, documents=(path,), options=options or {})
            try:
                return await run_stage(STAGE, ToolsConfig(), {}, Run("t", Store.open(tmp_path / "hub"), given, "x"), Silent())
            finally:
                await ledger.close()

        version = asyncio.run(main()).version
        refused = list((version.path / "rejected").glob("*.parquet"))
        return list(read_rows(version.files(), Server)), [(row["name"], row["reasons"]) for row in read_rows(refused, Server)]

    return go


def server(name: str, count: int = 3, **about: Any) -> dict[str, Any]:
    schema: dict[str, Any] = {"properties": {"a": {}}}
    tools = [{"name": f"{name}_{number}", "description": DESCRIPTION, "inputSchema": schema} for number in range(count)]
    return {"name": name, "tools": tools, **about}


def test_the_dirt_of_a_registry_is_rejected_with_reasons_and_the_rest_is_kept(run: Any) -> None:
    dirty = server("dirty", license="GPL-3.0-only")
    dirty["tools"] += [
        {"name": "has spaces", "description": DESCRIPTION},
        {"name": "silent", "description": ""},
        {"name": "wrong", "description": DESCRIPTION, "inputSchema": {"type": "object", "properties": {"a": {"type": "any"}}}},
        {"name": "Optional Settings", "description": DESCRIPTION},
        {"name": "dirty_0", "description": DESCRIPTION},
        {"name": "short", "description": "Reads the roof now"},
    ]
    twin = {"name": "twin", "tools": [*dirty["tools"][:3], dirty["tools"][-1]]}
    kept, refused = run([dirty, server("big", 642), twin, server("small", 2)])
    assert [(row["name"], len(row["tools"])) for row in kept] == [("dirty", 4), ("big", 642)]
    assert [row["license"] for row in kept] == ["GPL-3.0-only", None]
    assert kept[0]["flags"] == [
        *(f"repaired: dirty_{number}" for number in range(3)),
        "parameters without description: 3 of 3",
        "description not judged: short",
    ]
    assert (kept[0]["language"], kept[0]["domain"], kept[0]["models"]) == ("en", None, {})
    assert {(name, reasons[0].partition(" - ")[0]) for name, reasons in refused} == {
        ("dirty", "tool: invalid name"), ("dirty", "tool: no description"), ("dirty", "tool: invalid JSON Schema"),
        ("dirty", "tool: pseudo-tool"), ("dirty", "tool: duplicate name"), ("small", "server: fewer than 3 tools"),
        ("twin", "server: near duplicate"),
    }


def test_the_license_of_the_recipe_wins_over_that_of_the_document(run: Any) -> None:
    kept, _ = run([server("a", license="MIT"), server("b")], {"a": ServerOptions(license="Apache-2.0")})
    assert [row["license"] for row in kept] == ["Apache-2.0", None]


def test_the_language_is_that_of_the_descriptions(run: Any) -> None:
    french = server("toit")
    said = ("Lit le thermomètre du toit.", "Ouvre la fenêtre de la chambre.", "Ferme la porte du garage.")
    for number, text in enumerate(said):
        french["tools"][number]["description"] = text
    kept, _ = run([french])
    assert kept[0]["language"] == "fr"


def test_what_is_asked_of_a_labeller_is_part_of_the_stage() -> None:
    assert STAGE.roles == ("labeller",)
    assert {ask.name for ask in STAGE.asks} == {"label_domain", "judge_description"}
