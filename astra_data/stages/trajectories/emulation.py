"""The emulators of a run: one for each server that has documentation and nothing to connect to, or that the recipe has emulated.

    by_server = emulators(servers, resources)
    toolbox = emulated(by_server[server.id], "3f2a...", config.emulate, resources)
"""

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from astra_data.pipeline.stage import Resources, StageConfig
from astra_data.rollout.emulator import EmulatedToolbox, Emulator
from astra_data.rollout.failures import IN_A_ROW, KINDS, SHARE, Failures, Injection, Kind
from astra_data.rows import Server
from astra_data.stages.prompts import server_card, tool_card
from astra_data.tools.connect import match_of


def _some(kinds: dict[Kind, float]) -> dict[Kind, float]:
    if not any(kinds.values()):
        raise ValueError("at least one kind needs a weight above 0")
    return kinds


class EmulateConfig(StageConfig):
    """How often emulated calls fail on purpose, and how [A 21.1]."""

    failures: float = Field(default=SHARE, ge=0, lt=1, description="share of emulated calls that fail on purpose")
    in_a_row: int = Field(default=IN_A_ROW, ge=1, description="most such failures of the same call in a row")
    kinds: Annotated[dict[Kind, Annotated[float, Field(ge=0)]], AfterValidator(_some)] = Field(
        default=dict(KINDS), description="weight by kind of failure"
    )

    @property
    def injection(self) -> Injection:
        return Injection(self.failures, self.in_a_row, self.kinds)


def emulators(servers: Iterable[Server], resources: Resources) -> Mapping[str, Emulator]:
    """Server id -> the emulator of each server that is not to be started. The role is asked for only if there is one."""
    documented = [server for server in servers if played(server, resources)]
    return {server.id: _emulator(server, resources) for server in documented}


def played(server: Server, resources: Resources) -> bool:
    """Whether a model answers for the server: there is nothing to start, or the recipe says so."""
    return resources.option(server.name).emulate or match_of(server, resources.servers).documented


def _emulator(server: Server, resources: Resources) -> Emulator:
    read_only = frozenset(tool.name for tool in server.tools if tool.read_only)
    tools = [tool_card(tool) for tool in server.tools]
    return Emulator(resources.roles.teacher("emulator"), server_card(server), tools, read_only)


def emulated(emulator: Emulator, rollout: str, config: EmulateConfig, resources: Resources) -> EmulatedToolbox:
    """The toolbox of one rollout; its failures are drawn from the run's seed and the rollout."""
    return EmulatedToolbox(emulator, Failures(config.injection, f"{resources.seed}/emulator/{rollout}"))
