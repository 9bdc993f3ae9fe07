"""A model of this machine as a policy: its chat template with the tools, its tokens parsed as TRL parses them.

    policy = LocalPolicy.load(Path("runs/tiny/model"), "tiny", temperature=0.0, max_tokens=256, seed=7, batch=16)

Turns that are asked for at once are generated together. What is drawn depends on the seed, the sample and the conversation, and
not on who else is in the batch: each has a generator of its own, and takes the largest of the logits with Gumbel noise, which is
a draw from their softmax. Padding can still change the last bits of a logit, and with them, rarely, a token.

What looks like a token of the template in a conversation is shown as text, by the door that training uses: `training.rendering`.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from astra_data import templates
from astra_data.errors import UsageError
from astra_data.ledger import Unanswered, Usage
from astra_data.messages import JsonObject, Message, calls_of
from astra_data.models.panics import calm
from astra_data.models.pretrained import open_model, open_tokenizer
from astra_data.rows.canonical import digest
from astra_data.teacher.teacher import Turn
from astra_data.training.marks import Refused
from astra_data.training.rendering import renderer_of

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@dataclass(slots=True)
class _Asked:
    messages: list[Message]
    tools: list[JsonObject]
    sample: int
    answer: "asyncio.Future[Turn]"


class LocalPolicy:
    """Takes the assistant's turns with one model. `temperature` 0 takes the likeliest token. `shown` counts the prompts so far,
    and `broken` those in which tokens of the template stood as text."""

    def __init__(self, model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", name: str, *, temperature: float,
                 max_tokens: int, seed: int, batch: int) -> None:
        self.name = name
        self._model, self._tokenizer, self._batch = model.eval(), _parsing(tokenizer), batch
        self._renderer = renderer_of(self._tokenizer)
        self.shown = self.broken = 0
        self._temperature, self._most, self._seed = temperature, max_tokens, seed
        self._waiting: list[_Asked] = []
        self._lock = asyncio.Lock()

    @classmethod
    def load(cls, folder: Path, name: str, temperature: float, max_tokens: int, seed: int, batch: int) -> "LocalPolicy":
        """The model of a folder, on the GPU if there is one. Raises `UsageError` where it, or what it needs, is not there."""
        try:
            import torch
            import transformers  # noqa: F401
        except ImportError as error:
            raise UsageError("a local model needs torch and TRL", mend='pip install "astra-data[train]"') from error
        tokenizer = open_tokenizer(folder, folder.name)
        model = open_model(folder, folder.name, dtype="auto")
        return cls(model.to("cuda" if torch.cuda.is_available() else "cpu"), tokenizer, name, temperature=temperature,
                   max_tokens=max_tokens, seed=seed, batch=batch)

    @property
    def sampling(self) -> JsonObject:
        drawn = {"temperature": self._temperature, "seed": self._seed} if self._temperature else {"temperature": 0.0}
        return drawn | {"max_tokens": self._most}

    async def act(self, messages: list[Message], tools: list[JsonObject], *, sample: int = 0) -> Turn:
        """See `Policy.act`."""
        asked = _Asked(list(messages), list(tools), sample, asyncio.get_running_loop().create_future())
        self._waiting.append(asked)
        async with self._lock:
            if not asked.answer.done():
                await asyncio.sleep(0)
                batch, self._waiting = self._waiting[: self._batch], self._waiting[self._batch :]
                await self._serve(batch)
        return await asked.answer

    async def _serve(self, batch: list[_Asked]) -> None:
        try:
            with calm("the model's tokenizer cannot take a turn"):
                turns = await asyncio.to_thread(self._turns, batch)
        except Exception as error:
            for asked in batch:
                asked.answer.set_exception(error)
            return
        for asked, turn in zip(batch, turns, strict=True):
            if asked.answer.cancelled():
                continue
            if isinstance(turn, Refused):
                asked.answer.set_exception(Unanswered(f"template: the conversation cannot be shown - {turn.message}"))
            else:
                asked.answer.set_result(turn)

    def _turns(self, batch: Sequence[_Asked]) -> list[Turn | Refused]:
        """A turn for each conversation, or why it cannot be shown."""
        prompts = [self._prompt(asked) for asked in batch]
        able = [(asked, prompt) for asked, prompt in zip(batch, prompts, strict=True) if not isinstance(prompt, Refused)]
        made = iter(self._taken([asked for asked, _ in able], [prompt for _, prompt in able]))
        return [prompt if isinstance(prompt, Refused) else next(made) for prompt in prompts]

    def _taken(self, batch: Sequence[_Asked], prompts: Sequence[list[int]]) -> list[Turn]:
        """One turn for each conversation. Those with less room than a turn may take are served alone, so that they cut no other
        short; one without any room is empty, and cut off."""
        rooms = [min(self._context - len(prompt), self._most) for prompt in prompts]
        ample = [place for place, room in enumerate(rooms) if room == self._most]
        turns = dict[int, Turn]()
        for group in ([ample] if ample else []) + [[place] for place, room in enumerate(rooms) if room < self._most]:
            asked = [batch[place] for place in group]
            made = self._together(asked, [prompts[place] for place in group], rooms[group[0]])
            turns.update(zip(group, made, strict=True))
        return [turns[place] for place in range(len(batch))]

    def _together(self, batch: Sequence[_Asked], prompts: Sequence[list[int]], most: int) -> list[Turn]:
        """The turns of conversations that all have room for `most` tokens."""
        if most < 1:
            return [Turn({"role": "assistant", "content": ""}, Usage(len(prompt), 0), "length") for prompt in prompts]
        return [self._read(asked, prompt, ids) for asked, prompt, ids in
                zip(batch, prompts, self._generated(batch, prompts, most), strict=True)]

    @property
    def _context(self) -> int:
        return int(getattr(self._model.config, "max_position_embeddings", 1 << 30))

    def _prompt(self, asked: _Asked) -> list[int] | Refused:
        try:
            made = self._renderer.render(asked.messages, asked.tools, opened=True)
        except Refused as refusal:
            return refusal
        self.shown += 1
        self.broken += made.broken
        return made.ids

    def _generated(self, batch: Sequence[_Asked], prompts: Sequence[list[int]], most: int) -> list[list[int]]:
        """The tokens of each turn, that which ends it included."""
        import torch
        from transformers import LogitsProcessorList

        width, pad = max(map(len, prompts)), self._tokenizer.pad_token_id
        pad = self._tokenizer.eos_token_id if pad is None else pad
        ids = torch.tensor([[pad] * (width - len(one)) + one for one in prompts], device=self._model.device)
        mask = torch.tensor([[0] * (width - len(one)) + [1] * len(one) for one in prompts], device=self._model.device)
        noise = LogitsProcessorList([_Gumbel(self._temperature, self._seeds(batch))] if self._temperature else [])
        with torch.inference_mode():
            out = self._model.generate(input_ids=ids, attention_mask=mask, max_new_tokens=most, do_sample=False, num_beams=1,
                                       logits_processor=noise, pad_token_id=pad, eos_token_id=self._ends())
        return [_ended(row, self._ends()) for row in out[:, width:].tolist()]

    def _ends(self) -> list[int]:
        ends = self._model.generation_config.eos_token_id
        known = ends if isinstance(ends, list) else [ends]
        return [one for one in {*known, self._tokenizer.eos_token_id} if one is not None]

    def _seeds(self, batch: Sequence[_Asked]) -> list[int]:
        return [int(digest([self._seed, asked.sample, asked.messages])[:15], 16) for asked in batch]

    def _read(self, asked: _Asked, prompt: list[int], ids: list[int]) -> Turn:
        from trl.chat_template_utils import parse_response

        from astra_data.training.parsing import message_of

        parsed: Any = parse_response(self._tokenizer, ids, prefix=prompt, tools=asked.tools) if ids else {}
        message = message_of(parsed, self._tokenizer.decode(ids), str(self._tokenizer.eos_token),
                             1 + sum(1 for _ in calls_of(asked.messages)))
        finish = "stop" if ids and ids[-1] in self._ends() else "length"
        return Turn(message, Usage(len(prompt), len(ids)), finish)


class _Gumbel:
    """A logits processor that makes the largest logit of each row a draw from its softmax at `temperature`."""

    def __init__(self, temperature: float, seeds: Sequence[int]) -> None:
        import torch

        self._temperature = temperature
        self._generators = [torch.Generator().manual_seed(seed) for seed in seeds]

    def __call__(self, input_ids: "torch.Tensor", scores: "torch.Tensor") -> "torch.Tensor":
        import torch

        drawn = torch.stack([torch.rand(scores.shape[-1], generator=one, dtype=torch.float64) for one in self._generators])
        noise = -torch.log(-torch.log(drawn.clamp(1e-300, 1 - 1e-16)))
        return scores.double() / self._temperature + noise.to(scores.device)


def _ended(ids: list[int], ends: Sequence[int]) -> list[int]:
    """The tokens up to the first that ends the turn."""
    return next((ids[: place + 1] for place, one in enumerate(ids) if one in ends), ids)


def _parsing(tokenizer: "PreTrainedTokenizerBase") -> "PreTrainedTokenizerBase":
    """The tokenizer with a way to parse what its template writes. Raises `UsageError` for a template without one."""
    from trl.chat_template_utils import add_response_schema

    if not tokenizer.chat_template:
        raise UsageError("the model has no chat template", mend="name a chat model, or save a template with it")
    templates.check(tokenizer)
    if getattr(tokenizer, "response_template", None) or getattr(tokenizer, "response_schema", None):
        return tokenizer
    try:
        parsed: PreTrainedTokenizerBase = add_response_schema(tokenizer)
    except ValueError as error:
        raise UsageError("TRL cannot read the calls that the model's chat template writes",
                         mend="save a tokenizer with a response_template, or serve the model and give --base-url") from error
    return parsed
