"""Models that do not end: files without one, configs that claim what no weights hold, tokenizers that grow, loop or give up.

    change, said = ENDLESS["a pipe as vocab.json"]
    change(folder)                      # a sound model becomes one that is refused with `said`
"""

import base64
import json
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from strange_models import edited

Change = Callable[[Path], object]
TOKENIZER: Final = "tokenizer.json"
CODED: Final = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}


def _pipe(name: str) -> Change:
    def change(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        os.mkfifo(folder / name)

    return change


def _link(name: str, target: str) -> Change:
    def change(folder: Path) -> None:
        (folder.parent / "secret.txt").write_text("a secret of this machine")
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(target)

    return change


def _sparse(name: str, size: int = 64 << 30) -> Change:
    def change(folder: Path) -> None:
        with (folder / name).open("ab") as file:
            file.truncate(size)

    return change


def _header(**entries: Any) -> Change:
    """Weights whose header has these entries on top, and the same bytes behind it."""

    def change(folder: Path) -> None:
        data = (folder / "model.safetensors").read_bytes()
        size = struct.unpack("<Q", data[:8])[0]
        header = json.dumps(json.loads(data[8 : 8 + size]) | entries).encode()
        (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + data[8 + size :])

    return change


def _long_header(folder: Path) -> None:
    data = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", 1 << 60) + data[8:])


def _config(**values: Any) -> Change:
    return lambda folder: edited(folder / "config.json", **values)


def _settings(**values: Any) -> Change:
    return lambda folder: edited(folder / "tokenizer_config.json", **values)


def _steps(**sections: Any) -> Change:
    return lambda folder: edited(folder / TOKENIZER, **sections)


def _normalized(*steps: dict[str, Any]) -> Change:
    return _steps(normalizer={"type": "Sequence", "normalizers": list(steps)})


def _replace(pattern: str, content: str, kind: str = "String") -> dict[str, Any]:
    return {"type": "Replace", "pattern": {kind: pattern}, "content": content}


def _charsmap(data: bytes) -> Change:
    return _steps(normalizer={"type": "Precompiled", "precompiled_charsmap": base64.b64encode(data).decode()})


def split_by(pattern: str) -> Change:
    """The pattern before the bytes are taken."""
    split = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}
    return _steps(pre_tokenizer={"type": "Sequence", "pretokenizers": [split, CODED]})


def _template(*parts: str) -> Change:
    pieces = [{"Sequence": {"id": part, "type_id": 0}} for part in parts]
    return _steps(post_processor={"type": "TemplateProcessing", "single": pieces, "pair": pieces, "special_tokens": {}})


def added(content: str, number: int, *, special: bool = False) -> Change:
    def change(folder: Path) -> None:
        known = json.loads((folder / TOKENIZER).read_text())
        token = {"id": number, "content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
                 "special": special}
        edited(folder / TOKENIZER, added_tokens=[*known["added_tokens"], token])

    return change


def _nested(depth: int) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "Lowercase"}
    for _ in range(depth):
        made = {"type": "Sequence", "normalizers": [made]}
    return made


PIPES: Final = ("added_tokens.json", "lineage.json", "vocab.json", "processor_config.json", "chat_template.jinja", "merges.txt",
                "tokenizer_config.json", "tokenizer.model", "config.json", "model.safetensors", "README.md", ".hidden.json")
LINKS: Final = {
    "chat_template.jinja": "/dev/zero", TOKENIZER: "/dev/zero", "config.json": "/dev/random",
    "generation_config.json": "/dev/tty", "additional_chat_templates/tool.jinja": "../../secret.txt",
    "vocab.txt": "/proc/self/environ",
    "special_tokens_map.json": "special_tokens_map.json",
}
SPARSE: Final = ("chat_template.jinja", TOKENIZER, "config.json", "vocab.json", "merges.txt", "added_tokens.json", "x.tiktoken",
                 "special_tokens_map.json", "tokenizer.model")
FILES: Final[dict[str, tuple[Change, str]]] = {
    **{f"a pipe as {name}": (_pipe(name), f"{name} is a pipe or a device, and no file") for name in PIPES},
    **{f"{name} -> {aim}": (_link(name, aim), f"{name} (is a link that leads out of the folder|cannot be read)")
       for name, aim in LINKS.items()},
    "a secret as template": (_link("chat_template.jinja", "../secret.txt"), "chat_template.jinja is a link that leads out"),
    **{f"64 GB of {name}": (_sparse(name), f"{name} is too large to be read: 65,536 MB") for name in SPARSE},
    "64 GB of weights": (_sparse("model.safetensors"), "model.safetensors is not as long as its header says"),
    "a header without end": (_long_header, "model.safetensors is no safetensors file"),
    "a tensor beyond the end": (_header(more={"dtype": "F32", "shape": [2], "data_offsets": [1 << 40, (1 << 40) + 8]}),
                                "model.safetensors is not as long as its header says"),
    "a tensor without a shape": (_header(more={"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}), "header that is none"),
    "a header of numbers": (_header(more=7), "header that is none of safetensors"),
}
"""How a folder's files have no end, or are those of others -> the change, and what is said."""
CLAIMS: Final[dict[str, tuple[Change, str]]] = {
    "labels": (_config(num_labels=10**9), "config.json says num_labels: 1000000000"),
    "labels of a part": (_config(text_config={"num_labels": 10**8}), "config.json says num_labels"),
    "layers": (_config(num_hidden_layers=5000), "config.json says num_hidden_layers: 5000, and its weights are 24 tensors"),
    "words": (_config(vocab_size=10**9), r"config.json describes a model of [\d,]+ numbers, and the weights hold"),
    "width": (_config(intermediate_size=10**8), r"config.json describes a model of [\d,]+ numbers"),
    "heads": (_config(num_attention_heads=10**9), "config.json describes a model of"),
    "positions": (_config(max_position_embeddings=2**63), "config.json says max_position_embeddings: a number without sense"),
    "positions that are learnt": (_config(model_type="gpt2", max_position_embeddings=10**9), "config.json describes a model of"),
}
TOKENIZERS: Final[dict[str, tuple[Change, str]]] = {
    "ee for e": (_normalized(*[_replace("e", "ee")] * 40), f"{TOKENIZER} makes texts up to 1,099,511,627,776 times as long"),
    "one step of many letters": (_normalized(_replace("e", "e" * 5000)), "times as long in its normalizer"),
    "what is between letters": (_normalized(*[_replace("", "x", "Regex")] * 9), "times as long in its normalizer"),
    "a prefix again and again": (_normalized(*[{"type": "Prepend", "prepend": "xxxx"}] * 20), "times as long in its normalizer"),
    "bytes of bytes": (_steps(pre_tokenizer={"type": "Sequence", "pretokenizers": [CODED] * 30}), "in its pre_tokenizer"),
    "growth on the way back": (_steps(decoder={"type": "Sequence", "decoders": [_replace("a", "aa")] * 40}), "in its decoder"),
    "steps without end": (_normalized(*[{"type": "Lowercase"}] * 90_000), "has more than 64 steps in its normalizer"),
    "steps in steps": (_steps(normalizer=_nested(30)), "has more than 64 steps"),
    "a map of long texts": (_charsmap(struct.pack("<I", 4) + bytes(4) + b"x" * 9000 + b"\0"), "times as long in its normalizer"),
    "a map that is none": (_charsmap(b"abc"), f"{TOKENIZER} (cannot be used|takes more)"),
    "a map that leads out": (_charsmap(struct.pack("<I", 8) + b"\xff" * 8 + b"x\0"), f"{TOKENIZER} (cannot be used|takes more)"),
    "a map of broken texts": (_charsmap(struct.pack("<I", 1024) + b"\x80\x01\0\0" * 256 + b"\xff\xfe\0"),
                              f"{TOKENIZER} (cannot be used|takes more)"),
    "a pattern that gives up": (split_by("(a+)+$"), f"{TOKENIZER} cannot be used"),
    "a pattern of spaces that gives up": (split_by(r"( +)+\n"), f"{TOKENIZER} cannot be used"),
    "a second text": (_template("A", "B"), f"{TOKENIZER} cannot be used"),
    "a text three hundred times": (_template(*"A" * 300), "makes texts up to 300 times as long in its post_processor"),
    "two tokenizers in one": (_settings(tokenizer_class="RagTokenizer"), f"{TOKENIZER} "),
    "a class that takes other files": (_settings(tokenizer_class="CodeLlamaTokenizer"), f"{TOKENIZER} "),
    "a token beyond the weights": (added("<more>", 900_000), "has the token '<more>' with the number"),
    "words of any length": (_steps(model={"type": "WordPiece", "unk_token": "a", "continuing_subword_prefix": "##", "vocab": {},
                                          "max_input_chars_per_word": 10**9}), "takes words of more than 1,000 letters"),
    "no object": (lambda folder: (folder / TOKENIZER).write_text("[]"), f"{TOKENIZER} is no object"),
}
ENDLESS: Final = FILES | CLAIMS | TOKENIZERS
SETTINGS: Final[dict[str, dict[str, Any]]] = {
    "contrastive": {"penalty_alpha": 0.6, "top_k": 4}, "layers": {"dola_layers": "high"}, "words": {"force_words_ids": [[5]]},
    "lookup": {"prompt_lookup_num_tokens": 3}, "beams": {"num_beams": 2000}, "groups": {"num_beams": 4, "num_beam_groups": 2},
    "penalties": {"repetition_penalty": 1e9, "no_repeat_ngram_size": 1}, "bans": {"bad_words_ids": [[n] for n in range(250)]},
    "length": {"min_new_tokens": 10**6, "max_length": 1}, "time": {"max_time": 0.0}, "stops": {"stop_strings": ["e"]},
    "cache": {"cache_implementation": "offloaded"}, "guidance": {"guidance_scale": 3.0},
    "sampling": {"do_sample": True, "temperature": 1e-9},
}
"""How a model would have it generate."""
