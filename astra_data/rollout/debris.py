"""Pieces of chat templates and of calls that stand in a text where a parser should have taken them out.

    >>> mark("It is 7.<|im_end|>"), mark("It is <b>7</b>.")
    ('<|im_end|>', None)
    >>> written_call('<tool_call>{"name": "look", "arguments": {}}', {"look"}), written_call("I asked `look`: it is 7.", {"look"})
    ('look', None)

Marks are those of the common families of models, whichever the policy belongs to. A call is told by the name of a tool that is on
offer, in one of the forms in which models write calls.
"""

import re
from collections.abc import Collection, Iterator

_TAG_NAMES = (
    r"tool_?(?:calls?|use|responses?|results?|code|outputs?)|tools|functions?(?:_calls?|_results?)?|parameters?|invoke|arg_key|arg_value|"
    r"(?:start|end)_(?:of_(?:turn|image|text)|function_(?:call|response|declaration))|bos|eos|eod|eop|sop|pad|unk|mask|unused\d+|extra_id_\d+|SPECIAL_\d+"
)
MARKS = re.compile(
    rf"</?(?:[a-z]{{1,20}}[:_])?(?:{_TAG_NAMES})(?:\s[^<>]{{0,200}})?/?>|</(?:[a-z]{{1,20}}[:_])?(?:{_TAG_NAMES})\b|<(?:function|parameter|tool)="
    r"|<\|[^|<>\s][^|<>]{0,60}\|?>|<\|\"\|>|</?[\uff5c\u2502][^<>]{1,80}>|<[a-z_]{2,30}\|>"
    r"|</?(?:[a-z]{1,20}[:_])?(?:think(?:ing)?|thoughts?|reasoning|reflection|answer|observation|tool_sep|tool_name)>|\u25c1/?[a-z_]{2,30}\u25b7"
    r"|\[(?:BEGIN|END)[ _](?:FINAL[ _])?(?:RESPONSE|ANSWER|THOUGHTS?|THINKING)\]|\[\|[a-z_]{2,30}\|\]|\[e~\[|\]~!?b[\]\[]"
    r"|assistant(?:final|commentary|analysis)|^(?:user|human)[ ]?:[^\n]{0,400}\n{1,3}(?:assistant|ai)[ ]?:"
    r"|\[/?(?:TOOL_CALLS?|TOOL_RESULTS?|AVAILABLE_TOOLS|TOOL_CONTENT|(?:END_)?TOOL_REQUEST|CALL_ID|ARGS|INST|SYSTEM_PROMPT|gMASK|THINK)\]|<</?SYS>>"
    r"|\u273f(?:FUNCTION|ARGS|RESULT|RETURN)\u273f|\bto=functions\.\w|\bfunctions\.[\w-]{1,64}:\d|\A<s>(?!.*</s>\s*\S)|</s>\s*\Z",
    re.IGNORECASE | re.DOTALL | re.MULTILINE,
)
"""Tags of calls and results, special tokens of chat templates, thoughts that were never closed or never opened."""

QUOTE = 12
"""Characters of a line from which on it can be told for a quotation."""

_NAME = r"(?P<name>[\w.-]{1,128})"
_CALLS = (
    re.compile(rf"[\"'](?:name|tool|tool_name|function|function_name|action)[\"']\s*:\s*[\"']{_NAME}[\"']"),
    re.compile(rf"<[\w:\uff5c]{{0,20}}(?:function|tool|invoke)(?:=|\s+name=)[\"']?{_NAME}"),
    re.compile(rf"^[ \t]{{0,20}}action[ \t]{{0,20}}:[ \t]{{0,20}}`?{_NAME}", re.IGNORECASE | re.MULTILINE),
    re.compile(rf"(?:\u273fFUNCTION\u273f\s*:?|\[TOOL_CALLS?\]|to=functions\.|\bfunctions\.|tool\u2581sep\uff5c>)\s*{_NAME}"),
    re.compile(rf"<{_NAME}>"),
    re.compile(rf"^>>>[ \t]{{0,9}}{_NAME}$", re.MULTILINE),
    re.compile(rf"\bcall:{_NAME}\{{"),
)
_ARGUMENTS = re.compile(r"[\"'](?:arguments|parameters|args|kwargs|input|tool_input|action_input)[\"']\s*:")
_LINE = re.compile(rf"[\[ ]{{0,9}}(?:print\()?(?:functions\.|default_api\.|tools\.|await )?{_NAME}\(")
_FENCE = re.compile(r"```\w*")


def mark(text: str, quoted: str = "") -> str | None:
    """The first mark in a text that does not stand in `quoted` (what others said before), or None."""
    return next((found[0] for found in MARKS.finditer(text) if found[0] not in quoted), None)


def written_call(text: str, names: Collection[str], quoted: str = "") -> str | None:
    """The tool of `names` that a text calls, in words instead of by a call; None where it calls none. Lines that stand in
    `quoted` (what others said before) are no calls."""
    text = "\n".join(line for line in text.splitlines() if len(line.strip()) < QUOTE or line.strip() not in quoted)
    known = {name.lower(): name for name in names}
    found = (known.get(name.lower().removeprefix("functions.")) for name in _called(text))
    return next((name for name in found if name is not None), None)


def _called(text: str) -> Iterator[str]:
    in_json, *others = _CALLS
    if _ARGUMENTS.search(text):
        yield from (match["name"] for match in in_json.finditer(text))
    for pattern in others:
        yield from (match["name"] for match in pattern.finditer(text))
    lines = [line.strip() for line in _FENCE.sub("", text).strip().splitlines() if line.strip()]
    matches = [_LINE.match(line) if line.rstrip("]; ,\t").endswith(")") else None for line in lines]
    if all(matches):
        yield from (match["name"] for match in matches if match)
