"""Accepted conversations become training rows that need nothing else."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scripted_cases import FIND, PRICE, TOOLS, conversation

from astra_data.errors import DataError, UsageError
from astra_data.messages import assistant
from astra_data.pipeline.stage import Keep
from astra_data.rows import Trajectory, new_row
from astra_data.rows.sft import Difficulty
from astra_data.rows.trajectories import Usage
from astra_data.stages.sft import STAGE

MESSAGES = [*conversation((FIND, PRICE), (FIND,), end=None), assistant("It costs 5.", reasoning="I add up.")]


def trajectory(reward: float | None = 0.9) -> Trajectory:
    row: Trajectory = new_row(
        Trajectory,
        task_id="t",
        server="shop",
        policy="p",
        sampling={"temperature": 0.5},
        sample=0,
        tools=TOOLS,
        messages=MESSAGES,
        terminal="answered",
        calls=[],
        flaws=[],
        scores=[],
        reward=reward,
        usage=Usage(3, 3, 0, 0),
        models={"policy": "p", "judge": "j"},
        horizon=4,
    )
    return row


def test_a_row_holds_the_conversation_and_what_a_curriculum_orders_by(expand: Any) -> None:
    source = trajectory()
    (outcome,) = expand(STAGE, {"trajectories": [source]})
    assert isinstance(outcome, Keep)
    row = outcome.row
    assert (row.messages, row.tools, row.reward, row.trajectory_id) == (MESSAGES, TOOLS, 0.9, source.id)
    assert row.difficulty == Difficulty(calls=3, turns=3, distinct_tools=2, offered_tools=2, horizon=4)
    assert (row.server, row.models) == ("shop", {"policy": "p", "judge": "j"})


@pytest.mark.parametrize("keep", [True, False])
def test_reasoning_may_be_left_out(expand: Any, keep: bool) -> None:
    source = trajectory()
    (outcome,) = expand(STAGE, {"trajectories": [source]}, keep_reasoning=keep)
    assert ("reasoning_content" in outcome.row.messages[-1]) is keep
    assert "reasoning_content" in source.messages[-1], "the trajectory is left as it was"


def test_without_a_reward_there_is_no_row(expand: Any) -> None:
    (outcome,) = expand(STAGE, {"trajectories": [trajectory(None)]})
    assert outcome.reason == "sft: the trajectory has no reward"


def sides(expand: Any, servers: list[str], **config: Any) -> dict[str, set[str]]:
    """Server -> the splits that its rows are in."""
    rows = [replace(trajectory(), server=name, sample=sample) for sample in range(2) for name in servers]
    found: dict[str, set[str]] = {}
    for outcome in expand(STAGE, {"trajectories": rows}, **config):
        found.setdefault(outcome.row.server, set()).add(outcome.row.split)
    return found


SERVERS = [f"server-{number}" for number in range(200)]


def test_no_server_is_on_both_sides_and_about_the_share_of_them_is_for_testing(expand: Any) -> None:
    found = sides(expand, SERVERS, test_share=0.25)
    assert all(len(splits) == 1 for splits in found.values())
    assert 0.15 < sum(splits == {"test"} for splits in found.values()) / len(SERVERS) < 0.35


def test_a_server_stays_on_its_side_whatever_others_there_are(expand: Any) -> None:
    all_of_them, few = sides(expand, SERVERS, test_share=0.5), sides(expand, SERVERS[::7], test_share=0.5)
    assert few == {name: all_of_them[name] for name in few}
    assert sides(expand, SERVERS, test_share=0.5, seed=8) != all_of_them


@pytest.mark.parametrize(("share", "side"), [(0.0, "train"), (1.0, "test")])
def test_without_a_share_everything_is_for_training_and_with_all_of_it_for_testing(expand: Any, share: float, side: str) -> None:
    assert set(map(frozenset, sides(expand, SERVERS, test_share=share).values())) == {frozenset({side})}


def test_without_a_tokenizer_no_length_is_made_up(expand: Any) -> None:
    assert [outcome.row.tokens for outcome in expand(STAGE, {"trajectories": [trajectory()]})] == [None]


def test_a_tokenizer_without_its_library_says_what_to_install(expand: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(UsageError, match=r"needs transformers .*pip install transformers"):
        expand(STAGE, {"trajectories": [trajectory()]}, tokenizer="some/model")


TEMPLATE = "{% for tool in tools or [] %}tool {% endfor %}{% for message in messages %}{{ message.content }} {% endfor %}"


def test_tokens_are_those_of_the_tokenizers_chat_template(expand: Any, tmp_path: Path) -> None:
    transformers, tokenizers = pytest.importorskip("transformers"), pytest.importorskip("tokenizers")
    plain = tokenizers.Tokenizer(tokenizers.models.WordLevel({"?": 0}, unk_token="?"))
    plain.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=plain, unk_token="?")
    fast.save_pretrained(tmp_path / "none")
    fast.chat_template = TEMPLATE
    fast.save_pretrained(tmp_path / "words")
    (outcome,) = expand(STAGE, {"trajectories": [trajectory()]}, tokenizer=str(tmp_path / "words"))
    shown = fast.apply_chat_template(MESSAGES, tools=TOOLS, tokenize=False)
    assert shown.count("tool ") == len(TOOLS)
    assert outcome.row.tokens == len(fast(shown)["input_ids"]) >= len(shown.split())
    for name, wrong in (("none", "no chat template"), ("nowhere", "was not loaded")):
        with pytest.raises(UsageError, match=wrong):
            expand(STAGE, {"trajectories": [trajectory()]}, tokenizer=str(tmp_path / name))


@pytest.mark.parametrize("template", [
    "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "{% set n = namespace(t='x' * 1000) %}{% for a in range(60) %}{% set n.t = n.t ~ n.t %}{% endfor %}",
    "{{ 'word ' * 300000 }}",
])
def test_a_chat_template_without_end_is_an_error_within_seconds(expand: Any, tmp_path: Path, template: str) -> None:
    transformers, tokenizers = pytest.importorskip("transformers"), pytest.importorskip("tokenizers")
    words = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizers.Tokenizer(tokenizers.models.BPE()))
    words.chat_template = template
    words.save_pretrained(tmp_path)
    with pytest.raises(DataError, match=r"the chat template (takes more than 3 seconds|makes more than [\d,]+ characters)"):
        expand(STAGE, {"trajectories": [trajectory()]}, tokenizer=str(tmp_path))


def test_tokens_are_counted_where_a_message_holds_null(expand: Any, tmp_path: Path) -> None:
    transformers, tokenizers = pytest.importorskip("transformers"), pytest.importorskip("tokenizers")
    letters = tokenizers.Tokenizer(tokenizers.models.BPE({"o": 0, "e": 1}, []))
    words = transformers.PreTrainedTokenizerFast(tokenizer_object=letters)
    words.chat_template = {"default": "{{ messages }}", "tool_use": "one{{ messages[1].content }}"}
    words.save_pretrained(tmp_path)
    messages = [MESSAGES[0], {**MESSAGES[1], "content": None}, *MESSAGES[2:]]
    (outcome,) = expand(STAGE, {"trajectories": [replace(trajectory(), messages=messages)]}, tokenizer=str(tmp_path))
    assert outcome.row.tokens == len(words.apply_chat_template(messages, tools=TOOLS, return_dict=True)["input_ids"]) > 0
