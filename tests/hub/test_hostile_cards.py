"""A card of a version whose lineage a stranger wrote: what is ours stands as ever, what is theirs is words."""

from dataclasses import replace
from typing import Any

import pytest
from hostile_texts import MARKDOWN, TERMINAL, UNSEEN
from hypothesis import given, settings
from hypothesis import strategies as st
from rendered import rendered

from astra_data.formats import EXPORTERS
from astra_data.formats.card import card as export_card
from astra_data.hub import cards
from astra_data.hub.lineage import Code, Funnel, Histogram, Input, Lineage, Output
from astra_data.rows import ROW_TYPES

TREE = "0123456789abcdef0123456789abcdef01234567"
HOSTILE = {kind: text for kind, text in (MARKDOWN | TERMINAL).items() if text and kind != "halves"}
KINDS = [*ROW_TYPES, "personas"]
CONFIGS = ["default", "rejected", "quarantined", "ledger"]


def lineage(kind: str, text: Any) -> Lineage:
    """A record with `text(field)` wherever a stranger could put a text."""
    banded = {"mode": "banded", "similarity": text("similarity"), "low": text("low"), "high": 1, "per_band": text("per band")}
    return Lineage(
        kind=kind, stage=text("stage"), stage_version=1, key=text("key"), complete=False, config={"distractors": banded}, seed=7,
        command=text("command"), funnel=Funnel(9, 7, {text("rejected"): 1}, {text("quarantined"): 1}),
        outputs=[Output("default", text("digest"), 7, []), Output("rejected", text("digest"), 2, [])],
        code=Code(text("package"), text("version")), recipe=text("recipe"),
        inputs=[Input(text("role"), text("address"), text("repo"), text("commit"), text("tree"), text("rows"))],
        models={text("model role"): text("model")}, prompts={text("ask"): text("prompt")}, licenses=[text("license")],
        histograms={text("title"): Histogram([0.0, 1.0], [1], 1)}, env={text("library"): text("release")},
    )  # fmt: skip


def check(kind: str, text: str) -> None:
    hostile, plain = lineage(kind, lambda field: f"{text}{field}"), lineage(kind, lambda field: f"plain {field}")
    page = rendered(cards.render("t", TREE, hostile, CONFIGS))
    wanted = rendered(cards.render("t", TREE, plain, CONFIGS))
    assert page.active == []
    assert page.shape == wanted.shape
    assert page.head == cards.head(TREE, hostile, CONFIGS)
    assert page.head.keys() - {"license_name"} == wanted.head.keys() - {"license_name"}
    assert not UNSEEN.search(cards.render("t", TREE, hostile, CONFIGS))


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_text_of_a_lineage_is_more_than_words_in_its_card(hostile: str) -> None:
    check(KINDS[list(HOSTILE).index(hostile) % len(KINDS)], HOSTILE[hostile])


@pytest.mark.parametrize("kind", KINDS)
def test_nor_in_the_card_of_any_kind(kind: str) -> None:
    check(kind, "```\n# a\n<b>x</b>|`![c](d)\n---\n")


@settings(max_examples=40, deadline=None)
@given(kind=st.sampled_from(list(ROW_TYPES)), text=st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_nor_is_any_other_text_in_any_card(kind: str, text: str) -> None:
    check(kind, text)


@pytest.mark.parametrize("kind", ["model", "_base", "../../etc/passwd", "tools.md.jinja\0", "{{ 7 }}", "<b>x</b>"])
def test_the_kind_of_a_lineage_chooses_no_other_file(kind: str) -> None:
    page = rendered(cards.render("t", TREE, lineage(kind, lambda field: field), ["default"]))
    assert any("Rows of kind" in text for text in page.texts) and page.active == []


@pytest.mark.parametrize("form", EXPORTERS)
@pytest.mark.parametrize("hostile", HOSTILE)
def test_the_card_of_an_export_is_as_careful(form: str, hostile: str) -> None:
    text = HOSTILE[hostile]
    page = rendered(export_card(form, lineage("environments", lambda field: f"{text}{field}"), f"n {text}", TREE))
    wanted = rendered(export_card(form, lineage("environments", str), "name", TREE))
    assert (page.active, page.shape) == ([], wanted.shape)
    assert page.head["tags"] == wanted.head["tags"] and page.head["license"] == "other"


@pytest.mark.parametrize(
    ("licenses", "shown"),
    [
        (["MIT"], {"license": "mit"}),
        (["<script>alert(1)</script>"], {"license": "other", "license_name": "script-alert-1-script"}),
        (["MIT\nlicense: apache-2.0\n---"], {"license": "other", "license_name": "mit-license-apache-2.0"}),
        (["\u7121"], {"license": "other", "license_name": "other"}),
        (["x" * 10_000], {"license": "other", "license_name": "x" * 96}),
        (["[mit](https://evil.example)", "MIT"], {"license": "other", "license_name": "mit-https-evil.example--and-mit"}),
    ],
)
def test_a_licence_that_has_no_identifier_is_other_with_a_plain_name(licenses: list[str], shown: dict[str, Any]) -> None:
    head = cards.head(TREE, replace(lineage("tasks", str), licenses=licenses), ["default"])
    assert {name: head[name] for name in head if name.startswith("license")} == shown


@pytest.mark.parametrize("repo", ["https://evil.example/a", "a/b/c", "<b>/x", "a/../b", "../b", "org/x\nlicense: mit", "-a/b"])
def test_a_source_that_is_no_repo_of_the_hub_is_not_named_as_one(repo: str) -> None:
    known = Input("tools", f"org/tools@{'a' * 40}", "org/tools", "a" * 40, "b" * 40, "r")
    strange = Input("chains", f"{repo}@{'a' * 40}", repo, "a" * 40, "b" * 40, "r")
    record = replace(lineage("tasks", str), inputs=[strange, known])
    assert cards.head(TREE, record, ["default"])["source_datasets"] == ["org/tools"]
