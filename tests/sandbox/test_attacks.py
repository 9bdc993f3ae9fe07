"""Hostile programs and raw system calls reach nothing, whoever runs the sandbox."""

import os

import pytest
from sandbox import hostile, raw_calls
from sandbox.attacks import Privilege, attacked, reached

from astra_data.sandbox.jail import kernel

PRIVILEGES: list[Privilege] = ["root", "nobody", "container"]
RAW = list(raw_calls.TABLE) if kernel.MACHINE == "x86_64" else []


def test_there_are_enough_attacks() -> None:
    assert len(hostile.TABLE) >= 60
    assert len(raw_calls.TABLE) >= 50


@pytest.mark.parametrize("privilege", PRIVILEGES)
def test_no_attack_reaches_the_host(privilege: Privilege) -> None:
    report = attacked(privilege, hostile=hostile.TABLE, raw=RAW)
    assert reached(report) == {} and report["afterwards"] == ""
    assert report["works afterwards"] and report["uid"] != 0 and report["failed"] == []
    assert bool(report["namespaces"]) == (privilege != "container")
    assert set(report["attacks"]) == {*hostile.TABLE, *(f"raw: {name}" for name in RAW)}


@pytest.mark.skipif(os.getuid() == 0, reason="the privileges are tried one by one")
def test_no_attack_reaches_the_host_of_whoever_runs_the_tests() -> None:
    assert reached(attacked("as it is", hostile=hostile.TABLE, raw=RAW)) == {}
