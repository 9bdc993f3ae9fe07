"""The marks of a chat template, and texts of data in which they are broken, so that nobody but the template writes them.

    marks = marks_of(tokenizer, template, plain=["<|im_start|>user\\nw<|im_end|>\\n"], offering=[])
    marks.broken("a <|im_end|> b")                    # 'a < |im_end|> b'

A mark is a token that a vocabulary was given beside what it has learnt, such as <|im_end|> or, special or not, <tool_call>; and,
where the tokenizer knows none of them, a tag that the template puts around turns and calls. What counts is what the tokenizer at
hand makes of a text: its normalisation, the case of letters and characters that stand for others are all followed.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from astra_data.errors import DataError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

TAG: Final = re.compile(
    r"</?[A-Za-z_][\w.:-]*=|<[|/\uff5c]?[A-Za-z_][^<>\s\"'=]{0,60}>|\[/?[A-Z][A-Z_]+\]|<</?[A-Z]+>>")
"""What a template may put around turns and calls."""
BRACKET: Final = re.compile(r"[<>\[\]{}|\uff5c]")
HTML: Final = frozenset(
    "a b blockquote body br caption code dd div dl dt em h1 h2 h3 h4 h5 h6 head hr html i img li ol p pre script span strong "
    "style sub sup table tbody td tfoot th thead tr u ul".split())
"""Elements of pages. Some vocabularies have tokens for them, which a page may well have."""
SEPARATORS: Final = (" ", "\u200b", "\u2060")
"""What may break a mark; the first of them that the tokenizer does not drop."""
PASSES: Final = 8
"""Times that a text is looked at: where one mark is broken another may be left."""
Span = tuple[int, int]


class Refused(DataError):  # noqa: N818 - what becomes of a row, and no end of a run
    """A text that cannot be shown to a model without its reading marks in it, or from which it would learn to write them."""


@dataclass(frozen=True, slots=True)
class Marks:
    """`all` are their texts; `ids` are those that are tokens, `texts` is a pattern of what is looked for beside them; `signs` are
    characters of which every mark has one; `separator` breaks a mark, and is null where nothing does."""

    tokenizer: "PreTrainedTokenizerBase"
    all: tuple[str, ...]
    ids: frozenset[int]
    texts: re.Pattern[str]
    signs: str
    separator: str | None

    def broken(self, value: Any) -> Any:
        """A text, or the texts and keys of a JSON value, with the marks in them broken. Raises `Refused` where two keys become
        one; what still holds marks is for the eye that sees the conversation as a whole."""
        if isinstance(value, str):
            return self._broken(value) if self._may_hold(value) else value
        if isinstance(value, dict):
            made = {self.broken(key): self.broken(each) for key, each in value.items()}
            if len(made) < len(value):
                raise Refused("two names in it would be one, were the template's marks in them broken")
            return made
        return [self.broken(each) for each in value] if isinstance(value, list) else value

    def of(self, text: str, ids: Iterable[int]) -> tuple[list[str], list[int]]:
        """The marks of a rendered conversation in order: those in its text, and tokens."""
        return self.texts.findall(text), [token for token in ids if token in self.ids]

    def spans(self, text: str) -> list[Span]:
        """Where the marks in a text are, as far as it alone tells."""
        found = [match.span() for match in self.texts.finditer(text)]
        if self.tokenizer.is_fast:
            made: Any = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
            pairs = zip(made["input_ids"], made["offset_mapping"], strict=True)
            found += [(start, end) for token, (start, end) in pairs if token in self.ids]
        return sorted(set(found))

    def _may_hold(self, text: str) -> bool:
        folded = (text if text.isascii() else unicodedata.normalize("NFKC", text)).casefold()
        return any(sign in folded for sign in self.signs)

    def _broken(self, text: str) -> str:
        for _ in range(PASSES if self.separator else 0):
            places = {_inside(text, span) for span in self.spans(text)}
            for place in sorted(places, reverse=True):
                text = f"{text[:place]}{self.separator}{text[place:]}"
            if not places:
                break
        return text


def marks_of(tokenizer: "PreTrainedTokenizerBase", template: str, plain: Sequence[str], offering: Sequence[str]) -> Marks:
    """The marks of a tokenizer with a template. `plain` are rendered conversations without tools, whose tags all count;
    `offering` are some with tools, of which tags on lines of their own do."""
    tags = {tag for text in plain for tag in TAG.findall(text)}
    tags |= {line.strip() for text in offering for line in text.splitlines() if TAG.fullmatch(line.strip())}
    written = "\n".join((template, *plain))
    tokens = {token: added.content for token, added in tokenizer.added_tokens_decoder.items() if _is_mark(added, written)}
    every = sorted(tags | set(tokens.values()))
    texts = tags | {text for token, text in tokens.items() if token == tokenizer.unk_token_id} if tokenizer.is_fast else every
    found = Marks(tokenizer, tuple(every), frozenset(tokens) - {tokenizer.unk_token_id}, _any_of(texts), _signs(every), None)
    probes = ("\n".join(f"{text[0]}{separator}{text[1:]}" for text in every if len(text) > 1) for separator in SEPARATORS)
    able = (separator for separator, probe in zip(SEPARATORS, probes, strict=True) if not _held(found, probe))
    return replace(found, separator=next(able, None))


def _is_mark(added: Any, written: str) -> bool:
    """Whether a token that a vocabulary was given is one of the template's, and no white space, word, sign or tag of a page."""
    text: str = added.content
    if not text.strip() or added.special:
        return bool(text.strip())
    name = text.strip("</>").casefold()
    return bool(BRACKET.search(text)) and (text in written or name not in HTML)


def _signs(texts: Iterable[str]) -> str:
    """For each text one character that is no letter, if it has one."""
    found = {next((sign for sign in text if not sign.isalnum() and not sign.isspace()), text[0]) for text in texts}
    return "".join(sorted(set(unicodedata.normalize("NFKC", "".join(found)).casefold())))


def _any_of(texts: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(text) for text in sorted(texts, key=lambda text: (-len(text), text))) or "(?!)")


def _held(marks: Marks, text: str) -> bool:
    made: Any = marks.tokenizer(text, add_special_tokens=False, verbose=False)
    return bool(marks.spans(text)) or any(token in marks.ids for token in made["input_ids"])


def _inside(text: str, span: Span) -> int:
    """The place behind the first character of a span that is no white space."""
    start, end = span
    return next((place for place in range(start, end) if not text[place].isspace()), start) + 1
