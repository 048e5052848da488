"""Which part of the API a path belongs to, for what wraps every request and knows no routes."""

import re

_RELAYED = re.compile(r"/api/v1/bots/[^/]+/freqtrade/")
_SIGN_IN = "/api/v1/auth/"
_SHOWN = 300
_OIDC_START = re.compile(r"/api/v1/auth/oidc/[^/]+/start")


def is_relayed(path: str) -> bool:
    """Whether a bot's own API answers there."""
    return _RELAYED.match(path) is not None


def is_sign_in(path: str) -> bool:
    """Whether it belongs to signing in and out: where cookies are set and read, and nowhere else."""
    return path.startswith(_SIGN_IN)


def is_oidc_start(path: str) -> bool:
    """Whether it begins a sign-in at a provider, which browsers are sent to by GET."""
    return _OIDC_START.fullmatch(path) is not None


def shown(path: str) -> str:
    """For a line of the log: anybody may ask for any path, and write no line of his own there. What does not print is
    escaped, and what is too long is cut."""
    cut = path if len(path) <= _SHOWN else f"{path[:_SHOWN]}…"
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in cut)
