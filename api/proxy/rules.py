"""Which calls of FreqTrade's REST API are relayed. Pure.

Everything that reads is. What changes a bot's state or configuration behind the reconciler's back is refused with the
route of ours that does it; so is what gives out tokens or starts work that the pool has not planned for.
"""

INSTEAD: dict[str, str] = {
    "start": "POST /api/v1/bots/{id}/start",
    "stop": "POST /api/v1/bots/{id}/stop",
    "pause": "POST /api/v1/bots/{id}/pause",
    "stopentry": "POST /api/v1/bots/{id}/pause",
    "stopbuy": "POST /api/v1/bots/{id}/pause",
    "reload_config": "PATCH /api/v1/bots/{id}",
    "token/login": "POST /api/v1/auth/login",
    "token/refresh": "POST /api/v1/auth/refresh",
}
"""First words of a refused path → what to use."""

CHANGES: tuple[tuple[str, str], ...] = (
    ("POST", "forceenter"),
    ("POST", "forcebuy"),
    ("POST", "forceexit"),
    ("POST", "forcesell"),
    ("DELETE", "trades/"),
    ("POST", "trades/"),
    ("POST", "blacklist"),
    ("DELETE", "blacklist"),
    ("POST", "locks"),
    ("DELETE", "locks/"),
    ("POST", "pair_candles"),
)
"""Method and beginning of the path of what is relayed besides reading."""


def refusal(method: str, path: str) -> str | None:
    """Why the call is not relayed, with the remedy; None where it is. `path` is as below `/api/v1/`."""
    path = path.strip("/")
    if path in INSTEAD:
        return f"{path} is not relayed: it would work against the control plane; use {INSTEAD[path]}."
    if method in ("GET", "HEAD"):
        return None
    for allowed_method, prefix in CHANGES:
        matches = path.startswith(prefix) if prefix.endswith("/") else path == prefix or path.startswith(prefix + "/")
        if method == allowed_method and matches:
            return None
    return f"{method} {path[:80]} is not relayed: a bot in a pool only trades; run it with FreqTrade itself."
