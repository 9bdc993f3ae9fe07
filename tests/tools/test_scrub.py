"""A known value is found in whatever form a program writes it, and nothing else of a text is changed."""

import base64
import html
import json
import shlex
import string
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from astra_data.tools.plain import wordlike
from astra_data.tools.scrub import Scrub
from astra_data.tools.views import views

FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "JSON": json.dumps,
    "JSON with its letters": lambda s: json.dumps(s, ensure_ascii=False),
    "JSON with slashes escaped": lambda s: json.dumps(s).replace("/", "\\/"),
    "JSON in JSON": lambda s: json.dumps(json.dumps({"key": s})),
    "JSON in JSON in JSON": lambda s: json.dumps(json.dumps(json.dumps([s]))),
    "every letter escaped": lambda s: "".join(f"\\u{ord(c):04X}" if ord(c) < 1 << 16 else c for c in s),
    "percent": lambda s: quote(s, safe=""),
    "percent, with plus": quote_plus,
    "percent of percent": lambda s: quote(quote(s, safe=""), safe=""),
    "every octet in percent": lambda s: "".join(f"%{octet:02x}" for octet in s.encode()),
    "JSON in percent": lambda s: quote(json.dumps(s), safe=""),
    "HTML": html.escape,
    "HTML of JSON": lambda s: html.escape(json.dumps(s)),
    "HTML by numbers": lambda s: "".join(f"&#{ord(c)};" for c in s),
    "repr": repr,
    "ascii": ascii,
    "repr of octets": lambda s: repr(s.encode()),
    "a shell": shlex.quote,
    "base64": lambda s: base64.b64encode(s.encode()).decode(),
    "base64 of a login": lambda s: base64.b64encode(f"joe:{s}".encode()).decode(),
    "base64 of a JSON text": lambda s: base64.b64encode(f'{{"k":1,"v":"{s}"}}'.encode()).decode(),
    "base64 for URLs": lambda s: base64.urlsafe_b64encode(f"ab{s}c".encode()).decode(),
    "base64 in lines": lambda s: "\n".join(base64.encodebytes(f"x{s}".encode() * 9).decode().split()),
    "hex": lambda s: s.encode().hex(),
    "HEX": lambda s: s.encode().hex().upper(),
    "capitals": str.upper,
}
VALUES = [
    *("x7Kq90aZbc", "p\"a\\s/s w'1\u00e9", "a%41b+c d=9z", "n\u00e4me-\u00df7\U0001f511x9", '{"k":"v1"}xy'),
    *("line one\nline two 77", "$^(x|y)[z]*+?.\\d"),
]
LETTERS = string.ascii_letters + string.digits
ODD = st.text(LETTERS + "!#$%&()*+,./:;<=>?@[]^_`{|}~\\\"' \u00e9\u00df\U0001f511", min_size=8, max_size=30)


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("form", FORMS)
def test_a_value_is_found_in_every_form(form: str, value: str) -> None:
    written = FORMS[form](value)
    said = Scrub({value})(f"<{written}>")
    assert said[0] == "<" and said[-1] == ">" and "***" in said
    assert written not in said and len(said) < 25


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(sorted(FORMS)), ODD, st.text(string.ascii_letters + " .,:-\n", max_size=20))
def test_so_is_any_value_in_any_text(form: str, value: str, around: str) -> None:
    assume(value.strip("* ") and value not in around and not wordlike(value))
    scrub = Scrub({value})
    said = scrub(f"{around} {FORMS[form](value)} {around}")
    assert value not in said and FORMS[form](value) not in said
    assert scrub(said) == said


@given(st.text(max_size=200))
def test_a_text_without_it_stays_as_it_is(text: str) -> None:
    assert Scrub({"x7Kq90aZ-never-there"})(text) == text


@given(st.text(max_size=100))
def test_every_place_of_a_view_leads_back_into_the_text(text: str) -> None:
    for view in views(text):
        for place in range(len(view.text)):
            start, end = view.span(place, place + 1)
            assert 0 <= start < end <= len(text)
            assert view is not views(text)[0] or text[start:end] == view.text[place] or view.text != text


def test_values_that_overlap_are_one() -> None:
    scrub = Scrub({"hunter22", "hunter2222", "x hunter22"})
    assert scrub("hunter22, hunter2222; x hunter22") == "***, ***; ***"


@pytest.mark.parametrize(
    ("value", "text", "said"),
    [
        ("pw12", "pw12 (pw12) pw123 xpw12", "*** (***) pw123 xpw12"),
        ("hunter", "hunter, Hunters and hunter_x", "***, Hunters and ***_x"),
        ("471147", "471147, 1471147, 0.471147, 471147.5", "***, 1471147, 0.471147, 471147.5"),
        ("abc", "abc", "***"),
    ],
)
def test_short_values_words_and_numbers_count_only_by_themselves(value: str, text: str, said: str) -> None:
    assert Scrub({value})(text) == said


def test_values_are_found_with_blanks_and_quotes_inside() -> None:
    scrub = Scrub({"qX7Kz90aZw4411"})
    for text in ("qX7K z90a Zw44 11", "qX7K\nz90aZw4411", "'qX7K'\"z90aZw\"4411", "qX7Kz90a' + 'Zw4411".replace(" + ", "")):
        assert scrub(f"it is {text}.").replace("'", "") == "it is ***."


def test_json_is_scrubbed_in_its_names_and_numbers_and_is_itself_where_nothing_is_found() -> None:
    scrub, clean = Scrub({"x7Kq90aZ", "4711471147"}), {"a": [1, None, True, 2.5, "x7Kq"]}
    assert scrub.json({"x7Kq90aZ": ["x7Kq90aZ", 4711471147, 4711, ["ax7Kq90aZ"]]}) == {"***": ["***", "***", 4711, ["a***"]]}
    assert scrub.json(clean) is clean


def test_no_value_and_a_mask_for_a_value_change_nothing() -> None:
    assert Scrub()("***") == Scrub({"***", "", " "})("*** x") [:3] == "***"


def test_the_order_in_which_values_are_known_makes_no_difference() -> None:
    values, text = ["x7Kq90aZ", "90aZ77bb", "Kq90aZ77", "eDdLcTkwYVo"], "x7Kq90aZ77bb eDdLcTkwYVo= ZXg3S3E5MGFaNzdiYg=="
    assert len({Scrub(order)(text) for order in (values, values[::-1], sorted(values))}) == 1


def test_a_message_for_people_has_no_user_of_an_address_and_no_key_of_a_service() -> None:
    said = Scrub().said("no http://joe:p@ss@h/x?key=1&n=2 for sk-proj-0123456789abcdefgh or ghp_0123456789abcdefghij")
    assert said == "no http://h/x?key=***&n=*** for *** or ***"
