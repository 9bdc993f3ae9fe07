"""Small real versions of `tasks`, for tests of whatever reads or moves versions.

version = make_version(store, "What is the weather in Oslo?", rejected=("Weather.",))
"""

from pathlib import Path
from typing import Any

from astra_data.hub.lineage import Code, FileDigest, Funnel, Lineage, Output
from astra_data.hub.store import Store, Version
from astra_data.hub.tree import CONFIG_FOLDERS, sha256_file
from astra_data.hub.writer import Writer, read_rows, rows_digest
from astra_data.rows import Task, new_row, to_dict
from astra_data.rows.canonical import digest


def task(text: str) -> dict[str, Any]:
    row = new_row(
        Task,
        server_id="0" * 16,
        server="weather",
        chain_id=None,
        kind="chain",
        parent_id=None,
        augmentation=None,
        text=text,
        language="en",
        target_tools=["get_weather"],
        scores=[],
        models={"writer": "offline"},
    )
    return to_dict(row)


def record(outputs: list[Output], **changes: Any) -> Lineage:
    """A lineage as a stage would write it."""
    kept = outputs[0].num_rows if outputs else 0
    values: dict[str, Any] = {
        "kind": "tasks",
        "stage": "tasks",
        "stage_version": 1,
        "key": digest([output.rows for output in outputs]),
        "complete": True,
        "config": {"per_chain": 2},
        "seed": 7,
        "command": "astra run weather --only tasks",
        "funnel": Funnel(kept, kept),
        "outputs": outputs,
        "code": Code("astra-data", "0.1.0"),
        "licenses": ["MIT"],
    }
    return Lineage(**values | changes)


def write_config(folder: Path, config: str, shards: list[list[str]]) -> Output:
    """One Parquet shard for each list of texts, and what lineage says of them."""
    files, paths = [], []
    for index, texts in enumerate(shards):
        refused = config != "default"
        with Writer(folder / "one", Task, refused=refused) as writer:
            for text in texts:
                writer.refuse(task(text), "0" * 16, ["too vague"]) if refused else writer.write(task(text))
        name = f"{CONFIG_FOLDERS[config]}/train-{index:05d}-of-{len(shards):05d}.parquet"
        (folder / name).parent.mkdir(exist_ok=True)
        written = (folder / "one" / writer.written.files[0]).rename(folder / name)
        files.append(FileDigest(name, sha256_file(written), written.stat().st_size))
        paths.append(written)
    (folder / "one").rmdir()
    return Output(config, rows_digest(read_rows(paths, Task), Task), sum(map(len, shards)), files)


def make_version(
    store: Store, *texts: str, name: str = "tasks", shards: int = 1, rejected: tuple[str, ...] = (), **changes: Any
) -> Version:
    """Commit a version of tasks with these texts, spread over `shards` files."""
    with store.staging(name) as folder:
        outputs = [write_config(folder, "default", [list(texts[start::shards]) for start in range(shards)])]
        if rejected:
            outputs.append(write_config(folder, "rejected", [list(rejected)]))
        return store.commit(name, folder, record(outputs, **changes))
