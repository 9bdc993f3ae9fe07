"""English. Nouns are spelled as the domains spell them."""

from astra_data.worlds.wording.wording import Wording

EN = Wording(
    code="en",
    cases=("the",),
    phrases={
        "lookup": ("{0} of {row:the}", ()),
        "follow": ("{0} of {via:the} of {row:the}", ()),
        "total": ("{0} {column:the} over all {rows}", ("the sum of",)),
        "mean": ("{0} {column:the} over all {rows}", ("the average of",)),
        "highest": ("{0} {column:the} over all {rows}", ("the highest value of",)),
        "lowest": ("{0} {column:the} over all {rows}", ("the lowest value of",)),
        "count": ("{0} {rows}", ("the number of",)),
        "extreme_max": ("{0} with the highest value of {column:the} among all {rows}", ()),
        "extreme_min": ("{0} with the lowest value of {column:the} among all {rows}", ()),
        "having": ("{0} {rows}", ("the list of all",)),
        "gap": ("{0} {column:the} of {first:the} exceeds that of {second:the}", ("the amount by which",)),
        "add": ("{0} {first:the} and {second:the}", ("the sum of",)),
        "subtract": ("{0} {first:the} exceeds {second:the}", ("the amount by which",)),
        "multiply": ("{0} {first:the} and {second:the}", ("the product of",)),
        "percent": ("{0} {first:the} in {second:the}", ("the percentage share of",)),
        "days": ("{0} from {first:the} to {second:the}", ("the number of days",)),
        "shift": ("{0} {second:the} days after {first:the}", ("the date",)),
    },
    sentences={
        "rows_of": "{rows} of {owner:the}",
        "rows_with": '{rows} with {column:the} "{value:the}"',
        "ask": "What is {0:the}?",
        "ask_all": "Please find out the following: {0}.",
        "begin": "Start with {0:the}.",
        "add": "Add {0:the}.",
        "subtract": "Subtract {0:the}.",
        "multiply": "Multiply by {0:the}.",
        "percent": "Say what percentage of {0:the} that is, and go on with this percentage.",
        "result": "What is the result?",
        "set": 'Set the status of {row:the} to "{status}".',
        "move": "Move {number:the} of {column:the} from {first:the} to {second:the}.",
        "then": "After that: {0}",
    },
    nouns={"status": ("the status", "statuses")},
)
