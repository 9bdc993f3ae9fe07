"""YAML from outside is the JSON value that it stands for, or refused; what its aliases unfold to is counted."""

import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from astra_data.bounded import yaml_text

SURROGATE = re.compile(r"\\ud[89a-f]")
LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcdefg", "bcdefgh", strict=True)
)
DEEP = "&a [" * 60 + "x" + "]" * 60
HOSTILE = {
    "a billion laughs": LAUGHS,
    "laughs in mappings": LAUGHS.replace("[x", "[{k: x}"),
    "laughs by merging": "a: &a {" + ", ".join(f"k{n}: 1" for n in range(100)) + "}\n" + "".join(
        f"{new}: &{new} {{<<: [{', '.join([f'*{old}'] * 50)}]}}\n" for old, new in zip("abcd", "bcde", strict=True)
    ),
    "an alias of what it is in": "a: &a [*a]",
    "an alias in a mapping of itself": "&a {b: *a}",
    "an alias of nothing": "a: *b",
    "nested without end": "[" * 20_000,
    "nested deep": "[" * 129 + "]" * 129,
    "nested deep by aliases": f"a: &b {DEEP}\nc: " + "[" * 80 + "*b" + "]" * 80,
    "nested by indentation": "\n".join(f"{' ' * n}a:" for n in range(200)),
    "a tag of Python": "!!python/object/apply:os.system [touch canary]",
    "a set": "!!set {a, b}",
    "an object of its own": "!thing {a: 1}",
    "bytes": "!!binary aGVsbG8=",
    "a number without end": "a: " + "9" * 5_000,
    "a hexadecimal number without end": "a: 0x" + "f" * 5_000,
    "two documents": "a: 1\n---\nb: 2",
    "directives without end": "%A b\n" * 1_000 + "---\na",
    "a list as a name": "? [a, b]\n: 1",
    "half of a letter": 'a: "\\ud800"',
    "a control character": "a: \x01",
    "a tab for indentation": "a:\n\t- b",
    "no end of a text": 'a: "b',
}  # fmt: skip
PLAIN: list[tuple[str, Any]] = [
    ("", None), ("a: 1", {"a": 1}), ("on: &a [1, 2]\nagain: *a", {"True": [1, 2], "again": [1, 2]}),
    ("openapi: 3.1", {"openapi": 3.1}), ("200: {description: x}", {"200": {"description": "x"}}),
    ("a: 2024-01-02", {"a": "2024-01-02"}), ("x: &x {a: 1}\ny: {<<: *x, b: 2}", {"x": {"a": 1}, "y": {"a": 1, "b": 2}}),
    ("a: null\nb: ~\nc:", {"a": None, "b": None, "c": None}), ("- |\n  x\n  y\n", ["x\ny\n"]),
]  # fmt: skip


CORE: list[tuple[str, Any]] = [
    ("[NO, no, off, on, yes, y, N]", ["NO", "no", "off", "on", "yes", "y", "N"]),
    ("[010, 0o17, 0x1F, +3, -0]", [10, 15, 31, 3, 0]), ("[12:30:00, 1:30, 2024-01-02, 2024-01-02 03:04:05Z]",
                                                       ["12:30:00", "1:30", "2024-01-02", "2024-01-02 03:04:05Z"]),
    ("[1e5, 1., .5, -1.5E-3, 1_000, 0b11, 0o8, 0xg]", [1e5, 1.0, 0.5, -0.0015, "1_000", "0b11", "0o8", "0xg"]),
    ("[true, True, TRUE, false, ~, null, Null, nULL]", [True, True, True, False, None, None, None, "nULL"]),
    ("['true', \"1\", ! 2, !!str 3, !!int '7', !!float 1]", ["true", "1", "2", "3", 7, 1.0]),
    ("{on: 1, 010: 2, true: 3, ~: 4, 1.0: 5, =: 6}", {"on": 1, "010": 2, "true": 3, "~": 4, "1.0": 5, "=": 6}),
    ("a: &a true\nb: &b 1\n? *a\n: x\n? *b\n: y\n", {"a": True, "b": 1, "true": "x", "1": "y"}),
    ("x: &x {a: 1}\ny: {<<: *x, b: 2}", {"x": {"a": 1}, "y": {"a": 1, "b": 2}}),
]


def alike(one: Any, other: Any) -> bool:
    """Equality that tells 1 from 1.0 and from true."""
    return json.dumps(one) == json.dumps(other)


@pytest.mark.parametrize("core", [False, True], ids=["1.1", "core"])
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_is_beyond_a_bound_or_means_more_than_json_is_refused(text: str, core: bool) -> None:
    with pytest.raises(yaml.YAMLError):
        yaml_text.loads(text.encode("utf-8", "surrogatepass"), core=core)


@pytest.mark.parametrize(("text", "value"), CORE, ids=range(len(CORE)))
def test_the_core_schema_knows_what_json_does_and_names_are_as_written(text: str, value: Any) -> None:
    assert alike(yaml_text.loads(text, core=True), value)


@pytest.mark.parametrize("text", ["!!int x", "!!bool yes", "!!float", "!!timestamp 2024-01-02", "!!int 1.5"])
def test_a_tag_that_the_value_does_not_bear_out_is_refused(text: str) -> None:
    with pytest.raises(yaml.YAMLError):
        yaml_text.loads(text, core=True)


@given(st.recursive(
    st.none() | st.booleans() | st.integers(-(10**40), 10**40) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=20))
def test_any_json_is_its_own_value_in_the_core_schema(value: Any) -> None:
    text = json.dumps(value).replace("\x7f", "\\u007f")
    assume(not SURROGATE.search(text))
    assert alike(yaml_text.loads(text, core=True), value)


@pytest.mark.parametrize(("text", "value"), PLAIN, ids=range(len(PLAIN)))
def test_what_is_plain_is_its_value(text: str, value: Any) -> None:
    assert yaml_text.loads(text) == yaml_text.loads(text.encode()) == value


def test_too_many_bytes_are_not_parsed() -> None:
    with pytest.raises(yaml.YAMLError, match="more than 16 MiB"):
        yaml_text.loads(b"#" * ((16 << 20) + 1))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=20,
)  # fmt: skip


@given(VALUES)
def test_any_json_that_is_written_as_yaml_comes_back(value: Any) -> None:
    text = yaml.safe_dump(value, allow_unicode=False)
    assert yaml_text.loads(text) == value


@given(st.text(alphabet="ab:-[]{}&*!|>'\"\n \t#%,?0~<", max_size=60))
def test_any_text_is_a_value_or_refused(text: str) -> None:
    try:
        yaml_text.loads(text)
    except yaml.YAMLError:
        return
