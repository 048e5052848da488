"""The addresses that keep ccxt's Binance at the paper exchange.

ccxt keeps one address per API family in `urls["api"]` (and the same in `test` and `demo`). One that is forgotten still
points at the real exchange, so every key is rewritten, whatever it is called: same path, other root. Of a websocket's
address the host becomes the first part of the path: by it ccxt knows spot from futures, and so does the paper exchange.
"""

from typing import Any
from urllib.parse import urlsplit


def paper_urls(root: str, ccxt_urls_api: dict[str, Any]) -> dict[str, Any]:
    """`ccxt_urls_api` with scheme and host replaced by `root` in every value, nested ones too.

    `root` is like `http://127.0.0.1:9000`; a path in it goes in front. Values that are neither text nor a dictionary
    raise TypeError, since they could hide an address.
    """
    base = root.rstrip("/")
    return {key: _moved(base, value) for key, value in ccxt_urls_api.items()}


def _moved(base: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _moved(base, inner) for key, inner in value.items()}
    if isinstance(value, str):
        parts = urlsplit(value)
        if parts.scheme in ("ws", "wss"):
            return f"ws{base.removeprefix('http')}/{parts.hostname}{parts.path}"
        return base + parts.path
    raise TypeError(f"An address of ccxt is a {type(value).__name__}, expected text")
