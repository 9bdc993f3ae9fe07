"""What an episode may use, and the code it runs.

    Limits(cpu_s=0.5, memory_mb=64)
    Image((("bank", "balance = 3\\n"), ("tools", "import bank\\n"))).digest
"""

import hashlib
import json
import keyword
import math
from dataclasses import dataclass, fields
from functools import cached_property

from astra_data.errors import DataError, UsageError

RESERVED = {"sys", "builtins", "__main__"}
MOST_SOURCE_BYTES = 4 << 20
"""What the names and sources of an image may come to, in UTF-8: compiled it is several times as much."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`cpu_s`, `wall_s`, `stdout_bytes` (UTF-8) and `result_bytes` (JSON) hold for each call, loading counts as one.

    `memory_mb` (beyond what an empty child has) and `episode_cpu_s` hold for the whole episode.
    """

    cpu_s: float = 2.0
    wall_s: float = 5.0
    memory_mb: int = 256
    stdout_bytes: int = 16_384
    result_bytes: int = 1 << 20
    episode_cpu_s: int = 600

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not (math.isfinite(value) and value > 0):
                raise UsageError(f"the limit {field.name} is {value}", mend="give a positive number")


@dataclass(frozen=True)
class Image:
    """Modules as (name, source), run in this order when an episode starts; they can import one another in any order."""

    modules: tuple[tuple[str, str], ...]

    def __post_init__(self) -> None:
        names = [name for name, _ in self.modules]
        size = sum(len(text.encode(errors="surrogatepass")) for module in self.modules for text in module)
        if size > MOST_SOURCE_BYTES:
            raise DataError(f"the modules come to {size:,} bytes", mend=f"keep them within {MOST_SOURCE_BYTES:,}")
        for name in names:
            parts = name.split(".")
            if name in RESERVED or not all(part.isidentifier() and not keyword.iskeyword(part) for part in parts):
                raise DataError(f"a module is named {name!r}", mend="use importable names, other than sys and builtins")
        if twice := {name for name in names if names.count(name) > 1}:
            raise DataError(f"several modules are named {min(twice)}", mend="give each its own name")
        if inside := {name for name in names for other in names if other.startswith(f"{name}.")}:
            raise DataError(f"{min(inside)} is both a module and the package of another", mend="rename one of the two")

    @cached_property
    def digest(self) -> str:
        """Of names, sources and order; hexadecimal."""
        return hashlib.sha256(json.dumps(self.modules).encode()).hexdigest()
