"""The benchmarks make rows that are rows, so that they do not break unseen: they are not run in CI."""

from astra_data.rows import Task, Trajectory, check, to_dict
from benchmarks import selection, worlds, writer


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
