"""Whether the model may be pushed is asked before it is trained."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from loopback_hub import LoopbackHub
from training.conftest import Recipes  # type: ignore[import-not-found]

from astra_data.errors import AstraError
from astra_data.training import sft
from astra_data.training.run import Told

WAYS: dict[str, tuple[str, Callable[[LoopbackHub], object], str]] = {
    "no right": ("org/theirs", lambda hub: hub.read_only.add("org/theirs"), "refused access to org/theirs"),
    "no token": ("org/mine", lambda hub: hub.faults.answer("POST", ".*/create", status=401, times=1), "refused access"),
    "no Hub": ("org/mine", lambda hub: hub.stop(), "the Hub was not reached"),
    "no name": ("org/a--b", lambda hub: None, "no Hub dataset id"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_push_that_will_be_refused_is_refused_before_a_weight_is_loaded(
    recipe: Recipes, told: Told, work: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    repo, arrange, line = WAYS[way]
    with LoopbackHub(work / "remote") as hub:
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", hub.url)
        monkeypatch.setenv("HF_TOKEN", "hf_loopback")
        monkeypatch.setattr(sft, "load_tokenizer", lambda *_: pytest.fail("it went on"))
        arrange(hub)
        with pytest.raises(AstraError, match=line):
            sft.train(recipe(), dataclasses.replace(told, push=repo))
    assert not (work / "run").exists()
