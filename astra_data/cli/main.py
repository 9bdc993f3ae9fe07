"""The entry point: finds the command's file, runs it, and turns an `AstraError` into one sentence and an exit code.

Nothing that is said of an error holds a key of the environment, or the user and password of an address.
"""

import difflib
import errno
import functools
import importlib
import io
import os
import signal
import sys
import traceback
from typing import TYPE_CHECKING

import click

import astra_data
from astra_data.errors import AstraError
from astra_data.terminal import guarded, say, say_block
from astra_data.tools.privacy import close_process
from astra_data.tools.silence import Silence

if TYPE_CHECKING:
    from astra_data.tools.scrub import Scrub

INTERRUPTED = 130
"""The exit code of what a person stopped."""

COMMANDS = {
    "run": "Run all stages of a recipe; resumes by itself.",
    "make": "Run one stage alone on given datasets or files.",
    "score": "Score stored trajectories again, without a new rollout.",
    "convert": "Read environments from foreign forms, or write them in one.",
    "audit": "Audit stored environments again, without making them anew.",
    "evaluate": "Let a policy act in arenas, and say what it is worth.",
    "train": "Train a model on a dataset: SFT or GRPO, from a recipe.",
    "reproduce": "Data, SFT, GRPO and evaluations of one recipe, compared with what is expected.",
    "show": "Show a dataset, or one of its rows, as a person wants to read it.",
    "push": "Publish a dataset version on the Hub.",
    "pull": "Bring a dataset version from the Hub into the store.",
    "doctor": "Say what works here, and how to mend the rest.",
}


class LazyGroup(click.Group):
    """A group that imports a command when it is run, so that `--help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            close = difflib.get_close_matches(cmd_name, COMMANDS, n=1)
            ctx.fail(f"there is no command {cmd_name!r}{f'; did you mean {close[0]}?' if close else ''}")
        command: click.Command = importlib.import_module(f"astra_data.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(astra_data.__version__, prog_name="astra")
def astra() -> None:
    """Synthesise training data for tool-using language models.

    Start with `astra run demo`: real tools, no key. Exit codes: 2 usage, 3 input data, 4 endpoint, 5 tools, 6 sandbox,
    7 nothing kept, 130 interrupted; 1 for an error of our own.
    """


OPEN = "train"
"""The command whose processes may have to look into one another: those of one training share memory. It starts no server."""
ON_VIEW = "note: a user or password on the command line can be read by every process of this machine; a recipe is a better place"


def main() -> None:
    """Run the command line and leave with its exit code."""
    if sys.argv[1:2] != [OPEN]:
        close_process()
        signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))  # both end a run in order
    if any("@" in word and _shows_user(word) for word in sys.argv[1:]):
        say(ON_VIEW, err=True)
    with guarded():
        code = _run()
    if code:
        sys.exit(code)


def _shows_user(word: str) -> bool:
    from astra_data.tools.urls import USER

    return USER.search(word) is not None


@functools.cache
def _scrub() -> "Scrub":
    """Of what the environment holds. It is made, and its modules are loaded, when something is to be said."""
    from astra_data.tools.environment import credentials
    from astra_data.tools.scrub import Scrub

    return Scrub(credentials(os.environ))


def _refused(error: Exception) -> AstraError | None:
    """What the machine has no more of, if that is what ended the command."""
    from astra_data.hub.disk import refused

    return refused(OSError(errno.ENOMEM, "") if isinstance(error, MemoryError) else error)


def _run() -> int:
    """Run the command that was typed, and say what went wrong, if anything did. Returns the exit code."""
    try:
        with Silence(_scrub):
            astra.main(standalone_mode=False)
    except AstraError as error:
        say_block(f"astra: {_scrub().said(str(error))}", err=True)
        return error.exit_code
    except click.ClickException as error:
        vars(error)["message"] = _scrub().said(error.message)
        told = io.StringIO()
        error.show(told)
        for line in told.getvalue().rstrip("\n").split("\n"):
            say(line, err=True)
        return error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (click.Abort, KeyboardInterrupt):
        say("astra: interrupted; run the same command again to go on", err=True)
        return INTERRUPTED
    except Exception as error:
        if refusal := _refused(error):
            say(f"astra: {_scrub().said(str(refusal))}", err=True)
            return refusal.exit_code
        say_block(traceback.format_exc().rstrip("\n"), err=True)
        return 1
    return 0
