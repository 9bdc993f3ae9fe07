"""Near-duplicates are what an exact comparison of all pairs would find."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astra_data.text.ngrams import jaccard
from astra_data.text.similarity import CROWD, MISSED, PERMUTATIONS, SHINGLE, missed, near_duplicates, rows_per_band, shingles

TEXTS = st.lists(st.lists(st.sampled_from(["a", "b", "c", "d", "e", "f"]), max_size=12).map(" ".join), max_size=25)


def exact(texts: list[str], threshold: float) -> list[int | None]:
    """The answer by comparing every pair."""
    sets = [shingles(text) for text in texts]
    found: list[int | None] = []
    for index, own in enumerate(sets):
        kept = (other for other in range(index) if found[other] is None and sets[other])
        found.append(next((other for other in kept if own and jaccard(own, sets[other]) >= threshold), None))
    return found


def test_case_spacing_and_punctuation_make_no_difference() -> None:
    assert near_duplicates(["Book a table for two.", "book  a table, for two", "Sell it."], 1.0) == [None, 0, None]


def test_the_first_of_several_stays_and_the_others_name_it() -> None:
    text = "show the sales of the harbour shop in march and compare them with those of april please"
    assert near_duplicates(["x y z", text, text.upper(), text + "!"], 0.95) == [None, None, 1, 1]


def test_a_text_is_compared_with_kept_ones_only() -> None:
    base = [f"w{number}" for number in range(40)]
    close, closer = [*base[:38], "p", "q"], [*base[:36], "r", "s", "p", "q"]
    texts = [" ".join(words) for words in (base, close, closer)]
    first, second, third = map(shingles, texts)
    assert jaccard(first, third) < 0.85 <= jaccard(second, third)
    assert near_duplicates(texts, 0.85) == [None, 0, None]


def test_texts_without_words_repeat_nothing() -> None:
    assert near_duplicates(["", "...", "", "!?"], 0.5) == [None] * 4
    assert near_duplicates([], 0.5) == []


@pytest.mark.parametrize("threshold", [0, -1, 1.01])
def test_a_threshold_outside_its_range_is_refused(threshold: float) -> None:
    with pytest.raises(ValueError, match="threshold"):
        near_duplicates(["a"], threshold)


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.sampled_from([0.5, 0.8, 0.95, 1.0]))
def test_nothing_is_called_a_duplicate_that_is_none_and_equals_always_are(texts: list[str], threshold: float) -> None:
    found = near_duplicates(texts, threshold)
    sets = [shingles(text) for text in texts]
    for index, other in enumerate(found):
        if other is not None:
            assert other < index and found[other] is None
            assert jaccard(sets[index], sets[other]) >= threshold
        else:
            assert not sets[index] or all(sets[index] != sets[kept] for kept in range(index) if found[kept] is None)


@pytest.mark.parametrize("threshold", [0.6, 0.8, 0.95])
def test_a_corpus_of_variants_gives_what_comparing_all_pairs_gives(threshold: float) -> None:
    rng = random.Random(3)
    bases = [[f"word{rng.randrange(400)}" for _ in range(30)] for _ in range(60)]
    texts = [" ".join(f"new{rng.randrange(9)}" if rng.random() < rate else word for word in base)
             for base in bases for rate in (0, 0.02, 0.05, 0.1)]
    rng.shuffle(texts)
    assert near_duplicates(texts, threshold) == exact(texts, threshold)


def test_shingles_are_pairs_of_words_and_short_texts_are_whole() -> None:
    assert SHINGLE == 2
    assert shingles("Add the two numbers") == {"add the", "the two", "two numbers"}
    assert shingles("Undo!") == {"undo"}


@pytest.mark.parametrize(("threshold", "rows"), [(0.5, 2), (0.8, 4), (0.95, 9), (1.0, 64)])
def test_bands_are_as_wide_as_the_miss_rate_allows(threshold: float, rows: int) -> None:
    assert (PERMUTATIONS, MISSED) == (64, 1e-3)
    assert rows_per_band(threshold) == rows
    assert missed(threshold, rows) <= MISSED


def test_in_a_crowd_of_texts_that_are_much_alike_equal_ones_are_still_found() -> None:
    """Of one template with many numbers every text is its own, and each recognises itself, however late it comes."""
    numbers = range(4 * CROWD)
    crowd = [f"convert the length of the garden fence from feet to meters with value {number} please" for number in numbers]
    assert near_duplicates(crowd, 0.95) == [None] * len(crowd)
    again = [0, CROWD, 3 * CROWD, 4 * CROWD - 1]
    assert near_duplicates([*crowd, *(crowd[number] for number in again)], 0.95)[len(crowd) :] == again
