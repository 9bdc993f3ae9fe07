"""A list of tools is taken whole if it has an end, and left where that is not to be seen."""

from itertools import count
from typing import Any

import pytest

from astra_data.tools.filters import UNKEPT
from astra_data.tools.listing import MOST_LIST_BYTES, MOST_TOOL_BYTES, Listing


def page(*names: str, following: str | None = None, **more: Any) -> dict[str, Any]:
    return {"tools": [{"name": name, **more} for name in names]} | ({"nextCursor": following} if following else {})


def asked(pages: Any, most: int = 20_000) -> tuple[Listing, int]:
    """The listing, and how many pages were asked for."""
    listing, cursor = Listing(), None
    for number in range(1, most):
        cursor = listing.add(pages(cursor), cursor, late=False)
        if cursor is None:
            return listing, number
    raise AssertionError("no end")


def test_all_pages_of_a_list_with_an_end_are_taken() -> None:
    pages = {None: page("a", "b", following="2"), "2": page("c", following="3"), "3": page("d")}
    listing, number = asked(pages.__getitem__)
    assert ([tool["name"] for tool in listing.tools], listing.flag, number) == (["a", "b", "c", "d"], None, 3)


@pytest.mark.parametrize("last", [page("a"), page(), {"tools": None}, {"tools": ["x", None]}])
def test_a_last_page_may_hold_nothing_new(last: dict[str, Any]) -> None:
    listing, _ = asked({None: page("a", following="2"), "2": last}.__getitem__)
    assert listing.tools[0]["name"] == "a" and listing.flag is None


@pytest.mark.parametrize("odd", [{}, "a", 7, True])
def test_a_page_whose_tools_are_no_list_is_flagged(odd: Any) -> None:
    listing, _ = asked({None: page("a", following="2"), "2": {"tools": odd}}.__getitem__)
    assert (len(listing.tools), listing.flag) == (1, "tools/list: a page whose tools are no list")


def test_an_entry_that_is_no_tool_keeps_its_place_and_the_reason() -> None:
    listing, _ = asked({None: {"tools": ["x", {"name": "a"}], "nextCursor": "2"}, "2": {"tools": [None]}}.__getitem__)
    assert listing.tools == [{"name": "[0]", UNKEPT: "expected an object"}, {"name": "a"},
                             {"name": "[2]", UNKEPT: "expected an object"}]


@pytest.mark.parametrize("names", [("a",), (), ("b", "a")])
def test_a_cursor_that_leads_to_no_new_tool_is_followed_no_further(names: tuple[str, ...]) -> None:
    cursors = map(str, count())
    listing, number = asked(lambda cursor: page(*(names if cursor else ("a", "b")), following=next(cursors)))
    assert ([tool["name"] for tool in listing.tools], number) == (["a", "b"], 2)
    assert listing.flag == "tools/list: left before its end: a page without a new tool"


def test_a_cursor_that_leads_to_itself_is_the_end() -> None:
    cursors = map(str, count())
    assert asked(lambda cursor: page(next(cursors), following="same"))[1] == 2


def test_a_list_of_new_tools_without_end_is_left_at_the_bound() -> None:
    numbers = count()
    listing, _ = asked(lambda cursor: page(*(str(next(numbers)) for _ in range(100)), following=str(next(numbers))))
    assert (len(listing.tools), listing.flag) == (10_000, "tools/list: left before its end: more than 10,000 tools")


def test_large_tools_are_left_out_and_many_of_them_end_the_list() -> None:
    numbers = count()
    size = MOST_TOOL_BYTES // 2
    listing, _ = asked(lambda cursor: page(str(next(numbers)), following=str(next(numbers)), description="x" * size))
    assert listing.flag == "tools/list: left before its end: more than 4 MiB"
    assert len(listing.tools) == MOST_LIST_BYTES // size - 1
    listing, _ = asked({None: page("a", "b", description="x" * MOST_TOOL_BYTES)}.__getitem__)
    assert (listing.tools, listing.flag) == ([], "tools/list: tools of more than 1 MiB left out")


def test_a_list_that_takes_too_long_is_left_only_if_there_is_more() -> None:
    listing = Listing()
    assert listing.add(page("a"), None, late=True) is None and listing.flag is None
    assert listing.add(page("b", following="2"), None, late=True) is None
    assert listing.flag == "tools/list: left before its end: its pages take too long"
