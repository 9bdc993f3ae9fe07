"""`astra train grpo`: TRL's GRPOTrainer on arenas, whose tools run in the sandbox, with the reward of the recipe [A 15].

    trained = train(recipe, Told(store=Path("hub"), command="astra train grpo --config mine.yaml"))

Arenas, template, engine and sandbox are looked at before the weights are loaded. The loss is TRL's default, that of DAPO (a mean
over the tokens of the whole batch), without a KL term; the recipe's section `trainer` can say otherwise.
"""

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from astra_data.hub.store import Store
from astra_data.rollout.scoring import Scored, Terms
from astra_data.rows import Arena, from_dict
from astra_data.sandbox import Limits, Sandbox
from astra_data.sandbox.memory import default_memory_mb
from astra_data.training import arena_preflight as preflight
from astra_data.training import rollouts
from astra_data.training.data import Chosen
from astra_data.training.episodes import Episode
from astra_data.training.launch import run_config, world_of
from astra_data.training.model import adapters, build_optimizer, load_model, load_tokenizer
from astra_data.training.plan import Plan, needs_of, rows_at
from astra_data.training.preflight import marked
from astra_data.training.push import Trained
from astra_data.training.recipe import GrpoRecipe
from astra_data.training.resuming import resumed
from astra_data.training.run import Run, Told, step_of
from astra_data.training.session import session

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase
    from trl import GRPOConfig

    from astra_data.training.bench import Bench
    from astra_data.training.generation import Engine
    from astra_data.training.trl_internals import ArenaTrainer

KIND, ROWS = "grpo", "arenas"
ROLLOUTS = "rollouts"
"""Folder of a run with its rollouts."""

Finished = Callable[[Sequence[Episode], int | None], dict[str, float | None]]


def train(recipe: GrpoRecipe, told: Told) -> Trained:
    """Train, or go on with, the recipe's run, and push it if so told. A finished run is only pushed.

    Raises an `AstraError` before any weight is loaded where recipe, template, arenas or sandbox are not fit to train with.
    """
    config = run_config(recipe, world_of(recipe))
    return session(recipe, told, config, KIND, ROWS, partial(_train, recipe, told, config))


def plan(recipe: GrpoRecipe, told: Told) -> Plan:
    """What the run would take; its batch is counted in prompts. The dataset is counted where it is at hand; no weight is loaded.

    With filling, a step may take more prompts than its batch, and so an epoch of steps more than one of the dataset.
    """
    world = world_of(recipe, planned=True)
    config = run_config(recipe, world)
    preflight.check_config(recipe, config)
    rows, counted = rows_at(recipe, ROWS, told.store, needed=config.max_steps <= 0)
    per_device, accumulated = config.per_device_train_batch_size, config.gradient_accumulation_steps
    batch = per_device * world.data * accumulated // config.num_generations
    epochs, steps = None, config.max_steps
    if steps <= 0 and rows is not None:
        epochs = config.num_train_epochs
        at_once = per_device * world.data * config.steps_per_generation // config.num_generations
        steps = int(epochs * (rows // at_once) * config.steps_per_generation * config.num_iterations / accumulated)
    needs = needs_of(recipe, world, per_device, recompute=bool(config.gradient_checkpointing))
    return Plan(
        recipe.name, KIND, rows, counted, epochs, batch, steps, world, per_device, accumulated, recipe.model.context, needs,
        config.num_generations,
    )


def _train(recipe: GrpoRecipe, told: Told, config: "GRPOConfig", run: Run, sets: dict[str, Chosen]) -> None:
    from astra_data.training.bench import Bench

    preflight.check_config(recipe, config)
    preflight.check_vllm(recipe, config)
    tokenizer = load_tokenizer(recipe, sets["train"].rows)
    preflight.check_template(recipe, tokenizer)
    preflight.check_engine(recipe)
    fitting = {name: _fitting(recipe, chosen, tokenizer, config) for name, chosen in sets.items()}
    preflight.check_count(recipe, len(fitting["train"].arenas), config)
    if run.main and (said := marked(fitting["train"].broken, fitting["train"].refused, "arenas")):
        told.console.print(said, markup=False)
    terms = Terms(recipe.reward.mode, recipe.reward.answer, recipe.reward.decline)
    log = _log(recipe, run, config, terms)
    with _sandbox(recipe) as sandbox, run.begun() as checkpoint:
        preflight.check_sandbox(recipe, sandbox, config)
        if run.main:
            rollouts.forget_after(run.folder / ROLLOUTS, 0 if checkpoint is None else step_of(Path(checkpoint)))
        every = [arena for found in fitting.values() for arena in found.arenas]
        with Bench(every, sandbox, lambda episode: reward_of(episode, terms), finished(log)) as bench:
            trainer = build(recipe, config, tokenizer, bench, len(fitting["train"].arenas))
            run.attach(trainer, recipe, told.console)
            resumed(trainer, checkpoint)
        if recipe.rollouts is not None and run.main:
            rollouts.publish(run.folder / ROLLOUTS, recipe.rollouts, Store.open(told.store), run.record)
        run.finish(trainer, {name: found.as_object() for name, found in fitting.items()})


def build(recipe: GrpoRecipe, config: "GRPOConfig", tokenizer: "PreTrainedTokenizerBase", bench: "Bench", count: int
          ) -> "ArenaTrainer":
    """The trainer, its weights loaded: the first `count` arenas of the bench are trained on, others measured on."""
    from astra_data.training.bench import rows_of
    from astra_data.training.trl_internals import ArenaTrainer

    model = load_model(recipe, tokenizer)
    rows = rows_of(bench.arenas)
    validation = rows.select(range(count, len(rows))) if len(rows) > count else None
    return ArenaTrainer(
        bench, engine=_engine(recipe, config, model, tokenizer), context=recipe.model.context,
        most_refills=recipe.filling.max_refills, least_std=recipe.filling.min_std, model=model, args=config,
        train_dataset=rows.select(range(count)), eval_dataset=validation, processing_class=tokenizer,
        optimizers=(build_optimizer(recipe, model), None), peft_config=adapters(recipe),
    )


def reward_of(episode: Episode, terms: Terms) -> float | None:
    """The reward of a finished episode; null where the sandbox let it down."""
    return None if episode.failure else terms.value(episode.scored())


def finished(log: rollouts.RolloutLog | None) -> Finished:
    """What a bench is told after each round: rollouts of training are logged, and all are summed up."""

    def tell(episodes: Sequence[Episode], step: int | None) -> dict[str, float | None]:
        if log is not None and step is not None:
            log.write(step, episodes)
        return summary(episodes)

    return tell


def summary(episodes: Sequence[Episode]) -> dict[str, float | None]:
    """Means over the episodes that have a score, and the share of those that have none."""
    done = [episode.scored() for episode in episodes if not episode.failure]

    def mean(value: Callable[[Scored], float | None]) -> float | None:
        values = [found for found in map(value, done) if found is not None]
        return fmean(values) if values else None

    return {
        "rollouts/solved": mean(lambda one: float(one.solved == one.goals) if one.goals else None),
        "rollouts/calls": mean(lambda one: one.calls),
        "rollouts/f1": mean(lambda one: one.f1),
        "rollouts/precision": mean(lambda one: one.precision),
        "rollouts/recall": mean(lambda one: one.recall),
        "rollouts/answered": mean(lambda one: one.answered),
        "rollouts/declined": mean(lambda one: one.declined),
        "rollouts/valid": mean(lambda one: one.valid),
        "rollouts/distractor_calls": mean(lambda one: one.distractor_calls),
        "rollouts/marked": fmean(episode.marked for episode in episodes),
        "rollouts/failed": 1 - len(done) / len(episodes),
    }


def _fitting(recipe: GrpoRecipe, chosen: Chosen, tokenizer: Any, config: "GRPOConfig") -> preflight.Fitting:
    """The arenas that a run can use. Raises as the checks of the preflight do."""
    arenas: list[Arena] = [from_dict(Arena, row) for row in chosen.rows]
    preflight.check_arenas(recipe, arenas, chosen.place.address)
    return preflight.fitting(recipe, arenas, tokenizer, config)


def _sandbox(recipe: GrpoRecipe) -> Sandbox:
    """This process's sandbox; processes of one machine share its memory."""
    section, processes = recipe.sandbox, int(os.environ.get("LOCAL_WORLD_SIZE", 1))
    limits = Limits(cpu_s=section.cpu_s, memory_mb=section.memory_mb)
    return Sandbox(section.workers, section.isolation, limits=limits, memory_mb=default_memory_mb() // processes)


def _log(recipe: GrpoRecipe, run: Run, config: "GRPOConfig", terms: Terms) -> rollouts.RolloutLog | None:
    if recipe.rollouts is None:
        return None
    sampling = {"temperature": config.temperature, "top_p": config.top_p, "top_k": config.top_k}
    return rollouts.RolloutLog(Path(run.folder) / ROLLOUTS, recipe.name, sampling, terms, config.process_index)


def _engine(recipe: GrpoRecipe, config: "GRPOConfig", model: Any, tokenizer: Any) -> "Engine | None":
    """The engine of ours if the recipe asks for it."""
    if recipe.generation.engine == "trl":
        return None
    from astra_data.training.generation import Engine, Sampling

    ends = model.generation_config.eos_token_id or []
    stop = {tokenizer.eos_token_id, *(ends if isinstance(ends, list) else [ends])}
    sampling = Sampling(tuple(sorted(stop)), config.temperature, config.top_k or 0, config.top_p, config.min_p)
    return Engine(sampling)
