"""Whatever a row type allows comes back unchanged: from the encoder, from a file, from `datasets`."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from any_rows import FLOATS, INT64, TEXT, rows_of, shaped
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from astra_data.hub.writer import Writer, read_rows, rows_digest
from astra_data.rows import ROW_TYPES, check, features, from_dict, identity, to_dict
from astra_data.rows.schema import Json, arrow_schema, decoder, encoder

every_kind = pytest.mark.parametrize("row_type", ROW_TYPES.values(), ids=ROW_TYPES)
quick = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
few = settings(quick, max_examples=4)


@contextmanager
def written(rows: list[dict[str, Any]], row_type: type) -> Iterator[tuple[Writer, list[Path], Path]]:
    with tempfile.TemporaryDirectory() as folder:
        with Writer(Path(folder, "data"), row_type) as writer:
            for row in rows:
                writer.write(row)
        assert writer.written is not None
        yield writer, [Path(folder, "data", name) for name in writer.written.files], Path(folder)


@every_kind
@quick
@given(data=st.data())
def test_a_row_object_and_its_plain_dict_are_each_others_inverse(row_type: type, data: Any) -> None:
    row = data.draw(rows_of(row_type))
    assert to_dict(from_dict(row_type, row)) == row


@every_kind
@quick
@given(data=st.data())
def test_decoding_undoes_encoding(row_type: type, data: Any) -> None:
    row = data.draw(rows_of(row_type))
    encode, decode = encoder(row_type), decoder(row_type)
    assert encode and decode
    assert decode(encode(row)) == row


@quick
@given(FLOATS | INT64 | TEXT)
def test_any_number_or_text_inside_json_comes_back_exactly(value: Any) -> None:
    encode, decode = encoder(Json), decoder(Json)
    assert encode and decode
    assert decode(encode([value])) == [value]


@every_kind
@quick
@given(data=st.data())
def test_rows_come_back_from_a_file_and_have_the_digest_that_was_written(row_type: type, data: Any) -> None:
    drawn = [shaped(row_type, row, data.draw) for row in data.draw(st.lists(rows_of(row_type), max_size=3))]
    rows = list({row["id"]: row for row in (row | {"id": identity(row_type, row)} for row in drawn)}.values())
    for row in rows:
        check(row_type, row, file="rows")
    with written(rows, row_type) as (writer, files, _):
        back = list(read_rows(files, row_type))
        assert back == rows
        assert writer.written is not None
        assert rows_digest(back, row_type) == writer.written.rows


@every_kind
@few
@given(data=st.data())
def test_datasets_reads_the_rows_and_the_features(row_type: type, data: Any) -> None:
    from datasets import load_dataset

    rows = data.draw(st.lists(rows_of(row_type), min_size=1, max_size=4))
    with written(rows, row_type) as (_, files, folder):
        paths = [str(path) for path in files]
        loaded = load_dataset("parquet", data_files=paths, split="train", cache_dir=str(folder / "cache"))
        assert loaded.features == features(row_type)
        assert list(loaded) == rows
        streamed = load_dataset("parquet", data_files=paths, split="train", streaming=True, features=features(row_type))
        assert list(streamed) == rows


@every_kind
def test_the_features_are_those_of_the_parquet_schema(row_type: type) -> None:
    from datasets import Features

    assert Features.from_arrow_schema(arrow_schema(row_type)) == features(row_type)
    assert list(features(row_type)) == arrow_schema(row_type).names
