"""A lean generation engine for rollouts of several turns: what was computed for a conversation stays until its last turn.

    engine = Engine(Sampling(temperature=1.0, stop=(eos,)))
    turns = engine.generate(model, prompts, rooms)            # the first turn
    turns = engine.generate(model, longer_prompts, rooms)     # later ones: prompts that go on from some of those before, in order
    engine.forget()

Equal prompts are computed once. Of a later turn only the new tokens (the end of the last turn, the tools' results) go through the
model. Keys and values of a conversation lie in a row of a `Slab`, each token's at the place that is its position, so that rows of
unequal length need neither gaps nor moves, and what is sampled is what a forward pass over the conversation alone would give.
Conversations whose turn is over wait in the slab that they are in, while the others go on in a smaller one.

Works with any causal model of transformers whose layers all attend to all tokens, with attention `sdpa` or `eager`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import torch
from torch import Tensor
from transformers.cache_utils import Cache, DynamicLayer
from transformers.generation.logits_process import MinPLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

from astra_data.errors import UsageError

FULL: Final = "full_attention"
PARK: Final = 0.7
"""Below this share of conversations whose turn goes on, they move to a smaller slab."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a token is drawn. Temperature 0 takes the likeliest. `stop` are the tokens that end a turn; they belong to it."""

    stop: tuple[int, ...]
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float | None = None

    def drawn(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """A token for each row of logits, and its log-probability at this temperature."""
        scores = logits.float() / (self.temperature or 1.0)
        logps = scores.log_softmax(-1)
        if not self.temperature:
            tokens = scores.argmax(-1)
        elif self.top_k or self.top_p < 1.0 or self.min_p:
            tokens = torch.multinomial(self._narrowed(scores).softmax(-1), 1)[:, 0]
        else:
            tokens = torch.multinomial(logps.exp(), 1)[:, 0]
        return tokens, logps.gather(1, tokens[:, None])[:, 0]

    def _narrowed(self, scores: Tensor) -> Tensor:
        """Scores where what is not to be drawn is ruled out, in the order in which transformers does it."""
        unused: Any = None
        if self.top_k:
            scores = TopKLogitsWarper(min(self.top_k, scores.shape[-1]))(unused, scores)
        if self.top_p < 1.0:
            scores = TopPLogitsWarper(self.top_p)(unused, scores)
        return MinPLogitsWarper(self.min_p)(unused, scores) if self.min_p else scores


@dataclass(slots=True)
class Turn:
    """The tokens of one turn and their log-probabilities."""

    ids: list[int]
    logps: list[float]


@dataclass(slots=True)
class Slab:
    """Conversations with their keys and values. `ids` are the tokens of each row; `layers` the memory of each layer: keys and
    values, rows x heads x places x dimensions, of whose places the last is for what nobody reads. `places` are those that the
    next pass writes to, `seen` those that it reads."""

    ids: list[list[int]]
    room: int
    layers: list[tuple[Tensor, Tensor]] = field(default_factory=list)
    places: Tensor = field(default_factory=lambda: torch.empty(0))
    seen: int = 0


class _Layer(DynamicLayer):
    """What a model's layer sees of a slab. Any model asks its cache no more than this."""

    def __init__(self, slab: Slab, number: int) -> None:
        super().__init__()
        self._slab, self._number = slab, number

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        """See `DynamicLayer.update`."""
        slab = self._slab
        if self._number == len(slab.layers):
            slab.layers.append((_memory(key_states, slab.room), _memory(value_states, slab.room)))
        rows = torch.arange(len(slab.ids), device=key_states.device)[:, None]
        for memory, states in zip(slab.layers[self._number], (key_states, value_states), strict=True):
            memory[rows, :, slab.places] = states.transpose(1, 2)
        keys, values = slab.layers[self._number]
        return keys[:, :, : slab.seen], values[:, :, : slab.seen]

    def get_seq_length(self) -> int:
        """The places before those that are written now."""
        return self._slab.seen


def _memory(like: Tensor, room: int) -> Tensor:
    return like.new_zeros((like.shape[0], like.shape[1], room + 1, like.shape[3]))


Place = tuple[Slab, int]
"""Where a conversation is: a row of a slab."""


class Engine:
    """Made for one batch after another; `forget` ends a batch. Raises `UsageError` for a model that it cannot serve."""

    def __init__(self, sampling: Sampling) -> None:
        self.sampling = sampling
        self._places: list[Place] = []

    def generate(self, model: Any, prompts: Sequence[list[int]], rooms: Sequence[int]) -> list[Turn]:
        """One turn for each prompt, of at most `rooms` tokens (1 at least); one that is cut has no stop token at its end."""
        check_model(model.config, model.config.get_text_config()._attn_implementation)
        longest = max(len(prompt) + room for prompt, room in zip(prompts, rooms, strict=True))
        with torch.no_grad():
            found = self._found(prompts)
            if found is None:
                slab, logits = _started(model, prompts, longest)
            else:
                rest = [prompt[len(slab.ids[row]) :] for prompt, (slab, row) in zip(prompts, found, strict=True)]
                slab = _joined(found, longest)
                logits = _forward(model, slab, rest)
            return self._decoded(model, slab, logits, rooms)

    def forget(self) -> None:
        """Drop all keys and values."""
        self._places = []

    def _found(self, prompts: Sequence[list[int]]) -> list[Place] | None:
        """The conversations that the prompts go on from, in their order; None if one of them is new."""
        known, found = iter(self._places), list[Place]()
        for prompt in prompts:
            place = next(((slab, row) for slab, row in known if _goes_on(slab.ids[row], prompt)), None)
            if place is None:
                return None
            found.append(place)
        return found

    def _decoded(self, model: Any, slab: Slab, logits: Tensor, rooms: Sequence[int]) -> list[Turn]:
        turns = [Turn([], []) for _ in rooms]
        self._places = [(slab, row) for row in range(len(rooms))]
        batch, alive = list(range(len(rooms))), set(range(len(rooms)))
        while alive:
            drawn, logps = (values.tolist() for values in self.sampling.drawn(logits))
            for number, token, logp in zip(batch, drawn, logps, strict=True):
                if number in alive:
                    turns[number].ids.append(token)
                    turns[number].logps.append(logp)
                    if token in self.sampling.stop or len(turns[number].ids) >= rooms[number]:
                        alive.remove(number)
            if alive and len(alive) < PARK * len(batch):
                batch = [number for number in batch if number in alive]
                slab = self._moved(batch, slab.room)
            if alive:
                logits = _forward(model, slab, [turns[number].ids[-1:] if number in alive else [] for number in batch])
        return turns

    def _moved(self, batch: Sequence[int], room: int) -> Slab:
        """These conversations in a slab of their own."""
        slab = _joined([self._places[number] for number in batch], room)
        for row, number in enumerate(batch):
            self._places[number] = (slab, row)
        return slab


def check_model(config: Any, attention: str | None = None) -> None:
    """Raise `UsageError` for the config of a model that the engine cannot serve, with that implementation of attention."""
    config = config.get_text_config()
    kinds = getattr(config, "layer_types", None) or ["sliding_attention" if getattr(config, "sliding_window", None) else FULL]
    others = {kind for kind in kinds if kind != FULL} | ({attention} if attention not in (None, "sdpa", "eager") else set())
    if others:
        mend = "set generation.engine to trl, or model.attention to sdpa"
        raise UsageError(f"the cached engine cannot serve {', '.join(sorted(others))}", mend=mend)


def _goes_on(ids: list[int], prompt: list[int]) -> bool:
    return len(ids) < len(prompt) and prompt[: len(ids)] == ids


def _started(model: Any, prompts: Sequence[list[int]], room: int) -> tuple[Slab, Tensor]:
    """A slab with the prompts, and the logits after them; equal prompts are computed once."""
    numbers = {prompt: number for number, prompt in enumerate(dict.fromkeys(map(tuple, prompts)))}
    slab = Slab([[] for _ in numbers], max(map(len, prompts)))
    logits = _forward(model, slab, [list(prompt) for prompt in numbers])
    rows = [numbers[tuple(prompt)] for prompt in prompts]
    return _joined([(slab, row) for row in rows], room), logits[torch.tensor(rows, device=logits.device)]


def _forward(model: Any, slab: Slab, new: Sequence[list[int]]) -> Tensor:
    """Append tokens to the rows of a slab (to some none), and give the logits after the last token of each."""
    width, device = max(map(len, new)), model.device
    counts = torch.tensor([len(tokens) for tokens in new])[:, None]
    positions = torch.tensor([len(known) for known in slab.ids])[:, None] + torch.arange(width) - (width - counts)
    written = torch.arange(width) >= width - counts
    for known, tokens in zip(slab.ids, new, strict=True):
        known.extend(tokens)
    slab.seen = max(map(len, slab.ids))
    slab.places = torch.where(written, positions, slab.room).to(device)
    ids = torch.tensor([[0] * (width - len(tokens)) + tokens for tokens in new], device=device)
    mask = (torch.arange(slab.seen) <= positions[:, :, None])[:, None].to(device)
    cache = Cache(layers=[_Layer(slab, number) for number in range(model.config.get_text_config().num_hidden_layers)])
    done = model(input_ids=ids, attention_mask=_as_asked(mask, model), position_ids=positions.clamp(min=0).to(device),
                 past_key_values=cache, use_cache=True, logits_to_keep=1)
    logits: Tensor = done.logits[:, -1]
    return logits


def _as_asked(mask: Tensor, model: Any) -> Tensor:
    """The mask as the model's attention takes it: what may be seen, or what is to be added."""
    if model.config.get_text_config()._attn_implementation == "sdpa":
        return mask
    return torch.zeros(mask.shape, dtype=model.dtype, device=mask.device).masked_fill(~mask, torch.finfo(model.dtype).min)


def _joined(places: Sequence[Place], room: int) -> Slab:
    """The conversations in one slab with this many places."""
    slabs = list({id(slab): slab for slab, _ in places}.values())
    joined = Slab([list(slab.ids[row]) for slab, row in places], room)
    moves = []
    for slab in slabs:
        pairs = [(row, number) for number, (other, row) in enumerate(places) if other is slab]
        there, here = (torch.tensor(numbers, device=slab.places.device) for numbers in zip(*pairs, strict=True))
        moves.append((slab, there, here, max(len(joined.ids[number]) for _, number in pairs)))
    for number, layer in enumerate(slabs[0].layers):
        made = tuple(like.new_zeros((len(places), like.shape[1], room + 1, like.shape[3])) for like in layer)
        for slab, there, here, needed in moves:
            for source, target in zip(slab.layers[number], made, strict=True):
                target[here, :, :needed] = source[there, :, :needed]
        joined.layers.append((made[0], made[1]))
    joined.seen, joined.places = max(map(len, joined.ids)), slabs[0].places
    return joined
