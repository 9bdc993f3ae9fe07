"""A stage that kept no row: what stands in the way most, and how to mend it.

    raise nothing_kept("tasks", "weather-tasks", funnel)
    # tasks kept none of 12 items; 9 of them for "task: the teacher abstained" (name a model: `models: {writer: {model: ...}}`)
"""

from collections import Counter

from astra_data.errors import NothingKept
from astra_data.hub.lineage import Funnel

NO_ITEMS = "what it reads holds no row that it could begin with: look at the stage before it"
MENDS = {
    "audit: a check could not be made": "run again; `astra doctor` says what the sandbox lacks",
    "audit: too hackable": "write tools that answer wrong calls with an error, or raise `environments.most_hackability`",
    "chain: may not be called": "allow tools in the recipe: `servers: {NAME: {writes: [TOOL]}}`, or `emulate: true`",
    "chain: no dependent tools": "name servers whose tools take what others return",
    "chain: not verified": "name values that exist in the recipe: `servers: {NAME: {facts: {PARAMETER: [VALUE]}}}`",
    "chain: the teacher abstained": "name a model for the stage in the recipe's `models`",
    "chain: too few tools": "name servers with more tools, or ask for shorter chains",
    "chain: unsupported input": "name values that exist in the recipe: `servers: {NAME: {facts: {PARAMETER: [VALUE]}}}`",
    "endpoint: ": "`astra doctor` asks the endpoint; run again when it answers",
    "inner error": "run again, and report it",
    "item: cannot be used": "mend or leave out that item",
    "judge: ": "name another model for the judge in the recipe's `models`",
    "score: ": "look at the scores with `astra show`, then lower `trajectories.accept` or name a better model",
    "task: the teacher abstained": "name a model for the stage in the recipe's `models`, or values in `servers.NAME.facts`",
    "tool backend: not permitted": "allow tools in the recipe: `servers: {NAME: {writes: [TOOL]}}`, or `emulate: true`",
    "tool backend: ": "start the server by hand once; `astra doctor` says which launchers are here",
    "trajectory: may not be called": "allow tools in the recipe: `servers: {NAME: {writes: [TOOL]}}`, or `emulate: true`",
    "trajectory: not executable offline": "name a model for the policy in the recipe's `models`",
}
"""How a reason begins -> the mend; the first that fits counts."""


def nothing_kept(stage: str, dataset: str, funnel: Funnel) -> NothingKept:
    """The error of a stage that looked at the items of `funnel` and kept none."""
    reasons = Counter(funnel.rejected) + Counter(funnel.quarantined)
    if not reasons:
        return NothingKept(f"{stage} kept no row: it had no item", mend=NO_ITEMS)
    reason, count = min(reasons.items(), key=lambda found: (-found[1], found[0]))
    config = "rejected" if reason in funnel.rejected else "quarantined"
    look = f"`astra show {dataset}#{config}` shows them"
    mend = next((mend for begin, mend in MENDS.items() if reason.startswith(begin)), None)
    rows = "row" if count == 1 else "rows"
    return NothingKept(f'{stage} kept no row: {count} {rows} with "{reason}" stand in the way most',
                       mend=f"{mend}; {look}" if mend else look)
