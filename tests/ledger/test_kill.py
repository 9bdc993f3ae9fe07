"""A process that is killed loses no answer that it had returned."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

from astra_data.ledger import Ledger

WRITER = """
import asyncio, sys
from pathlib import Path
from astra_data.ledger import Answer, Ledger

async def produce():
    return Answer("x" * 1000)

async def ask(ledger, number):
    await ledger.once(str(number), "ask", {}, produce)
    print(number, flush=True)

async def run():
    ledger = Ledger.open(Path(sys.argv[1]))
    for start in range(0, 10**9, 16):
        await asyncio.gather(*(ask(ledger, number) for number in range(start, start + 16)))

asyncio.run(run())
"""


def test_every_answer_that_was_returned_survives_sigkill(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    for round_ in range(3):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
        assert writer.stdout
        returned = [writer.stdout.readline() for _ in range(200 + 100 * round_)]
        writer.send_signal(signal.SIGKILL)
        returned += writer.communicate()[0].splitlines(keepends=True)
        ledger = Ledger.open(path)
        assert all(ledger.find(line.strip()) for line in returned if line.endswith("\n"))
        asyncio.run(ledger.close())
