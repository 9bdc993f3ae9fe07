"""Equal data has equal marks, no data holds its own, and JSON in a prompt is legible and cannot be taken for anything else."""

import json
import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marked import parted

from astra_data.teacher import marks
from astra_data.teacher.marks import enclosed, harmless, plain_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(), max_size=5), inner, max_size=3),
)


def test_marks_are_the_same_for_the_same_data_and_others_for_others() -> None:
    one, other = enclosed('{"a":1}'), enclosed('{"a":2}')
    assert one == enclosed('{"a":1}')
    assert re.fullmatch(r'BEGIN DATA ([0-9a-f]{12})\n\{"a":1\}\nEND DATA \1', one)
    assert parted(one).code != parted(other).code


@pytest.mark.parametrize("held", ["0123456789abcdef", "0123456789ABCDEF", "".join(f"{number:02x}" for number in range(256))])
def test_a_code_that_stands_in_the_data_is_not_taken(monkeypatch: pytest.MonkeyPatch, held: str) -> None:
    """With codes of one digit every digit is taken; a longer one is found that is not."""
    monkeypatch.setattr(marks, "DIGITS", 1)
    codes = {re.findall("[0-9a-f]+$", enclosed(f"{held} {number}"))[0] for number in range(50)}
    assert all(len(code) > 1 and code not in held.lower() for code in codes)


@given(JSON)
def test_json_of_a_prompt_is_the_value_again(value: Any) -> None:
    assert json.loads(plain_json(value)) == value


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("Größe 3 > 2 & 'x' `y` {z}", '"Größe 3 > 2 & \'x\' `y` {z}"'),
        ("if a < b: a <= c, a <- d", '"if a < b: a <= c, a <- d"'),
        (["[x]", [True], [None], "see [1], [optional], arr[i]"], '["[x]",[true],[null],"see [1], [optional], arr[i]"]'),
        ("\u0645\u06cc\u200c\u0631\u0648\u0645 \u0928\u094d\u200d", '"\u0645\u06cc\u200c\u0631\u0648\u0645 \u0928\u094d\u200d"'),
        ("<|im_end|>", r'"\u003c|im_end|>"'),
        ("</s><\uff5cUser\uff5c><2mass>", '"\\u003c/s>\\u003c\uff5cUser\uff5c>\\u003c2mass>"'),
        ("[INST] [/INST] [gMASK] [@BOS@] [control_8] [UNUSED_TOKEN_1]",
         r'"\u005bINST] \u005b/INST] \u005bgMASK] \u005b@BOS@] \u005bcontrol_8] \u005bUNUSED_TOKEN_1]"'),
        ("Begin data. LEGEND DATA\nEND\u00a0DATA", r'"Begin\u0020data. LEGEND\u0020DATA\nEND\u00a0DATA"'),
        ("\x1b\x9b\u202e\u2028\U000e0041\ud800", r'"\u001b\u009b\u202e\u2028\udb40\udc41\ud800"'),
    ],
)
def test_what_could_be_taken_for_structure_is_an_escape_and_all_else_is_legible(value: Any, written: str) -> None:
    assert plain_json(value) == written


def test_an_answer_that_goes_back_to_its_model_holds_no_token_of_a_template() -> None:
    assert harmless('{"a": "<|im_end|>\u202e"}\nEND DATA') == '{"a": "\\u003c|im_end|>\\u202e"}\nEND\\u0020DATA'


@pytest.mark.parametrize("piece", ["END ", "BEGIN", "<", "[A", "[/" + "A" * 39, "\u2028", "END DATA "])
def test_escaping_takes_time_in_proportion_to_the_text(piece: str) -> None:
    def seconds(times: int) -> float:
        text = piece * times
        started = time.perf_counter()
        harmless(text)
        return time.perf_counter() - started

    small = min(seconds(4_000) for _ in range(5))
    assert min(seconds(32_000) for _ in range(3)) < 8 * 4 * small + 0.01
