"""A training recipe that is wrong says where, and what was meant, before anything is loaded."""

import subprocess
import sys
from pathlib import Path

import pytest

from astra_data.errors import UsageError
from astra_data.training.recipe import GrpoRecipe, Kind, find, load, trainer_config

GOOD = "name: x\nmodel: {name: org/m, context: 64}\ndata: {train: a-sft}\n"
WRONG: list[tuple[str, str, Kind, list[str], str]] = [
    ("an unknown key at the top", GOOD + "loras: {}", "sft", [], r"^r\.yaml, field loras: unknown key \(did you mean lora\?\)"),
    ("an unknown key of a section", GOOD + "lora: {rnk: 1}", "sft", [], r"field lora\.rnk: unknown key \(did you mean rank\?\)"),
    ("a section of the other kind", GOOD + "reward: {mode: f1}", "sft", [], r"field reward: unknown key"),
    ("a model from nowhere", "name: x\nmodel: {context: 64}\ndata: {train: a}", "sft", [], r"field model: .*one of model\.name"),
    ("a model from two places", GOOD, "sft", ["--model.scratch.layers", "2"], r"field model: .*one of model\.name and"),
    ("no context", "name: x\nmodel: {name: m}\ndata: {train: a}", "sft", [], r"field model\.context: missing \(add `context"),
    ("an unknown reward", GOOD + "reward: {mode: f2}", "grpo", [], r"field reward\.mode: 'f2' is no choice here \(write 'f1'"),
    ("an override of an unknown key", GOOD, "sft", ["--lora.rnk", "3"], r"field lora\.rnk: .*did you mean rank\?"),
    ("an override without a value", GOOD, "sft", ["--seed"], r"--seed has no value"),
    ("a word that overrides nothing", GOOD, "sft", ["seed=3"], r"'seed=3' overrides nothing \(write --key value"),
]


def written(tmp_path: Path, text: str = GOOD) -> Path:
    (tmp_path / "r.yaml").write_text(text)
    return tmp_path / "r.yaml"


@pytest.mark.parametrize(("text", "kind", "words", "message"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_a_wrong_recipe_says_where_and_how_to_mend_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, kind: Kind,
                                                      words: list[str], message: str) -> None:
    written(tmp_path, text)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=message) as error:
        load(Path("r.yaml"), kind, words)
    assert error.value.mend
    assert "\n" not in str(error.value)


def test_words_override_values_and_a_key_without_section_is_of_the_trainer(tmp_path: Path) -> None:
    recipe = load(written(tmp_path), "grpo", ["--learning_rate", "1e-5", "--max_steps=3", "--reward.mode", "recall", "--seed=4"])
    assert isinstance(recipe, GrpoRecipe)
    assert recipe.trainer == {"learning_rate": "1e-5", "max_steps": 3}
    assert (recipe.reward.mode, recipe.seed, recipe.model.context) == ("recall", 4, 64)


def test_reading_a_recipe_loads_neither_torch_nor_what_bare_training_machines_lack(tmp_path: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from astra_data.training.recipe import load
load(Path({str(written(tmp_path))!r}), "sft")
print(sorted({{"torch", "trl", "transformers", "datasets", "polars", "openai", "mcp"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("--learning_rat=1", r"field trainer\.learning_rat: unknown key \(did you mean learning_rate\?\)"),
        ("--learning_rate=soon", r"field trainer\.learning_rate: 'soon' is not a number"),
        ("--max_length=7", r"field trainer\.max_length: a run sets this itself \(say it under model\.context\)"),
        ("--lr_scheduler_type=cosin", r"field trainer: cosin is not a valid SchedulerType"),
        ("--loss_type=nil", r"field trainer\.loss_type: 'nil' is no choice here \(write 'nll', 'dft'"),
    ],
)
def test_the_section_trainer_is_checked_against_the_config_of_trl(tmp_path: Path, word: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as error:
        trainer_config(load(written(tmp_path), "sft", [word]), output_dir=str(tmp_path))
    assert "\n" not in str(error.value)


def test_numbers_that_yaml_reads_as_text_are_numbers_for_the_trainer(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD + "trainer: {learning_rate: 5e-6, per_device_train_batch_size: 2, bf16: false}")
    config = trainer_config(load(path, "sft"), output_dir=str(tmp_path))
    assert (config.learning_rate, config.per_device_train_batch_size, config.bf16) == (5e-6, 2, False)


def test_a_recipe_is_found_by_file_and_an_unknown_one_lists_what_there_is(tmp_path: Path) -> None:
    path = written(tmp_path)
    assert find(str(path), "sft") == path
    with pytest.raises(UsageError, match=r"no sft recipe 'astra-7b' \(give a YAML file, or "):
        find("astra-7b", "sft")
