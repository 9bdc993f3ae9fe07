"""What could have been known is never called made up, however it is written; what could not have been is."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astra_data.stages.trajectories.figures import readings
from astra_data.stages.trajectories.grounding import Known

SHOP = Known.of(
    [
        "A loaf is 4.90, we need 20 of them by January 15, 2025. Tell Ann Lee (SHA-256 please), phone +49 151 2345678.",
        '[{"price": 4.5, "qty": 30}, {"price": 3.1, "qty": 50}, {"price": 10.05, "qty": 14}]',
        "1,234,567 people; 12,5 Grad; half a kilo; a hundred plates; share 0.25",
    ]
)
BAKERY = Known.of(["A loaf is 4.90, and we need 20 of them.", "Ann: the oven is free on Monday"])

WRITTEN = [
    "{:.2f}",
    "{:,.2f}",
    "EUR{:.2f}",
    "{:.2f}%",
    '{{"total": {:.2f}}}',
    '"{{\\"total\\": {:.2f}}}"',
    "({:.2f})",
    "{:.4f}",
    "{:e}",
]


def german(value: float) -> str:
    return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))


def spaced(value: float) -> str:
    return f"{value:,.2f}".replace(",", "\u202f")


@given(cents=st.integers(0, 10**11), written=st.sampled_from([*(text.format for text in WRITTEN), german, spaced]))
def test_a_number_that_was_said_in_any_format_is_known(cents: int, written: Any) -> None:
    value = float(f"{cents / 100:.6e}") if written == "{:e}".format else cents / 100
    known = Known.of([f"It is {written(value)} in all."])
    assert known.number(value) and known.number(-value)
    assert known.unknown_in({"amount": value}) is None


@given(value=st.integers(13, 10**9), separator=st.sampled_from([",", ".", " ", "'", "\u00a0", "\u202f", "_", ""]))
def test_thousands_are_read_however_they_are_separated(value: int, separator: str) -> None:
    written = f"{value:,}".replace(",", separator)
    assert float(value) in readings(written)
    assert Known.of([f"{value} of them"]).unknown_figure(f"There are {written} of them.") is None
    assert Known.of([f"{written} of them"]).unknown_in([value]) is None


@given(left=st.integers(100, 10**5), right=st.integers(100, 10**5), step=st.sampled_from(["+", "-", "*", "/", "%"]))
def test_one_step_of_arithmetic_is_followed_and_may_be_rounded(left: int, right: int, step: str) -> None:
    share = left / right
    worked_out = {"+": left + right, "-": left - right, "*": left * right, "/": round(share, 2), "%": round(100 * share, 1)}
    assert Known.of([f"{left} and {right}"]).number(worked_out[step])


@given(numbers=st.lists(st.integers(1, 10_000), min_size=2, max_size=40))
def test_a_column_is_added_up_and_averaged(numbers: list[int]) -> None:
    known = Known.of([str([{"name": "x", "sold": number} for number in numbers]).replace("'", '"')])
    assert known.number(sum(numbers))
    assert known.number(round(sum(numbers) / len(numbers), 2))


@pytest.mark.parametrize(
    "answer",
    [
        "98.00 in all",
        "They sum up to 17.65.",
        "430.70 for everything",
        "1.2 million people",
        "about 1,200,000",
        "1 234 567",
        "1.234.567",
        "25%",
        "12.5 degrees",
        "500 g for 100 plates",
        "due 15.01.2025",
        "due 2025-01-15T09:30:00Z",
        "due 20250115",
        "at 14:30",
        "three of 20",
        "SHA256",
        "+491512345678",
        "the prices are 4.5, 3.1 and 10.05",
        "| 30 | 50 | 14 |",
    ],
)
def test_figures_that_were_said_in_another_form_or_worked_out_are_left_alone(answer: str) -> None:
    assert SHOP.unknown_figure(answer) is None


@pytest.mark.parametrize(
    ("answer", "figure"),
    [
        ("431872 loaves", "431872"),
        ("it is 731.5", "731.5"),
        ("order ORD-99812", "99812"),
        ("4.90, or 87.31", "87.31"),
        ("1,234,999 loaves", "1,234,999"),
    ],
)
def test_a_figure_from_nowhere_is_found(answer: str, figure: str) -> None:
    assert BAKERY.unknown_figure(answer) == figure


@pytest.mark.parametrize(
    "value",
    [
        "Dear Ann, thank you for 7 years.",
        "2*(3+4.75)",
        "2025-01-15T09:00:00+01:00",
        "09:30",
        '{"price": 4.9, "who": "Ann Lee"}',
        "[20, 4.9]",
        "en-US",
        "+491512345678",
        "sha256",
        "20kg",
        "report.md",
        "people/2025/share.csv",
        "3",
        4.9,
        0.25,
        25,
        50,
        1000,
        3.14159,
        True,
        None,
        "",
        {"latitude": 48.8566, "longitude": 2.3522},
        {"timezone": "Europe/Paris"},
    ],
)
def test_values_that_may_be_meant_are_left_alone(value: Any) -> None:
    assert SHOP.unknown_in(value) is None


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"path": "made-up-1234.txt"}, "made-up-1234.txt"),
        ({"rows": [{"id": "ORD-99812"}]}, "ORD-99812"),
        ('{"account": 43211}', 43211),
        ("[5, 77123]", 77123),
        (987654, 987654),
        (-73.55, -73.55),
        ("777km", "777km"),
        ("/srv/ledger.db", "/srv/ledger.db"),
        ("bob@example.org", "bob@example.org"),
    ],
)
def test_an_identifier_or_number_from_nowhere_is_found_at_any_depth(value: Any, found: Any) -> None:
    assert BAKERY.unknown_in(value) == found
    assert Known.of([BAKERY.text, f"there is {found} too"]).unknown_in(value) is None


def test_digits_inside_a_longer_number_are_not_said() -> None:
    known = Known.of(["order 81234567"])
    assert known.unknown_in("file-1234.txt") == "file-1234.txt"
    assert known.unknown_in("file-81234567.txt") is None


def test_in_a_large_table_no_more_is_doubted_than_exceeds_its_sum() -> None:
    table = Known.of([" ".join(str(100 + 3 * row) for row in range(100))])
    assert table.unknown_figure("The middle half has 12345.5.") is None
    assert table.unknown_figure("In all 431872.5.") == "431872.5"
