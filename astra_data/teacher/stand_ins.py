"""The questions to models that stand in for a server without a backend, or for the user.

    answer = await teacher.answer(EMULATE_CALL, EmulateCall(server=..., tool=..., arguments={...}, world={}, log=[]))

Neither is ever shown what the other knows: an emulator sees calls and never the user's request, a simulated user sees what was
said and never a call. What cannot be said by a type is checked against the inputs, and mended like any other misfit.
"""

from typing import Any

from pydantic import Field

from astra_data.messages import JsonObject
from astra_data.teacher.ask import Ask
from astra_data.teacher.asks import Model, ServerCard, ToolCard
from astra_data.tools.validate import argument_error, schema_error


class EmulateOutputSchema(Model):
    """Ask for the JSON Schema of a tool's results. It is asked once and frozen from then on [A 21.1]."""

    server: ServerCard
    tool: ToolCard


class InferredSchema(Model):
    output_schema: dict[str, Any]


class LoggedCall(Model):
    """A call that an emulated server has answered in this session: with a result, or with an error."""

    tool: str
    arguments: dict[str, Any]
    result: dict[str, Any] | None
    error: str | None


class EmulateCall(Model):
    """Ask for the result of one call [A 21.1]. `tool.output_schema` is frozen; `world` is the state that the session has made so
    far, by key; `log` holds every call before this one."""

    server: ServerCard
    tool: ToolCard
    read_only: bool
    arguments: dict[str, Any]
    world: dict[str, Any]
    log: list[LoggedCall]


class Emulated(Model):
    """A result, or the error that the tool answers with, and what changed in the world; a key with null is removed."""

    result: dict[str, Any] | None = None
    error: str | None = None
    updates: dict[str, Any] = Field(default={})


class Said(Model):
    """One message that both sides have seen: `role` is `user` or `assistant`."""

    role: str
    content: str


class SimulateUser(Model):
    """Ask for the user's next message. `goal` is all that the user wants, in parts numbered from 0; the parts `untold` are held
    back so far. `turns_left` counts the messages that the user may still send, this one included."""

    goal: list[str]
    untold: list[int]
    conversation: list[Said]
    turns_left: int = Field(ge=1)


class UserTurn(Model):
    """A message that tells the parts `tells`, or the end of the conversation."""

    done: bool
    message: str = ""
    tells: list[int] = Field(default=[])


def object_schema(schema: Any) -> JsonObject | None:
    """The schema if results can be held against it: a JSON Schema in use by tools, of an object. Else None."""
    if not isinstance(schema, dict) or not schema or schema_error(schema):
        return None
    return schema if schema.get("type", "object") == "object" else None


def schema_misfit(inputs: EmulateOutputSchema, answer: InferredSchema) -> str | None:
    if wrong := schema_error(answer.output_schema):
        return f"output_schema is not a JSON Schema: {wrong}"
    described = answer.output_schema.get("type") == "object" and answer.output_schema.get("properties")
    return None if described else 'output_schema must have "type": "object" and name its properties'


def call_misfit(inputs: EmulateCall, answer: Emulated) -> str | None:
    """A result must fit the frozen schema. Neither an error nor a tool that only reads may change the world."""
    if (answer.result is None) == (answer.error is None):
        return "give either a result or an error"
    if answer.error is not None:
        return "a call that ends in an error changes nothing: leave updates empty" if answer.updates else None
    if inputs.read_only and answer.updates:
        return "this tool only reads: leave updates empty"
    return argument_error(inputs.tool.output_schema, answer.result, root="result")


def turn_misfit(inputs: SimulateUser, answer: UserTurn) -> str | None:
    """A user who stops must have told everything, and the last message allowed must tell what is left."""
    untold = sorted(set(inputs.untold) - set(answer.tells))
    if strange := sorted(set(answer.tells) - set(inputs.untold)):
        return f"part {strange[0]} is none of those held back"
    if answer.done:
        return f"part {min(inputs.untold)} has not been told yet" if inputs.untold else None
    if not answer.message.strip():
        return "the message is empty"
    if answer.message in [said.content for said in inputs.conversation if said.role == "user"]:
        return "the user has said exactly this before"
    return f"this is the last message: it must tell part {untold[0]}, too" if untold and inputs.turns_left == 1 else None


EMULATE_OUTPUT_SCHEMA = Ask("emulate_output_schema", 1, "emulator", EmulateOutputSchema, InferredSchema, check=schema_misfit)
EMULATE_CALL = Ask("emulate_call", 1, "emulator", EmulateCall, Emulated, check=call_misfit)
SIMULATE_USER = Ask("simulate_user", 1, "user", SimulateUser, UserTurn, check=turn_misfit)

STAND_INS = (EMULATE_OUTPUT_SCHEMA, EMULATE_CALL, SIMULATE_USER)
