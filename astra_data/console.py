"""The Rich console of this package: for tables and live displays.

    plain_console(err=True).print(f"{count} rows in {address}")

Texts are texts: no markup, no emoji codes, no links, no colour by guess. All that is printed, tables' cells and titles
among it, is made visible as in `astra_data.terminal`; only Rich itself moves the cursor and sets colours.
"""

import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from astra_data.characters import visible
from astra_data.terminal import bare, spelled


class PlainConsole(Console):
    """A console that takes no text for markup, and lets none through that is not seen."""

    def render_str(self, text: str, **told: Any) -> Text:
        """Texts, before their width is measured."""
        return super().render_str(spelled(visible(text), self.file), **told)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Everything else, as it is written. Segments that move the cursor are Rich's own."""
        for part in super().render(renderable, options):
            yield part if part.control else part._replace(text=spelled(visible(part.text), self.file))


def plain_console(*, err: bool = False, quiet: bool = False, width: int | None = None) -> PlainConsole:
    """A console on standard output, or with `err` on standard error."""
    return PlainConsole(
        file=bare(sys.stderr if err else sys.stdout), markup=False, emoji=False, highlight=False, quiet=quiet, width=width
    )
