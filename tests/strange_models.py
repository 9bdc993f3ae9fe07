"""Models that strangers made: small sound ones, with files in them that would run something if they were believed.

    folder = write_model(tmp_path / "model", TEMPLATE)
    pickled(folder, canary)              # its weights as a pickle that touches the canary
"""

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

Change = Callable[[Path, Path], None]
"""Changes a folder so that something in it touches a canary."""


class Touch:
    """An object whose unpickling makes a file."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.canary,)


def pickle_of(canary: Path) -> bytes:
    return pickle.dumps(Touch(canary))


def code(canary: Path) -> str:
    return f"from pathlib import Path\nPath({str(canary)!r}).touch()\nclass Other: pass\n"


def edited(file: Path, **values: Any) -> None:
    known = json.loads(file.read_text()) if file.exists() else {}
    file.write_text(json.dumps(known | values))


def _pickled(*names: str) -> Change:
    def change(folder: Path, canary: Path) -> None:
        (folder / "model.safetensors").unlink()
        for name in names:
            (folder / name).write_bytes(pickle_of(canary))

    return change


def _beside(name: str) -> Change:
    def change(folder: Path, canary: Path) -> None:
        (folder / name).write_bytes(pickle_of(canary))

    return change


def _index(named: str) -> Change:
    def change(folder: Path, canary: Path) -> None:
        target = (folder / named).resolve()
        (folder / "model.safetensors").rename(folder / "other.safetensors")
        target.write_bytes(pickle_of(canary))
        edited(folder / "model.safetensors.index.json", metadata={"total_size": 1}, weight_map={"lm_head.weight": named})

    return change


def _code(file: str, key: str) -> Change:
    def change(folder: Path, canary: Path) -> None:
        (folder / "other.py").write_text(code(canary))
        names = dict.fromkeys(("AutoConfig", "AutoModelForCausalLM"), "other.Other")
        if file == "config.json":
            edited(folder / file, auto_map=names, model_type=key)
        else:
            edited(folder / file, auto_map={"AutoTokenizer": ["other.Other", "other.Other"]}, tokenizer_class=key)

    return change


def _adapter(folder: Path, canary: Path) -> None:
    (folder / "adapter_model.bin").write_bytes(pickle_of(canary))
    edited(folder / "adapter_config.json", peft_type="LORA", base_model_name_or_path=str(folder), megatron_core="other",
           megatron_config={})


def _config(**values: Any) -> Change:
    return lambda folder, canary: edited(folder / "config.json", **values)


def _custom_generate(folder: Path, canary: Path) -> None:
    (folder / "custom_generate").mkdir()
    (folder / "custom_generate" / "generate.py").write_text(code(canary) + "def generate(*a, **k): pass\n")
    (folder / "model.safetensors").unlink()


REFUSED: Final[dict[str, tuple[Change, str]]] = {
    "weights as a pickle": (_pickled("pytorch_model.bin"), r"weights as pickles alone \(pytorch_model.bin\)"),
    "weights as shards of pickles": (_pickled("pytorch_model-00001-of-00001.bin"), "pickles alone"),
    "weights of Lightning": (_pickled("last.ckpt", "weights.pt"), "pickles alone"),
    "arguments of a trainer": (_pickled("training_args.bin"), r"pickles alone \(training_args.bin\)"),
    "an index that names a pickle": (_index("weights.bin"), "names weights that are no safetensors of its folder"),
    "an index that leads out": (_index("../outside.safetensors"), "names weights that are no safetensors of its folder"),
    "a config that names a pickle": (_config(transformers_weights="adapter_model.bin"), "names weights that are no safetensors"),
    "a class of its own": (_code("config.json", "strange"), "needs code of its own, and none is run"),
    "adapters": (_adapter, "holds adapters of another model"),
    "attention from another repo": (_config(_attn_implementation="someone/kernel"), "wants code of another repo to be run"),
    "experts from another repo": (_config(experts_implementation={"": "some/one"}), "wants code of another repo to be run"),
    "another file to be configured by": (_config(configuration_files=["config.4.0.0.json"]), "wants other files to be read"),
    "trust asked for": (_config(text_config={"trust_remote_code": True}), "wants code of its repo to be run"),
    "a config without end": (lambda folder, canary: (folder / "config.json").write_text("[" * 9000 + "]" * 9000) and None,
                             "config.json is no JSON file|nested too deeply"),
    "sizes that nothing has": (_config(hidden_size=-3, num_attention_heads=0), "cannot be loaded"),
    "values of other types": (_config(layer_types=7, rope_parameters="x", dtype="load"), "cannot be loaded"),
    "generation by code": (_custom_generate, "holds no weights as safetensors"),
}
"""How a model is strange -> the change, and what is said."""
HARMLESS: Final[dict[str, Change]] = {
    "code beside a known class": _code("config.json", "qwen3"),
    "a pickle beside safetensors": _beside("pytorch_model.bin"),
    "arguments of a trainer beside": _beside("training_args.bin"),
    "a tokenizer with code": _code("tokenizer_config.json", "Qwen2Tokenizer"),
}
"""What is left unread."""
