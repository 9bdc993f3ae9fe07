"""What the header of a file of weights says, and whether a config claims more than that. No weight is read.

    shapes = shapes_of(folder / "model.safetensors", "model org/x: model.safetensors")      # {"lm_head.weight": (32000, 64), ...}
    claimed(config, len(shapes))                 # "says num_hidden_layers: 900, and ..." or null

Libraries make what a config claims before they look whether the weights hold it.
"""

import json
import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from astra_data.errors import DataError

HEADER: Final = 100 << 20
"""Bytes of a header, as the library bounds them."""
LAYERS: Final = frozenset(("num_hidden_layers", "num_layers", "n_layer", "n_layers", "encoder_layers", "decoder_layers",
                           "num_encoder_layers", "num_decoder_layers"))
"""Counts of what has at least one tensor each."""
SHARED: Final = 64
"""Layers that may have no tensor of their own."""
LABELS: Final = 1 << 16
"""Most of `num_labels`: each is made a name, several times over."""
NUMBER: Final = 1 << 53
"""Largest whole number of a config: beyond, not all that read JSON take it for the same."""
OTHER: Final = "fetch it again, or choose another model"
Shapes = dict[str, tuple[int, ...]]


def shapes_of(file: Path, called: str) -> Shapes:
    """Name -> shape of each tensor. Raises `DataError` for a file that is not just as long as its header says."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        start = stream.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else size
        if length > min(HEADER, size - 8):
            raise DataError(f"{called} is no safetensors file", mend=OTHER)
        header = stream.read(length)
    try:
        entries = {name: one for name, one in json.loads(header).items() if name != "__metadata__"}
        shapes: Shapes = {name: tuple(map(_count, one["shape"])) for name, one in entries.items()}
        end = max((_count(one["data_offsets"][1]) for one in entries.values()), default=0)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise DataError(f"{called} has a header that is none of safetensors", mend=OTHER) from error
    if 8 + length + end != size:
        raise DataError(f"{called} is not as long as its header says", mend=OTHER)
    return shapes


def elements(shapes: Shapes) -> int:
    """Numbers that the tensors hold together."""
    return sum(math.prod(shape) for shape in shapes.values())


def claimed(config: Any, tensors: int) -> str | None:
    """What a config says that weights of so many tensors cannot hold; null where there is nothing."""
    return next(_claims(config, tensors), None)


def _claims(value: Any, tensors: int, key: str = "") -> Iterator[str]:
    if isinstance(value, int) and not isinstance(value, bool):
        shown = str(value) if abs(value) <= NUMBER else "a number without sense"
        if abs(value) > NUMBER:
            yield f"says {key}: {shown}"
        if key in LAYERS and value > tensors + SHARED:
            yield f"says {key}: {shown}, and its weights are {tensors} tensors"
        if key == "num_labels" and value > LABELS:
            yield f"says {key}: {shown}, and the most is {LABELS}"
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _claims(inner, tensors, str(name)[:100])
    for inner in value if isinstance(value, list) else ():
        yield from _claims(inner, tensors, key)


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= NUMBER:
        raise ValueError("no count")
    return value
