"""`astra train sft`: TRL's SFTTrainer on conversations, trained on what the assistant says and nothing else.

    trained = train(recipe, Told(store=Path("hub"), command="astra train sft --config mine.yaml"))
    AutoModelForCausalLM.from_pretrained(trained.folder)

Rows are tokenised here, before the weights are loaded, so that everything that can be refused is refused first; the trainer gets
token ids and labels, and has nothing left to cut.
"""

from functools import partial
from typing import TYPE_CHECKING, Any

from astra_data.training import preflight
from astra_data.training.curriculum import Epoch, arranged, kinds_of
from astra_data.training.data import Chosen, tokenise
from astra_data.training.launch import World, run_config, world_of
from astra_data.training.model import adapters, build_optimizer, load_model, load_tokenizer, training_template
from astra_data.training.plan import Plan, needs_of, rows_at, steps_of
from astra_data.training.push import Trained
from astra_data.training.recipe import SftRecipe
from astra_data.training.resuming import resumed
from astra_data.training.run import Run, Told
from astra_data.training.session import session

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedTokenizerBase
    from trl import SFTConfig, SFTTrainer

KIND = "sft"


def train(recipe: SftRecipe, told: Told) -> Trained:
    """Train, or go on with, the recipe's run, and push it if so told. A finished run is only pushed.

    Raises `UsageError` or `DataError` before any weight is loaded where recipe, template or rows are not fit to train on.
    """
    config = _config(recipe, world_of(recipe))
    return session(recipe, told, config, KIND, KIND, partial(_train, recipe, told, config))


def plan(recipe: SftRecipe, told: Told) -> Plan:
    """What the run would take. The dataset is counted where it is at hand; no weight is loaded."""
    world = world_of(recipe, planned=True)
    config = _config(recipe, world)
    rows, counted = rows_at(recipe, KIND, told.store, needed=config.max_steps <= 0)
    at_once, accumulated = config.per_device_train_batch_size * world.data, config.gradient_accumulation_steps
    epochs, steps = None, config.max_steps
    if steps <= 0 and rows is not None:
        epochs = config.num_train_epochs
        steps = steps_of(rows, epochs, at_once, accumulated)
    needs = needs_of(recipe, world, config.per_device_train_batch_size, recompute=bool(config.gradient_checkpointing))
    return Plan(
        recipe.name, KIND, rows, counted, epochs, at_once * accumulated, steps, world,
        config.per_device_train_batch_size, accumulated, recipe.model.context, needs,
    )


def _train(recipe: SftRecipe, told: Told, config: "SFTConfig", run: Run, sets: dict[str, Chosen]) -> None:
    tokenizer = load_tokenizer(recipe, sets["train"].rows)
    template = training_template(recipe, tokenizer)
    with config.main_process_first(desc="the rows are tokenised"):
        tokens = {name: tokenise(chosen, tokenizer, template, config.dataset_num_proc) for name, chosen in sets.items()}
    reports = {name: preflight.examine(rows, tokenizer, recipe.model.context) for name, rows in tokens.items()}
    fitting = {name: preflight.settle(recipe, rows, reports[name]) for name, rows in tokens.items()}
    if run.main:
        told.console.print(preflight.rendered(reports["train"]))
    rows = fitting["train"]
    if recipe.data.curriculum is not None:
        at_once = config.per_device_train_batch_size * world_of(recipe).data
        epoch = Epoch(config.max_steps, at_once * config.gradient_accumulation_steps)
        rows = arranged(rows, recipe.data.curriculum, epoch, kinds_of(tokenizer), recipe.seed)
    with run.begun() as checkpoint:
        trainer = build(recipe, config, tokenizer, rows, fitting.get("validation"))
        run.attach(trainer, recipe, told.console)
        resumed(trainer, checkpoint)
        run.finish(trainer, {name: preflight.as_object(report) for name, report in reports.items()})


def build(recipe: SftRecipe, config: "SFTConfig", tokenizer: "PreTrainedTokenizerBase", train: "Dataset",
          validation: "Dataset | None") -> "SFTTrainer":
    """The trainer over tokenised rows, its weights loaded."""
    from trl import SFTTrainer

    model = load_model(recipe, tokenizer)
    optimizers = (build_optimizer(recipe, model), None)
    return SFTTrainer(model, args=config, train_dataset=train, eval_dataset=validation, processing_class=tokenizer,
                      optimizers=optimizers, peft_config=adapters(recipe))


def _config(recipe: SftRecipe, world: World) -> Any:
    """TRL's config. It cuts rows at `max_length`; ours fit already, so it is told only where it packs.

    Raises `UsageError` for a curriculum beside another order, or without the number of steps that it is made for.
    """
    packing = recipe.trainer.get("packing")
    ours: dict[str, Any] = {"max_length": recipe.model.context if packing else None}
    if recipe.data.curriculum is not None:
        if packing or "train_sampling_strategy" in recipe.trainer:
            field = "trainer.packing" if packing else "trainer.train_sampling_strategy"
            raise recipe.wrong(field, "the order of the rows is that of data.curriculum", "leave one of the two out")
        ours["train_sampling_strategy"] = "sequential"
    config = run_config(recipe, world, **ours)
    if recipe.data.curriculum is not None and config.max_steps < 1:
        raise recipe.wrong("trainer.max_steps", "a curriculum is made for a number of steps", "say how many")
    return config
