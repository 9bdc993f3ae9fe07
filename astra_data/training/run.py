"""What a training run is told beyond its recipe, and what it needs installed."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from astra_data.errors import UsageError

PACKAGES = ("accelerate", "peft", "torch", "transformers", "trl")


@dataclass(frozen=True, slots=True)
class Told:
    """Options of the command. `command` is how a card says the run is made again."""

    store: Path
    command: str
    push: str | None = None
    private: bool = False


def require_packages() -> None:
    """Raise `UsageError` where the extra `train` is not installed."""
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(f"training needs {', '.join(missing)}", mend='pip install "astra-data[train]"')
