"""What is looked at before GRPO begins, so that nothing is refused, cut or scored wrong in the middle of a run.

    fitting(recipe, arenas, tokenizer, config).arenas       # those that the context holds; refused or dropped, never cut

Each check raises one sentence that says what is wrong and how to mend it.
"""

import importlib.util
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from astra_data.errors import DataError
from astra_data.rows import Arena
from astra_data.sandbox import Sandbox
from astra_data.training.marks import Refused
from astra_data.training.model import load_config
from astra_data.training.preflight import LISTED, marked
from astra_data.training.recipe import GrpoRecipe
from astra_data.training.rendering import Rendered, renderer_of

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase
    from trl import GRPOConfig


def check_template(recipe: GrpoRecipe, tokenizer: "PreTrainedTokenizerBase") -> None:
    """Raise `UsageError` unless tools can be shown and called with the chat template, and earlier turns stay as they are."""
    from trl.chat_template_utils import get_training_chat_template, is_chat_template_prefix_preserving, supports_tool_calling

    mend = "choose another model.template, such as qwen3_instruct_2507"
    if not supports_tool_calling(tokenizer):
        raise recipe.wrong("model.template", "the chat template cannot show tools and their results", mend)
    if getattr(tokenizer, "response_template", None) is None:
        raise recipe.wrong("model.template", "nobody knows how calls are read out of what this chat template writes", mend)
    if not is_chat_template_prefix_preserving(tokenizer):
        try:
            found = get_training_chat_template(tokenizer)
        except ValueError:
            found = None
        if found is None:
            raise recipe.wrong("model.template", "the chat template rewrites earlier turns, and TRL has no variant of it", mend)


def check_config(recipe: GrpoRecipe, config: "GRPOConfig") -> None:
    """Raise `UsageError` where a run that is resumed could not go on as it was, or the engine cannot do what is asked."""
    rows, group = config.per_device_train_batch_size * config.steps_per_generation, config.num_generations
    if rows % group:
        message = f"a process generates {rows} rollouts at a time, which are no whole groups of {group}"
        mend = "let per_device_train_batch_size x steps_per_generation divide by it"
        raise recipe.wrong("trainer.num_generations", message, mend)
    window = max(1, config.steps_per_generation * config.num_iterations // config.gradient_accumulation_steps)
    if config.save_strategy == "steps" and config.save_steps % window:
        message = f"rollouts serve {window} steps, and a checkpoint every {config.save_steps:g} falls between them"
        raise recipe.wrong("trainer.save_steps", message, f"make it a multiple of {window}")
    sharded = os.environ.get("ACCELERATE_USE_FSDP", "false").lower() in ("1", "true")
    if recipe.generation.engine == "cached" and sharded:
        message = "the cached engine would wait for ever where FSDP shards the weights: each process has turns of another length"
        raise recipe.wrong("generation.engine", message, "write trl, or launch without FSDP")
    others = {"use_vllm": config.use_vllm, "use_transformers_continuous_batching": config.use_transformers_continuous_batching,
              "repetition_penalty": config.repetition_penalty != 1.0, "generation_kwargs": bool(config.generation_kwargs)}
    if recipe.generation.engine == "cached" and any(others.values()):
        asked = ", ".join(f"trainer.{name}" for name, on in others.items() if on)
        raise recipe.wrong("generation.engine", f"the cached engine knows nothing of {asked}", "write trl, or leave that out")


def check_engine(recipe: GrpoRecipe) -> None:
    """Raise `UsageError` for a model that the cached engine cannot serve."""
    from astra_data.training.generation import check_model

    if recipe.generation.engine != "cached" or recipe.model.name is None:
        return
    config = load_config(recipe, local=False)
    if config is not None:
        check_model(config, recipe.model.attention)


def check_count(recipe: GrpoRecipe, count: int, config: "GRPOConfig") -> None:
    """Raise `UsageError` where the arenas do not fill one batch: TRL would end without a step."""
    assert config.generation_batch_size is not None, "TRL sets it"
    prompts = config.generation_batch_size // config.num_generations
    if count < prompts:
        message = f"{count} arenas do not fill a batch of {prompts}, so no step would be made"
        raise recipe.wrong("data.train", message, "take more arenas, smaller batches, or more trainer.num_generations")


def check_vllm(recipe: GrpoRecipe, config: "GRPOConfig") -> None:
    """Raise `UsageError` where vLLM is to generate rollouts and is not installed; a dry run needs none."""
    if config.use_vllm and importlib.util.find_spec("vllm") is None:
        mend = 'pip install "trl[vllm]", or set trainer.use_vllm to false'
        raise recipe.wrong("trainer.use_vllm", "vLLM is not installed", mend)


def check_sandbox(recipe: GrpoRecipe, sandbox: Sandbox, config: "GRPOConfig") -> None:
    """Raise `UsageError` unless all rollouts of a process can have their episodes at once."""
    at_once = config.per_device_train_batch_size * config.steps_per_generation
    asked, most = at_once * recipe.sandbox.memory_mb, sandbox.memory.most
    if asked > most:
        message = f"{at_once} episodes at once may take {asked} MB, and there are {most}"
        raise recipe.wrong("sandbox.memory_mb", message, "lower it, or generate fewer rollouts at a time")


def check_arenas(recipe: GrpoRecipe, arenas: Sequence[Arena], address: str) -> None:
    """Raise `DataError` for arenas in which a rollout of one user turn cannot be had or scored."""
    talking = [arena for arena in arenas if len(arena.turns) != 1 or sum(one["role"] == "user" for one in arena.prompt) != 1]
    if talking:
        raise DataError(f"{address}: {len(talking)} of {len(arenas)} arenas have several turns of the user; training knows one",
                        mend="leave them out of the dataset, or evaluate on them alone")
    mute = [arena for arena in arenas if not _scored(recipe, arena)]
    if mute:
        raise DataError(f"{address}: {len(mute)} of {len(arenas)} arenas have nothing that the reward weighs",
                        mend="leave them out of the dataset, or give reward.decline a weight")


def _scored(recipe: GrpoRecipe, arena: Arena) -> bool:
    goals = any(turn.goals for turn in arena.turns)
    weighed = (recipe.reward.answer and arena.answer is not None) or (recipe.reward.decline and arena.removed is not None)
    return goals or bool(weighed)


@dataclass(frozen=True, slots=True)
class Fitting:
    """The arenas that the context holds, with tokens of their prompts; `too_long` has number (from 1) and length of others.

    `broken` is how many had tokens of the chat template as text in prompt or tools; `refused` has number and reason of those that
    cannot be shown for it.
    """

    arenas: list[Arena]
    lengths: list[int]
    too_long: list[tuple[int, int]]
    broken: int
    refused: list[tuple[int, str]]

    def as_object(self) -> dict[str, object]:
        """The counts for a record."""
        return {"rows": len(self.arenas), "tokens": sum(self.lengths), "longest": max(self.lengths), "too_long": self.too_long,
                "broken": self.broken, "refused": self.refused}


def fitting(recipe: GrpoRecipe, arenas: Sequence[Arena], tokenizer: Any, config: "GRPOConfig") -> Fitting:
    """The arenas of which the context holds the prompt and the longest completion. Raises `UsageError` where there are others,
    unless they are to be dropped and some are left, and `DataError` where none can be shown."""
    context, room = recipe.model.context, config.max_completion_length
    shown, refused = _shown(arenas, tokenizer, config)
    if not shown:
        raise DataError(f"no arena can be shown: {marked(0, refused, 'arenas')}", mend="mend the arenas, or choose others")
    long = [(number, len(one.ids)) for number, one in shown.items() if len(one.ids) + room > context]
    listed = ", ".join(f"{number} ({length})" for number, length in long[:LISTED]) + (" ..." if len(long) > LISTED else "")
    if long and (recipe.data.too_long == "refuse" or len(long) == len(shown)):
        message = (f"{len(long)} of {len(arenas)} prompts leave less than trainer.max_completion_length ({room}) "
                   f"of {context} tokens; number (tokens): {listed}")
        raise recipe.wrong("model.context", message, "raise it, lower trainer.max_completion_length, or set data.too_long: drop")
    kept = {number: one for number, one in shown.items() if len(one.ids) + room <= context}
    return Fitting([arenas[number - 1] for number in kept], [len(one.ids) for one in kept.values()], long,
                   sum(one.broken for one in kept.values()), refused)


def _shown(arenas: Sequence[Arena], tokenizer: Any, config: "GRPOConfig") -> tuple[dict[int, Rendered], list[tuple[int, str]]]:
    """The prompts of arenas with their tools, by number (from 1), and those that cannot be shown."""
    renderer = renderer_of(tokenizer, **(config.chat_template_kwargs or {}))
    shown, refused = dict[int, Rendered](), list[tuple[int, str]]()
    for number, arena in enumerate(arenas, 1):
        tools = [tool for tool, entry in zip(arena.tools, arena.entries, strict=True) if entry.from_turn == 0]
        try:
            shown[number] = renderer.render(arena.prompt, tools, opened=True)
        except Refused as refusal:
            refused.append((number, refusal.message))
    return shown, refused
