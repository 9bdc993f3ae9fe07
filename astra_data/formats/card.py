"""The card of an exported folder: what it is, for the Hub and for people.

    card("harbor", record, "weather-environments", "5c1b14949828...")

The Hub lists datasets tagged `rl-environment` as RL environments, and shows the commands of the frameworks tagged beside it.
"""

from collections.abc import Mapping
from typing import Any

from astra_data.hub import cards
from astra_data.hub.lineage import Lineage
from astra_data.hub.markdown import code, front_matter, told

FILES: Mapping[str, str | list[str]] = {"astra_rl": "data/*.parquet", "harbor": ["*/task.toml", "*/instruction.md"]}
TAGS: Mapping[str, list[str]] = {"astra_rl": [], "harbor": ["harbor"]}
"""Tags of frameworks that read the form."""

ABOUT: Mapping[str, str] = {
    "astra_rl": """Each row is an environment in the four columns of ASTRA's released RL rows: `prompt`, and as JSON strings
`tool_schema`, `tool_dict` and `sub_qa_dict`. The column `astra_environment` holds the whole environment, with calls, order and
state.""",
    "harbor": """Each folder is a task in the Harbor format; `harbor run -p .` runs them. The tools are an MCP server in a
container of its own, and the reward is the F1 of goals reached over calls made.""",
}
SOURCE = """Written by astra-data from {source}. The code in it was written by a program or a model: run it in a sandbox."""


def card(form: str, record: Lineage, name: str, tree: str) -> str:
    """The text of README.md, for a folder made from the version `tree` of the dataset `name`."""
    known = cards.head(tree, record, [])
    head: dict[str, Any] = {
        "configs": [{"config_name": "default", "data_files": [{"split": "train", "path": FILES[form]}]}],
        **{key: known[key] for key in ("license", "license_name") if key in known},
        "tags": [*known["tags"], *TAGS[form]],
    }
    source = SOURCE.format(source=code(f"{name}@{tree[:12]}"))
    return f"{front_matter(head)}\n\n# {told(name)}\n\n{ABOUT[form]}\n\n{source}\n"
