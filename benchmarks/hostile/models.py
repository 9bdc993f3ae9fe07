"""Models as strangers publish them: code beside the weights, pickles, templates that are programs, and claims of any size."""

import base64
import json
import os
import struct
from pathlib import Path
from typing import Any

import yaml

from benchmarks.hostile import versions
from benchmarks.hostile.sites import Command, Kind, Site, Spoil, astra, stored
from benchmarks.hostile.spoiling import spoiled
from benchmarks.hostile.spoils_files import scrambled
from benchmarks.hostile.texts import HALVES, deep, markup, number, path, url, value, written

Json = dict[str, Any]
WEIGHTS = "model.safetensors"
READ = ("added_tokens.json", "lineage.json", "vocab.json", "processor_config.json", "chat_template.jinja", "tokenizer.json",
        "tokenizer_config.json", "generation_config.json", "config.json", "merges.txt", "special_tokens_map.json", WEIGHTS)
"""Names that are opened where they are there."""


def lay(site: Site, variant: str, spoil: Spoil | None) -> list[Command]:
    """Lay out a model; see `sites.Lay`. As `hub` it is on the Hub alone."""
    site.sound.copied(["hub", "model"], site.here)
    folder = (site.here / "model").rename(site.here / "evil-model")
    if spoil:
        spoil(site, folder)
    site.around.publish("model", "org/evil-model", versions.plain_files(folder))
    name = "org/evil-model" if variant == "hub" else "./evil-model"
    for kind, data, trainer in (("sft", "sound-sft", {"num_train_epochs": 1}),
                                ("grpo", "sound-arenas", {"max_steps": 1, "num_generations": 2})):
        said = {"name": f"evil-{kind}", "seed": 0, "model": {"name": name, "dtype": "float32", "template": "own",
                                                             "context": 4096},
                "data": {"train": data}, "trainer": {**trainer, "per_device_train_batch_size": 2, "learning_rate": 1e-4,
                                                     "bf16": False}}
        (site.here / f"{kind}.yaml").write_text(yaml.safe_dump(said))
    return [
        astra("evaluate arena", "evaluate", "arena", "sound-arenas", "--model", name, "--to", "by-model", "--limit", "1",
              "--max-turns", "2",
              "--max-tokens", "8", writes=stored("by-model")),
        astra("show", "show", "by-model"), astra("show ID", "show", "by-model", "ID@by-model"),
        *(astra(f"train {kind} --dry-run", "train", kind, "--config", f"{kind}.yaml", "--dry-run") for kind in ("sft", "grpo")),
    ]


def code(site: Site, folder: Path) -> None:
    """Classes of its own, which only `trust_remote_code` would import."""
    rng, line = site.rng, site.lures.python(site.rng)
    body = f"{line}\nclass Evil:\n    pass\nEvilConfig = EvilModel = EvilTokenizer = Evil\n"
    module = rng.choice(("modeling_evil", "configuration_evil", "evil"))
    for name in {module, "tokenization_evil", "__init__", "setup", "torch", "transformers"}:
        (folder / f"{name}.py").write_text(body)
    where = rng.choice(("", "", "org/other--", f"{url(rng, site.lures)}--"))
    autos = {"AutoConfig": f"{where}{module}.EvilConfig", "AutoModelForCausalLM": f"{where}{module}.EvilModel",
             "AutoModel": f"{where}{module}.EvilModel",
             "AutoTokenizer": [f"{where}tokenization_evil.EvilTokenizer", None]}
    _edit(folder / "config.json", lambda tree: tree | {"auto_map": autos, "trust_remote_code": True,
                                                       "model_type": rng.choice(("qwen3", "evil", "qwen3")),
                                                       "custom_pipelines": {"x": {"impl": f"{module}.Evil",
                                                                                  "pt": ["AutoModel"]}}})
    _edit(folder / "tokenizer_config.json", lambda tree: tree | {"auto_map": autos, "trust_remote_code": True,
                                                                 "tokenizer_class": rng.choice((tree.get("tokenizer_class"),
                                                                                                "EvilTokenizer", "evil.Evil"))})


def pickles(site: Site, folder: Path) -> None:
    """Weights and more that are programs when they are loaded."""
    line = site.lures.python(site.rng).encode("unicode_escape")
    program = b"cbuiltins\nexec\n(V" + line + b"\ntR."
    if site.rng.random() < 0.7:
        (folder / WEIGHTS).unlink()
    for name in ("pytorch_model.bin", "training_args.bin", "optimizer.pt", "adapter_model.bin", "tf_model.h5",
                 "flax_model.msgpack", "tokenizer.pkl", "vocab.pkl"):
        (folder / name).write_bytes(program)
    if site.rng.random() < 0.4:
        (folder / "pytorch_model.bin.index.json").write_text(
            json.dumps({"weight_map": {"x": site.rng.choice(("pytorch_model.bin", "../outside/secret.txt"))}}))
    if site.rng.random() < 0.4:
        (folder / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA",
                                                                "base_model_name_or_path": url(site.rng, site.lures),
                                                                "auto_mapping": {
            "parent_library": "os", "base_model_class": "system"}}))


def templates(site: Site, folder: Path) -> None:
    """Chat templates that do not end, grow, read files, or leave their sandbox."""
    rng, lures = site.rng, site.lures
    reach = ("cycler.__init__.__globals__.os.popen('{x}').read()", "().__class__.__base__.__subclasses__()",
             "lipsum.__globals__['os'].system('{x}')",
             "messages.__class__", "self.__init__.__globals__", "'{{0.__class__.__init__.__globals__}}'.format(cycler)",
             "raise_exception('\x1b[31m[/b]')",
             "messages.append.__self__.__class__.__mro__", "namespace.__init__.__globals__")
    inner = "{% for j in range(99999) %}" * rng.choice((1, 2, 3)) + "x" + "{% endfor %}" * 3
    drawn = rng.choice((f"{{{{ {rng.choice(reach).replace('{x}', lures.shell(rng))} }}}}", inner, "{{ 'x' * 10 ** 9 }}",
                        "{{ 10 ** 10 ** 9 }}",
                        "{% include '" + str(lures.secret(rng)) + "' %}", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
                        "{{ messages | tojson(indent=10**8) }}",
                        "{% set x = namespace(a='x') %}{% for i in range(60) %}{% set x.a = x.a + x.a %}{% endfor %}{{ x.a }}",
                        "{%", markup(rng, lures),
                        "{{ messages[0].content | replace('', 'x' * 9999) }}", "{{ strftime_now('%c' * 99999) }}", "(" * 9_000,
                        "{{ " + "(" * 5_000))
    said = rng.choice((drawn, [{"name": "default", "template": drawn}, {"name": "tool_use", "template": drawn}],
                       {"default": drawn}))
    for name in ("tokenizer_config.json", "tokenizer_config.json"):
        _edit(folder / name, lambda tree: tree | {"chat_template": said})
    (folder / "chat_template.jinja").write_text(drawn.encode("utf-8", "replace").decode())


def claims(site: Site, folder: Path) -> None:
    """Configs of any size and type."""
    rng = site.rng
    huge = rng.choice(("num_labels", "hidden_size", "vocab_size", "num_hidden_layers", "intermediate_size",
                       "max_position_embeddings", "num_attention_heads", "head_dim"))
    for name in ("config.json", "tokenizer_config.json", "generation_config.json", "special_tokens_map.json", "tokenizer.json"):
        if (folder / name).is_file() and rng.random() < 0.5:
            _edit(folder / name, lambda tree: spoiled(rng, tree, site.lures, rng.randint(1, 3)))
    if rng.random() < 0.5:
        _edit(folder / "config.json", lambda tree: (tree if isinstance(tree, dict) else {})
              | {huge: rng.choice((10**6, 10**9, 0, -1, 2**63, "x", None))})
    if rng.random() < 0.3:
        _edit(folder / "config.json", lambda tree: (tree if isinstance(tree, dict) else {}) | {
            rng.choice(("architectures", "model_type", "torch_dtype", "dtype", "quantization_config", "attn_implementation",
                        "_name_or_path", "rope_scaling")):
                rng.choice((value(rng, site.lures), ["os.system"], "os", url(rng, site.lures), {"quant_method": "evil"},
                            {"rope_type": "dynamic", "factor": number(rng)}))})
    if rng.random() < 0.2:
        (folder / "config.json").write_bytes(rng.choice((deep(rng).text.encode(), b"", b"\xff\xfe", b"[]", b"{" * 9_000)))


def weights(site: Site, folder: Path) -> None:
    """Weights whose header claims what is not there, or that are another file."""
    rng, file = site.rng, folder / WEIGHTS
    data = file.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header: Json = json.loads(data[8 : 8 + size])
    what = rng.choice(("length", "header", "offsets", "scrambled", "link", "pipe", "index", "short"))
    if what == "length":
        file.write_bytes(struct.pack("<Q", rng.choice((2**60, 2**63, 2**31, 0, 99_999_999))) + data[8:])
    elif what in ("header", "offsets"):
        name = rng.choice([key for key in header if key != "__metadata__"])
        header[name] |= rng.choice(({"data_offsets": [0, 2**50]}, {"shape": [2**40, 2**40]}, {"dtype": "OBJECT"}, {"shape": [-1]},
                                    {"data_offsets": [5, 1]}))
        drawn = written(header if what == "offsets" else spoiled(rng, header, site.lures, 2)).encode(*HALVES)
        file.write_bytes(struct.pack("<Q", len(drawn)) + drawn + data[8 + size:])
    elif what == "scrambled":
        scrambled(rng, file, 200)
    elif what == "index":
        file.rename(folder / "model-00001-of-00001.safetensors")
        aims = (path(rng, site.lures), "../outside/secret.txt", url(rng, site.lures), "model-00001-of-00001.safetensors")
        (folder / f"{WEIGHTS}.index.json").write_text(written({"metadata": {"total_size": 10**15}, "weight_map": {
            key: rng.choice(aims) for key in header if key != "__metadata__"}}).encode("utf-8", "replace").decode())
    else:
        file.unlink()
        if what == "link":
            file.symlink_to(site.lures.folder / "outside" / "secret.txt")
        elif what == "pipe":
            os.mkfifo(file)
        else:
            file.write_bytes(data[: rng.randrange(len(data))])


def files(site: Site, folder: Path) -> None:
    """Files that have no end, or are those of others."""
    rng = site.rng
    for _ in range(rng.randint(1, 2)):
        file = folder / rng.choice(READ)
        how = rng.choice(("pipe", "device", "sparse", "link", "circle"))
        if how == "sparse":
            with file.open("ab") as stream:
                stream.truncate(rng.choice((64 << 30, 300 << 20)))
            continue
        file.unlink(missing_ok=True)
        if how == "pipe":
            os.mkfifo(file)
        else:
            aim = {"device": rng.choice(("/dev/zero", "/dev/random")), "circle": file.name}
            file.symlink_to(aim.get(how, site.lures.folder / "outside" / "secret.txt"))


def steps(site: Site, folder: Path) -> None:
    """Tokenizers whose steps grow, loop, or give up; classes of other tokenizers; and ways to generate."""
    rng = site.rng
    grow = {"type": "Replace", "pattern": {rng.choice(("String", "Regex")): rng.choice(("e", "a", "", " "))},
            "content": rng.choice(("ee", "x" * 9999, "  "))}
    split = {"type": "Split", "pattern": {"Regex": rng.choice(("(a+)+$", r"(\s+)+\n", "((e|.)+)+#", "(?=a)*"))},
             "behavior": "Isolated", "invert": False}
    coded = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    map_ = base64.b64encode(struct.pack("<I", rng.choice((0, 4, 1024, 2**31))) + rng.randbytes(rng.randrange(2048))).decode()
    sequence = [{"Sequence": {"id": one, "type_id": 0}} for one in rng.choice(("B", "AB", "A" * 999))]
    token = {"id": rng.choice((10**6, 2**31, 300)), "content": rng.choice(("the", "<more>")), "special": rng.random() < 0.5,
             **dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)}
    changes: list[Json] = [
        {"normalizer": {"type": "Sequence", "normalizers": [grow] * rng.choice((1, 8, 40))}},
        {"normalizer": {"type": "Precompiled", "precompiled_charsmap": map_}},
        {"pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, coded]}},
        {"pre_tokenizer": {"type": "Sequence", "pretokenizers": [coded] * rng.choice((9, 40))}},
        {"post_processor": {"type": "TemplateProcessing", "single": sequence, "pair": sequence, "special_tokens": {}}},
        {"decoder": {"type": "Sequence", "decoders": [grow] * 40}}, {"added_tokens": [token]},
    ]
    drawn = rng.sample(changes, rng.randint(0, 2))
    _edit(folder / "tokenizer.json", lambda tree: {**tree, **{key: one for each in drawn for key, one in each.items()}})
    if rng.random() < 0.3 or not drawn:
        kind = rng.choice(("RagTokenizer", "CodeLlamaTokenizer", "BertTokenizer", "T5Tokenizer", "MistralCommonBackend"))
        _edit(folder / "tokenizer_config.json", lambda tree: tree | {"tokenizer_class": kind})
    asked = rng.choice(({"penalty_alpha": 0.6, "top_k": 4}, {"dola_layers": "high"}, {"force_words_ids": [[5]]},
                        {"prompt_lookup_num_tokens": 3}, {"num_beams": 2000}, {"eos_token_id": "x"}, {"stop_strings": ["e"]}))
    _edit(folder / "generation_config.json", lambda tree: tree | asked)


MODELS = Kind(lay, ("folder", "hub"), {"code": code, "pickles": pickles, "templates": templates, "claims": claims,
                                       "weights": weights, "files": files, "steps": steps})


def _edit(file: Path, change: Any) -> None:
    try:
        tree = json.loads(file.read_text()) if file.is_file() else {}
    except ValueError:  # spoiled before
        return
    file.write_bytes(written(change(tree)).encode(*HALVES))
