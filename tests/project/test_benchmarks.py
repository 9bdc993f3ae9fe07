"""The benchmarks make rows that are rows, so that they do not break unseen: they are not run in CI."""

import asyncio
from pathlib import Path

import pytest
from mcp_servers.counting import TOOLS, serving

from astra_data.rows import Task, Trajectory, check, to_dict
from benchmarks import conformance, selection, worlds, writer


def test_the_rows_of_the_writer_benchmark_fit_their_type() -> None:
    for row in next(writer.batches(3)):
        check(Trajectory, row, file="benchmark")


def test_the_rows_of_the_select_benchmark_fit_their_type() -> None:
    check(Task, to_dict(selection.task(9)), file="benchmark")


def test_the_questions_of_the_worlds_benchmark_have_all_forms() -> None:
    forms = len(worlds.FORMS)
    asked = [worlds.wanted(number) for number in range(forms)]
    assert len({(form.domain, form.language, form.scenario) for form in asked}) == forms
    assert worlds.made(3)[2][1]


def test_the_client_of_the_conformance_suite_calls_every_tool_that_is_listed(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    with serving(calls) as url:
        assert len(asyncio.run(conformance.drive(url))) == len(TOOLS)
    assert calls.read_text().split() == list(TOOLS)


def test_without_npx_the_conformance_suite_is_said_not_to_be_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    assert conformance.figures() == []
    assert capsys.readouterr().out == "conformance: not measured, there is no npx here\n"
