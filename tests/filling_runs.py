"""Runs on arenas of which one in three can teach something, with and without filling: for tests and the benchmark of it.

    python tests/filling_runs.py FOLDER        # one process of a run of several: writes FOLDER/rank-0.json
"""

import json
import re
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import torch
from scripted_grpo import ASSISTANT, LIMITS, bench_of, call, trainer_of
from small_arenas import arena_of
from small_environments import SHOP
from tiny_policy import Script, tiny_tokenizer

from astra_data.messages import user
from astra_data.rows import Arena
from astra_data.sandbox import Sandbox
from astra_data.training.trl_internals import ArenaTrainer

GROUP: Final = 4


@dataclass(frozen=True)
class Step:
    """What an optimiser step was made of: the number of the arena of each group that counts, the others, and TRL's loss."""

    counted: list[int]
    silent: list[int]
    informative: list[bool]
    loss: float

    @property
    def filled(self) -> float:
        """The share of its groups that teach something."""
        return sum(self.informative) / (len(self.counted) + len(self.silent))


def arenas(count: int) -> list[Arena]:
    """The same shop with one tool, and a number in the question."""
    small = replace(SHOP, tools=SHOP.tools[:1])
    return [arena_of(small, prompt=[user(f"Question {number}: how much is A?")], environment_id=f"{number:016x}")
            for number in range(count)]


def teaches(number: int) -> bool:
    return number % 3 == 1


def plays(text: str, copy: int) -> str:
    """One arena in three is solved by every other rollout, one by all, one by none; answers differ in length."""
    number = int(re.findall(r"Question (\d+)", text)[0])
    if text.count(ASSISTANT) > 1:
        return "It is 3." + " Yes." * (number % 4)
    solved = copy % 2 == 0 if teaches(number) else number % 3 == 0
    return call("total", order="A" if solved else "B")


class Watched(ArenaTrainer):
    """Keeps what its steps were made of."""

    steps: list[Step]
    asked: list[int]

    def _compute_loss(self, model: Any, inputs: Any) -> torch.Tensor:
        loss = super()._compute_loss(model, inputs)
        numbers = [int(re.findall(r"Question (\d+)", self._tokenizer.decode(ids))[0]) for ids in inputs["prompt_ids"]]
        counts = inputs["completion_mask"].sum(1).bool().tolist()
        counted = sorted({number for number, real in zip(numbers, counts, strict=True) if real})
        silent = sorted({number for number, real in zip(numbers, counts, strict=True) if not real})
        informative = [bool(inputs["advantages"][[one == number for one in numbers]].abs().max() > 1e-3) for number in counted]
        self.steps.append(Step(counted, silent, informative, float(loss)))
        return loss

    def _tokenize_prompts(self, prompts: Any) -> Any:
        self.asked += [int(episode.arena.environment_id, 16) for episode in self._episodes][::GROUP]
        return super()._tokenize_prompts(prompts)


Run = tuple[list[Step], list[int], list[dict[str, Any]]]
"""The steps, the numbers of all arenas that were rolled out, and what was logged."""


def run(folder: Path, *, refills: int, steps: int = 4, groups: int = 4, count: int = 60) -> Run:
    """A run of so many groups a step in each process."""
    kept: list[Step] = []
    asked: list[int] = []
    kind = type("Kept", (Watched,), {"steps": kept, "asked": asked})
    with Sandbox(workers=1, limits=LIMITS) as sandbox, bench_of(arenas(count), sandbox) as bench:
        trainer = trainer_of(bench, folder, Script(tiny_tokenizer(), plays), kind, refills=refills, num_generations=GROUP,
                             max_steps=steps, per_device_train_batch_size=groups * GROUP, max_completion_length=300)
        trainer.train()
        return kept, asked, [line for line in trainer.state.log_history if "loss" in line]


if __name__ == "__main__":
    torch.set_num_threads(1)
    place = Path(sys.argv[1])
    done, rolled, logged = run(place / "out", refills=12, steps=2, groups=2)
    rank = torch.distributed.get_rank()
    (place / f"rank-{rank}.json").write_text(json.dumps(
        {"steps": [asdict(step) for step in done], "asked": rolled, "filled": [line["filling/filled"] for line in logged]}))
