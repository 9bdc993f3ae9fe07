"""How many bytes a run takes in each process, told from the dimensions of the model alone.

Weights, gradients and what the optimizer keeps are sharded over the processes (FSDP, as in `recipes/accelerate`); in bytes:

    weights       ((P - T) * w + T * m) / N
    gradients     T * m / N
    optimizer     2 * T * m / N                    AdamW; Muon keeps one value for each entry of a matrix instead of two
    activations   b * s / c * (L * d + h) * w      computed again in the backward pass; else b * s / c * L * h * w
    h           = 8 * d + 2 * (q + k) * e + 4 * f

P parameters, of which T are trained, w bytes each, N processes. m is w, but 4 where several processes train at half precision:
accelerate's FSDP2 then keeps what is trained in float32. b sequences of s tokens, which c processes share; L blocks of width d,
with q query and k key heads of width e and an inner width of f. h counts the values of one token in one block: norms,
projections, attention with a fused kernel, feed-forward. Logits are not in it, since TRL's losses never hold all of them.
Buffers for communication, fragmentation and the CUDA context come on top: plan for a quarter more.
What a vLLM beside the trainer holds is not in it either.
"""

from dataclasses import dataclass
from typing import Any

from astra_data.training.launch import World
from astra_data.training.recipe import SftRecipe
from astra_data.training.sections import Lora, Shape

BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes in each process."""

    weights: int
    gradients: int
    optimizer: int
    activations: int

    @property
    def total(self) -> int:
        return self.weights + self.gradients + self.optimizer + self.activations


def memory_of(recipe: SftRecipe, shape: Shape, world: World, sequences: int, *, recompute: bool) -> Memory:
    """The formula above; `sequences` is the batch of one process."""
    width = BYTES[recipe.model.dtype]
    all_parameters, trained = parameters(shape), trained_parameters(shape, recipe.lora)
    kept = 2 * trained - (_in_matrices(shape) if recipe.optimizer is not None else 0)
    block = 8 * shape.width + 2 * (shape.heads + shape.kv_heads) * shape.head_width + 4 * shape.feed_forward
    per_token = shape.layers * shape.width + block if recompute else shape.layers * block
    master = BYTES["float32"] if world.processes > 1 else width
    weights = (all_parameters - trained) * width + trained * master
    tokens = sequences * recipe.model.context / world.context
    return Memory(
        weights // world.processes, trained * master // world.processes, kept * master // world.processes,
        int(tokens * per_token * width),
    )


def parameters(shape: Shape) -> int:
    """Of a Qwen3 model with these dimensions."""
    norms = shape.layers * (2 * shape.width + 2 * shape.head_width) + shape.width
    return _in_matrices(shape) + norms + shape.vocabulary * shape.width * (1 if shape.tied else 2)


def trained_parameters(shape: Shape, lora: Lora | None) -> int:
    """All of them, or those of the adapters."""
    if lora is None:
        return parameters(shape)
    chosen = [size for name, size in _matrices(shape).items() if lora.targets == "all-linear" or name in lora.targets]
    return shape.layers * sum(lora.rank * (rows + columns) for rows, columns in chosen)


def shape_of(config: Any) -> Shape | None:
    """The dimensions of a config of transformers; None for a model that is no such decoder."""
    try:
        heads = config.num_attention_heads
        return Shape(
            layers=config.num_hidden_layers, width=config.hidden_size, heads=heads, kv_heads=config.num_key_value_heads,
            head_width=getattr(config, "head_dim", None) or config.hidden_size // heads, feed_forward=config.intermediate_size,
            vocabulary=config.vocab_size, tied=bool(config.tie_word_embeddings),
        )
    except AttributeError:
        return None


def _in_matrices(shape: Shape) -> int:
    return shape.layers * sum(rows * columns for rows, columns in _matrices(shape).values())


def _matrices(shape: Shape) -> dict[str, tuple[int, int]]:
    """Inputs and outputs of the matrices of one block."""
    width, inner = shape.width, shape.feed_forward
    query, key = shape.heads * shape.head_width, shape.kv_heads * shape.head_width
    return {
        "q_proj": (width, query), "k_proj": (width, key), "v_proj": (width, key), "o_proj": (query, width),
        "gate_proj": (width, inner), "up_proj": (width, inner), "down_proj": (inner, width),
    }
