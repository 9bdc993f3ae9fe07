"""An ask: one typed question to a model, with its prompt in a file.

    JUDGE = Ask("judge_answer", 1, "judge", inputs=JudgeInputs, output=Verdict)
    verdict = await teacher.answer(JUDGE, JudgeInputs(question="...", answer="..."))

`prompts/judge_answer.md.jinja` holds the system part, a line `---user---`, and the user part. In the user part, between the lines
`BEGIN DATA` and `END DATA`, stand the fields of the inputs, each printed as `{{ field | tojson }}`: see `marks`. Elsewhere a
prompt may look at the fields, as in `{% if ordered %}`, and print none.
"""

import functools
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from jinja2 import StrictUndefined, Template, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import BaseModel

from astra_data.messages import Message, user
from astra_data.rows.canonical import content_id
from astra_data.teacher.marks import enclosed, plain_json

PROMPTS = Path(__file__).parent / "prompts"
BORDER = "---user---"

I = TypeVar("I", bound=BaseModel)  # noqa: E741 - inputs, as O is output
O = TypeVar("O", bound=BaseModel)  # noqa: E741


class Json(str):
    """Text that `tojson` has written: all that a prompt may print."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt file, compiled. `hash` is the SHA-256 of the file, hexadecimal. `data` is null in a prompt without any."""

    hash: str
    system: Template
    before: Template
    data: Template | None
    after: Template

    def render(self, values: Mapping[str, Any]) -> tuple[str, str]:
        """(system part, user part). Raises `jinja2.UndefinedError` for a name that the values lack."""
        data = [] if self.data is None else [enclosed(self.data.render(values).strip())]
        parts = [self.before.render(values).strip(), *data, self.after.render(values).strip()]
        return self.system.render(values).strip(), "\n".join(filter(None, parts))


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
        return _schema_id(self.output)

    def misfit(self, inputs: I, answer: O) -> str | None:
        """What is wrong with an answer to these inputs, or None."""
        return None if self.check is None else self.check(inputs, answer)

    def render(self, inputs: I) -> list[Message]:
        """The system and the user message. Raises what `Prompt.render` raises."""
        prompt = load_prompt(self.folder / f"{self.name}.md.jinja")
        system, question = prompt.render(inputs.model_dump())
        return [*([{"role": "system", "content": system}] if system else []), user(question)]


@functools.cache
def load_prompt(path: Path) -> Prompt:
    """The prompt at `path`, with its borders found in the file and not in what is rendered into it."""
    source = path.read_bytes()
    system, border, question = source.decode().partition(f"\n{BORDER}\n")
    if not border:
        system, question = "", system.removeprefix(f"{BORDER}\n")
    before, data, after = _parts(question)
    frame, inside = _environment(_frame), _environment(_inside)
    return Prompt(
        hash=hashlib.sha256(source).hexdigest(),
        system=frame.from_string(system),
        before=frame.from_string(before),
        data=None if data is None else inside.from_string(data),
        after=frame.from_string(after),
    )


def _parts(question: str) -> tuple[str, str | None, str]:
    """What stands before the line BEGIN DATA, between it and the line END DATA, and after that; no data without both."""
    before, begun, rest = f"\n{question}\n".partition("\nBEGIN DATA\n")
    data, ended, after = f"\n{rest}".partition("\nEND DATA\n")
    return (f"{before}\n"[1:], f"{data}\n"[1:], f"\n{after}"[:-1]) if begun and ended else (question, None, "")


def _environment(finalize: Callable[[Any], Any]) -> ImmutableSandboxedEnvironment:
    """`finalize` sees every value that a template prints."""
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=finalize
    )
    environment.filters["tojson"] = lambda value: Json(plain_json(_known(value)))
    return environment


def _frame(value: Any) -> Any:
    raise TypeError("a prompt prints values only between its lines BEGIN DATA and END DATA")


def _inside(value: Any) -> Any:
    """The number of a line, or JSON."""
    if type(value) not in (int, Json):
        raise TypeError("a prompt prints values only as JSON, by the filter tojson")
    return value


def _known(value: Any) -> Any:
    """The value. Raises `UndefinedError` for a name that is not there."""
    return str(value) if isinstance(value, Undefined) else value


@functools.cache
def _schema_id(model: type[BaseModel]) -> str:
    return content_id(model.model_json_schema())
