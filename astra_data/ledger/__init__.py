"""The ledger: everything a run paid for or observed, in one SQLite file, so that nothing is asked twice.

An *effect* is an ask of a model or a call of a tool, under a key that digests all it depends on. The ledger is at once
the answer cache, the resume journal, the cassette of a published dataset and the source of cost figures.

    ledger = Ledger.open(store / "ledger.sqlite")
    answer = await ledger.once(key, "ask", request, ask_the_model)   # committed before it is returned

All writes of a moment go to disk in one transaction of one writer thread, off the event loop. A process killed at any
time loses only what was not yet returned. Several processes may share a file: they read freely and wait for each
other's writes, but asks in flight are shared only inside a process, so that two of them may both pay for one.
"""

from astra_data.ledger.answer import Answer, Kind, Totals, Unanswered, Usage
from astra_data.ledger.ledger import Ledger

__all__ = ["Answer", "Kind", "Ledger", "Totals", "Unanswered", "Usage"]
