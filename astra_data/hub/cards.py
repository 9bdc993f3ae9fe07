"""Cards."""

from collections.abc import Sequence

from astra_data.hub.lineage import Lineage


def render(name: str, tree: str, record: Lineage, configs: Sequence[str]) -> str:
    return f"# {name}\n"
