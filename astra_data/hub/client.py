"""Calls to the Hub that are tried again when trying again can help, and errors that say what to do.

    commit = retried(lambda: HfApi().repo_info("org/weather-tasks", repo_type="dataset").sha, "org/weather-tasks")

Tried again: 412 (another commit came first), 429 and 5xx, each after the server's `Retry-After` where it gives one,
and lost connections. The Hub's client does this for transfers only, not for commits.
"""

import time
from collections.abc import Callable
from typing import TypeVar

from astra_data.errors import DataError, EndpointError
from astra_data.hub import disk
from astra_data.tools.urls import told

T = TypeVar("T")

TRIES = 8
CONNECT_TRIES = 3
"""A Hub that takes no connection is away: a person is told after a second or two."""
FIRST_WAIT = 0.5
LONGEST_WAIT = 60.0
PASSING = frozenset({408, 412, 429, 500, 502, 503, 504})


def retried(call: Callable[[], T], repo: str, *, sleep: Callable[[float], None] = time.sleep, tries: int = TRIES) -> T:
    """What `call` returns, after at most `tries` tries. Raises `EndpointError` with a mend; waits are in seconds."""
    import httpx2
    from huggingface_hub.errors import HFValidationError

    for attempt in range(tries):
        try:
            return call()
        except (httpx2.HTTPError, OSError) as error:
            if isinstance(error, OSError) and error.errno in disk.REFUSALS:
                raise _no_room(error.errno, repo) from error
            no_hub = isinstance(error, httpx2.ConnectError) and attempt + 1 >= CONNECT_TRIES
            if no_hub or attempt + 1 == tries or not _may_pass(error):
                raise explained(error, repo) from error
            sleep(_wait(error, attempt))
        except HFValidationError:
            raise
        except ValueError as error:
            mend = "mend HF_TOKEN, HF_ENDPOINT and the proxies of the environment: one of them is no such thing"
            raise EndpointError(f"the Hub cannot be asked for {repo} ({type(error).__name__})", mend=mend) from error
    raise AssertionError("tries is at least 1")


def explained(error: Exception, repo: str) -> EndpointError:
    """The error for people: which dataset, what happened, what to do."""
    from huggingface_hub.errors import (
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    first = told(str(error).strip()).split("\n")[0] or type(error).__name__
    if isinstance(error, (OfflineModeIsEnabled, LocalEntryNotFoundError)):
        mend = "go online, or name a 40-digit commit that this machine has loaded before"
        return EndpointError(f"the Hub was not reached for {repo}, and its files are not here", mend=mend)
    if isinstance(error, RevisionNotFoundError):
        return EndpointError(f"{repo} has no such revision", mend="choose a commit, tag or branch that it has")
    if isinstance(error, RepositoryNotFoundError):
        return EndpointError(f"the Hub has no dataset {repo}", mend="check the name; a private one needs HF_TOKEN")
    if _status(error) in (401, 403):
        mend = "log in with `hf auth login`, or set HF_TOKEN to a token that may do this"
        return EndpointError(f"the Hub refused access to {repo}: {first}", mend=mend)
    if _status(error) is None:
        mend = "go online; until then only a 40-digit commit that was loaded before can be read"
        return EndpointError(f"the Hub was not reached for {repo}: {first}", mend=mend)
    return EndpointError(f"the Hub did not serve {repo}: {first}", mend="try again later; what was sent is kept")


def _no_room(number: int, repo: str) -> DataError:
    mend = "mend that, or set HF_HOME to a folder with room that you can write to"
    return DataError(f"cannot keep {repo} in the cache of the Hub: {disk.REFUSALS[number][0]}", mend=mend)


def _status(error: Exception) -> int | None:
    """The HTTP status that the Hub answered; None where it did not answer."""
    from huggingface_hub.errors import HfHubHTTPError

    return error.response.status_code if isinstance(error, HfHubHTTPError) else None


def _may_pass(error: Exception) -> bool:
    import httpx2

    status = _status(error)
    return status in PASSING if status is not None else isinstance(error, httpx2.TransportError)


def _wait(error: Exception, attempt: int) -> float:
    from huggingface_hub.errors import HfHubHTTPError

    asked = error.response.headers.get("Retry-After", "") if isinstance(error, HfHubHTTPError) else ""
    wait = float(asked) if asked.isdecimal() else FIRST_WAIT * 2.0**attempt
    return min(wait, LONGEST_WAIT)
