"""A number in a JSON column is the same double to every reader."""

import json
import math
import random
import struct
from typing import Any

import orjson
import pyarrow as pa
import pytest
from datasets.utils.json import ujson_loads
from hypothesis import given, settings
from hypothesis import strategies as st

from astra_data.hub.spelling import read_by_ujson, respelled, respelled_column, spelled

READERS = {"json": json.loads, "orjson": orjson.loads, "datasets": ujson_loads}
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
SHORT = st.builds(lambda digits, exponent: float(f"{digits}e{exponent}"), st.integers(-99_999, 99_999), st.integers(-40, 40))
LEGIBLE = (FLOATS | SHORT).filter(lambda value: value == 0 or abs(value) > 1e-290)
many = settings(max_examples=1_000, deadline=None)


def bits(value: float) -> bytes:
    return struct.pack("<d", value)


@many
@given(LEGIBLE)
def test_every_reader_takes_a_spelling_for_the_same_double(value: float) -> None:
    text = spelled(value)
    assert {name: bits(read(text)) for name, read in READERS.items()} == dict.fromkeys(READERS, bits(value))


@many
@given(FLOATS | SHORT)
def test_the_reader_of_datasets_is_foreseen(value: float) -> None:
    for text in (orjson.dumps(value).decode(), spelled(value), f"{value:.17e}".replace("e+", "e")):
        assert bits(ujson_loads(text)) == bits(read_by_ujson(text)), text


@pytest.mark.parametrize("value", [0.95, -0.95, 0.0055, 0.1 + 0.2, 1 / 3, 3e-05, 1e23, 1e-7, 5e-300, 1.7976931348623157e308])
def test_numbers_that_were_misread_are_read(value: float) -> None:
    assert all(bits(read(spelled(value))) == bits(value) for read in READERS.values())


@pytest.mark.parametrize("value", [0.0, -0.0, 0.5, 12.34, 1e16, 1e22, -273.15])
def test_numbers_that_all_read_stay_as_they_are(value: float) -> None:
    assert spelled(value) == orjson.dumps(value).decode()


@pytest.mark.parametrize("value", [5e-324, 1.4159176074899057e-308, 2.2250738585072014e-308])
def test_the_tiniest_are_exact_to_a_correct_reader(value: float) -> None:
    assert json.loads(spelled(value)) == orjson.loads(spelled(value)) == value


def test_hardly_any_double_has_no_spelling() -> None:
    rng = random.Random(5)
    doubles = [value for _ in range(3_000) if math.isfinite(value := struct.unpack("<d", rng.randbytes(8))[0])]
    lost = [value for value in doubles if read_by_ujson(spelled(value)) != value]
    assert 0 < len(lost) <= 15
    assert all(abs(value) < 1e-290 for value in lost)


def test_only_numbers_outside_of_strings_change() -> None:
    value = {"0.95": '0.95 \\ "0.95"', "price": [0.95, {"x": -3e-05}], "n": 95, "big": 2**63 - 1, "text": "a\\", "t": True}
    text = respelled(orjson.dumps(value).decode())
    assert all(read(text) == value for read in READERS.values())
    assert list(orjson.loads(text)) == list(value)
    assert text.count("0.95") == 3


JSON = st.recursive(st.none() | st.integers(-(2**63), 2**64 - 1) | LEGIBLE | st.text(st.characters(exclude_categories=["Cs"])),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner))


@settings(max_examples=200, deadline=None)
@given(JSON)
def test_any_json_text_keeps_its_value(value: Any) -> None:
    text = respelled(orjson.dumps(value).decode())
    assert all(read(text) == value for read in READERS.values())


def test_texts_that_are_json_are_found_wherever_they_stand_and_plain_texts_stay() -> None:
    kind = pa.struct([("j", pa.json_()), ("s", pa.string()), ("l", pa.list_(pa.struct([("j", pa.json_())])))])
    storage = pa.struct([("j", pa.string()), ("s", pa.string()), ("l", pa.list_(pa.struct([("j", pa.string())])))])
    rows = [{"j": "0.95", "s": "0.95", "l": [{"j": None}, {"j": "[0.95]"}, None]}, None, {"j": None, "s": None, "l": None},
            {"j": "[]", "s": "", "l": []}]
    new = spelled(0.95)
    column = respelled_column(pa.array(rows, storage), kind)
    assert column.to_pylist() == [{"j": new, "s": "0.95", "l": [{"j": None}, {"j": f"[{new}]"}, None]}, *rows[1:]]
    without = pa.array(rows[1:], storage)
    assert respelled_column(without, kind) is without
