"""Words, runs of words, and the two measures over sets."""

from hypothesis import given
from hypothesis import strategies as st

from astra_data.text.ngrams import containment, jaccard, ngrams, tokens

SETS = st.frozensets(st.integers(0, 20))
WORDS = st.lists(st.sampled_from("abcde"), max_size=30)


def test_words_lose_case_punctuation_and_compatible_forms() -> None:
    assert tokens("  Book, a TABLE_for\ttwo! ") == ["book", "a", "table", "for", "two"]
    assert tokens("\ufb01le Straße \uff11\uff12") == ["file", "strasse", "12"]
    assert tokens("... !?") == []


def test_scripts_without_spaces_are_cut_into_characters_and_others_are_not() -> None:
    assert tokens("用git查看") == ["用", "git", "查", "看"]
    assert tokens("カフェ") == ["カ", "フ", "ェ"]
    assert tokens("서울 날씨") == ["서울", "날씨"]
    assert tokens("कल मौसम") == ["कल", "मौसम"]


@given(st.text(st.characters(max_codepoint=127), max_size=60))
def test_words_of_words_are_the_same_words(text: str) -> None:
    words = tokens(text)
    assert tokens(" ".join(words)) == words


@given(WORDS, st.integers(1, 8))
def test_runs_have_their_length_and_stand_in_the_text(words: list[str], n: int) -> None:
    runs = ngrams(words, n)
    assert len(runs) <= max(0, len(words) - n + 1)
    assert bool(runs) == (len(words) >= n)
    assert all(any(tuple(words[i : i + n]) == run for i in range(len(words))) for run in runs)


@given(SETS, SETS)
def test_jaccard_is_symmetric_bounded_and_one_only_for_equals(one: frozenset[int], other: frozenset[int]) -> None:
    value = jaccard(one, other)
    assert 0 <= value <= 1
    assert value == jaccard(other, one)
    assert (value == 1) == (one == other)
    assert (value == 0) == (not one & other and bool(one | other))


@given(SETS, SETS, SETS)
def test_jaccard_distance_obeys_the_triangle_inequality(a: frozenset[int], b: frozenset[int], c: frozenset[int]) -> None:
    assert (1 - jaccard(a, c)) <= (1 - jaccard(a, b)) + (1 - jaccard(b, c)) + 1e-9


@given(SETS, SETS)
def test_containment_is_the_share_that_is_covered(part: frozenset[int], whole: frozenset[int]) -> None:
    value = containment(part, whole)
    assert 0 <= value <= 1
    assert (value == 1) == (bool(part) and part <= whole)
    assert containment(part, whole | part) == (1 if part else 0)
