"""English. Nouns are spelled as the domains spell them."""

from astra_data.worlds.wording.wording import Wording

EN = Wording(
    code="en",
    cases=("the",),
    articles=("the",),
    phrases={
        "lookup": (("{0} of {row:the}", ()),),
        "follow": (("{0} of {via:the} of {row:the}", ()), ("{0} of {via:the} that {row:the} belongs to", ())),
        "total": (
            ("{0} {column:the} over all {rows}", ("the sum of",)),
            ("{0} {column:the} of all {rows} together", ("the total of",)),
        ),
        "mean": (
            ("{0} {column:the} over all {rows}", ("the average of",)),
            ("{0} {column:the} among the {rows}", ("the mean of",)),
        ),
        "highest": (
            ("{0} {column:the} over all {rows}", ("the highest value of",)),
            ("{0} {column:the} reached by any of the {rows}", ("the largest value of",)),
        ),
        "lowest": (
            ("{0} {column:the} over all {rows}", ("the lowest value of",)),
            ("{0} {column:the} found in any of the {rows}", ("the smallest value of",)),
        ),
        "count": (("{0} {rows}", ("the number of",)),),
        "extreme_max": (
            ("{0} with the highest value of {column:the} among all {rows}", ()),
            ("{0} that has the largest value of {column:the} of all {rows}", ()),
        ),
        "extreme_min": (
            ("{0} with the lowest value of {column:the} among all {rows}", ()),
            ("{0} that has the smallest value of {column:the} of all {rows}", ()),
        ),
        "having": (("{0} {rows}", ("the list of all",)), ("{0} {rows}", ("the ids of all",))),
        "gap": (
            ("{0} {column:the} of {first:the} exceeds that of {second:the}", ("the amount by which",)),
            ("{0} {column:the} of {second:the} away from that of {first:the}", ("the remainder after taking",)),
        ),
        "add": (
            ("{0} {first:the} and {second:the}", ("the sum of",)),
            ("{0} {second:the} to {first:the}", ("the result of adding",)),
        ),
        "subtract": (
            ("{0} {first:the} exceeds {second:the}", ("the amount by which",)),
            ("{0} {second:the} away from {first:the}", ("the remainder after taking",)),
        ),
        "multiply": (
            ("{0} {first:the} and {second:the}", ("the product of",)),
            ("{0} {first:the} by {second:the}", ("the result of multiplying",)),
        ),
        "percent": (
            ("{0} {first:the} in {second:the}", ("the percentage share of",)),
            ("{0} {second:the} that {first:the} makes up", ("the percentage of",)),
        ),
        "days": (("{0} from {first:the} to {second:the}", ("the number of days",)),),
        "shift": (("{0} {second:the} days after {first:the}", ("the date",)),),
        "greater": (
            ("{0} {first:the}; {second:the}", ("the greater of these two numbers:",)),
            ("{0} {first:the} or {second:the}", ("the larger number, be it",)),
        ),
        "ordered": (
            ("{0} {first:the}; {second:the}; {third:the}", ("the list, in ascending order, of these three numbers:",)),
            ("{0} {first:the}; {second:the}; {third:the}", ("the result of sorting from small to large:",)),
        ),
    },
    sentences={
        "rows_of": ("{rows} of {owner:the}", "{rows} that belong to {owner:the}"),
        "rows_with": ('{rows} with {column:the} "{value:the}"', '{rows} whose {label} is "{value:the}"'),
        "ask": ("What is {0:the}?", "Find {0:the}.", "Can you tell me {0:the}?"),
        "ask_all": ("Please find out the following: {0}.", "I need all of these: {0}."),
        "begin": ("Start with {0:the}.", "Take {0:the}."),
        "add": ("Add {0:the}.", "Then add {0:the}."),
        "subtract": ("Subtract {0:the}.", "Take away {0:the}."),
        "multiply": ("Multiply by {0:the}.", "Multiply what you have by {0:the}."),
        "percent": (
            "Say what percentage of {0:the} that is, and go on with this percentage.",
            "Express that as a percentage of {0:the}, and continue with the percentage.",
        ),
        "result": ("What is the result?", "What do you get?"),
        "result_greater": ("Which is greater, the result or {0:the}?", "Give the larger one: this result, or {0:the}."),
        "result_ordered": (
            "Sort the result, {0:the} and {1:the} in ascending order.",
            "List this result, {0:the} and {1:the} from the smallest to the largest.",
        ),
        "set": ('Set the status of {row:the} to "{status:the}".', 'Change the status of {row:the} to "{status:the}".'),
        "move": (
            "Move {number:the} of {column:the} from {first:the} to {second:the}.",
            "From {first:the}, transfer {number:the} of {column:the} to {second:the}.",
        ),
        "cancel": ("Cancel {row:the}.", "Please cancel {row:the}."),
        "create": ("Create a new {entity} with these values: {values}.", "Add a {entity}, namely {values}."),
        "value": ("{column}: {value:the}",),
        "then": ("After that: {0}", "Once that is done: {0}"),
    },
    nouns={"status": ("the status", "statuses")},
)
