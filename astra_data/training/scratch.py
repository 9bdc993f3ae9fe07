"""A small model from random weights, with a tokenizer trained on the conversations that it is going to learn.

    tokenizer = tokenizer_of(section, rows, template)      # rows with messages and tools
    model = model_of(section, tokenizer, context=768, seed=0)

The tokenizer is byte-level: any text has tokens, and decoding gives it back. Words are split into pieces that are the same
wherever they stand, numbers into digits; the constant strings of the rendered conversations are one token each: see `phrases`.
"""

import json
import random
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from astra_data.messages import JsonObject
from astra_data.training.phrases import PIECE, SPECIAL, Render, phrases
from astra_data.training.sections import Scratch

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast, Qwen3ForCausalLM

PADDING = "<|endoftext|>"
READ = 1500
"""Conversations that the tokenizer is trained on, drawn by seed."""


def tokenizer_of(section: Scratch, rows: Sequence[JsonObject], template: str, seed: int = 0) -> "PreTrainedTokenizerFast":
    """The tokenizer of a template and of conversations. The same ones give the same tokenizer in every process."""
    drawn = random.Random(f"{seed}/tokenizer").sample(range(len(rows)), min(READ, len(rows)))
    some = [rows[index] for index in sorted(drawn)]
    render = _renderer(template)
    question: list[JsonObject] = [{"role": "user", "content": "?"}]
    closed, opened = render(question, None), render(question, None, True)
    specials = list(dict.fromkeys([PADDING, *SPECIAL.findall(template)]))
    found = phrases(some, render, opened.removeprefix(closed), section.phrases)
    trained = _trained([render(row["messages"], row["tools"]) for row in some], found, specials, section)
    end = SPECIAL.findall(render([*question, {"role": "assistant", "content": "."}], None))[-1]
    return _packaged(trained, template, end, specials)


def model_of(section: Scratch, tokenizer: "PreTrainedTokenizerFast", context: int, seed: int) -> "Qwen3ForCausalLM":
    """A Qwen3 with random weights in float32, which the seed alone determines. `context` is its longest sequence in tokens.

    The vectors of tokens, which are also its output layer, have a length of about 1: to copy a token is to put out its
    vector, and with the usual spread of 0.02 each would have to grow before it could be told from the others.
    """
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    config = Qwen3Config(
        vocab_size=len(tokenizer), hidden_size=section.width, num_hidden_layers=section.layers,
        num_attention_heads=section.heads, num_key_value_heads=section.heads, head_dim=section.width // section.heads,
        intermediate_size=section.feed_forward, max_position_embeddings=context, tie_word_embeddings=True,
        rope_parameters={"rope_type": "default", "rope_theta": 1e4},
        bos_token_id=None, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Qwen3ForCausalLM(config)
        torch.nn.init.normal_(model.get_input_embeddings().weight, std=section.width**-0.5)
        return model


def _renderer(template: str) -> Render:
    """A template alone, without a vocabulary."""
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    bare = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.BPE()))
    bare.chat_template = template

    def render(messages: Sequence[JsonObject], tools: Sequence[JsonObject] | None, opened: bool = False) -> str:
        given = list(tools) if tools else None
        return str(bare.apply_chat_template(list(messages), tools=given, tokenize=False, add_generation_prompt=opened))

    return render


def _trained(texts: Sequence[str], found: Sequence[str], specials: list[str], section: Scratch) -> "Tokenizer":
    """Byte-pair merges learnt on what the phrases leave, then the phrases as tokens of their own."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

    words, coded = Tokenizer(models.BPE()), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    words.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(PIECE.pattern), "isolated"), coded])
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=section.vocabulary - len(found), special_tokens=specials, initial_alphabet=alphabet,
                                  show_progress=False)
    left = re.compile("|".join([SPECIAL.pattern, *map(_whole, found)]))
    words.train_from_iterator([part for text in texts for part in left.split(text) if part], trainer)
    state = json.loads(words.to_str())
    state["model"]["ignore_merges"] = True
    for text in found:
        token = "".join(part for part, _ in coded.pre_tokenize_str(text))
        state["model"]["vocab"].setdefault(token, len(state["model"]["vocab"]))
    tokenizer = Tokenizer.from_str(json.dumps(state))
    split = Regex("|".join([*map(_whole, found), PIECE.pattern]))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(split, "isolated"), coded])
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def _whole(phrase: str) -> str:
    """A pattern of the phrase where it neither begins nor ends within a word."""
    before = "(?<![A-Za-z])" if phrase[0].isalpha() else ""
    after = "(?![A-Za-z])" if phrase[-1].isalpha() else ""
    return before + re.escape(phrase) + after


def _packaged(tokenizer: "Tokenizer", template: str, end: str, specials: list[str]) -> "PreTrainedTokenizerFast":
    from transformers import PreTrainedTokenizerFast

    others = [token for token in specials if token not in (PADDING, end)]
    packaged = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token=PADDING, eos_token=end,
                                       extra_special_tokens=others, clean_up_tokenization_spaces=False)
    packaged.chat_template = template
    return packaged
