"""How worlds are talked about, one file per language. A language is added by adding it here.

A wording has patterns for phrases and sentences, and forms for nouns. A phrase has one form per case of the language; a pattern
asks for the case it needs: `"{column:the} of {row:the}"`. A noun that the wording lacks is looked up in the domain's own words.
"""

from astra_data.worlds.wording.de import DE
from astra_data.worlds.wording.en import EN
from astra_data.worlds.wording.wording import WAYS, Phrase, Wording

LANGUAGES: dict[str, Wording] = {wording.code: wording for wording in (DE, EN)}
"""ISO 639-1 code -> wording."""

__all__ = ["LANGUAGES", "WAYS", "Phrase", "Wording"]
