"""One sandbox for all tests here, with short limits."""

from collections.abc import Iterator

import pytest

from astra_data.sandbox import Limits, Sandbox


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(workers=1, isolation="best_effort", limits=Limits(cpu_s=0.5)) as pool:
        yield pool
