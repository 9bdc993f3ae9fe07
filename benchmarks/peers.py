"""The same asks through other toolkits, where they are installed; run by `benchmarks.client_overhead`.

    PYTHON benchmarks/peers.py                                    # names of the toolkits that PYTHON has
    PYTHON benchmarks/peers.py curator --base-url URL --asks 5000 --concurrency 256

Their requirements exclude one another and ours, so each lives in an environment of its own, and this file imports nothing of
the project. Every toolkit fills one column of a table with an answer that it validates as `Verdict`, or parses as JSON where it
cannot; none may find an earlier answer in a cache. CPU seconds are those of the process and its children.
"""

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

TEXT = "The quick brown fox reads the whole tool document and says what it would do next. " * 30
SYSTEM = "You judge."
NO_LIMIT = 10**9


@cache
def verdict_type() -> Any:
    """The answer of an ask as a pydantic model."""
    return import_module("pydantic").create_model("Verdict", ok=(bool, ...), score=(float, ...), notes=(list[str], ...))


def curator(base_url: str, asks: int, concurrency: int, folder: Path) -> int:
    os.environ |= {"CURATOR_CACHE_DIR": str(folder), "CURATOR_DISABLE_CACHE": "1", "TELEMETRY_ENABLED": "0"}
    litellm = find_spec("litellm")
    assert litellm and litellm.origin
    os.environ["TIKTOKEN_CACHE_DIR"] = str(Path(litellm.origin).parent / "litellm_core_utils" / "tokenizers")  # no download
    base: Any = import_module("bespokelabs.curator").LLM

    class Judge(base):
        def prompt(self, row: dict[str, Any]) -> list[dict[str, str]]:
            return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": f"{row['number']} {TEXT}"}]

        def parse(self, row: dict[str, Any], answer: str) -> dict[str, Any]:
            return {"number": row["number"], "ok": verdict_type().model_validate_json(answer).ok}

    limits = {"max_concurrent_requests": concurrency, "max_requests_per_minute": NO_LIMIT, "max_tokens_per_minute": NO_LIMIT}
    judge = Judge(model_name="gpt-4o-mini", backend="openai", backend_params={"base_url": base_url, "api_key": "none"} | limits)
    result = judge([{"number": number} for number in range(asks)])
    return sum(bool(row["ok"]) for row in getattr(result, "dataset", result))


def data_designer(base_url: str, asks: int, concurrency: int, folder: Path) -> int:
    os.environ |= {"NEMO_TELEMETRY_ENABLED": "false", "DATA_DESIGNER_HOME": str(folder / "home")}
    dd, interface = import_module("data_designer.config"), import_module("data_designer.interface")
    pandas = import_module("pandas")
    numbers = folder / "numbers.parquet"
    pandas.DataFrame({"number": range(asks)}).to_parquet(numbers)
    provider = dd.ModelProvider(name="loopback", endpoint=base_url, provider_type="openai", api_key="none")
    sampling = dd.ChatCompletionInferenceParams(max_parallel_requests=concurrency)
    model = dd.ModelConfig(alias="m", model="m", provider="loopback", inference_parameters=sampling, skip_health_check=True)
    builder = dd.DataDesignerConfigBuilder(model_configs=[model])
    builder.with_seed_dataset(dd.LocalFileSeedSource(path=str(numbers)))
    builder.add_column(dd.LLMStructuredColumnConfig(
        name="verdict", model_alias="m", system_prompt=SYSTEM, prompt="{{ number }} " + TEXT, output_format=verdict_type(),
    ))
    designer = interface.DataDesigner(artifact_path=folder / "artifacts", model_providers=[provider])
    rows = designer.create(builder, num_records=asks).load_dataset()
    return int(rows["verdict"].map(lambda verdict: bool(verdict["ok"])).sum())


def distilabel(base_url: str, asks: int, concurrency: int, folder: Path) -> int:
    models, tasks = import_module("distilabel.models"), import_module("distilabel.steps.tasks")
    os.environ["DISTILABEL_CACHE_DIR"] = str(folder)
    rows = [{"instruction": f"{number} {TEXT}"} for number in range(asks)]
    with import_module("distilabel.pipeline").Pipeline(name="judge", cache_dir=folder) as pipeline:
        llm = models.OpenAILLM(model="m", base_url=base_url, api_key="none")
        judge = tasks.TextGeneration(name="judge", llm=llm, system_prompt=SYSTEM, input_batch_size=concurrency)
        loaded = import_module("distilabel.steps").LoadDataFromDicts(name="load", data=rows, batch_size=concurrency)
        loaded >> judge  # type: ignore[operator]
    made = pipeline.run(use_cache=False)["default"]["train"]
    verdict = verdict_type()
    return sum(bool(verdict.model_validate_json(answer).ok) for answer in made["generation"])


PEERS: dict[str, tuple[str, Callable[[str, int, int, Path], int]]] = {
    "curator": ("bespokelabs-curator", curator),
    "data-designer": ("data-designer", data_designer),
    "distilabel": ("distilabel", distilabel),
}
"""Name -> its package, and the function that puts the asks and gives the number of good answers."""


def installed() -> dict[str, str]:
    """Name -> version of the toolkits that this interpreter has."""
    found = {}
    for name, (package, _) in PEERS.items():
        try:
            found[name] = version(package)
        except PackageNotFoundError:
            continue
    return found


def cpu() -> float:
    taken = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in taken)


def measure(name: str, base_url: str, asks: int, concurrency: int) -> dict[str, float]:
    """CPU and wall seconds and the peak memory (MB) of the asks. Raises `ValueError` unless each had a good answer."""
    with tempfile.TemporaryDirectory() as folder:
        before, start = cpu(), time.perf_counter()
        good = PEERS[name][1](base_url, asks, concurrency, Path(folder))
        asking, wall = cpu() - before, time.perf_counter() - start
    if good != asks:
        raise ValueError(f"{name}: {good} good answers to {asks} asks")
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    return {"cpu": cpu(), "asking": asking, "wall": wall, "peak": peak}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="?", choices=PEERS)
    parser.add_argument("--base-url")
    parser.add_argument("--asks", type=int, default=5000)
    parser.add_argument("--concurrency", type=int, default=256)
    args = parser.parse_args()
    found = measure(args.name, args.base_url, args.asks, args.concurrency) if args.name else installed()
    sys.stdout.write(f"\n{json.dumps(found)}\n")


if __name__ == "__main__":
    main()
