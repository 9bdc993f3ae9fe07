"""Rows as prompts and as tools on offer."""

from astra_data.messages import JsonObject
from astra_data.rows import Server
from astra_data.rows.tools import Tool
from astra_data.teacher.asks import ServerCard, ToolCard


def server_card(server: Server) -> ServerCard:
    return ServerCard(name=server.name, title=server.title, description=server.description)


def tool_card(tool: Tool) -> ToolCard:
    return ToolCard.model_validate({
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
        "output_schema": tool.output_schema,
    })


def openai_tool(tool: Tool) -> JsonObject:
    """The tool as chat templates and endpoints take it."""
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": function}
