"""The one gate by which models of others come in: looked through, tried out in a child, and only then loaded.

    tokenizer = open_tokenizer(folder, "org/model")
    model = open_model(folder, "org/model", dtype="auto")

Of how a stranger would have it generate nothing is taken but the tokens that begin and end a text and fill it up: how tokens are
drawn is ours to say.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from astra_data.errors import DataError
from astra_data.hub.models import check
from astra_data.models.panics import is_panic
from astra_data.models.trial import try_out

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

T = TypeVar("T")
ENDS: Final = ("bos_token_id", "eos_token_id", "pad_token_id")


def open_tokenizer(folder: Path, name: str, *, weights: bool = True) -> "PreTrainedTokenizerBase":
    """The tokenizer of a model's folder; without `weights`, of one that holds nothing else. Raises `DataError`."""
    from transformers import AutoTokenizer

    check(folder, name, weights=weights)
    try_out(folder, name, weights=weights)
    tokenizer: PreTrainedTokenizerBase = loaded(name, lambda: AutoTokenizer.from_pretrained(folder, trust_remote_code=False))
    return tokenizer


def open_model(folder: Path, name: str, **options: Any) -> "PreTrainedModel":
    """The model of a folder, with its weights. Raises `DataError`."""
    from transformers import AutoModelForCausalLM

    check(folder, name)
    try_out(folder, name)
    model: PreTrainedModel = loaded(name, lambda: AutoModelForCausalLM.from_pretrained(
        folder, trust_remote_code=False, use_safetensors=True, **options))
    _keep_ends(model, name)
    return model


def loaded(name: str, load: Callable[[], T]) -> T:
    """What `load` makes of the files of a stranger. Raises `DataError` whatever goes wrong with them."""
    try:
        return load()
    except BaseException as error:
        if not isinstance(error, Exception) and not is_panic(error):
            raise
        said = " ".join(str(error).split())[:200] or type(error).__name__
        if "trust_remote_code" in str(error):
            said = "it needs code of its own, and none is run"
        mend = "check model.name and model.revision, or choose another"
        raise DataError(f"model {name} cannot be loaded: {said}", mend=mend) from error


def _keep_ends(model: "PreTrainedModel", name: str) -> None:
    """Leave of the way in which a model generates no more than `ENDS`."""
    from transformers import GenerationConfig

    known: dict[str, Any] = {key: getattr(model.generation_config, key, None) for key in ENDS}
    for key, value in known.items():
        ids = value if isinstance(value, list) else [] if value is None else [value]
        if not all(type(one) is int and one >= 0 for one in ids):
            raise DataError(f"model {name}: generation_config.json names a {key} that is no token", mend="choose another model")
    model.generation_config = GenerationConfig(**known)
