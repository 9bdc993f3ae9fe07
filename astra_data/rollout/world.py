"""The world of one emulated rollout: what the emulator has made up so far, by key.

    >>> World({"stock": 3}).updated({"stock": 2, "order/1": {"state": "open"}}).values
    {'stock': 2, 'order/1': {'state': 'open'}}

A world is never changed, only followed by another; equal worlds have equal digests.
"""

from dataclasses import dataclass, field

from astra_data.messages import JsonObject
from astra_data.rows.canonical import digest


@dataclass(frozen=True, slots=True)
class World:
    """Key -> JSON value."""

    values: JsonObject = field(default_factory=dict)

    @property
    def digest(self) -> str:
        return digest(self.values)

    def updated(self, updates: JsonObject) -> "World":
        """The world after these updates; a key with null is removed."""
        merged = self.values | updates
        return World({key: value for key, value in merged.items() if value is not None})
