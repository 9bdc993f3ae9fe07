"""A tokenizer made from the conversations: constant strings are one token, what calls are made of is copied token by token."""

import json
from typing import Any

import pytest

from astra_data.messages import JsonObject

pytest.importorskip("trl")

NOUNS = ("order", "room", "loan", "meter")


def _tool(noun: str) -> JsonObject:
    properties = {f"{noun}_id": {"type": "string", "description": f"Id of the {noun}, such as {noun[:3].upper()}-000."}}
    return {"type": "function", "function": {
        "name": f"get_{noun}_price", "description": f"The price of one {noun}.",
        "parameters": {"type": "object", "properties": properties, "required": [f"{noun}_id"]}}}


def _row(number: int) -> JsonObject:
    noun = NOUNS[number % len(NOUNS)]
    key = f"{noun[:3].upper()}-{417 + number}"
    call = {"type": "function", "function": {"name": f"get_{noun}_price", "arguments": {f"{noun}_id": key}}}
    messages = [
        {"role": "user", "content": f"What is the price of the {noun} {key}?"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": json.dumps({"result": number * 1.5})},
        {"role": "assistant", "content": f"The answer is {number * 1.5}."},
    ]
    return {"messages": messages, "tools": [_tool(each) for each in NOUNS]}


@pytest.fixture(scope="module")
def made() -> tuple[Any, list[JsonObject]]:
    from trl.chat_template_utils import qwen3_instruct_2507_chat_template

    from astra_data.training.scratch import tokenizer_of
    from astra_data.training.sections import Scratch

    rows = [_row(number) for number in range(40)]
    return tokenizer_of(Scratch(vocabulary=420, phrases=60), rows, qwen3_instruct_2507_chat_template), rows


def test_a_conversation_is_decoded_to_itself_and_begins_with_its_prompt(made: tuple[Any, list[JsonObject]]) -> None:
    tokenizer, rows = made
    for row in rows:
        options = {"tools": row["tools"], "return_dict": True}
        ids = tokenizer.apply_chat_template(row["messages"], **options)["input_ids"]
        assert tokenizer.decode(ids) == tokenizer.apply_chat_template(row["messages"], tools=row["tools"], tokenize=False)
        for turns in (1, 3):
            prompt = tokenizer.apply_chat_template(row["messages"][:turns], add_generation_prompt=True, **options)["input_ids"]
            assert ids[: len(prompt)] == prompt


def test_what_is_constant_costs_little_and_text_of_any_kind_has_tokens(made: tuple[Any, list[JsonObject]]) -> None:
    tokenizer, rows = made
    text = tokenizer.apply_chat_template(rows[0]["messages"], tools=rows[0]["tools"], tokenize=False)
    assert len(tokenizer.encode(text, add_special_tokens=False)) < len(text) / 8
    odd = 'Grüße ✓ 今日は\n\t"x"'
    assert tokenizer.decode(tokenizer.encode(odd, add_special_tokens=False)) == odd


def test_a_word_has_the_same_tokens_in_question_document_and_call(made: tuple[Any, list[JsonObject]]) -> None:
    tokenizer, _ = made
    word = tokenizer.encode("meter", add_special_tokens=False)
    for text in ("the price of the meter MET-420?", '{"name": "get_meter_price", "arguments": {"meter_id": "', "one meter."):
        ids = tokenizer.encode(text, add_special_tokens=False)
        assert any(ids[start : start + len(word)] == word for start in range(len(ids)))
    digits = tokenizer.encode("417", add_special_tokens=False)
    assert [tokenizer.decode([token]) for token in digits] == ["4", "1", "7"]


def test_the_same_rows_give_the_same_tokenizer_and_the_seed_alone_the_weights(made: tuple[Any, list[JsonObject]]) -> None:
    import torch

    from astra_data.training.scratch import model_of, tokenizer_of
    from astra_data.training.sections import Scratch

    tokenizer, rows = made
    section = Scratch(layers=1, width=16, heads=2, feed_forward=16, vocabulary=420, phrases=60)
    again = tokenizer_of(section, rows, tokenizer.chat_template)
    assert again.backend_tokenizer.to_str() == tokenizer.backend_tokenizer.to_str()
    weights = [model_of(section, tokenizer, 64, seed).get_input_embeddings().weight for seed in (1, 1, 2)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_the_vectors_of_a_new_model_are_as_long_as_each_other(made: tuple[Any, list[JsonObject]]) -> None:
    from astra_data.training.scratch import model_of
    from astra_data.training.sections import Scratch

    vectors = model_of(Scratch(layers=1, vocabulary=420, phrases=60), made[0], 64, seed=0).get_input_embeddings().weight
    assert ((vectors.norm(dim=1) - 1).abs() < 0.3).all()
