"""Tokenizers of several families, made here: of bytes, of bytes with other marks, of pieces with white space as a sign, of words.

    tokenizer = TOKENIZERS["chatml"]()
    sound = own(tokenizer, messages, tools)        # the marks that its template writes
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast
from trl import chat_template_utils as known

PLAIN: Final = """{{ bos_token }}{% for m in messages %}{% if m.role == 'assistant' %}{% generation %}
{%- for c in m.tool_calls or [] %}[TOOL_CALLS]{{ c.function | tojson }}{% endfor %}
{{- m.content }}{{ eos_token }}{% endgeneration %}
{%- elif m.role == 'tool' %}[TOOL_RESULTS]{{ m.content }}[/TOOL_RESULTS]{% else %}
{%- if tools and loop.first %}[AVAILABLE_TOOLS]{{ tools | tojson }}[/AVAILABLE_TOOLS]{% endif %}[INST]{{ m.content }}[/INST]
{%- endif %}{% endfor %}"""
"""A template in the manner of Mistral's, with marks of what is trained."""
WORDS: Final = """{% for m in messages %}<|{{ m.role }}|>{% if m.role == 'assistant' %}{% generation %}{{ m.content }}
{%- for c in m.tool_calls or [] %}<call>{{ c.function.arguments | tojson }}{% endfor %}<|end|>{% endgeneration %}{% else %}
{{- m.content | trim }}<|end|>{% endif %}{% endfor %}{% if tools %}{{ tools | tojson }}{% endif %}"""
"""One that puts marks together of what it is given, as Phi's does."""


def _bytes(marks: Sequence[AddedToken], template: str, end: str, **values: Any) -> PreTrainedTokenizerFast:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    inner = Tokenizer(models.BPE({letter: number for number, letter in enumerate(alphabet)}, []))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    return _made(inner, marks, template, end, **values)


def _made(inner: Tokenizer, marks: Sequence[AddedToken], template: str, end: str, **values: Any) -> PreTrainedTokenizerFast:
    inner.add_special_tokens([mark for mark in marks if mark.special])
    inner.add_tokens([mark for mark in marks if not mark.special])
    made = PreTrainedTokenizerFast(tokenizer_object=inner, eos_token=end, pad_token=end, **values)
    made.chat_template = template
    return made


def mark(text: str, special: bool = True, **how: Any) -> AddedToken:
    return AddedToken(text, special=special, normalized=how.pop("normalized", False), **how)


def chatml() -> PreTrainedTokenizerFast:
    """Qwen's: special marks around turns, others for calls and thoughts that are not special."""
    marks = [mark("<|endoftext|>"), mark("<|im_start|>"), mark("<|im_end|>")]
    marks += [mark(text, False) for text in ("<tool_call>", "</tool_call>", "<think>", "</think>", "<|fim_prefix|>", "  ", "<b>")]
    return _bytes(marks, known.qwen3_training_chat_template, "<|im_end|>")


def llama3() -> PreTrainedTokenizerFast:
    names = ("begin_of_text", "start_header_id", "end_header_id", "eot_id", "eom_id", "python_tag", "reserved_special_token_5")
    marks = [mark(f"<|{name}|>") for name in names]
    return _bytes(marks, known.llama3_training_chat_template, "<|eot_id|>", bos_token="<|begin_of_text|>")


def pieces() -> PreTrainedTokenizerFast:
    """As from SentencePiece: NFKC, white space as a sign, bytes for what has no piece, marks that are found in normal form."""
    letters = [*(chr(code) for code in range(33, 127)), "\u2581"]
    vocabulary = {piece: number for number, piece in enumerate(["<unk>", *(f"<0x{byte:02X}>" for byte in range(256)), *letters])}
    inner = Tokenizer(models.BPE(vocabulary, [], unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    inner.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(" ", "\u2581")])
    inner.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()])
    marks = [mark(text, normalized=True) for text in ("<unk>", "<s>", "</s>")]
    marks += [mark(f"[{name}]", normalized=True) for name in (
        "INST", "/INST", "TOOL_CALLS", "TOOL_RESULTS", "/TOOL_RESULTS", "AVAILABLE_TOOLS", "/AVAILABLE_TOOLS")]
    return _made(inner, marks, PLAIN, "</s>", bos_token="<s>", unk_token="<unk>")


def words() -> PreTrainedTokenizerFast:
    """Small letters only, white space swallowed around some marks."""
    letters = [chr(code) for code in range(33, 127)]
    inner = Tokenizer(models.BPE({piece: number for number, piece in enumerate(["[UNK]", *letters])}, [], unk_token="[UNK]"))
    inner.normalizer = normalizers.Lowercase()
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    marks = [mark("[UNK]"), mark("<|end|>", normalized=True, rstrip=True), mark("<call>", False, normalized=True, lstrip=True)]
    marks += [mark(f"<|{role}|>", normalized=True, rstrip=True) for role in ("user", "system", "assistant", "tool")]
    return _made(inner, marks, WORDS, "<|end|>", unk_token="[UNK]")


TOKENIZERS: Final[dict[str, Callable[[], PreTrainedTokenizerFast]]] = {
    "chatml": chatml, "llama3": llama3, "pieces": pieces, "words": words}
