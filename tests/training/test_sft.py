"""SFT trains what the assistant says and nothing else, resumes exactly, and refuses before it loads a weight."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest
import torch
from pushed_model import pushed
from rich.console import Console
from small_training import END, conversation, row, sft_version
from training.conftest import Recipes  # type: ignore[import-not-found]
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
from trl import SFTConfig, SFTTrainer

from astra_data.cli.reproduce import ENTRY
from astra_data.errors import AstraError, DataError, UsageError
from astra_data.hub.store import Store
from astra_data.training import metrics, preflight, sft
from astra_data.training.data import IGNORED, choose, tokenise
from astra_data.training.model import load_model, load_tokenizer, training_template
from astra_data.training.recipe import SftRecipe
from astra_data.training.run import Run, Told

ROOT = Path(__file__).parents[2]
COLOURED = "\x1b[30;48;5;40m"


def losses(folder: str | Path) -> list[float]:
    return [line["loss"] for line in metrics.read(Path(folder) / "metrics.jsonl") if "loss" in line]


def tokens_of(recipe: SftRecipe, told: Told) -> tuple[Any, Any]:
    words = load_tokenizer(recipe)
    chosen = choose(recipe, recipe.data.train, recipe.data.split, "sft", told.store)
    return tokenise(chosen, words, training_template(recipe, words)), words


def test_trained_are_the_turns_of_the_assistant_with_their_end_and_nothing_of_the_tools(recipe: Recipes, told: Told) -> None:
    tokens, words = tokens_of(recipe(), told)
    row = tokens[0]
    trained = words.decode([label for label in row["labels"] if label != IGNORED])
    call = '<tool_call>\n{"name": "get_price", "arguments": {"item": "lamp"}}\n</tool_call>'
    assert trained.replace("\n", "") == f"{call}{END}The lamp is 10.{END}".replace("\n", "")
    assert [label for token, label in zip(row["input_ids"], row["labels"], strict=True) if label not in (token, IGNORED)] == []


def test_labels_are_those_that_trl_itself_makes_of_the_rows(recipe: Recipes, told: Told, work: Path) -> None:
    checked = recipe()
    tokens, words = tokens_of(checked, told)
    rows = choose(checked, "shop-sft", "train", "sft", told.store).rows.select_columns(["messages", "tools"])
    args = SFTConfig(str(work / "trl"), assistant_only_loss=True, max_length=None, use_cpu=True, bf16=False, report_to="none")
    theirs = SFTTrainer(load_model(checked, words), args=args, train_dataset=rows, processing_class=words).train_dataset
    assert theirs["input_ids"][:] == tokens["input_ids"][:]
    assert theirs["labels"][:] == tokens["labels"][:]


def test_the_preflight_counts_what_is_trained_and_colours_it(recipe: Recipes, told: Told) -> None:
    tokens, words = tokens_of(recipe(), told)
    report = preflight.examine(tokens, words, context=1024)
    assert (report.rows, report.spans, report.ended, report.too_long) == (7, 14, 7, [])
    assert report.trained == sum(label != IGNORED for row in tokens for label in row["labels"])
    assert "".join(text for trained, text in report.example if trained).count(END) == 2
    assert not any("dollars" in text for trained, text in report.example if trained)
    console = Console(width=10_000, force_terminal=True, color_system="truecolor")
    with console.capture() as captured:
        console.print(preflight.rendered(report))
    assert "14 turns of the assistant" in captured.get()
    assert f"{COLOURED}The " in captured.get() and f"{COLOURED}<tool_call>" in captured.get()
    assert f"{COLOURED}<tool_response>" not in captured.get()


def test_a_run_learns_and_leaves_a_model_that_loads_with_card_record_curve_and_snapshots(recipe: Recipes, told: Told) -> None:
    done = sft.train(recipe("--snapshots.every", "2", "--snapshots.keep", "2", "--data.validation_split", "test",
                            "--eval_strategy", "steps", "--eval_steps", "3"), told)
    curve = losses("run")
    assert len(curve) == 6
    assert not any("num_tokens" in name for line in metrics.read(Path("run/metrics.jsonl")) for name in line)
    assert curve[-1] < curve[0] - 0.3
    assert sorted(path.name for path in Path("run/snapshots").iterdir()) == ["step-000004", "step-000006"]
    assert [path.name for path in Path("run/checkpoints").glob("checkpoint-*")] == ["checkpoint-6"]
    last, model = (AutoModelForCausalLM.from_pretrained(path) for path in ("run/snapshots/step-000006", done.folder))
    assert all(torch.equal(one, other) for one, other in zip(last.parameters(), model.parameters(), strict=True))
    record = orjson.loads(Path("run/model/lineage.json").read_bytes())
    assert [source["role"] for source in record["inputs"]] == ["sft", "sft"]
    assert record["inputs"][0]["address"] == f"shop-sft@{Store.open(told.store).version('shop-sft').tree}"
    assert record["metrics"]["eval_loss"] > 0
    card = Path("run/model/README.md").read_text()
    assert record["inputs"][0]["address"] in card and "loss on the validation rows" in card
    everything = b"".join(path.read_bytes() for path in Path("run/model").rglob("*") if path.is_file())
    assert str(Path.cwd()).encode() not in everything
    assert AutoTokenizer.from_pretrained(done.folder).chat_template


def test_two_runs_of_one_seed_are_one_curve_and_another_seed_is_another(recipe: Recipes, told: Told) -> None:
    for output, seed in (("one", "3"), ("two", "3"), ("three", "4")):
        sft.train(recipe("--output", output, "--seed", seed, "--max_steps", "3"), told)
    assert losses("one") == losses("two") != losses("three")


ROUNDING = 1e-5
"""Two processes that share sums out among threads in another way differ by so much; otherwise curves are the same to the bit."""
KILLED = """
import os, signal, sys
from pathlib import Path
from rich.console import Console
from transformers import TrainerCallback
from astra_data.training import run, sft
from astra_data.training.recipe import load
from astra_data.training.run import Told

class Kill(TrainerCallback):
    def on_log(self, args, state, control, **kwargs):
        if state.global_step == 5:
            os.kill(os.getpid(), signal.SIGKILL)

attach = run.Run.attach
def attach_and_kill(self, trainer, recipe, console):
    attach(self, trainer, recipe, console)
    trainer.add_callback(Kill())
run.Run.attach = attach_and_kill
sft.train(load(Path("r.yaml"), "sft"), Told(Path("hub"), "astra train sft --config r.yaml"))
"""


def check_goes_on(recipe: Recipes, told: Told, *words: str) -> None:
    """The run that was ended at its fifth step goes on from its newest whole checkpoint, as if it had not been."""
    assert len(losses("run")) == 5
    half_written = Path("run/checkpoints/checkpoint-5")
    half_written.mkdir()
    (half_written / "model.safetensors").write_bytes(b"half")
    done = sft.train(recipe(*words), told)
    assert losses("run") == pytest.approx(losses("whole"), rel=ROUNDING)
    one, other = (AutoModelForCausalLM.from_pretrained(folder) for folder in (done.folder, "whole/model"))
    assert all(torch.allclose(a, b, atol=1e-3) for a, b in zip(one.parameters(), other.parameters(), strict=True))


def test_a_killed_run_goes_on_from_its_checkpoint_with_the_curve_of_one_that_was_never_stopped(
    recipe: Recipes, told: Told
) -> None:
    sft.train(recipe("--output", "whole"), told)
    env = os.environ | {"HF_DATASETS_CACHE": str(Path("cache").absolute()), "PYTHONPATH": str(ROOT),
                        "OMP_NUM_THREADS": str(torch.get_num_threads())}
    killed = subprocess.run([sys.executable, "-c", KILLED], env=env, capture_output=True, text=True, timeout=300, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-2000:]
    check_goes_on(recipe, told)


class StoppedError(Exception):
    """What ends a run in this process."""


class Stop(TrainerCallback):
    """Ends a run as soon as its fifth step is logged."""

    def on_log(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step == 5:
            raise StoppedError


@pytest.mark.parametrize("words", [("--optimizer.kind", "muon"), ("--lora.rank", "4")], ids=["Muon", "LoRA"])
def test_the_state_of_every_optimizer_and_of_adapters_is_in_the_checkpoint(
    recipe: Recipes, told: Told, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    sft.train(recipe("--output", "whole", *words), told)
    attach = Run.attach
    with monkeypatch.context() as patched, pytest.raises(StoppedError):
        patched.setattr(Run, "attach", lambda run, trainer, *rest: (attach(run, trainer, *rest), trainer.add_callback(Stop())))
        sft.train(recipe(*words), told)
    check_goes_on(recipe, told, *words)


def test_a_finished_run_is_found_and_a_folder_keeps_its_recipe_and_data(recipe: Recipes, told: Told, work: Path) -> None:
    first = sft.train(recipe(), told)
    before = Path("run/model/model.safetensors").stat().st_mtime_ns
    assert sft.train(recipe(), told) == first
    assert Path("run/model/model.safetensors").stat().st_mtime_ns == before
    with pytest.raises(UsageError, match=r"^run holds a run with another trainer\.max_steps \(choose another output, or remove"):
        sft.train(recipe("--max_steps", "7"), told)
    sft_version(Store.open(work / "hub"), count=6)
    with pytest.raises(UsageError, match="run holds a run with another inputs"):
        sft.train(recipe(), told)


def test_a_run_is_refused_once_the_model_that_it_began_with_is_another(recipe: Recipes, told: Told) -> None:
    words = ("--model.name", "first/model", "--max_steps", "2")
    sft.train(recipe("--output", "first", "--max_steps", "2"), told)
    sft.train(recipe(*words), told)
    record = Path("first/model/lineage.json")
    record.write_text(record.read_text().replace('"seed": 3', '"seed": 4'))
    with pytest.raises(UsageError, match=r"^run holds a run with another base\."):
        sft.train(recipe(*words), told)


def test_several_processes_end_together_when_the_model_is_there(work: Path) -> None:
    environ = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "HF_DATASETS_CACHE": str(work / "cache")}
    words = ["train", "sft", "--config", "r.yaml", "--store", "hub", "--max_steps", "2"]
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", "--no-python"]
    command = [*launch, sys.executable, "-c", ENTRY, *words]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert len(losses("run")) == 2
    assert AutoModelForCausalLM.from_pretrained("run/model")


REFUSED: list[tuple[str, list[str], str]] = [
    ("a template without marks", ["--model.template", "llama3_1"], r"not mark what the assistant says with \{% generation %\}"),
    ("an unknown template", ["--model.template", "qwen33"], r"TRL has no template 'qwen33' \(did you mean qwen3"),
    ("no template at all", ["--model.template", "own"], r"field model\.template: the tokenizer has no chat template"),
    ("a row longer than the context", ["--model.context", "780"], r"rows are longer than 780 tokens; number \(tokens\): "),
    ("no such split", ["--data.split", "validation"], r"shop-sft has no row of split validation"),
    ("no such dataset", ["--data.train", "shop-stf"], r"shop-stf"),
    ("another kind of rows", ["--data.train", "odd-tasks"], r"odd-tasks holds tasks, and sft are needed"),
    ("rows without an assistant", ["--data.train", "mute-sft"], r"mute-sft@.*, row 1, field messages: no token of it"),
    ("a field that TRL lacks", ["--learning_rat", "1"], r"field trainer\.learning_rat: unknown key \(did you mean"),
    ("a batch that does not divide", ["--per_device_train_batch_size", "3"], r"field batch: a batch of 2 does not divide"),
    ("no sequence at once", ["--per_device_train_batch_size", "0"], r"per_device_train_batch_size: a process takes 0 sequences"),
    ("a checkpoint between two lines", ["--logging_steps", "4"], r"save_steps: a checkpoint every 2 steps falls between"),
    ("an order drawn anew", ["--train_sampling_strategy", "group_by_length"], r"draws the order 'group_by_length' anew when it"),
    ("two orders of the rows", ["--data.curriculum.drills", "2", "--packing", "true"], r"packing: the order of the rows is"),
    ("a curriculum without an end", ["--data.curriculum.drills", "2", "--max_steps", "0"], r"max_steps: a curriculum is made"),
    ("steps that are no number", ["--data.curriculum.drills", "2", "--max_steps", "many"], r"field trainer\.max_steps: "),
    ("Muon on adapters", ["--optimizer.kind", "muon", "--lora.rank", "2"], r"adapters are trained by .*\(leave out"),
    ("a model that is none", ["--model.name", "hub"], r"model hub cannot be loaded: "),
]


@pytest.mark.parametrize(("words", "message"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_is_not_fit_to_train_on_is_refused_in_one_sentence_before_training(
    recipe: Recipes, told: Told, work: Path, words: list[str], message: str
) -> None:
    from small_versions import make_version

    store = Store.open(work / "hub")
    make_version(store, "What is the weather?", name="odd-tasks")
    sft_version(store, name="mute-sft", rows=[row(0, messages=conversation("lamp", 1)[:1])])
    with pytest.raises(AstraError, match=message) as error:
        sft.train(recipe(*words), told)
    assert "\n" not in str(error.value)
    assert error.value.mend
    assert not Path("run").exists()


def test_rows_of_another_schema_are_refused(recipe: Recipes, told: Told, work: Path) -> None:
    from datasets import Dataset

    folder = work / "old" / "data"
    folder.mkdir(parents=True)
    Dataset.from_list([{"id": "1", "messages": "[]", "score": 1.0}]).to_parquet(folder / "train-00000-of-00001.parquet")
    with pytest.raises(DataError, match=r"^\./old has sft rows of another schema, without .*tools.*; with unknown score; "):
        sft.train(recipe("--data.train", "./old"), told)


def test_rows_that_are_too_long_are_dropped_where_the_recipe_says_so_and_listed(recipe: Recipes, told: Told, work: Path) -> None:
    done = sft.train(recipe("--model.context", "780", "--data.too_long", "drop", "--max_steps", "1"), told)
    data = orjson.loads((Path(done.folder) / "lineage.json").read_bytes())["data"]["train"]
    assert 0 < data["rows"] < 7
    assert len(data["too_long"]) + data["rows"] == 7
    assert data["longest"] <= 780 < min(length for _, length in data["too_long"])
    told.console.file.flush()
    assert f"left out as too long: {len(data['too_long'])} rows" in (work / "log").read_text()


def test_a_pushed_model_loads_from_the_hub_with_its_card_metrics_and_lineage(recipe: Recipes, told: Told, work: Path) -> None:
    trained = sft.train(recipe(), told)
    found = pushed(work, "sft", "org/shop", "run/model")
    assert found.told["url"].endswith("/org/shop") and found.told["metrics"] == trained.metrics
    assert found.same
    data = found.lineage["inputs"][0]["address"]
    assert data == f"shop-sft@{Store.open(told.store).version('shop-sft').tree}"
    assert data in found.card and 'from_pretrained("org/shop")' in found.card
