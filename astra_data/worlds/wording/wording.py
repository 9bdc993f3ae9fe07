"""Phrases in the cases of a language, and the patterns that put them together.

    "{column} {row:gen}".format(column=Phrase({...}), row=Phrase({...}))
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from astra_data.worlds.domain import Domain


@dataclass(frozen=True, slots=True)
class Phrase:
    """A noun phrase: case -> form. In a pattern `{name:case}` is one form."""

    forms: Mapping[str, str]

    def __format__(self, case: str) -> str:
        return self.forms[case]


Way = tuple[str, tuple[str, ...]]
WAYS = 6
"""Numbers to draw ways by: each of two ways, and each of three, is drawn as often."""


@dataclass(frozen=True, slots=True)
class Wording:
    """A language. `cases` are the forms that nouns have besides the plural, the first being that of a subject.

    `phrases` holds, by operation, one or more ways to say it: a pattern for all cases, in which `{0}` stands for the head,
    and the head in each case. `sentences` holds the ways to say whole sentences. Which is said is drawn by number, the same for
    the whole question. `articles` stand before nouns. `nouns` maps a word to its form in each case and, last, to the plural that
    stands behind "all".
    """

    code: str
    cases: tuple[str, ...]
    phrases: Mapping[str, tuple[Way, ...]]
    sentences: Mapping[str, tuple[str, ...]]
    nouns: Mapping[str, tuple[str, ...]]
    articles: tuple[str, ...] = ()

    def noun(self, word: str, domain: Domain) -> Phrase:
        """The singular with its article."""
        return Phrase(dict(zip(self.cases, self._forms(word, domain), strict=False)))

    def bare(self, word: str, domain: Domain) -> str:
        """The singular without its article."""
        first, _, rest = self._forms(word, domain)[0].partition(" ")
        return rest if first in self.articles else f"{first} {rest}".strip()

    def plural(self, word: str, domain: Domain) -> str:
        return self._forms(word, domain)[-1]

    def constant(self, text: str) -> Phrase:
        """A value that reads the same in every case."""
        return Phrase(dict.fromkeys(self.cases, text))

    def row(self, word: str, key: str, domain: Domain) -> Phrase:
        """The row of an entity with a key."""
        return Phrase({case: f"{form} {key}" for case, form in self.noun(word, domain).forms.items()})

    def sentence(self, name: str, way: int, *parts: Any, **named: Any) -> str:
        ways = self.sentences[name]
        return ways[way % len(ways)].format(*parts, **named)

    def phrase(self, operation: str, way: int, **parts: Any) -> Phrase:
        """The phrase of an operation in every case. A part named `head` inflects with the whole."""
        ways = self.phrases[operation]
        pattern, heads = ways[way % len(ways)]
        head = parts.pop("head", None)
        forms = head.forms if head is not None else dict(zip(self.cases, heads, strict=True))
        return Phrase({case: pattern.format(form, **parts) for case, form in forms.items()})

    def _forms(self, word: str, domain: Domain) -> tuple[str, ...]:
        own = domain.words.get(self.code, {})
        if word in own or word in self.nouns:
            return own.get(word) or self.nouns[word]
        return self.regular(word, domain)

    def regular(self, word: str, domain: Domain) -> tuple[str, ...]:
        """The forms of a word that nobody has listed: as the domain spells it, in every case."""
        spelled = word.replace("_", " ")
        plural = next((table.name for table in domain.tables if table.entity == word), f"{spelled}s")
        return (*(f"the {spelled}" if self.code == "en" else spelled for _ in self.cases), plural.replace("_", " "))
