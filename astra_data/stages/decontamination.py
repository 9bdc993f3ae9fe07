"""Tasks that a benchmark holds already, found by words in a row and by calls with the same values.

    index = Index(read_benchmark("BFCL_v4_multi_turn_base.json", resources), ngram=13, overlap=0.5)
    index.overlap("Move 'final_report.pdf' ...", ["cd", "mkdir", "mv"])
    # Overlap("BFCL_v4_multi_turn_base.json#multi_turn_base_0", "13 words in a row")

A task overlaps an item if any of these holds:
* they share `ngram` words in a row;
* they share at least `overlap` of the 8-word runs of the shorter one;
* they have fewer than 8 words, and the same ones;
* the task's tools are those of the item's calls in their order of first use, and its text states at least two, and at least
  `overlap`, of the values of those calls.

In scripts without spaces a word is a character, and runs are twice as long.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, PlainSerializer

from astra_data.pipeline.stage import Resources, StageConfig
from astra_data.stages.benchmarks import BenchmarkItem, ToolCall, benchmark_digest, public_name, read_benchmark
from astra_data.text.ngrams import SPACELESS_CHARACTER, ngrams, tokens
from astra_data.tools import naming

if TYPE_CHECKING:
    import polars as pl

SHORT_RUN = 8
"""Words of the runs that are counted, where `ngram` words in a row are found at once."""

LEAST_VALUES = 2
"""Values of an item's calls that a task must state: one alone, such as a file called `data.csv`, is chance."""

REASON = "overlaps a benchmark"

Against = Annotated[str, PlainSerializer(public_name)]


class Decontaminate(StageConfig):
    """Benchmarks that no task may repeat."""

    against: list[Against] = Field(default=[], description="benchmark files (.json, .jsonl, either with .gz), dataset addresses")
    ngram: int = Field(default=13, ge=SHORT_RUN, description="words in a row that make an overlap at once")
    overlap: float = Field(default=0.5, gt=0, le=1, description="share of 8-word runs, or of argument values, that makes one")


@dataclass(frozen=True, slots=True)
class Overlap:
    """What a task repeats (`name#id`), and how that shows."""

    item: str
    why: str


class Index:
    """The items of benchmarks by their runs of words, whole short texts and call sequences."""

    def __init__(self, items: Iterable[BenchmarkItem], ngram: int, overlap: float) -> None:
        self._ngram, self._share = ngram, overlap
        self._long: dict[str, str] = {}
        self._whole: dict[str, str] = {}
        self._short: dict[str, list[int]] = defaultdict(list)
        self._texts: list[tuple[str, int]] = []
        self._calls: dict[tuple[str, ...], list[tuple[str, frozenset[str]]]] = defaultdict(list)
        for item in items:
            called = f"{item.name}#{item.id}"
            for text in item.texts:
                self._add_text(called, text)
            for sequence in item.calls:
                self._add_calls(called, sequence)

    def overlap(self, text: str, tools: Sequence[str] = ()) -> Overlap | None:
        """The first item that a task of this text and these tools overlaps, or None."""
        words = tokens(text)
        return self._by_run(words) or self._by_share(words) or self._by_calls(words, tools)

    def _add_text(self, called: str, text: str) -> None:
        words = tokens(text)
        for run in _runs(words, self._ngram):
            self._long.setdefault(run, called)
        short = _runs(words, SHORT_RUN)
        for run in short:
            self._short[run].append(len(self._texts))
        self._texts.append((called, len(short)))
        if words and not short:
            self._whole.setdefault(" ".join(words), called)

    def _add_calls(self, called: str, sequence: Sequence[ToolCall]) -> None:
        values = frozenset(_said(tokens(value)) for call in sequence for value in call.values if tokens(value))
        if len(values) >= LEAST_VALUES:
            self._calls[_order(call.name for call in sequence)].append((called, values))

    def _by_run(self, words: list[str]) -> Overlap | None:
        runs = (run for run in sorted(_runs(words, self._ngram)) if run in self._long)
        found = next(runs, None)
        return None if found is None else Overlap(self._long[found], f"{self._ngram * _stretch(words)} words in a row")

    def _by_share(self, words: list[str]) -> Overlap | None:
        own = _runs(words, SHORT_RUN)
        if not own:
            called = self._whole.get(" ".join(words))
            return None if called is None else Overlap(called, "the same few words")
        shared = Counter(position for run in own for position in self._short.get(run, ()))
        for position in sorted(shared):
            called, size = self._texts[position]
            share = shared[position] / min(len(own), size)
            if share >= self._share:
                return Overlap(called, f"{share:.0%} of {SHORT_RUN * _stretch(words)}-word runs")
        return None

    def _by_calls(self, words: list[str], tools: Sequence[str]) -> Overlap | None:
        text = _said(words)
        for called, values in self._calls.get(_order(tools), ()):
            stated = sum(value in text for value in values)
            if stated >= max(LEAST_VALUES, self._share * len(values)):
                return Overlap(called, f"the same tools, and {stated} of {len(values)} argument values")
        return None


def _order(names: Iterable[str]) -> tuple[str, ...]:
    """Tool names in order of first use, however they are spelt."""
    return tuple(dict.fromkeys("_".join(naming.words(name)) for name in names))


def _said(words: Iterable[str]) -> str:
    """Words with borders, so that one such text is in another only as whole words."""
    return f" {' '.join(words)} "


def _runs(words: list[str], n: int) -> set[str]:
    return set(map(" ".join, ngrams(words, n * _stretch(words))))


def _stretch(words: list[str]) -> int:
    """2 for a text that is mostly in a script without spaces, else 1."""
    return 2 if 2 * sum(SPACELESS_CHARACTER.match(word) is not None for word in words) > len(words) else 1


def index_of(config: Decontaminate, resources: Resources) -> Index:
    """The index over all benchmarks of a config. Raises `DataError` or `UsageError` for one that cannot be read."""
    items = [item for against in config.against for item in read_benchmark(against, resources)]
    return Index(items, config.ngram, config.overlap)


def fingerprint(config: Decontaminate, resources: Resources) -> list[list[str]]:
    """Name and digest of each benchmark, for the stage key."""
    return [[public_name(against), benchmark_digest(against, resources)] for against in config.against]


def require(config: Decontaminate, resources: Resources) -> None:
    """Raise as `index_of` does."""
    for against in config.against:
        read_benchmark(against, resources)


def contaminated(rows: "pl.DataFrame", config: Decontaminate, resources: Resources, kind: str = "task") -> dict[str, str]:
    """Reason by id of the rows (id, text, target_tools) that overlap a benchmark. `kind` is what reasons call a row."""
    if not config.against:
        return {}
    index = index_of(config, resources)
    told = rows.select("id", "text", "target_tools").iter_rows()
    found = {row_id: overlap for row_id, text, tools in told if (overlap := index.overlap(text, tools))}
    return {row_id: f"{kind}: {REASON} - {overlap.item}: {overlap.why}" for row_id, overlap in found.items()}
