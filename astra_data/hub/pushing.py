"""What every push begins with, and a run that will push at its end looks at before its first step.

    require_push("org/mine", "model", private=False, licenses=["MIT"])      # the repo is there, and may be written

A repo that is not there is made, since only that tells whether it may be.
"""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from astra_data.errors import UsageError
from astra_data.hub.addresses import check_repo
from astra_data.hub.client import explained, retried

if TYPE_CHECKING:
    from huggingface_hub import HfApi

NOT_PUBLIC = frozenset({"proprietary", "unlicensed", "all-rights-reserved"})
"""Recorded licences, in lower case, that allow no publication. (npm writes UNLICENSED for proprietary packages.)"""
REFUSED = (401, 403)


def require_push(repo: str, kind: str, *, private: bool, licenses: Sequence[str],
                 sleep: Callable[[float], None] = time.sleep) -> None:
    """Raise what a push to this repo would end in; `kind` is `dataset` or `model`. `UsageError` for a name that cannot be, a
    licence of `NOT_PUBLIC`, and a public repo for a private push; `EndpointError` where the Hub is away, or does not let us."""
    from huggingface_hub import HfApi

    api = HfApi()
    require_license(licenses, check_repo(repo), private)
    retried(lambda: api.create_repo(repo, repo_type=kind, private=private, exist_ok=True), repo, sleep=sleep)
    if private:
        retried(lambda: _require_private(api, repo, kind), repo, sleep=sleep)
    _require_write(api, repo, kind)


def require_license(licenses: Sequence[str], repo: str, private: bool) -> None:
    """Raise `UsageError` where a public push would break the licence of an ancestor."""
    bad = sorted(one for one in licenses if one.lower() in NOT_PUBLIC)
    if bad and not private:
        mend = "push it with --private, or leave those sources out"
        raise UsageError(f"{repo} may not be public: an ancestor's licence is {', '.join(bad)}", mend=mend)


def _require_private(api: "HfApi", repo: str, kind: str) -> None:
    if not api.repo_info(repo, repo_type=kind).private:
        raise UsageError(f"{repo} is public already", mend="choose another name, or make it private on the Hub first")


def _require_write(api: "HfApi", repo: str, kind: str) -> None:
    """A repo that is there may be that of others. A Hub that knows nothing of the question says so when it is pushed to."""
    from huggingface_hub.errors import HfHubHTTPError

    try:
        api.auth_check(repo, repo_type=kind, write=True)
    except HfHubHTTPError as error:
        if error.response.status_code in REFUSED:
            raise explained(error, repo) from error
