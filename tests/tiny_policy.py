"""A model of a few thousand weights with the template of Qwen, and a policy that says what a test wants said.

    tokenizer, model = tiny_tokenizer(), tiny_model()
    Script(tokenizer, lambda prompt, copy: "Done.")      # an engine for `ArenaTrainer`
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM
from trl.chat_template_utils import add_response_schema, qwen3_instruct_2507_chat_template

from astra_data.training.generation import Turn

SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    """One token for each byte, and the three special ones of the template."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    base = Tokenizer(models.BPE({letter: number for number, letter in enumerate([*SPECIAL, *letters])}, []))
    base.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    base.decoder = decoders.ByteLevel()
    base.add_special_tokens(list(SPECIAL))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=base, pad_token=SPECIAL[0], eos_token=SPECIAL[2], padding_side="left")
    tokenizer.chat_template = qwen3_instruct_2507_chat_template
    return add_response_schema(tokenizer)


def tiny_model(seed: int = 0, **values: Any) -> Qwen3ForCausalLM:
    """Two layers of random weights, with logits that tell tokens apart."""
    torch.manual_seed(seed)
    known = {"vocab_size": 259, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
             "num_key_value_heads": 1, "head_dim": 16, "max_position_embeddings": 8192, "bos_token_id": 1, "eos_token_id": 2,
             "pad_token_id": 0, "tie_word_embeddings": True, "initializer_range": 0.2}
    return Qwen3ForCausalLM(Qwen3Config(**known | values))


class Script:
    """An engine that says, after a prompt, what `said(text of the prompt, how often this prompt was met before)` says."""

    def __init__(self, tokenizer: Any, said: Callable[[str, int], str]) -> None:
        self._tokenizer, self._said = tokenizer, said
        self.met: Counter[str] = Counter()
        self.prompts: list[str] = []

    def generate(self, model: Any, prompts: Sequence[list[int]], rooms: Sequence[int]) -> list[Turn]:
        turns = []
        for prompt, room in zip(prompts, rooms, strict=True):
            text = self._tokenizer.decode(prompt)
            self.prompts.append(text)
            said = self._tokenizer(self._said(text, self.met[text]) + "<|im_end|>", add_special_tokens=False)["input_ids"][:room]
            self.met[text] += 1
            turns.append(Turn(said, [0.0] * len(said)))
        return turns

    def forget(self) -> None:
        """There is nothing to drop."""
