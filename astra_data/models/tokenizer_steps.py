"""What a tokenizer's steps may make of a text: each may be made longer by a bounded factor, and no more.

    unbounded(json.loads(Path("tokenizer.json").read_bytes()))      # "makes texts up to 1,099,511,627,776 times as long ..."

A step that writes `ee` for `e` doubles a text, and forty of them end a machine. So the factors of a section's steps are
multiplied before any of them is taken.
"""

import base64
import math
import struct
from collections.abc import Iterator
from typing import Any, Final

SECTIONS: Final = ("normalizer", "pre_tokenizer", "post_processor", "decoder")
PARTS: Final = ("normalizers", "pretokenizers", "processors", "decoders")
STEPS: Final = 64
"""Most steps of a section. Real ones have up to a dozen."""
GROWTH: Final = 256
"""Most of a section's growth. Real ones stay below 72: there is an Arabic sign that stands for 18 letters."""
WORD: Final = 1000
"""Most of `max_input_chars_per_word`: the time for a word grows with the square of its letters."""
DEPTH: Final = 16


def unbounded(tokenizer: Any) -> str | None:
    """What is wrong with the steps in a tokenizer.json, or null."""
    return next(_wrong(tokenizer), None)


def _wrong(tokenizer: Any) -> Iterator[str]:
    if not isinstance(tokenizer, dict):
        yield "is no object"
        return
    for section in SECTIONS:
        steps = list(_steps(tokenizer.get(section)))
        if len(steps) > STEPS:
            yield f"has more than {STEPS} steps in its {section}"
        growth = math.prod(_growth(step) for step in steps[: STEPS + 1])
        if growth > GROWTH:
            shown = f"{growth:,}" if growth < 10**18 else "countless"
            yield f"makes texts up to {shown} times as long in its {section}"
    model = tokenizer.get("model")
    word = model.get("max_input_chars_per_word") if isinstance(model, dict) else None
    if isinstance(word, int) and word > WORD:
        yield f"takes words of more than {WORD:,} letters"


def _steps(section: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """The steps of a section in order; one more than `DEPTH` sequences in each other count as too many."""
    if depth > DEPTH:
        yield from ({} for _ in range(STEPS + 1))
    elif isinstance(section, dict):
        inner = [part for name in PARTS for part in section.get(name) or () if isinstance(section.get(name), list)]
        if not inner:
            yield section
        for part in inner:
            yield from _steps(part, depth + 1)


def _growth(step: dict[str, Any]) -> int:
    """How many times as long a step may make a text of one letter."""
    kind = step.get("type")
    if kind == "Replace":
        return _replaced(step.get("pattern"), str(step.get("content") or ""))
    if kind == "Precompiled":
        return _longest(step.get("precompiled_charsmap"))
    if kind == "Prepend":
        return 1 + len(str(step.get("prepend") or ""))
    if kind == "TemplateProcessing":
        single = step.get("single")
        return max(1, sum("Sequence" in one for one in single if isinstance(one, dict))) if isinstance(single, list) else 1
    return {"ByteLevel": 2, "Metaspace": 2, "BertNormalizer": 3}.get(str(kind), 1)


def _replaced(pattern: Any, content: str) -> int:
    """A regular expression may match one letter, or what is between two."""
    text = pattern.get("String") if isinstance(pattern, dict) else None
    if isinstance(text, str) and text:
        return max(1, -(-len(content) // len(text)))
    return 1 + len(content)


def _longest(charsmap: Any) -> int:
    """Letters of the longest text in a map of characters: a trie with its size before it, then texts with a zero after each."""
    try:
        data = base64.b64decode(charsmap or "")
        size: int = struct.unpack("<I", data[:4])[0]
    except (ValueError, TypeError, struct.error):
        return 1  # no map: it is not loaded
    return max(1, *(len(text.decode(errors="replace")) for text in data[4 + size :].split(b"\0")))
