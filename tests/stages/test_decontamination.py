"""Tasks that stand in a benchmark are found, whatever shape the benchmark has, and the rest is left alone."""

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from small_versions import make_version

from astra_data.errors import DataError, UsageError
from astra_data.hub.store import Store
from astra_data.pipeline.stage import Resources
from astra_data.stages import decontamination
from astra_data.stages.benchmarks import BenchmarkItem, ToolCall, public_name, read_benchmark
from astra_data.stages.decontamination import LEAST_VALUES, SHORT_RUN, Decontaminate, Index, contaminated
from astra_data.teacher.roles import Roles
from astra_data.tools.workspace import Template

MOVE = (
    "Move the report called quarterly.pdf from the drafts folder into the archive folder and tell accounting about it."
)
BFCL = {
    "id": "multi_turn_base_7",
    "question": [[{"role": "user", "content": MOVE}], [{"role": "user", "content": "Now sort it."}], []],
    "initial_config": {},
    "path": ["FileSystem.mv"],
    "involved_classes": ["FileSystem"],
}
BFCL_ANSWER = {
    "id": "multi_turn_base_7",
    "ground_truth": [["cd(folder='drafts')", "mv(source='quarterly.pdf', destination='archive')"], [], ["sort('quarterly.pdf')"]],
}
BFCL_SINGLE = {"id": "parallel_0", "ground_truth": [{"spotify.play": {"artist": ["Nina Simone"], "duration": [20, ""]}}]}
TAU2 = {
    "id": "12",
    "user_scenario": {
        "persona": None,
        "instructions": {
            "domain": "retail",
            "reason_for_call": "You want to exchange the blue kettle of order W77 for the red one.",
            "known_info": "You are Ada Quill, your zip code is 90210.",
            "unknown_info": None,
            "task_instructions": "If the red one is not there, you want your money back.",
        },
    },
    "evaluation_criteria": {
        "actions": [
            {"action_id": "12_0", "name": "find_user", "arguments": {"name": "Ada Quill", "zip": "90210"}},
            {
                "action_id": "12_1",
                "name": "exchange_items",
                "arguments": {"order_id": "W77", "items": ["blue kettle"], "confirm": True},
            },
        ]
    },
}
ACE = {
    "id": "normal_multi_turn_1_0",
    "question": "user: I need a press release for the launch next week.\nsystem: Title?\nuser: The Kettle.\n",
    "function": [],
}
ACE_AGENT = {
    "id": "agent_multi_step_0",
    "mile_stone": [
        "[login_food_platform(username='Eve', password='pass1')]",
        "[add_food_delivery_order(merchant_name='Domino's')]",
    ],
    "ground_truth": [{"FoodPlatform": {"users": {}}}],
}
TALK = {
    "messages": [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Where is order W77 now?"},
        {"role": "assistant", "tool_calls": [{"function": {"name": "track", "arguments": '{"order": "W77", "day": 3}'}}]},
    ]
}


@pytest.fixture
def resources(tmp_path: Path) -> Resources:
    return Resources(7, cast(Any, None), Roles({}), {}, (), {}, Template(None, ()), folder=tmp_path)


def write(folder: Path, name: str, *rows: Any, lines: bool = True) -> str:
    content = "\n".join(map(json.dumps, rows)) if lines else json.dumps(list(rows))
    (folder / name).write_bytes(gzip.compress(content.encode()) if name.endswith(".gz") else content.encode())
    return name


def index(*items: BenchmarkItem, ngram: int = 13, overlap: float = 0.5) -> Index:
    return Index(items, ngram, overlap)


def texts(*given: str) -> BenchmarkItem:
    return BenchmarkItem("bench", "1", given, ())


def calls(*given: ToolCall) -> BenchmarkItem:
    return BenchmarkItem("bench", "1", (), (given,))


def words(start: int, stop: int) -> str:
    return " ".join(f"word{number}" for number in range(start, stop))


def test_bfcl_gives_the_users_turns_and_the_calls_of_each_turn_and_of_all(tmp_path: Path, resources: Resources) -> None:
    question, answer, single = read_benchmark(write(tmp_path, "BFCL.json", BFCL, BFCL_ANSWER, BFCL_SINGLE), resources)
    assert (question.name, question.id, question.texts, question.calls) == (
        "BFCL.json",
        "multi_turn_base_7",
        (MOVE, "Now sort it."),
        (),
    )
    cd, mv = ToolCall("cd", ("drafts",)), ToolCall("mv", ("quarterly.pdf", "archive"))
    sort = ToolCall("sort", ("quarterly.pdf",))
    assert answer.calls == ((cd, mv), (sort,), (cd, mv, sort))
    assert single.calls == ((ToolCall("spotify.play", ("Nina Simone", "20", "")),),)


def test_tau2_gives_the_users_instructions_and_the_expected_actions(tmp_path: Path, resources: Resources) -> None:
    [item] = read_benchmark(write(tmp_path, "tasks.json", TAU2, lines=False), resources)
    instructions = TAU2["user_scenario"]["instructions"]  # type: ignore[index]
    assert set(item.texts) == {instructions[key] for key in ("reason_for_call", "known_info", "task_instructions")}
    assert item.calls == ((ToolCall("find_user", ("Ada Quill", "90210")), ToolCall("exchange_items", ("W77", "blue kettle"))),)


def test_acebench_gives_the_users_lines_and_the_milestones(tmp_path: Path, resources: Resources) -> None:
    dialogue, agent = read_benchmark(write(tmp_path, "ace.jsonl", ACE, ACE_AGENT), resources)
    assert dialogue.texts == ("I need a press release for the launch next week.", "The Kettle.")
    assert agent.calls == ((ToolCall("login_food_platform", ("Eve", "pass1")), ToolCall("add_food_delivery_order", ())),)


def test_conversations_and_rows_of_ours_are_read(tmp_path: Path, resources: Resources) -> None:
    task = {"id": "ab", "text": "Book it.", "target_tools": ["book"]}
    talk, own = read_benchmark(write(tmp_path, "mixed.jsonl.gz", TALK, task), resources)
    assert (talk.id, talk.texts, talk.calls) == ("1", ("Where is order W77 now?",), ((ToolCall("track", ("W77", "3")),),))
    assert (own.id, own.texts, own.calls) == ("ab", ("Book it.",), ((ToolCall("book", ()),),))


def test_nothing_in_a_call_string_is_run(tmp_path: Path, resources: Resources) -> None:
    target = tmp_path / "touched"
    row = {"id": 1, "text": "Do it.", "ground_truth": [f"open({str(target)!r}, 'w')", "f(" * 500, "1 + 1"]}
    [item] = read_benchmark(write(tmp_path, "b.json", row), resources)
    assert [call.name for call in item.calls[0]] == ["open", "f"]
    assert not target.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"id": 1}\n{', "b.json, row 2: not JSON"),
        ('[{"id": 1}]', "b.json: holds no task that can be compared"),
        ("[]", "holds no task"),
    ],
)
def test_a_benchmark_without_tasks_is_an_error_and_not_an_empty_list(
    tmp_path: Path, resources: Resources, content: str, message: str
) -> None:
    (tmp_path / "b.json").write_text(content)
    with pytest.raises(DataError, match=r"b\.json") as raised:
        read_benchmark("b.json", resources)
    assert message in str(raised.value)
    assert str(tmp_path) not in str(raised.value)


def test_a_missing_benchmark_is_known_before_anything_is_asked(resources: Resources) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        decontamination.fingerprint(Decontaminate(against=["none.json"]), resources)
    with pytest.raises(UsageError, match="store"):
        decontamination.fingerprint(Decontaminate(against=["some-name"]), resources)


def test_thirteen_words_in_a_row_are_an_overlap_and_twelve_are_not() -> None:
    """The default of `ngram`, as GPT-3's and later reports use it."""
    assert Decontaminate().ngram == 13
    long = index(texts(words(0, 100)))
    found = long.overlap(f"{words(300, 340)} {words(50, 63)} {words(400, 440)}")
    assert found is not None
    assert (found.item, found.why) == ("bench#1", "13 words in a row")
    assert long.overlap(f"{words(300, 340)} {words(50, 62)} {words(400, 440)}") is None


def test_half_of_the_eight_word_runs_of_the_shorter_text_are_an_overlap() -> None:
    assert (SHORT_RUN, Decontaminate().overlap) == (8, 0.5)
    one = index(texts(words(0, 14)))
    assert one.overlap(f"{words(0, 11)} {words(50, 80)}") is not None, "4 of 7 runs of the shorter text"
    assert one.overlap(f"{words(0, 10)} {words(50, 80)}") is None, "3 of 7"
    assert index(texts(words(0, 14)), overlap=0.4).overlap(f"{words(0, 10)} {words(50, 80)}") is not None


def test_short_texts_overlap_only_when_their_words_are_the_same() -> None:
    short = index(texts("Now sort it!"))
    found = short.overlap("now  SORT it")
    assert found is not None
    assert found.why == "the same few words"
    assert short.overlap("now sort it please") is None
    assert short.overlap("") is None


def test_case_punctuation_and_spacing_hide_nothing() -> None:
    assert index(texts(MOVE)).overlap(MOVE.upper().replace(" ", "\n").replace(".", " ; ")) is not None


def test_in_scripts_without_spaces_runs_are_twice_as_long() -> None:
    text = "请帮我查询一下从北京到上海的明天早上八点以后出发的所有航班并且按照价格排序"
    chinese = index(texts(text))
    assert chinese.overlap(f"你好{text[:26]}") is not None
    other = "请帮我查询一下从北京到上海的火车票然后把最便宜的两张票预订到我的名下并通知李雷和韩梅梅"
    assert chinese.overlap(other) is None, "14 characters in a row"


def test_the_same_tools_with_half_of_the_values_are_an_overlap_in_other_words() -> None:
    exchange = index(calls(ToolCall("find_user", ("Ada Quill", "90210")), ToolCall("exchange_items", ("W77", "blue kettle"))))
    found = exchange.overlap("I am Ada Quill and no longer want what came with W77.", ["findUser", "exchange-items"])
    assert found is not None
    assert found.why == "the same tools, and 2 of 4 argument values"
    assert exchange.overlap("I am Ada Quill and want W77 back.", ["exchange_items", "find_user"]) is None, "another order"
    assert exchange.overlap("I am Ada Quill and want W777 back.", ["find_user", "exchange_items"]) is None, "one value"
    assert exchange.overlap("I am Ada Quill and want W77 back.", ["find_user"]) is None


def test_one_shared_value_is_chance() -> None:
    assert LEAST_VALUES == 2
    assert index(calls(ToolCall("load_csv", ("data.csv",)))).overlap("Load data.csv.", ["load_csv"]) is None


def test_repeated_calls_count_by_their_first_use() -> None:
    again = index(calls(ToolCall("cd", ("drafts",)), ToolCall("mv", ("a.txt",)), ToolCall("cd", ("archive",))))
    assert again.overlap("In drafts move a.txt to archive.", ["cd", "mv"]) is not None


@given(st.lists(st.sampled_from("a b c d e f g h".split()), min_size=1, max_size=40), st.integers(8, 16))
def test_every_text_of_a_benchmark_overlaps_it(given: list[str], ngram: int) -> None:
    assert index(texts(" ".join(given)), ngram=ngram).overlap(" ".join(given)) is not None


@given(st.lists(st.integers(0, 500), max_size=60), st.lists(st.integers(501, 999), max_size=60))
def test_texts_that_share_no_word_never_overlap(one: list[int], other: list[int]) -> None:
    assert index(texts(" ".join(map(str, one)))).overlap(" ".join(map(str, other))) is None


def test_tasks_are_refused_with_the_item_they_repeat(tmp_path: Path, resources: Resources) -> None:
    config = Decontaminate(against=[write(tmp_path, "BFCL.json", BFCL, BFCL_ANSWER)])
    rows = [
        ("a", MOVE, ["mail"]),
        ("b", "Bake two loaves of bread.", ["bake"]),
        ("c", "Put quarterly.pdf of my drafts where old things are: archive", ["cd", "mv"]),
    ]
    tasks = pl.DataFrame(rows, schema=["id", "text", "target_tools"], orient="row")
    assert contaminated(tasks, config, resources) == {
        "a": "task: overlaps a benchmark - BFCL.json#multi_turn_base_7: 13 words in a row",
        "c": "task: overlaps a benchmark - BFCL.json#multi_turn_base_7: the same tools, and 3 of 3 argument values",
    }


def test_without_benchmarks_nothing_is_read_and_nothing_refused(resources: Resources) -> None:
    tasks = pl.DataFrame({"id": ["a"], "text": [MOVE], "target_tools": [["mv"]]})
    assert contaminated(tasks, Decontaminate(), replace(resources, folder=Path("/none"))) == {}


def test_no_folder_of_this_machine_is_kept(tmp_path: Path, resources: Resources) -> None:
    path = str(tmp_path / write(tmp_path, "BFCL.json", BFCL))
    config = Decontaminate(against=[path, "org/bench@v-1#test", "./pulled", "~/tau/tasks.json.gz"])
    assert config.model_dump(mode="json")["against"] == ["BFCL.json", "org/bench@v-1#test", "pulled", "tasks.json.gz"]
    [[name, digest]] = decontamination.fingerprint(Decontaminate(against=[path]), resources)
    assert (name, len(digest)) == ("BFCL.json", 64)
    assert public_name("hf://datasets/org/bench") == "hf://datasets/org/bench"


def test_a_changed_benchmark_is_another_fingerprint_and_a_moved_one_is_not(tmp_path: Path, resources: Resources) -> None:
    (tmp_path / "there").mkdir()
    write(tmp_path, "b.json", BFCL), write(tmp_path / "there", "b.json", BFCL), write(tmp_path, "c.json", TAU2)

    def digest(name: str) -> str:
        return decontamination.fingerprint(Decontaminate(against=[name]), resources)[0][1]

    assert digest("b.json") == digest("there/b.json") != digest("c.json")


@pytest.mark.parametrize("wrong", [{"ngram": 7}, {"overlap": 0}, {"overlap": 1.1}, {"files": []}])
def test_a_config_out_of_range_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Decontaminate(**wrong)


def test_a_dataset_is_a_benchmark_by_its_address(tmp_path: Path, resources: Resources) -> None:
    """A folder with rows in a shape of their own, and a version in the store."""
    (tmp_path / "pulled" / "data").mkdir(parents=True)
    pl.DataFrame({"task_id": [4], "prompt": [MOVE]}).write_parquet(tmp_path / "pulled" / "data" / "test-0.parquet")
    [item] = read_benchmark("./pulled#default", resources)
    assert (item.name, item.id, item.texts) == ("pulled#default", "4", (MOVE,))
    stored = replace(resources, store=tmp_path / "hub")
    version = make_version(Store.open(tmp_path / "hub"), "Is it raining in Oslo?", name="held-out")
    [held_out] = read_benchmark("held-out", stored)
    assert (held_out.name, held_out.texts) == ("held-out", ("Is it raining in Oslo?",))
    assert decontamination.fingerprint(Decontaminate(against=["held-out"]), stored) == [["held-out", version.tree]]
