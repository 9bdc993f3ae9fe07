"""A run that is killed and started again pays for no committed answer twice."""

import json
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

from scripted_endpoint import EndpointProcess

SCRIPT = """
from scripted_endpoint import Fault

plans = [lambda index, request: Fault("hang") if index >= 150 else None]

def script(request):
    return '{"ok": true, "score": %s}' % request["messages"][-1]["content"].splitlines()[1]
"""

RUN = """
import asyncio, json, sys
from pathlib import Path
from pydantic import BaseModel
from astra_data.ledger import Ledger
from astra_data.teacher import Ask, Budget, ModelConfig, build

class Question(BaseModel):
    number: int

class Verdict(BaseModel):
    ok: bool
    score: float

folder, base_url, done = Path(sys.argv[1]), sys.argv[2], set()
ask = Ask("number", 1, "judge", Question, Verdict, folder)

async def run():
    ledger = Ledger.open(folder / "ledger.sqlite")
    roles = build({"default": ModelConfig(model="m", base_url=base_url)}, ledger, Budget(), None, None)
    at_once = asyncio.Semaphore(16)

    async def one(number):
        async with at_once:
            verdict = await roles.teacher("judge").answer(ask, Question(number=number))
            assert verdict.score == number
            print(number, flush=True)

    await asyncio.gather(*(one(number) for number in range(200)))
    print(json.dumps(ledger.totals().reused), flush=True)
    await roles.close()
    await ledger.close()

asyncio.run(run())
"""
IN_FLIGHT = 16


def test_no_committed_answer_is_asked_again_after_sigkill(tmp_path: Path) -> None:
    (tmp_path / "kill_script.py").write_text(SCRIPT)
    (tmp_path / "number.md.jinja").write_text("BEGIN DATA\n{{ number | tojson }}\nEND DATA\n")
    log = tmp_path / "log.jsonl"
    with EndpointProcess("kill_script:script", log, faults="kill_script:plans", path=(tmp_path,)) as endpoint:
        command = [sys.executable, "-c", RUN, str(tmp_path), endpoint.base_url]
        killed = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert killed.stdout
        answered = [killed.stdout.readline() for _ in range(100)]
        killed.send_signal(signal.SIGKILL)
        answered += [line for line in killed.communicate()[0].splitlines(keepends=True) if line.endswith("\n")]
        assert len(answered) <= 150
        endpoint.admin(faults=False)
        second = subprocess.run(command, check=True, capture_output=True, text=True)
        asked = Counter(line["request"]["messages"][-1]["content"].splitlines()[1] for line in endpoint.requests())
    assert len(asked) == 200
    assert all(asked[number.strip()] == 1 for number in answered)
    assert sum(asked.values()) - 200 <= IN_FLIGHT
    assert json.loads(second.stdout.splitlines()[-1]) >= len(answered)
