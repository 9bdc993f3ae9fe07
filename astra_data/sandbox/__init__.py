"""Runs code that nobody vouches for: modules of an environment, whose entries are called with JSON and answer with JSON.

    with Sandbox(workers=2) as sandbox, sandbox.start(Image((("bank", source),)), seed=7) as episode:
        episode.call("bank.pay", {"amount": 3})     # Outcome("ok", ...)

It knows nothing of environments. What holds the code, and how that was tried, is told in `docs/sandbox.md`.
"""

from astra_data.sandbox.blobs import Blobs
from astra_data.sandbox.episode import Episode
from astra_data.sandbox.isolation import Isolation
from astra_data.sandbox.limits import Image, Limits
from astra_data.sandbox.outcome import KINDS, Call, Kind, Outcome
from astra_data.sandbox.pool import Sandbox

__all__ = ["KINDS", "Blobs", "Call", "Episode", "Image", "Isolation", "Kind", "Limits", "Outcome", "Sandbox"]
