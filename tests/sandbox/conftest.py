import sys
from collections.abc import Iterator

import pytest

from astra_data.sandbox import Sandbox

if sys.platform != "linux":
    pytest.skip("code is isolated by the Linux kernel", allow_module_level=True)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """A pool of one worker that the tests of a process share."""
    with Sandbox(workers=1) as pool:
        yield pool
