"""Training from a stranger's model, evaluating one, and going on from a checkpoint run nothing that lies in their files."""

import inspect
import pickle
import re
import shutil
from pathlib import Path

import pytest
import torch
from small_training import write_model
from strange_models import HARMLESS, REFUSED, Touch, pickle_of
from training.conftest import Recipes  # type: ignore[import-not-found]
from training.test_sft import Stop, StoppedError  # type: ignore[import-not-found]
from transformers import trainer
from trl.chat_template_utils import qwen3_instruct_2507_chat_template

from astra_data.errors import AstraError, DataError
from astra_data.evaluate.local import LocalPolicy
from astra_data.training import sft
from astra_data.training.model import load_model, load_tokenizer
from astra_data.training.run import Run, Told


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_model(tmp_path / "strange", qwen3_instruct_2507_chat_template)


def load_for_training(recipe: Recipes, folder: Path) -> None:
    checked = recipe("--model.name", str(folder))
    load_model(checked, load_tokenizer(checked))


def load_for_evaluation(folder: Path) -> LocalPolicy:
    return LocalPolicy.load(folder, "strange", 0.0, 4, 7, 4)


@pytest.mark.parametrize("case", REFUSED)
def test_a_model_that_wants_more_than_its_numbers_read_is_refused_with_the_mend(
    recipe: Recipes, folder: Path, tmp_path: Path, case: str
) -> None:
    change, said = REFUSED[case]
    change(folder, tmp_path / "canary")
    for load in (lambda: load_for_training(recipe, folder), lambda: load_for_evaluation(folder)):
        with pytest.raises(AstraError, match=said) as error:
            load()
        assert error.value.mend and "\n" not in str(error.value)
    assert not (tmp_path / "canary").exists()


@pytest.mark.parametrize("case", HARMLESS)
def test_what_lies_beside_the_numbers_is_left_unread(recipe: Recipes, folder: Path, tmp_path: Path, case: str) -> None:
    HARMLESS[case](folder, tmp_path / "canary")
    for load in (lambda: load_for_training(recipe, folder), lambda: load_for_evaluation(folder)):
        try:
            load()
        except DataError as refused:
            assert "code of its own" in str(refused)
    assert not (tmp_path / "canary").exists()


def test_the_canaries_are_touched_by_whoever_believes_the_files(tmp_path: Path) -> None:
    pickle.loads(pickle_of(tmp_path / "canary"))
    assert (tmp_path / "canary").exists()


def test_a_checkpoint_with_a_program_in_it_runs_nothing(
    recipe: Recipes, told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attach, canary = Run.attach, tmp_path / "canary"
    with monkeypatch.context() as patched, pytest.raises(StoppedError):
        patched.setattr(Run, "attach", lambda run, trainer, *rest: (attach(run, trainer, *rest), trainer.add_callback(Stop())))
        sft.train(recipe(), told)
    checkpoint = next(Path("run/checkpoints").glob("checkpoint-*"))
    shutil.copytree(checkpoint, tmp_path / "sound")
    torch.save({"state": Touch(canary)}, tmp_path / "archive")
    programs = [(name, pickle_of(canary)) for name in ("optimizer.pt", "scheduler.pt", "rng_state.pth", "adapter_model.bin")]
    for name, program in [*programs, ("optimizer.pt", (tmp_path / "archive").read_bytes()), ("pytorch_model.bin", b"")]:
        shutil.rmtree(checkpoint)
        shutil.copytree(tmp_path / "sound", checkpoint)
        (checkpoint / name).write_bytes(program)
        with pytest.raises(DataError, match=rf"{checkpoint.name} (holds something else|has weights as a pickle)") as error:
            sft.train(recipe(), told)
        assert error.value.mend == "remove the checkpoints to begin again"
    (checkpoint / name).unlink()
    (checkpoint / "training_args.bin").write_bytes(pickle_of(canary))
    sft.train(recipe(), told)
    assert not canary.exists()


def test_the_trainer_reads_no_pickle_but_by_the_reader_of_numbers() -> None:
    """What holds with the versions that are installed: each `torch.load` of the trainer says so."""
    calls = re.findall(r"torch\.load\((.*?)\n?\s*\)\n", inspect.getsource(trainer), re.DOTALL)
    assert len(calls) >= 8 and all("weights_only=True" in call for call in calls)
