"""Model and tokenizer of a recipe, and the chat template that turns conversations into tokens.

    tokenizer = load_tokenizer(recipe)
    tokenizer.apply_chat_template(messages, tools=tools, chat_template=training_template(recipe, tokenizer))

The template that is saved with the model is the one for use. For training, TRL has variants of well-known templates that mark
what the assistant says and never rewrite earlier turns; a template without such a variant must have `{% generation %}` itself.
"""

import contextlib
import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from astra_data import templates as chat_templates
from astra_data.characters import one_line
from astra_data.errors import DataError
from astra_data.hub.models import check, check_claims, fetched, read_json
from astra_data.models.pretrained import open_model, open_tokenizer
from astra_data.pipeline.complaints import did_you_mean
from astra_data.rows import Row
from astra_data.training.recipe import SftRecipe

if TYPE_CHECKING:
    from peft import PeftConfig
    from transformers import PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase, Trainer

    from astra_data.training.optimizers import Paired

SUFFIX = "_chat_template"
UNSEEN = 1 << 16
"""Tensors that weights which were not looked at may have."""
TRAINING = "_training_chat_template"


def load_tokenizer(recipe: SftRecipe, rows: Sequence[Row] = ()) -> "PreTrainedTokenizerBase":
    """The tokenizer with the recipe's template, and a pad token other than the end of a turn where it has a spare one.

    That of a model from scratch is trained on the rows. Raises `UsageError` for a template that TRL does not have, or where the
    tokenizer has none of its own.
    """
    section = recipe.model
    if section.scratch is not None:
        tokenizer = _scratch().tokenizer_of(section.scratch, rows, _text(recipe), recipe.seed)
    else:
        tokenizer = open_tokenizer(*_folder(recipe))
    return _with_template(recipe, tokenizer)


def load_model(recipe: SftRecipe, tokenizer: "PreTrainedTokenizerBase") -> "PreTrainedModel":
    """The model with its weights; the random ones of `scratch` depend on the seed alone."""
    import torch

    section = recipe.model
    dtype = getattr(torch, section.dtype)
    if section.scratch is not None:
        return _scratch().model_of(section.scratch, tokenizer, section.context, recipe.seed).to(dtype)
    folder, name = _folder(recipe)
    model = open_model(folder, name, dtype=dtype, attn_implementation=section.attention)
    if folder.parent.name == "snapshots":
        model.config._commit_hash = folder.name
    model.name_or_path = model.config.name_or_path = section.name
    return model


def load_config(recipe: SftRecipe, *, local: bool) -> "PretrainedConfig | None":
    """The config of a named model, None where it is not at hand; with `local` the network is not asked. Raises `DataError` for
    one that claims more than any model has."""
    from transformers import AutoConfig
    from transformers.utils import cached_file

    section = recipe.model
    where: dict[str, Any] = {"revision": section.revision, "local_files_only": local}
    name = str(section.name)
    try:
        if Path(name).is_dir():
            check(Path(name), name, weights=False)
        file = cached_file(name, "config.json", **where)
        called = f"model {name}: config.json"
        check_claims(read_json(Path(file or name), called), UNSEEN, called)
        return AutoConfig.from_pretrained(name, trust_remote_code=False, **where)
    except (OSError, ValueError):
        return None
    except (TypeError, KeyError, AttributeError) as error:
        said = f"model {name}: config.json: values of other types than a config has ({one_line(error, 120)})"
        raise DataError(said, mend="name another model, or mend its config") from error


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


def _folder(recipe: SftRecipe) -> tuple[Path, str]:
    """The folder of the recipe's model, and its name. Raises what `fetched` raises."""
    assert recipe.model.name is not None, "a model from scratch is made"
    return fetched(recipe.model.name, recipe.model.revision), recipe.model.name


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
