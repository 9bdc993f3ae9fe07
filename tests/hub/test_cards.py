"""A card is what the Hub and `load_dataset` go by, and what a person reads first."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from small_versions import make_version, record

from astra_data.hub import cards
from astra_data.hub.lineage import Funnel, Histogram, Input, Lineage, Output
from astra_data.hub.store import Store
from astra_data.rows import ROW_TYPES, fields

TREE = "0123456789abcdef0123456789abcdef01234567"
SOURCES = [
    Input("chains", f"org/chains@{'a' * 40}", "org/chains", "a" * 40, "b" * 40, "rows-sha256:11"),
    Input("tools", f"tools@{'c' * 40}", None, None, "c" * 40, "rows-sha256:22"),
]


def some(**changes: Any) -> Lineage:
    return record([Output("default", "rows-sha256:00", 7, []), Output("rejected", "rows-sha256:33", 2, [])], **changes)


def head_of(card: str) -> dict[str, Any]:
    return yaml.safe_load(card.split("---\n")[1])


def test_the_head_lists_the_configs_that_are_there_and_marks_the_default() -> None:
    head = head_of(cards.render("t", TREE, some(), ["default", "rejected"]))
    assert head["configs"] == [
        {"config_name": "default", "default": True, "data_files": [{"split": "train", "path": "data/*.parquet"}]},
        {"config_name": "rejected", "data_files": [{"split": "train", "path": "rejected/*.parquet"}]},
    ]


def test_the_head_names_sources_on_the_hub_and_pins_every_input() -> None:
    head = head_of(cards.render("t", TREE, some(inputs=SOURCES), ["default"]))
    assert head["source_datasets"] == ["org/chains"]
    assert head["tags"] == ["astra", "astra:tasks"]
    assert head["astra"]["inputs"] == [f"org/chains@{'a' * 40}", f"tools@{'c' * 40}"]
    assert head["astra"]["tree"] == TREE
    assert head["astra"]["rows"] == {"default": "rows-sha256:00", "rejected": "rows-sha256:33"}


@pytest.mark.parametrize(
    ("licenses", "shown"),
    [
        ([], {"license": "unknown"}),
        (["MIT"], {"license": "mit"}),
        (["MIT", "Apache-2.0", "mit"], {"license": ["apache-2.0", "mit"]}),
        (["MIT", "Acme EULA"], {"license": "other", "license_name": "acme-eula-and-mit"}),
    ],
)
def test_the_licences_of_all_ancestors_are_in_the_head(licenses: list[str], shown: dict[str, Any]) -> None:
    head = head_of(cards.render("t", TREE, some(licenses=licenses), ["default"]))
    assert {name: head[name] for name in head if name.startswith("license")} == shown


def test_the_body_tells_what_was_made_of_what_and_how_to_make_it_again() -> None:
    card = cards.render(
        "weather-tasks",
        TREE,
        some(
            inputs=SOURCES,
            complete=False,
            funnel=Funnel(12, 7, {"too vague | too short": 2, "duplicate": 2}, {"no answer": 1}),
            models={"writer": "some-model"},
            prompts={"write_task": "f" * 64},
            histograms={"quality": Histogram([0.0, 0.5, 1.0], [1, 6], 3)},
        ),
        ["default", "rejected"],
        repo="acme/weather",
    )
    for text in (
        'load_dataset("acme/weather", revision="v-0123456789ab", split="train")',
        'load_dataset("acme/weather", "rejected", revision="v-0123456789ab", split="train")',
        "| `default` | 7 | the accepted rows |",
        "## From 12 items to 7 rows",
        "| rejected | duplicate | 2 |\n| rejected | too vague \\| too short | 2 |\n| quarantined | no answer | 1 |",
        "**This version is incomplete**: 1 items",
        "0.5 -   1 |########################################| 6",
        "(3 rows have no value)",
        "| writer | some-model |",
        f"| write_task | `{'f' * 64}` |",
        f"| tools | `tools@{'c' * 40}` | `cccccccccccc` |",
        "astra run weather --only tasks",
        "Of all that went into it: MIT.",
    ):
        assert text in card


def test_equal_records_give_equal_cards() -> None:
    one = some(models={"a": "x", "b": "y"}, prompts={"p": "1", "q": "2"})
    two = some(models={"b": "y", "a": "x"}, prompts={"q": "2", "p": "1"})
    assert cards.render("t", TREE, one, ["default"]) == cards.render("t", TREE, two, ["default"])


@pytest.mark.parametrize("kind", list(ROW_TYPES))
def test_every_kind_has_a_card_that_describes_each_of_its_columns(kind: str) -> None:
    card = cards.render("t", TREE, some(kind=kind), ["default"])
    columns = card.split("## Columns")[1].split("## From")[0]
    assert [name for name in fields(ROW_TYPES[kind]) if f"`{name}`" not in columns] == []


def test_a_kind_without_a_card_of_its_own_gets_the_common_one() -> None:
    assert "Rows of kind `personas`" in cards.render("t", TREE, some(kind="personas"), ["default"])


@pytest.mark.parametrize(
    ("histogram", "lines"),
    [
        (Histogram([0.0, 1.0], [0]), [f"0 - 1 |{' ' * 40}| 0"]),
        (Histogram([0.0, 1.0, 2.0], [1, 4000]), [f"0 - 1 |#{' ' * 39}| 1", f"1 - 2 |{'#' * 40}| 4000"]),
        (Histogram([], []), []),
    ],
)
def test_a_bin_that_has_rows_has_a_bar(histogram: Histogram, lines: list[str]) -> None:
    assert cards.bars(histogram) == lines


def test_a_version_is_loaded_from_its_folder_by_its_card(client: Any, store: Store, tmp_path: Path) -> None:
    version = make_version(store, "a", "b", rejected=("c",))
    loaded = client(f"""
        from datasets import get_dataset_config_names, load_dataset
        folder = {str(version.path)!r}
        configs = {{name: load_dataset(folder, name, split="train") for name in get_dataset_config_names(folder)}}
        answer({{
            "plain": load_dataset(folder, split="train")["text"][:],
            "streamed": [row["text"] for row in load_dataset(folder, split="train", streaming=True)],
            "configs": {{name: rows["text"][:] for name, rows in configs.items()}},
            "reasons": configs["rejected"]["reasons"][:],
        }})
    """)
    assert loaded["plain"] == loaded["streamed"] == ["a", "b"]
    assert loaded["configs"] == {"default": ["a", "b"], "rejected": ["c"]}
    assert loaded["reasons"] == [["too vague"]]
    assert json.loads((version.path / "lineage.json").read_bytes())["outputs"][1]["num_rows"] == 1
