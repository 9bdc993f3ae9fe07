"""The lean engine says what transformers would say, turn after turn, and computes equal prompts once."""

import random
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from tiny_policy import tiny_model
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, MistralConfig

from astra_data.errors import UsageError
from astra_data.training.generation import Engine, Sampling, Turn, check_model

STOP = (2, 40, 41, 42, 43, 44, 45, 46, 47)
"""Enough tokens that end a turn, so that turns end at different lengths."""


def llama(**values: Any) -> LlamaForCausalLM:
    torch.manual_seed(1)
    return LlamaForCausalLM(LlamaConfig(
        vocab_size=259, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        max_position_embeddings=512, initializer_range=0.2, **values))


def prompts() -> list[list[int]]:
    """Four prompts of unequal length, three times each."""
    rng = random.Random(3)
    drawn = [[rng.randrange(50, 259) for _ in range(rng.randrange(4, 30))] for _ in range(4)]
    return [list(ids) for ids in drawn for _ in range(3)]


def went_on(before: Sequence[list[int]], turns: Sequence[Turn], rng: random.Random) -> list[list[int]]:
    """What the next turn goes on from: some conversations are over, the others got a result of a tool."""
    longer = [prompt + turn.ids + [rng.randrange(50, 259) for _ in range(rng.randrange(1, 9))]
              for prompt, turn in zip(before, turns, strict=True)]
    return [ids for ids in longer if rng.random() < 0.75] or longer[:1]


def theirs(model: Any, batch: Sequence[list[int]], rooms: Sequence[int]) -> list[list[int]]:
    """What `generate` of transformers says, greedily, over the batch padded on the left."""
    width = max(map(len, batch))
    ids = torch.tensor([[0] * (width - len(row)) + row for row in batch])
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in batch])
    config = GenerationConfig(max_new_tokens=max(rooms), do_sample=False, pad_token_id=0, eos_token_id=list(STOP))
    said = model.generate(input_ids=ids, attention_mask=mask, generation_config=config)[:, width:].tolist()
    return [row[: next((place + 1 for place, token in enumerate(row) if token in STOP), len(row))][:room]
            for row, room in zip(said, rooms, strict=True)]


def logps_of(model: Any, prompt: list[int], turn: Turn, temperature: float) -> list[float]:
    """The log-probabilities of a turn by one forward pass over the conversation alone."""
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([prompt + turn.ids])).logits[0].float() / temperature
    logps = logits.log_softmax(-1)
    return [float(logps[len(prompt) + place - 1, token]) for place, token in enumerate(turn.ids)]


MODELS = {"sdpa": lambda: tiny_model(), "grouped heads": llama, "eager": lambda: llama(attn_implementation="eager")}


@pytest.mark.parametrize("name", MODELS)
def test_greedy_turns_are_those_of_transformers(name: str) -> None:
    model, engine, rng = MODELS[name](), Engine(Sampling(STOP, temperature=0.0)), random.Random(5)
    batch = prompts()
    for _ in range(4):
        rooms = [rng.randrange(1, 20) for _ in batch]
        turns = engine.generate(model, batch, rooms)
        assert [turn.ids for turn in turns] == theirs(model, batch, rooms)
        batch = went_on(batch, turns, rng)


def test_a_short_conversation_goes_on_after_a_long_one_is_over() -> None:
    model, engine, rng = tiny_model(), Engine(Sampling(STOP, temperature=0.0)), random.Random(8)
    long, short = ([rng.randrange(50, 259) for _ in range(count)] for count in (90, 10))
    turns = engine.generate(model, [long, short], [20, 1])
    on = [short + turns[1].ids + [60]]
    assert [turn.ids for turn in engine.generate(model, on, [5])] == theirs(model, on, [5])


@pytest.mark.parametrize("sampling", [Sampling(STOP), Sampling(STOP, temperature=0.7, top_k=40, top_p=0.9, min_p=0.01)])
def test_log_probabilities_are_those_of_a_forward_pass(sampling: Sampling) -> None:
    model, engine, rng = tiny_model(initializer_range=0.1), Engine(sampling), random.Random(6)
    torch.manual_seed(0)
    batch = prompts()
    for _ in range(4):
        turns = engine.generate(model, batch, [rng.randrange(5, 20) for _ in batch])
        for prompt, turn in zip(batch, turns, strict=True):
            assert turn.logps == pytest.approx(logps_of(model, prompt, turn, sampling.temperature), abs=1e-5)
        batch = went_on(batch, turns, rng)


def test_what_is_ruled_out_is_never_drawn() -> None:
    torch.manual_seed(0)
    logits = torch.tensor([[0.0, 1.0, 2.0, 3.0, 4.0]]).repeat(400, 1)
    def seen(**values: Any) -> set[int]:
        return set(Sampling((9,), **values).drawn(logits)[0].tolist())

    assert seen() == {0, 1, 2, 3, 4} and seen(top_k=2) == {3, 4} and seen(top_p=0.6) == {4} and seen(min_p=0.3) == {3, 4}


def test_equal_prompts_and_what_is_known_are_computed_once() -> None:
    model, engine = tiny_model(), Engine(Sampling(STOP, temperature=0.0))
    passed: list[tuple[int, int]] = []
    model.register_forward_pre_hook(lambda _, __, given: passed.append(tuple(given["input_ids"].shape)), with_kwargs=True)
    batch = prompts()
    turns = engine.generate(model, batch, [4] * len(batch))
    assert passed[0] == (4, max(map(len, batch))) and all(width == 1 for _, width in passed[1:])
    passed.clear()
    engine.generate(model, [prompt + turn.ids + [60, 61] for prompt, turn in zip(batch, turns, strict=True)], [1] * len(batch))
    assert passed == [(12, 3)], "the last token of the turn, and the two new ones"


def test_after_a_batch_nothing_is_known() -> None:
    model, engine = tiny_model(), Engine(Sampling(STOP, temperature=0.0))
    turns = engine.generate(model, prompts(), [4] * 12)
    engine.forget()
    with torch.no_grad():
        for weights in model.parameters():
            weights.mul_(0.5)
    batch = [prompt + turn.ids + [60] for prompt, turn in zip(prompts(), turns, strict=True)]
    assert [turn.ids for turn in engine.generate(model, batch, [5] * 12)] == theirs(model, batch, [5] * 12)


def test_a_model_that_forgets_far_tokens_is_refused() -> None:
    sliding = tiny_model(use_sliding_window=True, sliding_window=16, max_window_layers=0)
    for config in (sliding.config, MistralConfig(sliding_window=16)):
        with pytest.raises(UsageError, match=r"cannot serve sliding_attention \(set generation.engine to trl"):
            check_model(config)
    with pytest.raises(UsageError, match="cannot serve flash_attention_2"):
        check_model(llama().config, "flash_attention_2")
