"""The one door by which conversations become tokens, in SFT, GRPO and evaluation: what data hold is text, whatever it looks like.

    renderer = renderer_of(tokenizer)
    renderer.render(messages, tools, opened=True).ids         # a prompt; opened for the assistant's turn
    renderer.render(messages, tools, trained=True).mask       # a row of SFT: 1 where the assistant speaks

Marks of the template are broken in all that a model reads; a row in which the assistant itself says some is refused, since it
would be learnt. Then the conversation is looked at as a whole: one with other words has to give the same marks in the same order,
or the template has made one out of the data, and that is refused as well. A row without such text has the tokens that the
tokenizer itself gives.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from jinja2 import TemplateError

from astra_data import templates
from astra_data.messages import JsonObject, Message
from astra_data.models.panics import calm
from astra_data.templates import Rendering, TooMuchError
from astra_data.training.likeness import Likeness, likeness_of
from astra_data.training.marks import Marks, Refused, marks_of

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

CALL: Final = {"id": "callwword", "type": "function", "function": {"name": "word", "arguments": {"word": "word"}}}
TALK: Final[list[Message]] = [
    {"role": "system", "content": "word"},
    {"role": "user", "content": "word"},
    {"role": "assistant", "content": "", "reasoning_content": "word", "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "callwword", "name": "word", "content": "word"},
    {"role": "assistant", "content": "word", "reasoning_content": "word"},
]
TOOL: Final = {"type": "function", "function": {"name": "word", "description": "word", "parameters": {
    "type": "object", "properties": {"word": {"type": "string", "description": "word"}}, "required": ["word"]}}}
WITHHELD: Final = "Error: the result cannot be shown, since it would be read as tokens of the chat template."


@dataclass(frozen=True, slots=True)
class Rendered:
    """A conversation as it is shown, its tokens, and for each whether the assistant says it; `broken` is whether its texts held
    marks."""

    messages: list[Message]
    tools: list[JsonObject] | None
    ids: list[int]
    mask: list[int]
    broken: bool


@dataclass(frozen=True, slots=True)
class Renderer:
    """A tokenizer with a template, and `options` that the template is given."""

    tokenizer: "PreTrainedTokenizerBase"
    template: str
    options: Mapping[str, Any]
    marks: Marks
    likeness: Likeness

    def render(self, messages: Sequence[Message], tools: Sequence[JsonObject] | None = None, *, opened: bool = False,
               trained: bool = False) -> Rendered:
        """The tokens of a conversation. Raises `Refused`, and what the template raises."""
        with calm("the tokenizer cannot read it", Refused):
            return self._rendered(messages, tools, opened, trained)

    def _rendered(self, messages: Sequence[Message], tools: Sequence[JsonObject] | None, opened: bool, trained: bool) -> Rendered:
        try:
            shown, offered = self.marks.broken(list(messages)), self.marks.broken(list(tools or ())) or None
            if trained:
                _require_plain(messages, shown)
            made = self._written(shown, offered, opened, trained)
            encoded: Any = self.tokenizer(made.text, add_special_tokens=False)
            ids: list[int] = encoded["input_ids"]
            self._require_own(made.text, ids, shown, offered, opened)
        except RecursionError as error:
            raise Refused("it is nested too deeply") from error
        mask = _mask(encoded, made) if trained else [0] * len(ids)
        return Rendered(shown, offered, ids, mask, broken=shown != list(messages) or (offered or []) != list(tools or ()))

    def told(self, results: Sequence[Message]) -> tuple[list[int], bool]:
        """The tokens that results of tools add to a conversation, up to the assistant's turn, with the marks in them broken, and
        whether there were any. A sentence stands in the place of results that would be read as marks all the same."""
        try:
            with calm("the tokenizer cannot read it", Refused):
                shown, other = self.marks.broken(list(results)), self.likeness.of(list(results))
                ids, others = self._suffix(shown), self._suffix(other)
                if self.marks.of(self.tokenizer.decode(ids), ids) == self.marks.of(self.tokenizer.decode(others), others):
                    return ids, shown != list(results)
        except (Refused, TooMuchError, TypeError, ValueError, RecursionError, TemplateError):
            pass
        return self._suffix([{**result, "name": "tool", "content": WITHHELD} for result in results]), True

    def _suffix(self, results: list[Message]) -> list[int]:
        """What follows the end of the assistant's turn, as TRL finds it: by a short conversation with and without the results."""
        call = {"type": "function", "function": {"name": results[0]["name"], "arguments": {}}}
        asked: list[Message] = [{"role": "user", "content": "dummy"}, {"role": "assistant", "content": "", "tool_calls": [call]}]
        before, whole = (self._ids(messages, opened) for messages, opened in ((asked, False), ([*asked, *results], True)))
        ends = [place for place, token in enumerate(before, 1) if token == self.tokenizer.eos_token_id]
        before = before[: ends[-1]] if ends else before
        if whole[: len(before)] != before:
            raise ValueError("the chat template rewrites a call once there are results")
        return whole[len(before) :]

    def _ids(self, messages: list[Message], opened: bool) -> list[int]:
        text = self._written(messages, None, opened, False).text
        ids: list[int] = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    def _written(self, messages: list[Message], tools: list[JsonObject] | None, opened: bool, trained: bool) -> Rendering:
        names = {**self.tokenizer.special_tokens_map, **self.options}
        return templates.render(self.template, messages, tools, names, opened=opened, spans=trained)

    def _require_own(self, text: str, ids: Sequence[int], messages: list[Message], tools: list[JsonObject] | None,
                     opened: bool) -> None:
        """Raise `Refused` unless all marks of a conversation are the template's own."""
        other = self._written(self.likeness.of(messages), self.likeness.of(tools), opened, False).text
        encoded: Any = self.tokenizer(other, add_special_tokens=False)
        if self.marks.of(text, ids) != self.marks.of(other, encoded["input_ids"]):
            raise Refused("its texts and the chat template together would be read as other tokens of the template")


def renderer_of(tokenizer: "PreTrainedTokenizerBase", template: str | None = None, **options: Any) -> Renderer:
    """For a template, by default the tokenizer's own. Raises `Refused` for a template that takes too much time or memory."""
    text = template or str(tokenizer.get_chat_template(tools=[]))
    names = {**tokenizer.special_tokens_map, **options}
    plain, offering = list(_samples(text, None, names)), list(_samples(text, [TOOL], names))
    with calm("the tokenizer cannot read the chat template's marks"):
        marks = marks_of(tokenizer, text, plain, offering)
    return Renderer(tokenizer, text, options, marks, likeness_of(text, "\n".join(marks.all)))


def _samples(template: str, tools: list[JsonObject] | None, names: Mapping[str, Any]) -> Iterator[str]:
    """What the template makes of conversations that it takes: not all know roles of systems and tools."""
    for talk in (TALK, TALK[1:], TALK[:2] + TALK[4:], TALK[1:2] + TALK[4:]):
        try:
            yield templates.render(template, talk, tools, names, opened=True).text
        except (TemplateError, TypeError, ValueError, KeyError):
            continue


def _require_plain(messages: Sequence[Message], shown: Sequence[Message]) -> None:
    """Raise `Refused` where marks were broken in what the assistant says."""
    for before, after in zip(messages, shown, strict=True):
        if before.get("role") == "assistant" and before != after:
            raise Refused("what the assistant says holds tokens of the chat template as text",
                          mend="write thoughts to reasoning_content and calls to tool_calls, and leave the rest out")


def _mask(encoded: Any, made: Rendering) -> list[int]:
    """1 for the tokens of what the assistant says."""
    mask = [0] * len(encoded["input_ids"])
    for start, end in made.spans:
        first, last = encoded.char_to_token(0, start), encoded.char_to_token(0, end - 1)
        if first is None:
            break
        for token in range(first, last + 1 if last else len(mask)):
            mask[token] = 1
    return mask
