"""What the ledger, validation and accounting cost on top of the bare openai client.

    python benchmarks/client_overhead.py [--asks 5000] [--concurrency 256] [--latency 0.05] [--rounds 1] [--peers PYTHON]

Each round asks one loopback endpoint from two processes in turn: the bare client on its aiohttp transport, and a
teacher with a fresh ledger. Prompts have 2.5 kB, answers about 200 tokens. CPU seconds are user and system time of the
asking process, imports included; the table ends with the ratio of the medians (target: at most 1.4).

Other toolkits (`peers.py`) get a row of their own if this interpreter has them, or another that `--peers` names, such as
`other/.venv/bin/python`; it may be given several times.
"""

import argparse
import asyncio
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

TARGET = 1.4
TEXT = "The quick brown fox reads the whole tool document and says what it would do next. " * 30
ANSWER = json.dumps({"ok": True, "score": 0.75, "notes": ["a note about the call that was made " * 4] * 5})


def script(request: dict[str, Any]) -> dict[str, Any]:
    return {"content": ANSWER, "usage": {"prompt_tokens": 600, "completion_tokens": 200, "total_tokens": 800}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--asks", type=int, default=5000)
    parser.add_argument("--concurrency", type=int, default=256)
    parser.add_argument("--latency", type=float, default=0.05, help="seconds before each answer")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--peers", action="append", default=[sys.executable], metavar="PYTHON", help="where to look for toolkits")
    parser.add_argument("--client", choices=("bare", "ours"), help=argparse.SUPPRESS)
    parser.add_argument("--base-url", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.client:
        asyncio.run(measure(args.client, args.base_url, args.asks, args.concurrency))
    else:
        compare(args)


def compare(args: argparse.Namespace) -> None:
    from scripted_endpoint import EndpointProcess

    commands = {name: [sys.executable, __file__, "--client", name] for name in ("bare", "ours")} | peer_commands(args.peers)
    figures: dict[str, list[dict[str, float]]] = {client: [] for client in commands}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(args.rounds):
            for client, taken in figures.items():
                log = Path(folder) / f"{client}{number}.jsonl"
                here = (Path(__file__).parent,)
                with EndpointProcess("client_overhead:script", log, latency_s=args.latency, path=here) as endpoint:
                    taken.append(run_client(commands[client], endpoint.base_url, args))
    print(f"{args.asks} asks, concurrency {args.concurrency}, latency {args.latency * 1000:.0f} ms, {args.rounds} round(s)")
    print(f"{'client':<22}{'CPU s':>8}{'of it asking':>14}{'CPU s/1000':>12}{'asks/s':>8}{'peak MB':>9}")
    for client, taken in figures.items():
        one = {name: statistics.median(figure[name] for figure in taken) for name in taken[0]}
        per = one["cpu"] / args.asks * 1000, args.asks / one["wall"]
        print(f"{client:<22}{one['cpu']:>8.2f}{one['asking']:>14.2f}{per[0]:>12.2f}{per[1]:>8.0f}{one['peak']:>9.0f}")
    for name, label in (("cpu", "whole process"), ("asking", "asking alone")):
        bare, ours = (statistics.median(figure[name] for figure in figures[client]) for client in ("bare", "ours"))
        print(f"ratio, {label}: {ours / bare:.2f} (target {TARGET})")


def peer_commands(pythons: list[str]) -> dict[str, list[str]]:
    """Toolkit with version -> the command that measures it, for those that these interpreters have."""
    found: dict[str, list[str]] = {}
    for python in pythons:
        command = [python, str(Path(__file__).with_name("peers.py"))]
        for name, version in last_line(command).items():
            found[f"{name} {version}"] = [*command, name]
    return found


def run_client(command: list[str], base_url: str, args: argparse.Namespace) -> dict[str, float]:
    return last_line([*command, "--base-url", base_url, "--asks", str(args.asks), "--concurrency", str(args.concurrency)])


def last_line(command: list[str]) -> dict[str, Any]:
    """The JSON that a command ends with; toolkits print much before it."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} left with {done.returncode}: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


async def measure(client: str, base_url: str, asks: int, concurrency: int) -> None:
    """Print the CPU and wall seconds and the peak memory (MB) of this process as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        ask, close = await (bare_client(base_url) if client == "bare" else our_client(base_url, Path(folder)))
        at_once = asyncio.Semaphore(concurrency)

        async def one(number: int) -> None:
            async with at_once:
                await ask(number)

        cpu, wall = time.process_time(), time.perf_counter()
        await asyncio.gather(*(one(number) for number in range(asks)))
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        await close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"cpu": time.process_time(), "asking": cpu, "wall": wall, "peak": peak}))


Client = tuple[Callable[[int], Awaitable[None]], Callable[[], Awaitable[None]]]


async def bare_client(base_url: str) -> Client:
    import openai

    client = openai.AsyncOpenAI(api_key="none", base_url=base_url, http_client=openai.DefaultAioHttpClient())

    async def ask(number: int) -> None:
        messages: Any = [{"role": "system", "content": "You judge."}, {"role": "user", "content": f"{number} {TEXT}"}]
        completion = await client.chat.completions.create(model="m", messages=messages)
        assert completion.choices[0].message.content == ANSWER

    return ask, client.close


async def our_client(base_url: str, folder: Path) -> Client:
    from pydantic import BaseModel

    from astra_data.ledger import Ledger
    from astra_data.teacher import Ask, Budget, ModelConfig, build

    class Question(BaseModel):
        number: int
        text: str

    class Verdict(BaseModel):
        ok: bool
        score: float
        notes: list[str]

    (folder / "judge.md.jinja").write_text("You judge.\n---user---\n{{ number }} {{ text }}")
    judge = Ask("judge", 1, "judge", Question, Verdict, folder)
    ledger = Ledger.open(folder / "ledger.sqlite")
    nobody: Any = None
    roles = build({"default": ModelConfig(model="m", base_url=base_url)}, ledger, Budget(), nobody, nobody)

    async def ask(number: int) -> None:
        verdict = await roles.teacher("judge").answer(judge, Question(number=number, text=TEXT))
        assert verdict.ok

    async def close() -> None:
        await roles.close()
        await ledger.close()

    return ask, close


if __name__ == "__main__":
    main()
