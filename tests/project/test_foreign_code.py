"""No call that loads a model, a tokenizer or a pickle leaves it open whether code of others may run."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import datasets
import pytest

ROOT = Path(__file__).parents[2]
JAIL = ROOT / "astra_data" / "sandbox" / "jail"
"""What runs there is locked in, and code of others by purpose."""
LIBRARY = [path for folder in ("astra_data", "benchmarks") for path in sorted((ROOT / folder).rglob("*.py"))
           if not path.is_relative_to(JAIL)]
LOADERS = ("from_pretrained", "from_config", "SentenceTransformer", "CrossEncoder", "pipeline")
"""Calls that run code of a model's repo if they are told to."""
UNPICKLERS = {"torch": ("load",), "pickle": ("load", "loads", "Unpickler"), "joblib": ("load",), "dill": ("load", "loads"),
              "cloudpickle": ("load", "loads"), "marshal": ("load", "loads"), "shelve": ("open",)}


def called(node: ast.Call) -> tuple[str, str]:
    """What is called, and on what."""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr, ast.unparse(node.func.value)
    return ast.unparse(node.func), ""


def open_calls(source: str) -> Iterator[str]:
    """The calls that say too little, as `line: name`."""
    for node in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        name, owner = called(node)
        given = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
        unsafe = name in LOADERS and given.get("trust_remote_code") != "False"
        pickled = name in UNPICKLERS.get(owner.split(".")[0], ()) and given.get("weights_only") != "True"
        weights = name == "from_pretrained" and "Model" in owner and given.get("use_safetensors") != "True"
        arrays = (name, owner) in (("load", "np"), ("load", "numpy")) and given.get("allow_pickle") not in (None, "False")
        trusting = any(key == "trust_remote_code" and value != "False" for key, value in given.items())
        if unsafe or pickled or weights or arrays or trusting:
            yield f"{node.lineno}: {name}"


def test_every_call_says_that_no_code_of_others_is_run() -> None:
    found = {path.relative_to(ROOT).as_posix(): list(open_calls(path.read_text(encoding="utf-8"))) for path in LIBRARY}
    assert {path: calls for path, calls in found.items() if calls} == {}


@pytest.mark.parametrize("source", [
    "AutoTokenizer.from_pretrained(x)", "AutoTokenizer.from_pretrained(x, trust_remote_code=True)",
    "AutoModelForCausalLM.from_pretrained(x, trust_remote_code=False)", "AutoConfig.from_pretrained(x, trust_remote_code=mine)",
    "library.SentenceTransformer(x)", "pipeline('text-generation', x)", "torch.load(file)", "torch.load(f, weights_only=False)",
    "pickle.loads(b'')", "numpy.load(file, allow_pickle=True)", "load_dataset(x, trust_remote_code=True)",
])
def test_a_call_that_leaves_it_open_is_found(source: str) -> None:
    assert len(list(open_calls(source))) == 1


@pytest.mark.parametrize("source", [
    "AutoTokenizer.from_pretrained(x, trust_remote_code=False)", "torch.load(file, weights_only=True)", "json.load(file)",
    "AutoModelForCausalLM.from_pretrained(x, trust_remote_code=False, use_safetensors=True)", "load_dataset('parquet')",
])
def test_a_call_that_says_so_is_not_found(source: str) -> None:
    assert list(open_calls(source)) == []


def test_there_are_such_calls() -> None:
    calls = [called(node)[0] for path in LIBRARY for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
             if isinstance(node, ast.Call)]
    assert sum(name in LOADERS for name in calls) >= 6


def test_datasets_has_no_loading_scripts_to_trust() -> None:
    """The library refuses to be told to; so our own calls of `load_dataset` say nothing."""
    assert "trust_remote_code" not in inspect.signature(datasets.load_dataset).parameters
