"""A tiny model, a tokenizer of bytes and a few conversations, small enough to train in a second.

    write_model(tmp_path / "model")
    version = sft_version(Store.open(tmp_path / "store"), count=8)
"""

from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM, set_seed

from astra_data.hub.lineage import Code, FileDigest, Funnel, Lineage, Output
from astra_data.hub.store import Store, Version
from astra_data.hub.tree import sha256_file
from astra_data.hub.writer import Writer
from astra_data.rows import SftRow, digest, new_row, to_dict
from astra_data.rows.sft import Difficulty

END, PAD = "<|im_end|>", "<|endoftext|>"
SPECIAL = ["<|im_start|>", END, PAD]
PRICE = {"type": "object", "properties": {"item": {"type": "string"}}, "required": ["item"]}
TOOL = {"type": "function", "function": {"name": "get_price", "description": "The price of an item.", "parameters": PRICE}}
ITEMS = ("lamp", "chair", "table", "rug", "shelf", "mirror", "vase", "clock")


def tokenizer(template: str | None = None) -> PreTrainedTokenizerFast:
    """Every byte is a token, and so is each mark of a Qwen template."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    inner = Tokenizer(models.BPE(vocab={letter: index for index, letter in enumerate(alphabet)}, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    made = PreTrainedTokenizerFast(tokenizer_object=inner, eos_token=END, pad_token=PAD, additional_special_tokens=SPECIAL[:1])
    if template is not None:
        made.chat_template = template
    return made


def write_model(folder: Path, template: str | None = None, seed: int = 0, context: int = 8192) -> Path:
    """A Qwen3 of two layers and width 32 with random weights, and its tokenizer."""
    words = tokenizer(template)
    set_seed(seed)
    config = Qwen3Config(
        vocab_size=len(words), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, head_dim=16, max_position_embeddings=context, tie_word_embeddings=True,
        eos_token_id=words.eos_token_id, pad_token_id=words.pad_token_id, bos_token_id=None,
    )
    Qwen3ForCausalLM(config).save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def conversation(item: str, price: int) -> list[dict[str, Any]]:
    """A question, a call, what the tool says, and the answer."""
    call = {"id": "c1", "type": "function", "function": {"name": "get_price", "arguments": {"item": item}}}
    return [
        {"role": "user", "content": f"What does the {item} cost?"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "name": "get_price", "content": f"{price} dollars"},
        {"role": "assistant", "content": f"The {item} is {price}."},
    ]


def row(index: int, split: str = "train", messages: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """One row of an `sft` dataset."""
    item = ITEMS[index % len(ITEMS)]
    return to_dict(new_row(
        SftRow, trajectory_id=f"{index:016x}", server="shop", messages=messages or conversation(item, 10 + index), tools=[TOOL],
        reward=1.0, difficulty=Difficulty(1, 2, 1, 1), models={"policy": "offline"}, split=split,
    ))


def sft_version(store: Store, count: int = 8, name: str = "shop-sft", rows: list[dict[str, Any]] | None = None,
                **changes: Any) -> Version:
    """A version of `count` conversations, the last of them of split `test`; or of these rows."""
    rows = rows or [row(index, "test" if index == count - 1 else "train") for index in range(count)]
    with store.staging(name) as folder:
        with Writer(folder / "data", SftRow) as writer:
            for one in rows:
                writer.write(one)
        path = folder / "data" / writer.written.files[0]
        file = FileDigest(f"data/{path.name}", sha256_file(path), path.stat().st_size)
        values: dict[str, Any] = {
            "kind": "sft", "stage": "sft", "stage_version": 1, "key": digest(writer.written.rows), "complete": True, "config": {},
            "seed": 7, "command": "astra run shop --only sft", "funnel": Funnel(len(rows), len(rows)),
            "outputs": [Output("default", writer.written.rows, len(rows), [file])], "code": Code("astra-data", "0.1.0"),
            "licenses": ["MIT"],
        }
        return store.commit(name, folder, Lineage(**values | changes))
