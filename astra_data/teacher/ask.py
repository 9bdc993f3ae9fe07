"""An ask: one typed question to a model, with its prompt in a file.

    JUDGE = Ask("judge_answer", 1, "judge", inputs=JudgeInputs, output=Verdict)
    verdict = await teacher.answer(JUDGE, JudgeInputs(question="...", answer="..."))

`prompts/judge_answer.md.jinja` holds the system part, a line `---user---`, and the user part. It sees the fields of
the inputs by name, and `output_schema`. Values are data: nothing inside them is read as a template or as a border.
"""

import functools
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import orjson
from jinja2 import StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import BaseModel

from astra_data.messages import Message, user
from astra_data.rows.canonical import content_id

PROMPTS = Path(__file__).parent / "prompts"
BORDER = "---user---"
MARKS = re.compile(r"(BEGIN|END) (DATA)", re.IGNORECASE)
"""What prompts put around data. A space inside a JSON text may be written as an escape, and then is no mark."""
LINE_ENDS = re.compile("[\x0b\x0c\x85\u2028\u2029]")

I = TypeVar("I", bound=BaseModel)  # noqa: E741 - inputs, as O is output
O = TypeVar("O", bound=BaseModel)  # noqa: E741


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt file, compiled. `hash` is the SHA-256 of the file, hexadecimal."""

    hash: str
    system: Template
    user: Template


@dataclass(frozen=True, slots=True)
class Ask(Generic[I, O]):
    """A question with the types of its inputs and its answer. A change of meaning is a new `version`.

    `check` says what is wrong with an answer that fits its type but not these inputs; it is mended like any other misfit.
    """

    name: str
    version: int
    role: str
    inputs: type[I]
    output: type[O]
    folder: Path = field(default=PROMPTS, repr=False)
    check: Callable[[I, O], str | None] | None = field(default=None, repr=False)

    @property
    def prompt_hash(self) -> str:
        return load_prompt(self.folder / f"{self.name}.md.jinja").hash

    @property
    def output_id(self) -> str:
        """Changes with the schema of the answer."""
        return _schema(self.output)[1]

    def misfit(self, inputs: I, answer: O) -> str | None:
        """What is wrong with an answer to these inputs, or None."""
        return None if self.check is None else self.check(inputs, answer)

    def render(self, inputs: I) -> list[Message]:
        """The system and the user message. Raises `jinja2.UndefinedError` for a name that the inputs lack."""
        prompt = load_prompt(self.folder / f"{self.name}.md.jinja")
        values = {"output_schema": _schema(self.output)[0], **inputs.model_dump(mode="json")}
        system, question = prompt.system.render(values).strip(), prompt.user.render(values).strip()
        return [*([{"role": "system", "content": system}] if system else []), user(question)]


@functools.cache
def load_prompt(path: Path) -> Prompt:
    """The prompt at `path`, with its border found in the file and not in what is rendered into it."""
    data = path.read_bytes()
    system, border, question = data.decode().partition(f"\n{BORDER}\n")
    if not border:
        system, question = "", system.removeprefix(f"{BORDER}\n")
    environment = _environment()
    digest = hashlib.sha256(data).hexdigest()
    return Prompt(digest, environment.from_string(system), environment.from_string(question))


@functools.cache
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["tojson"] = _plain_json
    return environment


def _plain_json(value: Any, indent: int | None = None) -> str:
    """JSON as a model should read it: no HTML escapes, and characters as they are but for what would end a line or the data."""
    written = orjson.dumps(value, option=orjson.OPT_INDENT_2 if indent else None).decode()
    return LINE_ENDS.sub(lambda found: f"\\u{ord(found[0]):04x}", MARKS.sub(r"\1\\u0020\2", written))


@functools.cache
def _schema(model: type[BaseModel]) -> tuple[str, str]:
    schema = model.model_json_schema()
    return _plain_json(schema), content_id(schema)
