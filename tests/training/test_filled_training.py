"""Training with filled batches against stock TRL: every step has informative groups alone, padding changes no loss, and two
processes fill their batches together."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
from filling_runs import GROUP, arenas, plays, run, teaches
from scripted_grpo import LIMITS, bench_of, trainer_of
from tiny_policy import Script, tiny_tokenizer

from astra_data.sandbox import Sandbox
from astra_data.training.filling import by_length, counted_tokens, merged, narrowed, rows_of, silenced

ROOT = Path(__file__).parents[2]


def test_every_step_has_informative_groups_alone_where_stock_trl_has_others(tmp_path: Path) -> None:
    """Same arenas, same seed: stock TRL begins with the same prompts, and a third of its groups teach something."""
    stock, _, _ = run(tmp_path / "stock", refills=0, steps=2)
    ours, asked, logged = run(tmp_path / "ours", refills=8, steps=2)
    assert all(step.filled < 1 for step in stock) and all(step.filled == 1 and not step.silent for step in ours)
    assert all(teaches(number) for step in ours for number in step.counted)
    assert sorted(stock[0].counted) == sorted(asked[:4])
    assert max(Counter(asked).values()) == 1, "no prompt comes twice in an epoch"
    assert max(Counter(number for step in ours for number in step.counted).values()) == 1
    assert [line["filling/filled"] for line in logged] == [1.0] * 2
    assert sum(line["filling/groups"] for line in logged) == len(asked)


def test_a_step_that_cannot_be_filled_is_one_of_the_informative_groups_alone(tmp_path: Path) -> None:
    steps, _, logged = run(tmp_path, refills=1, steps=2)
    assert any(step.silent for step in steps)
    for step, line in zip(steps, logged, strict=True):
        assert all(map(teaches, step.counted)) and len(step.counted) == round(4 * line["filling/filled"])
        assert line["grad_norm"] > 0 or not step.counted


def test_padding_and_masked_groups_leave_the_loss_and_its_gradient_as_they_are(tmp_path: Path) -> None:
    with Sandbox(workers=1, limits=LIMITS) as sandbox, bench_of(arenas(4), sandbox) as bench:
        trainer = trainer_of(bench, tmp_path, Script(tiny_tokenizer(), plays))
        rows = [trainer.train_dataset[row] for row in range(4) for _ in range(GROUP)]
        trainer.model.train()
        trainer.current_gradient_accumulation_steps = 1
        batch = trainer._generate_and_score_completions(rows)
        batch["advantages"] = torch.linspace(-1, 2, 4 * GROUP)
        groups = [rows_of(batch, number, GROUP) for number in range(4)]
        pad = trainer._tokenizer.pad_token_id

        def loss(parts: list[dict[str, Any]]) -> list[float]:
            """The loss, and a few numbers of its gradient."""
            joined = merged(parts, pad)
            found = trainer._compute_loss(trainer.model, joined | {"num_items_in_batch": counted_tokens(joined)})
            trainer.model.zero_grad()
            found.backward()
            gradient = trainer.model.model.layers[0].self_attn.q_proj.weight.grad
            return [float(found), float(gradient.norm()), *gradient[:3, 0].tolist()]

        whole = loss(groups)
        assert abs(whole[0]) > 0.1 and whole[0] == pytest.approx(float(trainer._compute_loss(trainer.model, batch)), abs=1e-6)
        wide = [_widened(group, number, pad) for number, group in enumerate(groups)]
        assert len({group["completion_ids"].shape[1] for group in wide}) == 4
        assert loss(wide) == pytest.approx(whole, abs=1e-5)
        assert loss([*groups[:2], *map(silenced, groups[2:])]) == pytest.approx(loss(groups[:2]), abs=1e-5)
        assert loss(groups[:2]) != pytest.approx(whole, abs=1e-2)
        tokens = {"num_items_in_batch": counted_tokens(merged(groups, pad))}
        parts = list(map(narrowed, by_length([rows_of(merged(wide, pad), number, 2 * GROUP) | tokens for number in (0, 1)])))
        assert sum(float(trainer._compute_loss(trainer.model, part)) for part in parts) == pytest.approx(whole[0], abs=1e-5)


def _widened(group: dict[str, Any], number: int, pad: int) -> dict[str, Any]:
    """The group as it comes out of a round whose longest rollouts are longer, by another amount for each."""
    wider = torch.nn.functional.pad
    right = {"completion_ids": pad, "completion_mask": 0, "tool_mask": 1}
    left = {"prompt_ids": pad, "prompt_mask": 0}
    return (group | {name: wider(group[name], (0, 3 * number), value=value) for name, value in right.items()}
            | {name: wider(group[name], (2 * number, 0), value=value) for name, value in left.items()})


def test_two_processes_fill_their_batches_together(tmp_path: Path) -> None:
    """They take turns as often as the one that needs most, and share no prompt."""
    environ = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    command = [sys.executable, "-W", "ignore", "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2",
               str(ROOT / "tests" / "filling_runs.py"), str(tmp_path)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    ranks = [json.loads((tmp_path / f"rank-{rank}.json").read_text()) for rank in (0, 1)]
    assert ranks[0]["filled"] == ranks[1]["filled"] == [1.0, 1.0]
    assert len(ranks[0]["asked"]) == len(ranks[1]["asked"])
    assert max(Counter(number for rank in ranks for number in rank["asked"]).values()) == 1
    for rank in ranks:
        assert all(len(step["counted"]) == 2 and all(map(teaches, step["counted"])) for step in rank["steps"])
