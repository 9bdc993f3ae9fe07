"""No two sides share a key, whatever links environments; and shares are met as far as groups allow."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from astra_data.stages.arenas.splits import groups, keys_of, sides

KEYS = st.lists(st.lists(st.sampled_from("abcdefghijklmnopqrst"), max_size=3), max_size=30)
SHARES = {"validation": 0.1, "test": 0.2}


@given(KEYS, st.integers(0, 5))
def test_no_key_is_on_two_sides(keys: list[list[str]], seed: int) -> None:
    found = sides(keys, SHARES, seed)
    for key in {key for own in keys for key in own}:
        assert len({side for side, own in zip(found, keys, strict=True) if key in own}) == 1


@given(KEYS)
def test_a_group_is_what_hangs_together_and_no_more(keys: list[list[str]]) -> None:
    found = groups(keys)
    assert sorted(index for group in found for index in group) == list(range(len(keys)))
    shared = [{key for index in group for key in keys[index]} for group in found]
    assert sum(map(len, shared)) == len(set().union(*shared)) if shared else not keys
    for group in found:
        reached = {group[0]}
        while more := {i for i in group if i not in reached and any(set(keys[i]) & set(keys[j]) for j in reached)}:
            reached |= more
        assert reached == set(group)


def test_shares_of_many_groups_are_met_and_the_seed_decides_which() -> None:
    keys = [[f"world:{number}", f"template:{number % 50}"] for number in range(1000)]
    found = sides(keys, SHARES, 7)
    assert Counter(found) == {"train": 700, "validation": 100, "test": 200}
    assert sides(keys, SHARES, 8) != found
    assert set(sides(keys, {"test": 0.0}, 7)) == {"train"}


def test_what_is_kept_apart_decides_which_keys_count() -> None:
    own = ["world:1", "template:a", "question:7"]
    assert keys_of(own, "bank", ["world", "template"]) == own
    assert keys_of(own, "bank", ["world", "domain"]) == ["world:1", "question:7", "domain:bank"]
    assert keys_of(own, "bank", []) == ["question:7"]


def test_the_order_of_environments_does_not_matter() -> None:
    keys = [[f"template:{number % 20}"] for number in range(200)]
    assert sides(keys[::-1], SHARES, 7) == sides(keys, SHARES, 7)[::-1]
