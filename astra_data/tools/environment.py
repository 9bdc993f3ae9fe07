"""The environment of a program that the user chose: enough to find packages and install them, nothing of the user's.

    env = scrubbed(os.environ, home=Path("/tmp/x/home"), tmp=Path("/tmp/x/tmp")) | entry.env

HOME is a private folder, so the caches and settings of uv and npm are named explicitly: no package is fetched twice.
Time zone, locale, hash seed and git's author are fixed, so that two runs of a server say the same.
"""

import re
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from astra_data.tools.plain import SECRET_NAME, plain
from astra_data.tools.secrets import searchable
from astra_data.tools.urls import url_secrets, user_of

PASSED = {
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"),
}
PASSED_PREFIXES = ("uv_", "pip_", "npm_config_")
KEY = re.compile(
    r"(?:token|secret|passw(?:or)?d|passphrase|credential|(?:^|_|api|access)key|(?:^|_)(?:pat|pwd|pass|dsn))s?$", re.IGNORECASE
)
"""Names of variables whose values are searched for even though no server and no model was given them."""
LEAST_KEY = 8
MOMENT = "1735689600 +0000"
"""2025-01-01T00:00:00Z, in the one form that both git and GitPython read."""
FIXED = {
    **{"TZ": "UTC", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TERM": "dumb", "NO_COLOR": "1"},
    **{"USER": "agent", "LOGNAME": "agent", "SHELL": "/bin/sh", "PYTHONHASHSEED": "0"},
    **{"GIT_AUTHOR_NAME": "Agent", "GIT_AUTHOR_EMAIL": "agent@example.org", "GIT_AUTHOR_DATE": MOMENT},
    **{"GIT_COMMITTER_NAME": "Agent", "GIT_COMMITTER_EMAIL": "agent@example.org", "GIT_COMMITTER_DATE": MOMENT},
}


def program_path(environ: Mapping[str, str]) -> str:
    """The folders in which programs are looked for: those of the user, then that of this Python."""
    return f"{environ.get('PATH', '/usr/local/bin:/usr/bin:/bin')}:{Path(sys.executable).parent}"


def scrubbed(environ: Mapping[str, str], *, home: Path, tmp: Path) -> dict[str, str]:
    """The whole environment of a server or a set-up command, before the variables of its own `mcp.json` entry."""
    path = program_path(environ)
    passed = {name: value for name, value in environ.items() if _passes(name)}
    return FIXED | _packages(environ) | passed | {"PATH": path, "HOME": str(home), "TMPDIR": str(tmp)}


def _passes(name: str) -> bool:
    return name in PASSED or (name.lower().startswith(PASSED_PREFIXES) and not SECRET_NAME.search(name))


def _packages(environ: Mapping[str, str]) -> dict[str, str]:
    """Where the package managers of the real user keep things, under the names by which they can be told."""
    caches = {"UV_CACHE_DIR": uv_cache(environ), "npm_config_cache": npm_cache(environ)}
    home, found = user_home(environ), {}
    data = Path(environ.get("XDG_DATA_HOME") or home / ".local/share")
    config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    for name, place in {
        "UV_PYTHON_INSTALL_DIR": data / "uv/python",
        "UV_CONFIG_FILE": config / "uv/uv.toml",
        "npm_config_userconfig": home / ".npmrc",
    }.items():
        if place.exists():
            found[name] = place
    return {name: str(place) for name, place in (caches | found).items()}


def user_home(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("HOME") or Path.home())


def uv_cache(environ: Mapping[str, str]) -> Path:
    caches = Path(environ.get("XDG_CACHE_HOME") or user_home(environ) / ".cache")
    return Path(environ.get("UV_CACHE_DIR") or caches / "uv")


def npm_cache(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("npm_config_cache") or user_home(environ) / ".npm")


def machine_paths(environ: Mapping[str, str]) -> dict[str, str]:
    """Paths of this machine -> the neutral names under which they may be shown."""
    names = {
        uv_cache(environ): "/home/agent/.cache/uv",
        npm_cache(environ): "/home/agent/.npm",
        Path(sys.prefix): "/usr",
        Path(sys.base_prefix): "/usr",
        user_home(environ): "/home/user",
        Path.cwd(): "/project",
        Path(tempfile.gettempdir()): "/tmp",
    }
    found: dict[str, str] = {}
    for path, name in names.items():
        for form in (str(path), str(path.resolve())):
            found.setdefault(form, name)
    return {path: name for path, name in found.items() if path.strip("/")}


def credentials(environ: Mapping[str, str]) -> frozenset[str]:
    """What the person's environment holds that nobody may read: keys by the names of their variables, the stored tokens of the
    Hub, users and passwords inside addresses such as those of proxies and package indexes."""
    found = [value for name, value in environ.items() if KEY.search(name) and len(value) >= LEAST_KEY and not plain(value)]
    found += [part for name, value in environ.items() if _passes(name) for part in url_secrets(value)]
    found += [part for value in environ.values() for part in user_of(value) or ()]
    return searchable([*found, *_stored_tokens(environ)])


def _stored_tokens(environ: Mapping[str, str]) -> list[str]:
    """What `hf auth login` has left on this machine."""
    caches = Path(environ.get("XDG_CACHE_HOME") or user_home(environ) / ".cache")
    home = Path(environ.get("HF_HOME") or caches / "huggingface")
    found: list[str] = []
    for path in (environ.get("HF_TOKEN_PATH") or home / "token", environ.get("HF_STORED_TOKENS_PATH") or home / "stored_tokens"):
        with suppress(OSError, UnicodeDecodeError):
            found += (line.rpartition("=")[2].strip() for line in Path(path).read_text().splitlines() if "[" not in line)
    return found
