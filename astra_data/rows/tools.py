"""`tools`: one row is a server, with the tools it offers."""

from dataclasses import dataclass
from typing import ClassVar

from astra_data.rows.schema import Json


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool in the OpenAI form; `parameters` and `output_schema` are JSON Schema objects."""

    name: str
    description: str
    parameters: Json
    output_schema: Json | None
    annotations: Json | None

    @property
    def read_only(self) -> bool:
        """True if the server declares that the tool changes nothing; silence is no declaration."""
        return isinstance(self.annotations, dict) and self.annotations.get("readOnlyHint") is True


@dataclass(frozen=True, slots=True)
class Source:
    """Where the tools were read: `kind` is `live` or `document`; `uri` names the server entry or the file."""

    kind: str
    package: str | None
    version: str | None
    uri: str | None


@dataclass(frozen=True, slots=True)
class Server:
    """A server. `connection` is its `mcp.json` entry without secrets; null means documentation only."""

    IDENTITY: ClassVar = ("name", "version", "tools")

    id: str
    name: str
    version: str
    title: str
    description: str
    domain: str | None
    language: str | None
    license: str | None
    source: Source
    connection: Json | None
    tools: list[Tool]
    flags: list[str]
    models: dict[str, str]
