"""What a run knows to be secret: all that its recipe, its `mcp.json` and the environment hand over as such.

    scrub = known(recipe, servers)
    scrub("refused the key sk-...")         # 'refused the key ***'

Whatever the run writes goes through it: the ledger, rows, lineage and cards, messages and logs.
"""

import os
from collections.abc import Iterable, Mapping

from astra_data.errors import UsageError
from astra_data.pipeline.recipe import Recipe
from astra_data.tools.environment import credentials
from astra_data.tools.mcp_config import ServerEntry
from astra_data.tools.plain import wordlike
from astra_data.tools.scrub import Scrub
from astra_data.tools.secrets import searchable


def known(recipe: Recipe, servers: Mapping[str, ServerEntry], environ: Mapping[str, str] = os.environ) -> Scrub:
    """A scrub of all secrets of a run. A word that is the name of a server is none: it would take that from every row."""
    models = (model for model in recipe.head.models.values() if not isinstance(model, str))
    values = credentials(environ) | recipe.template().secrets
    values = values.union(*(model.secrets(environ) for model in models), *_of_servers(servers.values(), environ))
    return Scrub(value for value in values if value not in servers or not wordlike(value))


def _of_servers(entries: Iterable[ServerEntry], environ: Mapping[str, str]) -> Iterable[frozenset[str]]:
    for entry in entries:
        try:
            yield entry.secrets(environ)
        except UsageError:
            yield searchable(entry.hidden())
