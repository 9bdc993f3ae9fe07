"""Nothing of a folder that others made is imported, and nothing is read that a link of it only leads to."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import mini_bfcl
import pytest
from sample_environments import shop

from astra_data.errors import DataError
from astra_data.formats import astra_rl, bfcl, harbor, importing
from astra_data.formats.bfcl_source import BfclFiles
from astra_data.formats.sources import own
from astra_data.hub.store import Store
from astra_data.pipeline.stage import taken
from astra_data.sandbox import Sandbox
from astra_data.sandbox.installed import folders, installed

if sys.platform != "linux":
    pytest.skip("code is isolated by the Linux kernel", allow_module_level=True)

NAMES = ("mpmath", "json", "typing", "fractions", "numpy", "yaml", "orjson", "click", "sitecustomize", "usercustomize",
         "conftest", "notes", "maths", "scenario")
RUN = "from astra_data.cli import main; main()"


def lures(folder: Path, canary: Path) -> None:
    """Modules, packages and start-up files that leave a trace if anybody imports them."""
    trace = f"open({str(canary)!r}, 'a').write(__name__ + '\\n')\n"
    for name in NAMES:
        (folder / f"{name}.py").write_text(trace)
    for name in ("mpmath", "datasets"):
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "__init__.py").write_text(trace)
    (folder / "__init__.py").write_text(trace)
    (folder / "lure.pth").write_text(f"import os; {trace}")


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    return tmp_path / "touched"


def outcomes(source: Path) -> list[Any]:
    async def run() -> list[Any]:
        stage = bfcl.import_stage(source)
        async with stage.open({}, stage.config.model_validate({"isolation": "best_effort"}), None) as expand:  # type: ignore[arg-type]
            return [(await expand(item.value))[0] for item in stage.items({}, None, None)]  # type: ignore[arg-type]

    return asyncio.run(run())


@pytest.mark.parametrize("place", ["beside", "within", "sources"])
def test_what_lies_beside_the_classes_of_bfcl_is_not_imported(place: str, tmp_path: Path, canary: Path) -> None:
    package = mini_bfcl.write(tmp_path / "data")
    source = package / "eval_checker/multi_turn_eval/func_source_code"
    kept = {name: (source / f"{name}.py").read_text() for name in ("notes", "maths")}
    lures({"beside": package.parent, "within": package, "sources": source}[place], canary)
    for name, text in kept.items():
        (source / f"{name}.py").write_text(f"{text}\nimport json, typing\n" if name == "maths" else text)
    assert len(outcomes(package)) == 4
    assert not canary.exists()


@pytest.mark.parametrize("name", ["helper", "numpy", "antigravity_of_mine", "mpmath_extra"])
def test_a_class_that_imports_another_package_is_refused_before_anything_runs(name: str, tmp_path: Path, canary: Path) -> None:
    package = mini_bfcl.write(tmp_path / "data")
    lures(package.parent, canary)
    (package.parent / f"{name}.py").write_text(f"open({str(canary)!r}, 'w')\n")
    module = package / "eval_checker/multi_turn_eval/func_source_code/maths.py"
    module.write_text(f"import {name}\n{module.read_text()}")
    with pytest.raises(DataError, match=f"{name}, which the classes import, is not loaded for them"):
        outcomes(package)
    assert not canary.exists()


@pytest.mark.parametrize("way", ["appended", "first", "the working folder", "an empty word"])
def test_a_package_is_preloaded_from_where_it_is_installed(
    way: str, tmp_path: Path, canary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lures(tmp_path, canary)
    monkeypatch.chdir(tmp_path)
    added = {"appended": [*sys.path, str(tmp_path)], "first": [str(tmp_path), *sys.path], "the working folder": [".", *sys.path],
             "an empty word": ["", *sys.path]}
    monkeypatch.setattr(sys, "path", added[way])
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with Sandbox(1, "best_effort", preload=["mpmath"]):
        assert not canary.exists()


def test_installed_is_what_this_python_has_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "beside_the_data.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    folders.cache_clear()
    assert installed(["beside_the_data", "pyarrow", "no_such_module"]) == ["pyarrow"]
    assert str(tmp_path) not in folders()


@pytest.mark.parametrize("form", ["astra_rl", "harbor", "bfcl"])
def test_a_command_that_is_run_in_the_folder_of_the_data_imports_nothing_of_it(form: str, tmp_path: Path, canary: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    if form == "bfcl":
        mini_bfcl.write(data)
    else:
        {"astra_rl": astra_rl, "harbor": harbor}[form].write([shop()], data, "# card\n")
    lures(data, canary)
    words = ["convert", ".", "--from", form, "--to", "x", "--store", str(tmp_path / "hub")]
    more = ["--isolation", "best_effort"] if form == "bfcl" else []
    done = subprocess.run([sys.executable, "-P", "-c", RUN, *words, *more], cwd=data, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not canary.exists()


def test_the_steps_of_reproduce_import_nothing_of_the_folder_that_they_are_run_in(
    tmp_path: Path, canary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from types import SimpleNamespace

    from small_versions import make_version

    from astra_data.cli.reproduce import _astra

    make_version(Store.open(tmp_path / "hub"), "one")
    data = tmp_path / "data"
    data.mkdir()
    lures(data, canary)
    monkeypatch.chdir(data)
    assert _astra(SimpleNamespace(store=tmp_path / "hub"), "show", "tasks")["text"] == "one"  # type: ignore[arg-type]
    assert not canary.exists()


def spoiled(file: Path, secret: Path, way: str) -> None:
    """Something else in the place of a file: a link, a folder or a device."""
    file.unlink()
    if way == "link":
        file.symlink_to(secret)
    elif way == "relative link":
        file.symlink_to(os.path.relpath(secret, file.parent))
    elif way == "link to nothing":
        file.symlink_to(secret.parent / "nothing")
    elif way == "loop":
        file.symlink_to(file)
    elif way == "folder":
        file.mkdir()
    else:
        os.mkfifo(file)


WAYS = ["link", "relative link", "link to nothing", "loop", "folder", "pipe"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["task.toml", "environment/tools/environment.json", "tests/goals.json"])
def test_a_task_tree_is_read_from_its_own_files_alone(name: str, way: str, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    harbor.write([shop()], tree, "# card\n")
    secret = tmp_path / "secret"
    secret.write_text((tree / shop().id / name).read_text())
    spoiled(tree / shop().id / name, secret, way)
    with pytest.raises(DataError, match=r"a link that leads|no plain file|differs from what"):
        [taken(item.value) for item in harbor.import_stage(tree).items({}, None, None)]  # type: ignore[arg-type]


def test_a_folder_of_a_tree_that_is_a_link_leads_nowhere(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    harbor.write([shop()], tree, "# card\n")
    for part in ("environment", "tests"):
        (tree / shop().id / part).rename(tmp_path / part)
        (tree / shop().id / part).symlink_to(tmp_path / part)
    with pytest.raises(DataError, match="a link that leads out of tree"):
        [taken(item.value) for item in harbor.import_stage(tree).items({}, None, None)]  # type: ignore[arg-type]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_rows_are_read_from_files_of_the_folder_alone(suffix: str, way: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    secret = tmp_path / f"secret{suffix}"
    secret.write_text("{}")
    (data / f"rows{suffix}").write_text("{}")
    spoiled(data / f"rows{suffix}", secret, way)
    with pytest.raises(DataError, match=r"a link that leads|no plain file"):
        importing.files_in(data)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["eval_checker/multi_turn_eval/func_source_code/maths.py", "data/multi_turn_func_doc/maths.json",
                                  "data/possible_answer/BFCL_v4_multi_turn_base.json", "data/BFCL_v4_multi_turn_base.json"])
def test_bfcl_is_read_from_its_own_files_alone(name: str, way: str, tmp_path: Path) -> None:
    package = mini_bfcl.write(tmp_path / "data")
    secret = tmp_path / "secret"
    secret.write_text((package / name).read_text())
    spoiled(package / name, secret, way)
    with pytest.raises(DataError, match=r"a link that leads|no plain file"):
        BfclFiles(package).read()


def test_a_snapshot_in_the_cache_of_the_hub_consists_of_links_to_its_blobs(tmp_path: Path) -> None:
    repo = tmp_path / "datasets--org--tree"
    snapshot = repo / "snapshots" / ("0" * 40)
    for folder in (repo / "blobs", snapshot):
        folder.mkdir(parents=True)
    (repo / "blobs" / "abc").write_text("{}")
    (snapshot / "rows.jsonl").symlink_to("../../blobs/abc")
    assert importing.files_in(snapshot) == [snapshot / "rows.jsonl"]
    elsewhere = tmp_path / "other" / "snapshots" / "x"
    elsewhere.mkdir(parents=True)
    (tmp_path / "other" / "blobs").mkdir()
    (tmp_path / "other" / "blobs" / "abc").write_text("{}")
    (elsewhere / "rows.jsonl").symlink_to("../../blobs/abc")
    with pytest.raises(DataError, match="leads out of x"):
        own(elsewhere / "rows.jsonl", elsewhere)


@pytest.mark.parametrize(("name", "text", "said"), [
    ("data/possible_answer/BFCL_v4_multi_turn_base.json", "[1]", "expected an object"),
    ("data/BFCL_v4_multi_turn_base.json", "{}", "not an entry"),
    ("data/BFCL_v4_multi_turn_base.json", json.dumps({"id": ["x"]}), "not an entry"),
    ("data/multi_turn_func_doc/maths.json", '{"name": 7}', "no document of a tool"),
    ("data/multi_turn_func_doc/maths.json", '{"name": "a", "description": "", "parameters": []}', "no document of a tool"),
    ("data/multi_turn_func_doc/maths.json", "[" * 400 + "]" * 400, "nested more than"),
    ("eval_checker/multi_turn_eval/func_source_code/maths.py", "class (", "not Python"),
    ("eval_checker/multi_turn_eval/func_source_code/maths.py", "\0", "not Python"),
    ("eval_checker/multi_turn_eval/func_source_code/maths.py", "(" * 5000, "not Python"),
])  # fmt: skip
def test_files_of_bfcl_that_are_not_whole_are_named(name: str, text: str, said: str, tmp_path: Path) -> None:
    package = mini_bfcl.write(tmp_path)
    (package / name).write_text(text)
    files = BfclFiles(package)
    with pytest.raises(DataError, match=said):
        assert list(files.entries()) and files.documents


@pytest.mark.parametrize("name", ["a b", "x;import os", "a\nb", "1a", "a-b"])
def test_a_source_whose_name_would_be_code_of_ours_is_refused(name: str, tmp_path: Path) -> None:
    package = mini_bfcl.write(tmp_path)
    (package / f"eval_checker/multi_turn_eval/func_source_code/{name}.py").write_text("")
    with pytest.raises(DataError, match="no name for a module"):
        BfclFiles(package).read()
