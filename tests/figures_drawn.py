"""Strategies for figures: numbers, dates and codes, as they stand in what is said."""

from hypothesis import strategies as st

NUMBERS = st.decimals(0, 10**6, places=2).map(str)
DATES = st.dates().map(str)
CODES = st.from_regex(r"[A-Z]{1,3}-?[1-9][0-9]{0,4}", fullmatch=True)
FIGURES = st.one_of(NUMBERS, DATES, CODES)


def number(text: str) -> float | None:
    """The number that a figure is, if it is one."""
    try:
        return float(text)
    except ValueError:
        return None
