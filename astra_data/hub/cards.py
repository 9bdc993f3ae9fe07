"""Cards: the `README.md` of a version, rendered from `cards/<kind>.md.jinja` and nothing but its lineage.

    text = render("weather-tasks", version.tree, version.lineage(), ["default", "rejected"], repo="org/weather-tasks")

The YAML head is what the Hub and `load_dataset` go by: configs, licence, sources, and an `astra:` block. The same
lineage gives the same bytes.
"""

import re
from collections.abc import Sequence
from typing import Any

from astra_data.hub.addresses import REPO
from astra_data.hub.lineage import Funnel, Histogram, Lineage
from astra_data.hub.markdown import Markdown, front_matter, templates
from astra_data.hub.tree import CONFIG_FOLDERS

BAR_WIDTH = 40
HUB_LICENSES = frozenset(
    (
        *(
            "agpl-3.0",
            "apache-2.0",
            "artistic-2.0",
            "bsd-2-clause",
            "bsd-3-clause",
            "gpl-2.0",
            "gpl-3.0",
            "isc",
            "lgpl-2.1",
        ),
        *(
            "lgpl-3.0",
            "mit",
            "mpl-2.0",
            "unlicense",
            "wtfpl",
            "zlib",
            "cc0-1.0",
            "cc-by-3.0",
            "cc-by-4.0",
            "cc-by-sa-3.0",
        ),
        *("cc-by-sa-4.0", "cc-by-nc-4.0", "cc-by-nc-sa-4.0", "cc-by-nd-4.0", "cc-by-nc-nd-4.0", "odc-by", "odbl"),
    )
)
"""Licence identifiers that the Hub knows; a card with any other says `other` and names it."""

LONGEST_NAME = 96
"""Characters of a licence that has no identifier, in the head."""

CONFIGS = {
    "default": Markdown("the accepted rows"),
    "rejected": Markdown("rows that a check refused, with the same columns, `input_id` and `reasons`"),
    "quarantined": Markdown("items for which an answer could not be had, with `input_id` and `reasons`"),
    "ledger": Markdown("the recorded answers of models and tools from which this version can be rebuilt"),
}

KIND_TAGS = {"environments": ("rl-environment",), "arenas": ("rl-environment",)}
"""Tags by which the Hub lists datasets of a kind; `rl-environment` is its filter for RL environments."""


def tag(tree: str) -> str:
    """The Hub tag of a version."""
    return f"v-{tree[:12]}"


def render(name: str, tree: str, record: Lineage, configs: Sequence[str], repo: str | None = None) -> str:
    """The card of a version with these configs. `repo` is the Hub repo it is for; without one, a stand-in is shown."""
    from astra_data.rows import ROW_TYPES

    own = [f"{record.kind}.md.jinja"] if record.kind in ROW_TYPES else []
    return templates().select_template([*own, "_base.md.jinja"]).render(
        head=front_matter(head(tree, record, configs)),
        name=name,
        repo=repo or f"org/{name}",
        tree=tree,
        tag=tag(tree),
        record=record,
        configs=configs,
        what=CONFIGS,
        bars=bars,
        funnel_rows=funnel_rows,
        outputs={output.config: output for output in record.outputs},
    )


def head(tree: str, record: Lineage, configs: Sequence[str]) -> dict[str, Any]:
    """The YAML head of the card, in the order in which it is written."""
    sources = sorted({source.repo for source in record.inputs if source.repo and REPO.fullmatch(source.repo)})
    return {
        "configs": [_config(config) for config in configs],
        **_license(record.licenses),
        **({"source_datasets": sources} if sources else {}),
        "tags": ["astra", f"astra:{record.kind}", *KIND_TAGS.get(record.kind, ())],
        "astra": {
            "kind": record.kind,
            "stage": record.stage,
            "version": record.stage_version,
            "tree": tree,
            "rows": {output.config: output.rows for output in record.outputs},
            "complete": record.complete,
            "key": record.key,
            "inputs": list(dict.fromkeys(source.address for source in record.inputs)),
        },
    }


def funnel_rows(funnel: Funnel) -> list[tuple[str, str, int]]:
    """(outcome, reason, count) of what was not kept, most frequent first within an outcome."""
    parts = (("rejected", funnel.rejected), ("quarantined", funnel.quarantined))
    return [
        (outcome, reason, count)
        for outcome, reasons in parts
        for reason, count in sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    ]


def bars(histogram: Histogram) -> list[str]:
    """One line of text for each bin: its edges, a bar, its count."""
    top = max(histogram.counts, default=0) or 1
    edges = [f"{edge:.4g}" for edge in histogram.edges]
    width = max(map(len, edges), default=1)
    return [
        f"{low:>{width}} - {high:>{width}} |{'#' * -(-count * BAR_WIDTH // top):<{BAR_WIDTH}}| {count}"
        for low, high, count in zip(edges, edges[1:], histogram.counts, strict=False)
    ]


def _config(config: str) -> dict[str, Any]:
    files = [{"split": "train", "path": f"{CONFIG_FOLDERS[config]}/*.parquet"}]
    default = {"default": True} if config == "default" else {}
    return {"config_name": config, **default, "data_files": files}


def _license(licenses: Sequence[str]) -> dict[str, Any]:
    known = sorted({one.lower() for one in licenses})
    if not known:
        return {"license": "unknown"}
    if not HUB_LICENSES.issuperset(known):
        name = re.sub(r"[^a-z0-9.+-]+", "-", "-and-".join(known))[:LONGEST_NAME].strip("-")
        return {"license": "other", "license_name": name or "other"}
    return {"license": known[0] if len(known) == 1 else known}
