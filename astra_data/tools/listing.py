"""What a server lists, page by page, left where it has no end.

    listing = Listing()
    cursor = listing.add({"tools": [{"name": "add"}], "nextCursor": "2"}, None, late=False)     # "2": ask for that page
    listing.tools, listing.flag                                                                 # [{"name": "add"}], None
"""

from dataclasses import dataclass, field

from astra_data.messages import JsonObject
from astra_data.tools.documents import MOST_TOOLS, no_tool
from astra_data.tools.filters import kept

MOST_LIST_BYTES = 4 << 20
"""Of the tools of a server, as they are listed. The largest server known has 2 MiB."""
MOST_TOOL_BYTES = 1 << 20
LEFT_OUT = f"tools/list: tools of more than {MOST_TOOL_BYTES >> 20} MiB left out"
NO_LIST = "tools/list: a page whose tools are no list"
UNENDED = "tools/list: left before its end"


@dataclass(slots=True)
class Listing:
    """The tools so far; `flag` says what was left out of them, or why the rest was not asked for."""

    tools: list[JsonObject] = field(default_factory=list)
    flag: str | None = None
    _names: set[str] = field(default_factory=set)
    _size: int = 0
    _seen: int = 0

    def add(self, page: JsonObject, cursor: str | None, *, late: bool) -> str | None:
        """Take in the page that `cursor` stands for. The cursor of the next one, or None where the list ends or is left.

        It is left at a page without a new tool, at a bound, and where it has taken too long and there is more.
        """
        listed, following = page.get("tools"), page.get("nextCursor")
        if not isinstance(listed, list | None):
            self.flag = NO_LIST
        entries = listed if isinstance(listed, list) else []
        found = [tool if isinstance(tool, dict) else no_tool(index) for index, tool in enumerate(entries, self._seen)]
        self._seen += len(entries)
        if cursor and following and self._names.issuperset(str(tool.get("name")) for tool in entries if isinstance(tool, dict)):
            self.flag = f"{UNENDED}: a page without a new tool"
            return None
        if not all(self._take(tool) for tool in found):
            return None
        if not following or following == cursor:
            return None
        if late:
            self.flag = f"{UNENDED}: its pages take too long"
        return None if late else str(following)

    def _take(self, tool: JsonObject) -> bool:
        """False where no more may be taken."""
        size = len(repr(tool))
        if size > MOST_TOOL_BYTES:
            self.flag = LEFT_OUT
            return True
        if len(self.tools) == MOST_TOOLS or self._size + size > MOST_LIST_BYTES:
            bound = f"{MOST_TOOLS:,} tools" if len(self.tools) == MOST_TOOLS else f"{MOST_LIST_BYTES >> 20} MiB"
            self.flag = f"{UNENDED}: more than {bound}"
            return False
        self.tools.append(kept(tool))
        self._names.add(str(tool.get("name")))
        self._size += size
        return True
