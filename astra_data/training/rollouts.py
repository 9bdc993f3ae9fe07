"""Rollouts of a training run, as rows of `trajectories`: step by step in the folder of the run, at its end as a dataset version.

    log = RolloutLog(run.folder / "rollouts", "mine", sampling={"temperature": 1.0}, terms=Terms(), rank=0)
    log.write(12, episodes)                 # rollouts/step-000012.0.jsonl
    publish(run.folder / "rollouts", "mine-rollouts", store, record)

A step that is made again after a kill writes its file again, so that nothing is there twice.
"""

import platform
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version as installed
from pathlib import Path

import orjson

from astra_data.hub.lineage import FileDigest, Funnel, Lineage, Output
from astra_data.hub.store import Store, Version
from astra_data.hub.tree import sha256_file
from astra_data.hub.writer import Writer
from astra_data.messages import JsonObject
from astra_data.rollout.acting import recorded
from astra_data.rollout.scoring import Terms
from astra_data.rows import Row, Trajectory, digest, to_dict
from astra_data.training.episodes import Episode
from astra_data.training.record import ModelRecord

STAGE = "grpo"


@dataclass(slots=True)
class RolloutLog:
    """Writes what one process rolls out. `sampling` is what rows say of how the policy, named `policy`, was sampled."""

    folder: Path
    policy: str
    sampling: JsonObject
    terms: Terms
    rank: int = 0
    _step: int = 0
    _seen: Counter[str] = field(default_factory=Counter)

    def write(self, step: int, episodes: Sequence[Episode]) -> None:
        """Add the rollouts of one round to those of their step (from 1)."""
        first = step != self._step
        if first:
            self._step = step
            self._seen.clear()
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f"step-{step:06d}.{self.rank}.jsonl").open("wb" if first else "ab") as file:
            for episode in episodes:
                file.write(orjson.dumps(self._row(episode), option=orjson.OPT_APPEND_NEWLINE))

    def _row(self, episode: Episode) -> Row:
        arena, found = episode.arena, None if episode.failure else episode.scored()
        sample = self._seen[arena.id]
        self._seen[arena.id] += 1
        sampling = self.sampling | {"step": self._step, "rank": self.rank}
        return to_dict(recorded(arena, self.policy, sampling, sample, episode.rollout(), found, self.terms))


def forget_after(folder: Path, step: int) -> None:
    """Remove what a process that was killed has logged of steps after this one."""
    for file in folder.glob("step-*.jsonl"):
        if _step(file) > step:
            file.unlink()


def rows(folder: Path) -> Iterator[Row]:
    """All rows that were logged, by step and process."""
    for file in sorted(folder.glob("step-*.jsonl")):
        for line in file.read_bytes().splitlines():
            yield orjson.loads(line)


def publish(folder: Path, name: str, store: Store, record: ModelRecord) -> Version:
    """Make the rows of a finished run a version in the store. Those without a score are there, with a reward of null."""
    with store.staging(name) as staging:
        with Writer(staging / "data", Trajectory) as writer:
            for row in rows(folder):
                writer.write(row)
        written = writer.close()
        paths = [staging / "data" / file for file in written.files]
        files = [FileDigest(f"data/{path.name}", sha256_file(path), path.stat().st_size) for path in paths]
        outputs = [Output("default", written.rows, written.num_rows, files)]
        return store.commit(name, staging, _lineage(record, outputs, written.num_rows))


def _lineage(record: ModelRecord, outputs: list[Output], count: int) -> Lineage:
    env = {"python": platform.python_version()} | {name: installed(name) for name in ("pyarrow", "datasets", "trl", "torch")}
    return Lineage(
        kind="trajectories", stage=STAGE, stage_version=1, key=digest([record.recipe, outputs[0].rows]), complete=True,
        config=record.recipe, seed=record.seed, command=record.command, funnel=Funnel(count, count), outputs=outputs,
        code=record.code, recipe=record.source, inputs=record.inputs, models={"policy": record.name}, licenses=record.licenses,
        env=env,
    )


def _step(file: Path) -> int:
    return int(file.name.split(".")[0].removeprefix("step-"))
