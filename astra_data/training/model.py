"""Model and tokenizer of a recipe, and the chat template that turns conversations into tokens.

    tokenizer = load_tokenizer(recipe)
    tokenizer.apply_chat_template(messages, tools=tools, chat_template=training_template(recipe, tokenizer))

The template that is saved with the model is the one for use. For training, TRL has variants of well-known templates that mark
what the assistant says and never rewrite earlier turns; a template without such a variant must have `{% generation %}` itself.
"""

import contextlib
import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from astra_data import templates as chat_templates
from astra_data.errors import DataError
from astra_data.hub.models import fetched
from astra_data.pipeline.complaints import did_you_mean
from astra_data.rows import Row
from astra_data.training.recipe import SftRecipe

if TYPE_CHECKING:
    from peft import PeftConfig
    from transformers import PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase, Trainer

    from astra_data.training.optimizers import Paired

T = TypeVar("T")
SUFFIX = "_chat_template"
TRAINING = "_training_chat_template"


def load_tokenizer(recipe: SftRecipe, rows: Sequence[Row] = ()) -> "PreTrainedTokenizerBase":
    """The tokenizer with the recipe's template, and a pad token other than the end of a turn where it has a spare one.

    That of a model from scratch is trained on the rows. Raises `UsageError` for a template that TRL does not have, or where the
    tokenizer has none of its own.
    """
    from transformers import AutoTokenizer

    section = recipe.model
    if section.scratch is not None:
        tokenizer = _scratch().tokenizer_of(section.scratch, rows, _text(recipe), recipe.seed)
    else:
        tokenizer = _found(recipe, lambda folder: AutoTokenizer.from_pretrained(folder, trust_remote_code=False))
    return _with_template(recipe, tokenizer)


def load_model(recipe: SftRecipe, tokenizer: "PreTrainedTokenizerBase") -> "PreTrainedModel":
    """The model with its weights; the random ones of `scratch` depend on the seed alone."""
    import torch
    from transformers import AutoModelForCausalLM

    section = recipe.model
    dtype = getattr(torch, section.dtype)
    if section.scratch is not None:
        return _scratch().model_of(section.scratch, tokenizer, section.context, recipe.seed).to(dtype)
    model = _found(recipe, lambda folder: AutoModelForCausalLM.from_pretrained(
        folder, dtype=dtype, attn_implementation=section.attention, trust_remote_code=False, use_safetensors=True))
    model.name_or_path = model.config.name_or_path = section.name
    return model


def load_config(recipe: SftRecipe, *, local: bool) -> "PretrainedConfig | None":
    """The config of a named model, None where it is not at hand; with `local` the network is not asked."""
    from transformers import AutoConfig

    section = recipe.model
    try:
        return AutoConfig.from_pretrained(section.name, revision=section.revision, local_files_only=local,
                                          trust_remote_code=False)
    except (OSError, ValueError):
        return None


def build_optimizer(recipe: SftRecipe, model: "PreTrainedModel") -> "Paired | None":
    """The recipe's own optimizer; None leaves the choice to the trainer."""
    if recipe.optimizer is None:
        return None
    from astra_data.training.optimizers import muon_with_adamw

    return muon_with_adamw(model, recipe.optimizer)


def adapters(recipe: SftRecipe) -> "PeftConfig | None":
    """PEFT's config of the recipe's section `lora`; None trains all weights."""
    if recipe.lora is None:
        return None
    from peft import LoraConfig

    lora = recipe.lora
    options = {"r": lora.rank, "lora_alpha": lora.alpha, "lora_dropout": lora.dropout, "target_modules": lora.targets}
    return LoraConfig(**options, task_type="CAUSAL_LM")


def training_template(recipe: SftRecipe, tokenizer: "PreTrainedTokenizerBase") -> str:
    """The template to tokenise training rows with. Raises `UsageError` where what the assistant says is not marked in it."""
    from trl.chat_template_utils import get_training_chat_template, has_generation_markers

    try:
        template = get_training_chat_template(tokenizer) or tokenizer.get_chat_template()
    except ValueError:
        template = tokenizer.get_chat_template()
    if not has_generation_markers(template):
        known = ", ".join(templates(TRAINING))
        raise recipe.wrong("model.template", "the chat template does not mark what the assistant says with {% generation %}",
                           f"mark it, or choose one of: {known}")
    return str(template)


def templates(suffix: str = SUFFIX) -> dict[str, str]:
    """Name -> text of TRL's templates; with `TRAINING`, of their variants for training."""
    from trl import chat_template_utils

    found = {name.removesuffix(suffix): text for name, text in vars(chat_template_utils).items() if name.endswith(suffix)}
    return {name: text for name, text in found.items() if not name.endswith("_training") and isinstance(text, str)}


def _text(recipe: SftRecipe) -> str:
    """The text of TRL's template that the recipe names."""
    name, known = recipe.model.template, templates()
    if name not in known:
        options = list(known) if recipe.model.scratch else ["own", *known]
        raise recipe.wrong("model.template", f"TRL has no template {name!r}", did_you_mean(name, options))
    return known[name]


def _with_template(recipe: SftRecipe, tokenizer: "PreTrainedTokenizerBase") -> "PreTrainedTokenizerBase":
    from trl.chat_template_utils import add_response_schema

    if recipe.model.template != "own":
        tokenizer.chat_template = _text(recipe)
    if not tokenizer.chat_template:
        mend = f"choose one of: {', '.join(templates(TRAINING))}"
        raise recipe.wrong("model.template", "the tokenizer has no chat template", mend)
    chat_templates.check(tokenizer)
    with contextlib.suppress(ValueError):  # how calls are read out of what the model writes; SFT needs none, GRPO asks for it
        tokenizer = add_response_schema(tokenizer)
    if tokenizer.pad_token in (None, tokenizer.eos_token) and tokenizer.unk_token not in (None, tokenizer.eos_token):
        tokenizer.pad_token = tokenizer.unk_token
    return tokenizer


def _scratch() -> Any:
    return importlib.import_module("astra_data.training.scratch")


def _found(recipe: SftRecipe, load: Callable[[Path], Any]) -> Any:
    """What `load` makes of the model's folder. Raises what `fetched` and `loaded` raise."""
    assert recipe.model.name is not None, "a model from scratch is made"
    folder = fetched(recipe.model.name, recipe.model.revision)
    found = loaded(recipe.model.name, lambda: load(folder))
    if folder.parent.name == "snapshots" and hasattr(found, "config"):
        found.config._commit_hash = folder.name
    return found


def loaded(name: str, load: Callable[[], T]) -> T:
    """What `load` makes of the files of a stranger. Raises `DataError` whatever goes wrong with them."""
    try:
        return load()
    except Exception as error:
        said = " ".join(str(error).split())[:200] or type(error).__name__
        if "trust_remote_code" in str(error):
            said = "it needs code of its own, and none is run"
        mend = "check model.name and model.revision, or choose another"
        raise DataError(f"model {name} cannot be loaded: {said}", mend=mend) from error


def save_model(trainer: "Trainer", folder: str) -> None:
    """Write the trained model and its tokenizer as `from_pretrained` loads them; adapters are merged into the weights first."""
    from peft import PeftModel

    model = trainer.accelerator.unwrap_model(trainer.model)
    model.config.use_cache = True  # the trainer turns it off to recompute activations
    if not isinstance(model, PeftModel):
        save_weights(trainer, folder)
        return
    merged: Any = model.merge_and_unload()
    if trainer.args.process_index == 0:
        merged.save_pretrained(folder)
        trainer.processing_class.save_pretrained(folder)


def save_weights(trainer: "Trainer", folder: str) -> None:
    """Write weights, or adapters, and tokenizer; not the trainer's own arguments, which name folders of this machine."""
    trainer.save_model(folder, True)
    if trainer.args.process_index == 0:
        (Path(folder) / "training_args.bin").unlink(missing_ok=True)
