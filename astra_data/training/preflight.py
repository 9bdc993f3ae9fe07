"""What is looked at before a run: how long the rows are, which of their tokens are trained, and one row as the model will see it.

    report = examine(tokens, tokenizer, context=8192)
    report.too_long                      # (row, tokens) of those that do not fit; refused or dropped, never cut
    console.print(rendered(report))      # coverage, lengths, an example with the trained tokens coloured
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from astra_data.characters import visible
from astra_data.errors import DataError, UsageError
from astra_data.training.data import IGNORED
from astra_data.training.recipe import SftRecipe

if TYPE_CHECKING:
    from datasets import Dataset
    from rich.console import RenderableType
    from transformers import PreTrainedTokenizerBase

LISTED = 10
SHOWN_TOKENS = 1_500
COLOUR = "black on green3"
Span = tuple[bool, str]
"""Whether a stretch of tokens is trained, and its text."""


@dataclass(frozen=True, slots=True)
class Preflight:
    """Counts over the rows that fit; `too_long` has number (from 1) and length of the others. `example` is the shortest row.

    `spans` counts stretches of trained tokens: one for each turn of the assistant. `ended` is how many rows have the token that
    ends a turn as their last trained one (templates may put a line break after it), so that the model learns to stop. `broken` is
    how many rows had tokens of the template as text; `refused` has number and reason of those that cannot be trained on for it.
    """

    rows: int
    tokens: int
    trained: int
    longest: int
    spans: int
    ended: int
    context: int
    too_long: list[tuple[int, int]]
    broken: int
    refused: list[tuple[int, str]]
    example: list[Span]


def examine(tokens: "Dataset", tokenizer: "PreTrainedTokenizerBase", context: int) -> Preflight:
    """Look at every tokenised row once."""
    rows = total = trained = longest = spans = ended = 0
    too_long: list[tuple[int, int]] = []
    refused = [(number, reason) for number, reason in enumerate(tokens["refused"], 1) if reason]
    shortest: tuple[int, int] | None = None
    for index, labels in enumerate(tokens.with_format("numpy", columns=["labels"])):
        mask = labels["labels"] != IGNORED
        if len(mask) > context:
            too_long.append((index + 1, len(mask)))
        if not 0 < len(mask) <= context:
            continue
        rows, total, longest = rows + 1, total + len(mask), max(longest, len(mask))
        trained += int(mask.sum())
        spans += int(mask[0]) + int((mask[1:] & ~mask[:-1]).sum())
        ended += tokenizer.eos_token_id in labels["labels"][mask][-2:]
        shortest = min(shortest or (len(mask), index), (len(mask), index))
    example = [] if shortest is None else _example(tokens[shortest[1]], tokenizer)
    return Preflight(rows, total, trained, longest, spans, ended, context, too_long, sum(tokens["broken"]), refused, example)


def settle(recipe: SftRecipe, tokens: "Dataset", report: Preflight) -> "Dataset":
    """The rows to train on. Raises `UsageError` where some do not fit and the recipe does not say to drop them, or where none is
    left."""
    if report.too_long and recipe.data.too_long == "refuse":
        listed = ", ".join(f"{row} ({length})" for row, length in report.too_long[:LISTED])
        more = f" and {len(report.too_long) - LISTED} more" if len(report.too_long) > LISTED else ""
        counts = f"{len(report.too_long)} of {len(tokens)} rows are longer than {report.context} tokens"
        mend = "raise model.context, or leave them out with data.too_long: drop"
        raise recipe.wrong("model.context", f"{counts}; number (tokens): {listed}{more}", mend)
    if not report.rows and report.refused:
        raise DataError(f"no row can be trained on: {marked(0, report.refused)}", mend="mend the rows, or choose others")
    if not report.rows:
        raise UsageError(f"no row fits in {report.context} tokens", mend="raise model.context")
    left_out = {row - 1 for row, _ in (*report.too_long, *report.refused)}
    return tokens.select([index for index in range(len(tokens)) if index not in left_out]).select_columns(["input_ids", "labels"])


def marked(broken: int, refused: Sequence[tuple[int, str]], what: str = "rows") -> str:
    """What became of rows with tokens of the template in their texts, as one sentence; empty where there are none."""
    kept = [f"{what} with tokens of the chat template in their texts, which were broken there: {broken}"] if broken else []
    numbers = {reason: [str(number) for number, why in refused if why == reason] for _, reason in refused}
    left = [f"{what} left out, since {reason}: {len(found)}, number {', '.join(found[:LISTED])}" + " ..." * (len(found) > LISTED)
            for reason, found in numbers.items()]
    return "; ".join(kept + left)


def as_object(report: Preflight) -> dict[str, object]:
    """The counts for a record; the rows that do not fit by number and length."""
    return {
        "rows": report.rows, "tokens": report.tokens, "trained_tokens": report.trained, "longest": report.longest,
        "trained_spans": report.spans, "rows_that_end": report.ended, "context": report.context, "too_long": report.too_long,
        "broken": report.broken, "refused": report.refused,
    }


def rendered(report: Preflight) -> "RenderableType":
    """Two or three lines of figures and the example, the trained tokens coloured."""
    from rich.console import Group
    from rich.text import Text

    share = report.trained / report.tokens if report.tokens else 0.0
    lines = [
        f"{report.rows} rows, {report.tokens:,} tokens, longest {report.longest:,} of {report.context:,}",
        f"trained: {report.trained:,} tokens ({share:.1%}) in {report.spans:,} turns of the assistant; "
        f"{report.ended} of {report.rows} rows end with the end of a turn",
    ]
    if report.too_long:
        listed = ", ".join(f"{row} ({length})" for row, length in report.too_long[:LISTED])
        lines.append(f"left out as too long: {len(report.too_long)} rows, number (tokens): {listed}"
                     + (" ..." if len(report.too_long) > LISTED else ""))
    if told := marked(report.broken, report.refused):
        lines.append(told)
    example = Text()
    for trained, text in report.example:
        example.append(visible(text), style=COLOUR if trained else "")
    return Group(*map(Text, lines), Text("the shortest row, trained tokens coloured:", style="bold"), example)


def _example(row: dict[str, list[int]], tokenizer: "PreTrainedTokenizerBase") -> list[Span]:
    pairs = list(zip(row["input_ids"], row["labels"], strict=True))
    kept = pairs[:SHOWN_TOKENS]
    spans = [
        (trained, str(tokenizer.decode([token for token, _ in group])))
        for trained, group in groupby(kept, key=lambda pair: pair[1] != IGNORED)
    ]
    return spans + ([(False, f" ... {len(pairs) - SHOWN_TOKENS} more tokens")] if len(pairs) > SHOWN_TOKENS else [])
