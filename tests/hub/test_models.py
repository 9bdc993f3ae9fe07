"""Of a model that others made numbers are taken, and nothing is run: what would be is refused with the mend, untouched."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from loopback_hub import LoopbackHub
from strange_models import pickle_of

from astra_data.errors import DataError
from astra_data.hub.models import check, fetched

ROOT = Path(__file__).parents[2]


def sentences(folder: Path, modules: list[dict[str, str]], **files: bytes) -> Path:
    """A folder as sentence-transformers has them."""
    (folder / "1_Pooling").mkdir(parents=True)
    (folder / "2_Dense").mkdir()
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "model.safetensors").write_bytes(b"")
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
        (tmp_path / name / weights).write_bytes(pickle_of(tmp_path / "canary"))
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
