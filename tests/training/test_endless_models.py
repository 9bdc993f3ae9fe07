"""A stranger's model without end is refused before it is loaded, by the file's name; a sound one is taken as it was."""

import asyncio
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from endless_models import ENDLESS, SETTINGS, TOKENIZERS, added, split_by
from small_training import write_model
from strange_models import edited
from training.conftest import Recipes  # type: ignore[import-not-found]
from training.test_strange_models import load_for_evaluation, load_for_training  # type: ignore[import-not-found]
from trl.chat_template_utils import qwen3_instruct_2507_chat_template

from astra_data.cli.evaluate import _folder
from astra_data.errors import DataError, UsageError
from astra_data.ledger import Unanswered
from astra_data.messages import user
from astra_data.models import trial
from astra_data.models.panics import is_panic
from astra_data.models.pretrained import open_model, open_tokenizer
from astra_data.stages.sft import counter
from astra_data.teacher.teacher import Turn
from astra_data.training.marks import Refused
from astra_data.training.model import load_config
from astra_data.training.rendering import renderer_of


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("sound") / "model", qwen3_instruct_2507_chat_template)


@pytest.fixture
def folder(tmp_path: Path, sound: Path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / "endless"))


def turn_of(folder: Path, text: str = "What does the lamp cost?") -> Turn:
    return asyncio.run(load_for_evaluation(folder).act([user(text)], []))


@pytest.mark.parametrize("case", ENDLESS)
def test_a_model_without_end_is_refused_by_the_name_of_the_file(recipe: Recipes, folder: Path, case: str) -> None:
    change, said = ENDLESS[case]
    change(folder)
    for load in (lambda: load_for_training(recipe, folder), lambda: load_for_evaluation(folder)):
        with pytest.raises(DataError, match=said) as error:
            load()
        assert error.value.mend and "\n" not in str(error.value) and len(str(error.value)) < 700


@pytest.mark.parametrize("case", ["a pipe as vocab.json", "64 GB of weights", "64 GB of vocab.json", "a secret as template"])
def test_a_command_refuses_it_before_it_counts_the_files_digest(folder: Path, case: str) -> None:
    change, said = ENDLESS[case]
    change(folder)
    with pytest.raises(DataError, match=said):
        _folder(str(folder), None, None)


def test_so_does_what_is_looked_at_before_a_run(recipe: Recipes, folder: Path) -> None:
    checked = recipe("--model.name", str(folder))
    assert load_config(checked, local=True).hidden_size == 32
    for case in ("labels", "a pipe as lineage.json", "a pipe as config.json"):
        change, said = ENDLESS[case]
        change(folder)
        with pytest.raises(DataError, match=said):
            load_config(checked, local=True)
        (folder / "lineage.json").unlink(missing_ok=True)


@pytest.mark.parametrize("case", ["ee for e", "a pattern that gives up", "no object", "two tokenizers in one"])
def test_a_tokenizer_to_count_by_is_refused_with_or_without_weights_beside_it(folder: Path, case: str) -> None:
    change, said = TOKENIZERS[case]
    assert callable(counter(str(folder)))
    (folder / "model.safetensors").unlink()
    assert callable(counter(str(folder)))
    change(folder)
    with pytest.raises(UsageError, match=said):
        counter(str(folder))


@pytest.mark.parametrize("file", ["generation_config.json", "config.json"])
@pytest.mark.parametrize("case", SETTINGS)
def test_how_a_model_would_have_it_generate_changes_nothing(sound: Path, folder: Path, case: str, file: str) -> None:
    edited(folder / file, **SETTINGS[case])
    made, plain = turn_of(folder), turn_of(sound)
    assert (made.message, made.usage, made.finish) == (plain.message, plain.usage, plain.finish)
    open_model(folder, "endless").save_pretrained(folder.parent / "saved")
    kept = json.loads((folder.parent / "saved" / "generation_config.json").read_text())
    assert kept["eos_token_id"] == 256 and not set(kept) & set(SETTINGS[case])


@pytest.mark.parametrize("value", ["x", [1, "x"], -4, 1.5, {"a": 1}])
def test_an_end_of_a_turn_that_is_no_token_is_refused(folder: Path, value: Any) -> None:
    edited(folder / "generation_config.json", eos_token_id=value)
    with pytest.raises(DataError, match=r"generation_config.json|cannot be loaded"):
        open_model(folder, "endless")


def test_several_ends_of_a_turn_are_kept(folder: Path) -> None:
    edited(folder / "generation_config.json", eos_token_id=[256, 7], temperature=0.1)
    kept = open_model(folder, "endless").generation_config
    assert (kept.eos_token_id, kept.pad_token_id, kept.temperature in (None, 1.0)) == ([256, 7], 257, True)


def test_a_pattern_that_gives_up_on_a_text_refuses_that_text_alone(folder: Path) -> None:
    split_by("(b+)+$")(folder)
    tokenizer = open_tokenizer(folder, "endless")
    renderer = renderer_of(tokenizer)
    assert renderer.render([user("abc")]).ids
    text = "b" * 400 + "!"
    with pytest.raises(BaseException) as panic:
        tokenizer(text)
    assert is_panic(panic.value) and not isinstance(panic.value, Exception)
    with pytest.raises(Refused, match="the tokenizer cannot read it"):
        renderer.render([user(text)])
    results = [{"role": "tool", "tool_call_id": "c1", "name": "get_price", "content": text}]
    assert "cannot be shown" in tokenizer.decode(renderer.told(results)[0])
    with pytest.raises(Unanswered, match="the conversation cannot be shown"):
        turn_of(folder, text)
    assert turn_of(folder).usage.input_tokens > 5


def test_a_special_token_without_a_vector_that_nobody_writes_is_no_harm(folder: Path) -> None:
    added("<image_soft_token>", 259, special=True)(folder)
    assert turn_of(folder, "what is <image_soft_token> here?").usage.output_tokens
    edited(folder / "tokenizer_config.json", pad_token="<image_soft_token>")
    with pytest.raises(DataError, match="has the token '<image_soft_token>' with the number 259, and the model has 259 vectors"):
        load_for_evaluation(folder)


def test_a_sound_model_is_taken_as_it_was_by_links_of_its_folder_and_of_the_hubs_cache(folder: Path, tmp_path: Path) -> None:
    before = {name: one.clone() for name, one in open_model(folder, "sound").state_dict().items()}
    cache = tmp_path / "hub" / "models--org--sound"
    snapshot = cache / "snapshots" / ("c" * 40)
    snapshot.mkdir(parents=True)
    (cache / "blobs").mkdir()
    for number, file in enumerate(sorted(folder.iterdir())):
        file.rename(cache / "blobs" / f"{number:064x}")
        (snapshot / file.name).symlink_to(f"../../blobs/{number:064x}")
    (snapshot / "vocab.txt").symlink_to("config.json")
    edited(snapshot / "config.json", max_position_embeddings=10**9)
    after = open_model(snapshot, "sound").state_dict()
    assert before.keys() == after.keys() and all(torch.equal(one, after[name]) for name, one in before.items())
    assert turn_of(snapshot).usage.output_tokens == 4
    (snapshot / "merges.txt").symlink_to("../../refs")
    (cache / "refs").write_text("main")
    with pytest.raises(DataError, match=r"merges\.txt is a link that leads out of the folder"):
        load_for_evaluation(snapshot)


def test_what_takes_too_long_in_the_child_is_ended_by_its_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "SECONDS", 0.3)
    monkeypatch.setattr(trial, "_tokenizer", lambda folder: next(one for one in iter(int, 1) if one))
    with pytest.raises(DataError, match=r"tokenizer\.json takes more than 0\.3 seconds or 4 GB to be loaded"):
        load_for_evaluation(folder)
    monkeypatch.setattr(trial, "SECONDS", 60.0)
    monkeypatch.setattr(trial, "MEMORY", 1 << 28)
    monkeypatch.setattr(trial, "_tokenizer", lambda folder: bytearray(1 << 29))
    with pytest.raises(DataError, match=r"tokenizer\.json takes more than 60 seconds"):
        load_for_evaluation(folder)


def test_a_folder_is_tried_out_once_and_again_when_a_file_is_another(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_for_evaluation(folder)
    monkeypatch.setattr(trial, "_tried", lambda *_: os._exit(3))
    load_for_evaluation(folder)
    edited(folder / "tokenizer_config.json", model_max_length=7)
    with pytest.raises(DataError, match="ends the process that loads it"):
        load_for_evaluation(folder)
