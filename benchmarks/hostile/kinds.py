"""All kinds of things that come in, in the order of the table."""

from benchmarks.hostile import versions
from benchmarks.hostile.answers import ANSWERS
from benchmarks.hostile.documents import DOCUMENTS
from benchmarks.hostile.http_servers import WEB
from benchmarks.hostile.impostors import IMPOSTORS
from benchmarks.hostile.models import MODELS
from benchmarks.hostile.others import BESIDES, HUB, LEDGERS, OWN
from benchmarks.hostile.servers import MCP, SERVERS, WORKSPACES
from benchmarks.hostile.sites import Kind
from benchmarks.hostile.sound import KINDS as DATASETS
from benchmarks.hostile.spoils_code import CODE
from benchmarks.hostile.spoils_files import FILES
from benchmarks.hostile.spoils_lineage import CARD, CYCLES, LINEAGE
from benchmarks.hostile.spoils_rows import ONLY, ROWS
from benchmarks.hostile.trees import TREES

KINDS: dict[str, Kind] = {
    "lineage": Kind(versions.lay, DATASETS, LINEAGE, {"cycle": CYCLES}),
    "card": Kind(versions.lay, DATASETS, CARD),
    "files": Kind(versions.lay, DATASETS, FILES),
    "rows": Kind(versions.lay, DATASETS, ROWS, ONLY),
    "code": Kind(versions.lay, ("environments", "arenas"), CODE),
    "own": OWN,
    "hub": HUB,
    "tree": TREES,
    "document": DOCUMENTS,
    "server": SERVERS,
    "web server": WEB,
    "impostor": IMPOSTORS,
    "workspace": WORKSPACES,
    "answer": ANSWERS,
    "ledger": LEDGERS,
    "model": MODELS,
    "beside": BESIDES,
    "mcp": MCP,
}
