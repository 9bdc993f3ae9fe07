"""A model of this machine acts in arenas as one at an endpoint would; what it draws does not hang on the batch."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from arena_rows import arena_of
from small_environments import SHOP
from small_training import write_model
from trl.chat_template_utils import qwen3_instruct_2507_chat_template

from astra_data.errors import DataError, UsageError
from astra_data.evaluate.local import LocalPolicy
from astra_data.evaluate.stage import digest_of
from astra_data.messages import user
from astra_data.rollout.acting import act
from astra_data.rollout.oracle import Oracle
from astra_data.rollout.scoring import scored
from astra_data.rows.environments import EnvironmentTurn
from astra_data.sandbox import Sandbox
from astra_data.teacher.teacher import Turn

if sys.platform != "linux":
    pytest.skip("code is isolated by the Linux kernel", allow_module_level=True)
ARENA = arena_of(SHOP, turns=[EnvironmentTurn("How much is A?", SHOP.turns[0].goals)], answer=3,
                 tools=arena_of(SHOP).tools[:1], entries=arena_of(SHOP).entries[:1])
OTHER: list[dict[str, Any]] = [user("And B? Tell me all that you know of it.")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    return write_model(tmp_path_factory.mktemp("local") / "tiny", qwen3_instruct_2507_chat_template)


def loaded(folder: Path, temperature: float = 0.0, most: int = 12, seed: int = 7, batch: int = 4) -> LocalPolicy:
    return LocalPolicy.load(folder, "tiny", temperature, most, seed, batch)


def taught(folder: Path) -> LocalPolicy:
    """The model after it has learnt by heart what the oracle does in the arena."""
    policy = loaded(folder, most=120)
    with Sandbox(1, "best_effort") as sandbox:
        messages = asyncio.run(act(ARENA, Oracle(ARENA), sandbox)).messages
    words, model = policy._tokenizer, policy._model
    text = words.apply_chat_template(messages, tools=ARENA.tools, tokenize=False)
    ids = torch.tensor([words(text, add_special_tokens=False)["input_ids"]])
    start = len(words(text[: text.index("<|im_start|>assistant")], add_special_tokens=False)["input_ids"])
    labels = ids.clone()
    labels[:, :start] = -100
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(200):
        loss = model(input_ids=ids, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if loss.item() < 0.05:
            break
    return policy


def test_what_a_model_has_learnt_is_done_in_the_sandbox_and_scored(folder: Path) -> None:
    policy = taught(folder)
    with Sandbox(1, "best_effort") as sandbox:
        done = asyncio.run(act(ARENA, policy, sandbox))
    found = scored(ARENA, done.messages)
    assert (done.terminal, found.f1, found.answered, found.valid) == ("answered", 1.0, True, True)
    assert done.messages[-1]["content"] == "The answer is 3." and done.usage.input_tokens > done.usage.output_tokens > 20


def turns(policy: LocalPolicy, *asked: tuple[list[dict[str, Any]], int]) -> list[Turn]:
    async def main() -> list[Turn]:
        return list(await asyncio.gather(*(policy.act(messages, ARENA.tools, sample=sample) for messages, sample in asked)))

    return asyncio.run(main())


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_a_turn_is_the_same_alone_and_in_a_batch(folder: Path, temperature: float) -> None:
    first: list[Any] = ARENA.prompt
    asked = [(first, 0), (OTHER, 0), (first, 1), (first, 2), (OTHER, 3)]
    together = turns(loaded(folder, temperature), *asked)
    assert together == [turns(loaded(folder, temperature, batch=1), one)[0] for one in asked]
    drawn = {str(together[number].message["content"]) for number in (0, 2, 3)}
    assert len(drawn) == (3 if temperature else 1)
    assert all(turn.usage.output_tokens <= 12 for turn in together)
    if temperature:
        assert turns(loaded(folder, temperature, seed=8), asked[0]) != together[:1]


def test_a_conversation_without_room_is_cut_off_and_the_others_go_on(folder: Path) -> None:
    long: list[dict[str, Any]] = [user("x" * 9000)]
    cut, other = turns(loaded(folder), (long, 0), (OTHER, 0))
    assert (cut.message["content"], cut.finish, cut.usage.output_tokens) == ("", "length", 0)
    assert other.usage.output_tokens == 12


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with little context."""
    return write_model(tmp_path_factory.mktemp("narrow") / "tiny", qwen3_instruct_2507_chat_template, context=1200)


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize("room", [0, 5, 11, 12])
def test_a_long_conversation_takes_no_room_from_the_others_of_its_batch(narrow: Path, temperature: float, room: int) -> None:
    policy = loaded(narrow, temperature)
    start = turns(loaded(narrow, most=1), ([user("")], 0))[0].usage.input_tokens
    asked = [(OTHER, 0), ([user("x" * (policy._context - room - start))], 0), (OTHER, 1)]
    short, cut, last = together = turns(policy, *asked)
    assert together == [turns(loaded(narrow, temperature, batch=1), one)[0] for one in asked]
    assert cut.usage.input_tokens + room == 1200 and cut.usage.output_tokens == room
    assert short.usage.output_tokens == last.usage.output_tokens == 12


def test_the_weights_are_part_of_what_a_run_is_known_by(folder: Path, tmp_path: Path) -> None:
    again = write_model(tmp_path / "again", qwen3_instruct_2507_chat_template)
    other = write_model(tmp_path / "other", qwen3_instruct_2507_chat_template, seed=1)
    assert digest_of(again) == digest_of(folder) != digest_of(other)


@pytest.mark.parametrize(("template", "says"), [(None, "no chat template"), ("{{ messages }}", "cannot read the calls")])
def test_a_template_that_cannot_be_used_is_refused(tmp_path: Path, template: str | None, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        loaded(write_model(tmp_path / "model", template))
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "config.json").write_text(json.dumps({}))
    with pytest.raises(DataError, match="holds no weights"):
        loaded(tmp_path / "empty")
