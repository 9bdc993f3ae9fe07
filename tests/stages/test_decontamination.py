"""Tasks that stand in a benchmark are found, whatever shape the benchmark has, and the rest is left alone."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import polars as pl
import pytest
from benchmark_rows import BFCL, BFCL_ANSWER, MOVE, TAU2, write
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from astra_data.errors import DataError, UsageError
from astra_data.pipeline.stage import Resources
from astra_data.stages import decontamination
from astra_data.stages.benchmarks import BenchmarkItem, ToolCall, public_name
from astra_data.stages.decontamination import LEAST_VALUES, SHORT_RUN, Decontaminate, Index, contaminated
from astra_data.teacher.roles import Roles
from astra_data.tools.workspace import Template


@pytest.fixture
def resources(tmp_path: Path) -> Resources:
    return Resources(7, cast(Any, None), Roles({}), {}, (), {}, Template(None, ()), folder=tmp_path)


def index(*items: BenchmarkItem, ngram: int = 13, overlap: float = 0.5) -> Index:
    return Index(items, ngram, overlap)


def texts(*given: str) -> BenchmarkItem:
    return BenchmarkItem("bench", "1", given, ())


def calls(*given: ToolCall) -> BenchmarkItem:
    return BenchmarkItem("bench", "1", (), (given,))


def words(start: int, stop: int) -> str:
    return " ".join(f"word{number}" for number in range(start, stop))


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
