"""What checks, canonical form and digest cost: `Writer` against the least that writes the same rows with pyarrow.

    python -m benchmarks.writer [ROWS]

Rows are trajectories of about 9 kB, made in batches of one row group outside the measured time. Each side runs in a process of
its own and reports its CPU seconds (`time.process_time`, all threads) and its peak resident memory.
"""

import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from astra_data.hub.writer import GROUP_ROWS, PARQUET_OPTIONS, Writer
from astra_data.rows import Trajectory, identity
from astra_data.rows.schema import arrow_schema
from benchmarks.figure import Figure, at_most, peak_mb, python, show

ROWS = 200_000
CPU_RATIO = 1.5
PEAK_MB = 400
TEXT_BYTES = 16_000_000
AXES = ("TU", "TC", "TR", "TE", "FA", "CO", "EF")
Row = dict[str, Any]


def batches(count: int) -> Iterator[list[Row]]:
    """`count` trajectories in batches of one row group."""
    text = _text()
    rng = random.Random(7)
    for start in range(0, count, GROUP_ROWS):
        yield [_row(number, text, rng) for number in range(start, min(start + GROUP_ROWS, count))]


def _text() -> str:
    """Words drawn by frequency, long enough that a slice of it seldom repeats within a row group."""
    rng = random.Random(11)
    words = ["".join(rng.choices("etaoinshrdlucmfwyp", k=rng.randint(2, 9))) for _ in range(8_000)]
    return " ".join(rng.choices(words, weights=[1 / (rank + 5) for rank in range(len(words))], k=TEXT_BYTES // 6))


def _row(number: int, text: str, rng: random.Random) -> Row:
    def words(length: int) -> str:
        start = rng.randrange(len(text) - length)
        return text[start : start + length]

    names = [f"tool_{number % 40}_{index}" for index in range(4)]
    calls = [(f"call_{index}", names[index % 4]) for index in range(5)]
    row: Row = {
        "id": "", "task_id": f"{number:016x}", "server": f"server-{number % 40}", "policy": "offline",
        "sampling": {"temperature": 0.7}, "sample": 0, "tools": [_tool(name, words) for name in names],
        "messages": _messages(calls, words, rng), "terminal": "answered",
        "calls": [{"id": call, "tool": tool, "ok": True, "injected": False, "backend": "live"} for call, tool in calls],
        "flaws": [], "scores": [_score(axis, words, rng) for axis in AXES], "reward": round(rng.random(), 6),
        "usage": {"turns": 6, "calls": 5, "input_tokens": 9120, "output_tokens": 803},
        "models": {"policy": "offline", "judge": "offline"}, "horizon": 1, "arena": None,
    }
    return row | {"id": identity(Trajectory, row)}


def _tool(name: str, words: Callable[[int], str]) -> Row:
    properties = {f"argument_{index}": {"type": "string", "description": words(40)} for index in range(3)}
    schema = {"type": "object", "properties": properties, "required": ["argument_0"]}
    return {"type": "function", "function": {"name": name, "description": words(120), "parameters": schema}}


def _messages(calls: list[tuple[str, str]], words: Callable[[int], str], rng: random.Random) -> list[Row]:
    messages: list[Row] = [{"role": "system", "content": words(400)}, {"role": "user", "content": words(300)}]
    for call, tool in calls:
        function = {"name": tool, "arguments": {"argument_0": words(24), "count": rng.randrange(99), "exact": True}}
        wire = {"id": call, "type": "function", "function": function}
        messages.append({"role": "assistant", "content": words(60), "tool_calls": [wire]})
        messages.append({"role": "tool", "tool_call_id": call, "name": tool, "content": words(600)})
    return [*messages, {"role": "assistant", "content": words(500)}]


def _score(axis: str, words: Callable[[int], str], rng: random.Random) -> Row:
    quotes = [{"message": 3, "text": words(20)}] if axis == "FA" else []
    return {"axis": axis, "value": round(rng.random(), 4), "status": "scored", "reason": words(40), "evidence": quotes,
            "judge": "checks", "votes": [], "agreement": None}


def measure(side: str, count: int) -> dict[str, float]:
    """CPU seconds, peak MB and size of one side, in this process."""
    with tempfile.TemporaryDirectory() as folder:
        cpu = SIDES[side](Path(folder), count)
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
    return {"cpu": cpu, "peak_mb": peak_mb(), "file_mb": size / 1e6}


def ours(folder: Path, count: int) -> float:
    total = 0.0
    with Writer(folder, Trajectory) as writer:
        for batch in batches(count):
            start = time.process_time()
            for row in batch:
                writer.write(row)
            total += time.process_time() - start
        start = time.process_time()
        writer.close()
        return total + time.process_time() - start


def plain(folder: Path, count: int) -> float:
    """The JSON columns through orjson, everything through pyarrow, nothing checked and nothing hashed."""
    schema = arrow_schema(Trajectory)
    total = 0.0
    parquet = pq.ParquetWriter(folder / "rows", schema, **PARQUET_OPTIONS)
    for batch in batches(count):
        start = time.process_time()
        parquet.write_table(_table(batch, schema))
        total += time.process_time() - start
    start = time.process_time()
    parquet.close()
    return total + time.process_time() - start


def _table(batch: list[Row], schema: pa.Schema) -> pa.Table:
    dumps, text = orjson.dumps, pa.string()
    storage = {"sampling": text, "models": text, "tools": pa.list_(text), "messages": pa.list_(text)}
    columns = {name: [row[name] for row in batch] for name in schema.names}
    for name in ("sampling", "models"):
        columns[name] = [dumps(value) for value in columns[name]]
    for name in ("tools", "messages"):
        columns[name] = [[dumps(item) for item in value] for value in columns[name]]
    arrays = [pa.array(columns[field.name], storage.get(field.name, field.type)) for field in schema]
    return pa.table(arrays, names=schema.names).cast(schema)


SIDES = {"ours": ours, "plain": plain}


def figures(count: int = ROWS) -> list[Figure]:
    """Both sides, each in its own process."""
    result = {side: json.loads(python("-m", "benchmarks.writer", str(count), side)) for side in SIDES}
    print(f"writer: {count} rows; CPU s and MB: {result}")
    ratio = result["ours"]["cpu"] / result["plain"]["cpu"]
    return [
        at_most("writer: CPU against orjson and pyarrow alone", ratio, CPU_RATIO, "x"),
        at_most("writer: peak memory", result["ours"]["peak_mb"], PEAK_MB, "MB"),
    ]


if __name__ == "__main__":
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    if len(sys.argv) > 2:
        print(json.dumps(measure(sys.argv[2], rows)))
    else:
        sys.exit(not show(figures(rows)))
