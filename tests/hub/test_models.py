"""Of a model that others made numbers are taken, and nothing is run: what would be is refused with the mend, untouched."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from loopback_hub import LoopbackHub
from strange_models import pickle_of

from astra_data.errors import DataError
from astra_data.hub.models import check, fetched
from astra_data.models import files

ROOT = Path(__file__).parents[2]
NO_WEIGHTS = b"\2" + bytes(7) + b"{}"
"""A safetensors file without tensors."""


def sentences(folder: Path, modules: list[dict[str, str]], **files: bytes) -> Path:
    """A folder as sentence-transformers has them."""
    (folder / "1_Pooling").mkdir(parents=True)
    (folder / "2_Dense").mkdir()
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "model.safetensors").write_bytes(NO_WEIGHTS)
    for name, content in files.items():
        (folder / name.replace("__", "/")).with_suffix(".bin").write_bytes(content)
    return folder


SOUND = [{"path": "", "type": "sentence_transformers.models.Transformer"},
         {"path": "1_Pooling", "type": "sentence_transformers.sentence_transformer.modules.Pooling"}]


def test_modules_of_the_library_are_taken(tmp_path: Path) -> None:
    check(sentences(tmp_path / "one", SOUND), "one")


@pytest.mark.parametrize("kind", [
    "os.system", "subprocess.Popen", "this", "modeling_own.Own", "sentence_transformers.util.misc.importlib",
    "sentence_transformers.base.modules.module.torch", "sentence_transformers..Pooling",
    "sentence_transformers_other.Pooling", "", 7,
])
def test_a_module_that_names_another_class_is_refused(tmp_path: Path, kind: str) -> None:
    with pytest.raises(DataError, match=r"modules.json names the class .*, which is none of sentence-transformers"):
        check(sentences(tmp_path / "one", [*SOUND, {"path": "", "type": kind}]), "one")


@pytest.mark.parametrize("path", ["../outside", "/etc", "1_Pooling/../..", "a\\b", ".git"])
def test_a_module_outside_of_the_folder_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(DataError, match="may not become a file"):
        check(sentences(tmp_path / "one", [{"path": path, "type": SOUND[1]["type"]}]), "one")


def test_a_module_with_pickled_weights_is_refused_and_they_are_not_read(tmp_path: Path) -> None:
    dense = [*SOUND, {"path": "2_Dense", "type": "sentence_transformers.models.Dense"}]
    folder = sentences(tmp_path / "one", dense, **{"2_Dense__pytorch_model": pickle_of(tmp_path / "canary")})
    with pytest.raises(DataError, match=r"weights as pickles alone \(pytorch_model.bin\) \(choose a revision with safetensors"):
        check(folder, "one")
    assert not (tmp_path / "canary").exists()


def test_a_router_that_names_what_is_no_class_is_refused(tmp_path: Path) -> None:
    folder = sentences(tmp_path / "one", SOUND)
    (folder / "router_config.json").write_text(json.dumps({"types": {"0": "sentence_transformers.util.misc.importlib"}}))
    with pytest.raises(DataError, match="names what is no class of sentence-transformers"):
        check(folder, "one")


def routed(folder: Path, types: dict[str, Any], where: str = "") -> Path:
    """A model whose router, or that of one of its modules, has these parts."""
    sentences(folder, [*SOUND, {"path": where, "type": "sentence_transformers.models.Router"}])
    home = folder / where
    home.mkdir(exist_ok=True)
    (home / "router_config.json").write_text(json.dumps({"types": types, "structure": {"query": [*types]}, "parameters": {}}))
    return home


DENSE = "sentence_transformers.models.Dense"


@pytest.mark.parametrize("where", ["", "2_Router"])
@pytest.mark.parametrize("files", [
    ["pytorch_model.bin"], ["PYTORCH.BIN"], ["weights.pt", "other.safetensors"], ["deep/er/x.pkl"],
    ["pytorch_model.bin", "model.safetensors.index.json"],
], ids=str)  # fmt: skip
def test_a_part_of_a_part_with_pickled_weights_is_refused(tmp_path: Path, where: str, files: list[str]) -> None:
    part = routed(tmp_path / "one", {"query_0_Dense": DENSE}, where) / "query_0_Dense"
    for name in files:
        (part / name).parent.mkdir(parents=True, exist_ok=True)
        (part / name).write_bytes(b"{}" if name.endswith("json") else pickle_of(tmp_path / "canary"))
    with pytest.raises(DataError, match="weights as pickles alone"):
        check(tmp_path / "one", "one")
    assert not (tmp_path / "canary").exists()


@pytest.mark.parametrize("where", ["", "2_Router"])
def test_a_part_with_safetensors_is_taken_whatever_lies_beside_them(tmp_path: Path, where: str) -> None:
    part = routed(tmp_path / "one", {"query_0_Dense": DENSE, "document_0_Dense": DENSE}, where) / "query_0_Dense"
    part.mkdir()
    for name in ("model.safetensors", "pytorch_model.bin", "optimizer.pt"):
        (part / name).write_bytes(NO_WEIGHTS if name.endswith("safetensors") else b"")
    sound = {"activation_function": "torch.nn.modules.activation.Tanh", "tokenizer_class": "BertTokenizer"}
    (part / "config.json").write_text(json.dumps(sound))
    for name in ("openvino/openvino_model.bin", "onnx/model.pkl", "checkpoint-7/optimizer.pt", ".cache/x.bin"):
        (tmp_path / "one" / name).parent.mkdir()
        (tmp_path / "one" / name).write_bytes(b"")
    check(tmp_path / "one", "one")


@pytest.mark.parametrize("types", [
    {"../outside": DENSE}, {"/etc": DENSE}, {"checkpoint-7": DENSE}, {"onnx": DENSE}, {".hidden": DENSE}, {"a": "os.system"},
    {"a": "this"}, {"a": None}, {"": DENSE}, {"a": "sentence_transformers.util.misc.importlib"},
], ids=str)  # fmt: skip
@pytest.mark.parametrize("where", ["", "2_Router"])
def test_a_part_that_is_elsewhere_or_of_another_class_is_refused(tmp_path: Path, where: str, types: dict[str, Any]) -> None:
    routed(tmp_path / "one", types, where)
    with pytest.raises(DataError, match="no class of sentence-transformers, or no part of it"):
        check(tmp_path / "one", "one")


@pytest.mark.parametrize(("name", "content", "said"), [
    ("2_Dense/adapter_config.json", {"peft_type": "LORA"}, "adapters of another model"),
    ("2_Dense/deep/adapter_config.json", {}, "adapters of another model"),
    ("2_Dense/model.safetensors.index.json", {"weight_map": {"a": "model-1.bin"}}, "names weights that are no safetensors"),
    ("2_Dense/deep/x.index.json", {"weight_map": ["../../x.safetensors"]}, "names weights that are no safetensors"),
    ("2_Dense/config.json", {"activation_function": "torch.hub.load"}, "a class that is none of the library"),
    ("2_Dense/config.json", {"activation_function": "os.system"}, "a class that is none of the library"),
    ("2_Dense/wordembedding_config.json", {"tokenizer_class": "this.that"}, "a class that is none of the library"),
    ("2_Dense/deep/config.json", {"trust_remote_code": True}, "wants code of its repo to be run"),
], ids=str)  # fmt: skip
def test_what_a_file_of_any_folder_asks_for_is_refused(tmp_path: Path, name: str, content: dict[str, Any], said: str) -> None:
    folder = sentences(tmp_path / "one", SOUND)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps(content))
    with pytest.raises(DataError, match=said):
        check(folder, "one")


def test_a_folder_that_is_a_link_and_files_without_end_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = sentences(tmp_path / "one", SOUND)
    (folder / "3_Dense").symlink_to(tmp_path)
    with pytest.raises(DataError, match="its folder '3_Dense' is a link"):
        check(folder, "one")
    (folder / "3_Dense").unlink()
    monkeypatch.setattr(files, "MOST_FILES", 3)
    with pytest.raises(DataError, match="holds more than 3 files"):
        check(folder, "one")


@pytest.mark.parametrize("path", ["checkpoint-1", "onnx/deep", "original"])
def test_a_module_that_leads_to_what_is_not_looked_at_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(DataError, match="which is not looked at"):
        check(sentences(tmp_path / "one", [*SOUND, {"path": path, "type": DENSE}]), "one")


@pytest.mark.parametrize("name", ["", "a b", "../x", "org/name/more", "org/..", "https://example.org/x"])
def test_a_name_that_is_neither_folder_nor_repo_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    if name == "":
        (tmp_path / "x").mkdir()
        name = "x"
    with pytest.raises(DataError, match="cannot be loaded"):
        fetched(name)


CODE = """
import sys
from pathlib import Path
from huggingface_hub import HfApi
from astra_data.errors import DataError
from astra_data.hub.models import fetched
api = HfApi()
for repo, folder in zip(("org/sound", "org/pickled"), sys.argv[1:], strict=True):
    api.create_repo(repo)
    api.upload_folder(repo_id=repo, folder_path=folder)
print(sorted(path.name for path in fetched("org/sound").iterdir()))
try:
    fetched("org/pickled")
except DataError as error:
    print(error)
print(sorted(path.name for path in Path(sys.argv[3] if len(sys.argv) > 3 else "home").rglob("*.bin")))
"""


def test_of_a_repo_no_pickle_and_no_code_is_downloaded(tmp_path: Path) -> None:
    for name, weights in (("sound", "model.safetensors"), ("pickled", "pytorch_model.bin")):
        (tmp_path / name).mkdir()
        (tmp_path / name / weights).write_bytes(NO_WEIGHTS if name == "sound" else pickle_of(tmp_path / "canary"))
        (tmp_path / name / "config.json").write_text("{}")
        (tmp_path / name / "modeling.py").write_text("1/0")
        (tmp_path / name / "training_args.bin").write_bytes(pickle_of(tmp_path / "canary"))
    with LoopbackHub(tmp_path / "remote") as hub:
        env = os.environ | {"HF_ENDPOINT": hub.url, "HF_TOKEN": "hf_loopback", "HF_HOME": str(tmp_path / "home"),
                            "HF_HUB_DISABLE_XET": "1", "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", CODE, str(tmp_path / "sound"), str(tmp_path / "pickled")]
        done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    taken, said, pickles = done.stdout.splitlines()
    assert taken == "['config.json', 'model.safetensors']" and pickles == "[]"
    assert said.startswith("model org/pickled cannot be loaded: it holds no weights as safetensors")
    assert not (tmp_path / "canary").exists()
