"""Ways to make a cheating or broken environment of a sound one, each with the check of the audit that has to find it.

    spoiled = CHEATS["constant"].make(environment, random.Random(0))     # another row, or None where it does not apply

Operators know the row and nothing of any check. They change one thing and keep the row otherwise as a maker would store it: what
is recorded of the gold calls is what the spoiled tools return, unless that is the flaw.
"""

from collections.abc import Collection
from dataclasses import dataclass

from benchmarks.cheats import answers, code, contract, hidden, intermediate, likeness, memory
from benchmarks.cheats.code import Operator


@dataclass(frozen=True, slots=True)
class Cheat:
    """An operator, and the check that must find what it makes; `or_else` where it depends on the row which of two it is."""

    make: Operator
    check: str
    or_else: str | None = None

    def named(self, failed: Collection[str]) -> bool:
        """Whether the right check is among those that failed."""
        return self.check in failed or self.or_else in failed


def _all(check: str, *operators: Operator) -> dict[str, Cheat]:
    return {operator.__name__: Cheat(operator, check) for operator in operators}  # type: ignore[attr-defined]


def _named(check: str, operators: dict[str, Operator]) -> dict[str, Cheat]:
    return {name: Cheat(operator, check) for name, operator in operators.items()}


CHEATS: dict[str, Cheat] = {
    **_all("sensitivity", answers.constant, answers.gold_for_all, answers.one_argument_ignored, answers.fuzzy, answers.table_dump,
           answers.table_printed),
    **_all("crosstalk", answers.sibling_answered, answers.sibling_done),
    **_all("leakage", answers.in_default, answers.in_enum, answers.in_description, answers.in_parameter_description,
           answers.in_tool_name, answers.in_prompt, intermediate.intermediate_in_description,
           intermediate.intermediate_in_parameter, intermediate.intermediate_in_enum, intermediate.intermediate_in_another_enum,
           intermediate.intermediate_in_default, intermediate.intermediate_in_name, intermediate.intermediate_in_prompt),
    **_all("errors", answers.in_error),
    **_all("types", answers.wrong_types_swallowed, answers.numbers_coerced),
    **_all("missing", code.default_in_code),
    **_named("source", code.FORBIDDEN),
    **_all("source", code.syntax_error, code.constant_in_base64, code.constant_imported_base64, code.constant_in_pieces,
           code.constant_in_characters, code.constant_backwards, code.constant_in_hex),
    **_all("determinism", code.hash_order, code.hash_number),
    **_all("isolation", code.counts_calls, code.answers_once, code.state_survives_load),
    **_named("json", code.NO_JSON),
    **{name: Cheat(operator, "generality" if name == "refuses_all_others" else "errors")
       for name, operator in code.OTHERWISE.items()},
    **_all("signature", contract.parameter_renamed, contract.parameter_missing, contract.parameter_extra,
           contract.required_not_said, contract.default_not_so),
    **_all("defaults", contract.gold_defaults),
    **_all("needed", contract.dead_tool, answers.sibling_tool_answers),
    **_all("structure", contract.name_twice, contract.schema_named_otherwise, contract.goal_twice, contract.cycle,
           contract.goal_of_no_tool, contract.after_no_goal, contract.entry_nowhere),
    **_all("replay", contract.answer_not_so, contract.response_not_so, contract.final_state_not_so),
    **_named("sensitivity", likeness.LIKENESS),
    **_all("sensitivity", likeness.neighbours_alike, likeness.option_reveals, likeness.option_of_many_reveals,
           likeness.option_lists, hidden.in_key_of_result, hidden.among_candidates,
           hidden.written_despite_error),
    "opened_by_another": Cheat(memory.opened_by_another, "isolation", "sensitivity"),
    **_all("missing", likeness.left_out_means_gold),
    **_all("isolation", memory.remembers_last, memory.remembers_in_a_default, memory.refuses_the_third_time, memory.tires,
           memory.answers_the_second_time, memory.opened_by_its_gold_call, memory.load_keeps_a_memory),
    **_all("leakage", hidden.in_nested_default, hidden.in_nested_const, hidden.in_items_enum, hidden.in_enum_of_another_tool,
           hidden.in_pattern, hidden.in_examples_of_the_schema, hidden.in_description_grouped, hidden.in_description_loud,
           hidden.in_description_of_another_tool),
    **_all("errors", hidden.in_error_for_wrong_types, hidden.in_exception, hidden.in_error_on_a_line_of_its_own,
           hidden.printed_if_refused, memory.table_in_docstring),
    "in_text_of_a_mapping": Cheat(hidden.in_text_of_a_mapping, "sensitivity", "types"),
    **_all("crosstalk", hidden.sibling_in_error),
    **_all("types", hidden.digits_for_a_text, hidden.list_of_one, hidden.null_is_gold),
}
"""Name -> operator with its check."""
