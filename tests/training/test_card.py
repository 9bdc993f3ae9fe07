"""The card of a trained model, whose base may have a record that a stranger wrote."""

from typing import Any

import pytest
from hostile_texts import MARKDOWN, TERMINAL, UNSEEN
from rendered import rendered

from astra_data.training import card

HOSTILE = {kind: text for kind, text in (MARKDOWN | TERMINAL).items() if text and kind != "halves"}


def record(text: Any) -> dict[str, Any]:
    """A record of training on one dataset, from a base with a record of its own."""
    source = {"role": text("role"), "address": text("address"), "repo": text("repo"), "tree": text("tree"), "rows": text("rows")}
    stage = {"stage": text("stage"), "name": text("name"), "inputs": [source, source]}
    return {
        **stage, "kind": "model", "seed": 7, "source": text("source"), "command": text("command"), "licenses": [text("license")],
        "recipe": {"model": {"name": text("base"), "revision": text("revision")}, "lora": None, text("key"): text("value")},
        "code": {"package": text("package"), "version": text("version")}, "env": {"trl": text("trl"), "device": text("device")},
        "data": {text("data"): {"rows": 3, "tokens": 4, "longest": 2, "too_long": []}}, "metrics": {text("metric"): 0.5},
        "base": stage | {"recipe": {"model": {"name": text("first base")}}, "licenses": [text("license")]},
    }  # fmt: skip


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_text_of_a_record_is_more_than_words(hostile: str) -> None:
    text = HOSTILE[hostile]
    spoilt = record(lambda field: f"{text}{field}")
    page, wanted = rendered(card.render(spoilt)), rendered(card.render(record(str)))
    assert (page.active, page.shape) == ([], wanted.shape)
    assert page.head == card.head(spoilt)
    assert page.head.keys() == wanted.head.keys() and "base_model" not in page.head and "datasets" not in page.head
    assert not UNSEEN.search(card.render(spoilt))


@pytest.mark.parametrize("name", ["org/model", "org/some_model-7B"])
def test_a_base_and_datasets_of_the_hub_are_named_in_the_head(name: str) -> None:
    made = record(lambda field: name if field in ("first base", "repo") else field)
    assert (card.head(made)["base_model"], card.head(made)["datasets"]) == (name, [name])


@pytest.mark.parametrize(
    "base", ["x", 7, [], {"inputs": "x"}, {"inputs": [7, {}], "recipe": "x"}, {"recipe": {"model": 7}}, {"base": {"base": 7}}]
)
def test_a_base_with_a_record_unlike_ours_spoils_no_card(base: Any) -> None:
    page = rendered(card.render(record(str) | {"base": base}))
    assert page.head["astra"]["kind"] == "model"
