"""Code keeps its meaning under other names of modules."""

import sys
import types
from typing import Any

import pytest

from astra_data.rows.environments import Module
from astra_data.stages.arenas.modules import free_names, needed, renamed

RATES = Module("rates", "EUR = 2\n\ndef rate():\n    return EUR\n")
BANK = Module("bank", """import json, rates  # é
from rates import (
    EUR,
    rate as quote,
)
import rates as r; twice = r.EUR * 2

def pay(amount):
    from rates import rate
    rates_label = "import rates"
    return [amount * rates.rate(), quote(), rate(), EUR, twice, rates_label, json.dumps("é")]
""")
OTHER = Module("other", "x = 1\n")


def loaded(modules: list[Module], monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    made = []
    for module in modules:
        made.append(types.ModuleType(module.name))
        exec(module.source, made[-1].__dict__)
        monkeypatch.setitem(sys.modules, module.name, made[-1])
    return made


def test_renamed_modules_do_what_they_did_before(monkeypatch: pytest.MonkeyPatch) -> None:
    modules = [RATES, BANK]
    names = free_names(modules, {"rates", "bank"}, "abc")
    assert names == {"rates": "rates_abc", "bank": "bank_abc"}
    expected = loaded(modules, monkeypatch)[1].pay(3)
    for name in ("rates", "bank"):
        monkeypatch.delitem(sys.modules, name)
    fresh = renamed(modules, names)
    assert [module.name for module in fresh] == ["rates_abc", "bank_abc"]
    assert loaded(fresh, monkeypatch)[1].pay(3) == expected
    assert fresh[0].source == RATES.source, "what imports nothing renamed is as it was"


def test_names_that_are_free_stay_and_a_suffix_that_is_taken_gets_a_number() -> None:
    assert free_names([RATES, OTHER], {"rates", "rates_abc"}, "abc") == {"rates": "rates_abc_2"}
    assert free_names([RATES], set(), "abc") == {}


def test_a_tool_takes_along_what_it_imports_and_nothing_else() -> None:
    assert needed([RATES, OTHER, BANK], "bank.pay") == [RATES, BANK]
    assert needed([RATES, OTHER, BANK], "other.x") == [OTHER]
    assert needed([RATES], "gone.x") == []
