"""Debris of any family's template is seen, a call that was written is known by its tool, and ordinary words are neither."""

import pytest

from astra_data.rollout.debris import mark, written_call

TOOLS = {"get_entry", "drop-entry", "math.add"}
MARKED = [
    "It is 7.<|im_end|>", "It is 7.<|eot_id|>", "It is 7.</s>", "<s>It is 7.", "It is 7.<end_of_turn>",
    "<start_of_turn>model\nIt is 7.", "It is 7.\n<tool_response>\nok\n</tool_response>", "It is 7.</tool_call>", "<tool_call>",
    "<function=get_entry>", "<|python_tag|>", "<\uff5ctool\u2581calls\u2581begin\uff5c>", "[TOOL_CALLS]", "[/INST] It is 7.",
    "<<SYS>>", "\u273fFUNCTION\u273f: x", "<|channel|>final", "assistantcommentary to=functions.get_entry",
    "functions.get_entry:0", "<minimax:tool_call>", "<seed:tool_call>", "<arg_key>a</arg_key>", "It is 7.</think>", "<think>It",
    "It is 7.<eos>", "It is 7.<unused99>", "[gMASK]<sop>", "<|endoftext|>", "<function_calls>", "<|END_OF_TURN_TOKEN|>",
    "<invoke name=\"x\">", "</parameter", "<extra_id_1>", "<tool_code>print(1)</tool_code>",
    "<\uff5cDSML\uff5cinvoke name=\"x\">", "</\uff5cDSML\uff5cfunction_calls>", "<tool_call|>", "<start_function_call>",
    "[TOOL_REQUEST]", "[END_TOOL_REQUEST]", "<TOOLCALL>[]", "<seed:think>It is", "</mm:think>", "<thought>", "<answer>7</answer>",
    "[BEGIN FINAL RESPONSE]", "\u25c1think\u25b7", "[e~[", "]~b]ai", "[|endofturn|]", "analysisIt is.assistantfinalIt is 7.",
    "It is 7.\n\nUser: Thanks!\nAssistant: You are welcome.", "<observation>", "<tool_sep>",
]  # fmt: skip
PLAIN = [
    "It is 7.", "It is <b>7</b>, and <i>x</i> < 8 > 2.", "Use `<div>` and </div>.", "a <| b |> c", "f(x) |> g",
    "[1] and [INSTALL] it", "The tool get_entry said 7.", "<s>old</s> new", "Think about it: <thinking caps>",
    "The function f(x) = x", "List<String> names", "He said {\"name\": \"Ann\", \"age\": 7}.", "tools: hammer, saw",
    "the [ARGUMENT] of x", "parameters are a and b", "a<b", "1 <2> 3",
    "[END OF FILE]", "My assistant finally came.", "User: Ann\nRole: admin", "[x | y]", "a thought, an answer",
]  # fmt: skip
CALLS = {
    '<tool_call>\n{"name": "get_entry", "arguments": {"key": "a"}}\n</tool_call>': "get_entry",
    '{"name": "get_entry", "parameters": {"key": "a"}}': "get_entry",
    '```json\n{"tool": "drop-entry", "tool_input": {}}\n```': "drop-entry",
    "{'name': 'math.add', 'arguments': {'a': 1}}": "math.add",
    '{"type": "function", "function": {"name": "get_entry", "arguments": "{}"}}': "get_entry",
    "<function=get_entry>{}</function>": "get_entry",
    '<invoke name="drop-entry"><parameter name="key">a</parameter></invoke>': "drop-entry",
    "Thought: I look.\nAction: get_entry\nAction Input: {}": "get_entry",
    '[get_entry(key="a")]': "get_entry",
    'get_entry(key="a")\nmath.add(a=1, b=2)': "get_entry",
    '```tool_code\nprint(default_api.get_entry(key="a"))\n```': "get_entry",
    "[TOOL_CALLS]get_entry{}": "get_entry",
    "\u273fFUNCTION\u273f: get_entry\n\u273fARGS\u273f: {}": "get_entry",
    "commentary to=functions.get_entry json{}": "get_entry",
    "<|tool_calls_section_begin|><|tool_call_begin|>functions.get_entry:0<|tool_call_argument_begin|>{}": "get_entry",
    "<\uff5ctool\u2581call\u2581begin\uff5c>function<\uff5ctool\u2581sep\uff5c>get_entry\n```json\n{}\n```": "get_entry",
    "<get_entry>\n<key>a</key>\n</get_entry>": "get_entry",
    ">>>get_entry\n{\"key\": \"a\"}": "get_entry",
    "<start_function_call>call:get_entry{key:<escape>a<escape>}<end_function_call>": "get_entry",
    "<\uff5cDSML\uff5cinvoke name=\"drop-entry\">": "drop-entry",
}
NO_CALLS = [
    "I called get_entry(key='a'), and it said 7.", "The tools are get_entry and math.add.",
    "It gave {\"name\": \"get_entry\"}.", "{\"name\": \"other\", \"arguments\": {}}", "Action: none needed.", "other(key=1)",
    "", "\"arguments\": {}", "`get_entry` has the arguments key.",
]  # fmt: skip


@pytest.mark.parametrize("text", MARKED)
def test_a_piece_of_a_template_is_a_mark(text: str) -> None:
    found = mark(text)
    assert found and found in text
    assert mark(text, quoted=f"the user wrote {text}") is None


@pytest.mark.parametrize("text", PLAIN)
def test_ordinary_words_hold_none(text: str) -> None:
    assert mark(text) is None


@pytest.mark.parametrize(("text", "tool"), CALLS.items(), ids=range(len(CALLS)))
def test_a_call_in_words_is_known_by_its_tool(text: str, tool: str) -> None:
    assert written_call(text, TOOLS) == tool
    assert written_call(f"I look it up.\n{text}" if "(" not in text else text, TOOLS) == tool
    assert written_call(text, {"something_else"}) is None


@pytest.mark.parametrize("text", NO_CALLS)
def test_words_about_tools_are_no_calls(text: str) -> None:
    assert written_call(text, TOOLS) is None


def test_a_result_that_is_told_again_is_no_call() -> None:
    log = '{"name": "get_entry", "arguments": {"key": "a"}}'
    assert written_call(f"The log says:\n{log}", TOOLS, f"[\n  {log}\n]") is None
    assert written_call(f"The log says:\n{log}", TOOLS, "[]") == "get_entry"
    assert written_call('get_entry(key="a")', TOOLS, "Which notes are there?") == "get_entry"
