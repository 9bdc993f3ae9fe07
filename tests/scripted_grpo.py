"""What a policy says in the four small arenas, and a trainer that lets it: for tests of everything but the sampling.

    with Sandbox(workers=2, limits=LIMITS) as sandbox, bench_of(four(), sandbox) as bench:
        trainer = trainer_of(bench, tmp_path, Script(tokenizer, plays), per_device_train_batch_size=16)
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tiny_policy import tiny_model, tiny_tokenizer
from trl import GRPOConfig

from astra_data.rollout.scoring import Terms
from astra_data.rows import Arena
from astra_data.sandbox import Limits, Sandbox
from astra_data.training.bench import Bench, rows_of
from astra_data.training.episodes import Episode
from astra_data.training.grpo import finished, reward_of
from astra_data.training.trl_internals import ArenaTrainer

LIMITS: Final = Limits(memory_mb=64)
ASSISTANT: Final = "<|im_start|>assistant\n"


def call(tool: str, **arguments: Any) -> str:
    """A call as the template writes it."""
    return f"<tool_call>\n{json.dumps({'name': tool, 'arguments': arguments})}\n</tool_call>"


GARBAGE: Final = '"}}\n</tool_call>'
PLANS: Final[dict[str, list[list[str]]]] = {
    "worth": [
        [call("get_stock", sku="A1"), call("get_value", sku="A1"), "It is 7.5."],
        [call("get_stock", sku="Z"), "There is no such article."],
        [call("get_stock", sku="A1") + "\n" + call("get_stock", sku="A1"), GARBAGE],
        [call("get_price", sku="A1"), call("get_stock", sku="A1"), "Three."],
    ],
    "Take 5": [
        [call("receive", amount=5) + "\n" + call("pay", amount=12), "Done."],
        [call("receive", amount="5"), "Done."],
        [call("receive", amount=5), call("receive", amount=5), call("pay", amount=12), "Done."],
        ["Done."],
    ],
    "How much": [
        [call("total", order="A"), "It is 3."],
        [call("say", text="A"), call("total", order="A"), "It is 3."],
        [call("total", order="B"), "It is 13."],
        ['<tool_call>\n{"name": "total", "arguments": [1]}\n</tool_call>', "I do not know."],
    ],
    "Pay 2": [
        [call("pay", account="X", amount=2), call("pay", account="Y", amount=1), "Done."],
        [call("pay", account="X", amount=2) + "\n" + call("pay", account="X", amount=0), "Done."],
        [call("pay", account="Y", amount=1), "Done."],
        [call("fail", how="x"), call("fail", how="y"), call("fail", how="z"), call("pay", account="X", amount=2)],
    ],
}
"""Words of the question -> what each of four rollouts says, turn by turn; no two begin alike."""
REWARDS: Final = {
    "worth": [4 / 4, 0, 2 * 1 / (2 + 3), 2 * 1 / (2 + 2)], "Take 5": [4 / 4, 0, 2 * 1 / (2 + 3), 0],
    "How much": [2 / 2, 2 / 3, 0, 0], "Pay 2": [4 / 4, 2 * 1 / (2 + 2), 0, 0],
}
"""The same -> twice the goals solved over goals and calls, by hand: a turn of garbage is a call; the call after three that no
tool could see is not made."""


def plan_of(text: str) -> list[list[str]]:
    return next(plans for words, plans in PLANS.items() if words in text)


def plays(text: str, copy: int) -> str:
    """The next turn of a conversation: the plan goes by the number of the copy, and later by what was said of it."""
    turns = text.split(ASSISTANT)[1:]
    if len(turns) == 1:
        return plan_of(text)[copy % 4][0]
    said = [turn.split("<|im_end|>")[0] for turn in turns[:-1]]
    plan = next(plan for plan in plan_of(text) if plan[: len(said)] == said)
    return plan[len(said)] if len(said) < len(plan) else "Done."


def bench_of(arenas: Sequence[Arena], sandbox: Sandbox, terms: Terms | None = None) -> Bench:
    """A bench with the paper's reward, or another."""
    chosen = terms or Terms()

    def reward(episode: Episode) -> float | None:
        return reward_of(episode, chosen)

    return Bench(arenas, sandbox, reward, finished(None))


def trainer_of(bench: Bench, folder: Path, engine: Any, kind: type[ArenaTrainer] = ArenaTrainer, *, refills: int = 0,
               model: Any = None, **values: Any) -> ArenaTrainer:
    """A trainer over a tiny model, for one step of four rollouts for each arena unless told otherwise."""
    known: dict[str, Any] = {
        "output_dir": str(folder), "max_steps": 1, "per_device_train_batch_size": 16, "num_generations": 4, "use_cpu": True,
        "max_completion_length": 900, "max_tool_calling_iterations": 5, "bf16": False, "gradient_checkpointing": False,
        "logging_steps": 1, "report_to": "none", "save_strategy": "no", "disable_tqdm": True, "learning_rate": 1e-3,
        "log_level": "error",
    }
    return kind(bench, engine=engine, most_refills=refills, model=model or tiny_model(), args=GRPOConfig(**known | values),
                train_dataset=rows_of(bench.arenas), processing_class=tiny_tokenizer())
