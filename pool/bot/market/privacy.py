"""Which requests may be shared with other bots: those that hold nothing of the account. Pure.

Decided by what a request holds, not by its name: whatever is not known to be harmless makes it private. A request that
is wrongly private costs the exchange a look more; one that is wrongly public would tell the gateway a secret.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

from pool.contract.market import CLIENT_HEADERS

_HARMLESS_HEADERS = CLIENT_HEADERS | {
    "accept",
    "accept-encoding",
    "accept-language",
    "connection",
    "content-type",
    "user-agent",
}
_CREDENTIALS = (
    "apiKey",
    "secret",
    "password",
    "uid",
    "accountId",
    "login",
    "twofa",
    "token",
    "walletAddress",
    "privateKey",
)
"""Of a ccxt client."""
_TELLING = frozenset(
    {
        "accesskey", "accesskeyid", "accesstoken", "apikey", "apisign", "apitoken", "auth", "authorization", "hmac",
        "jwt", "key", "listenkey", "nonce", "passphrase", "password", "recvwindow", "secret", "sig", "sign",
        "signature", "token",
    }
)  # fmt: skip
"""Parameters that only a signed request has, in small letters and without what joins words."""


def credentials(client: Any) -> list[str]:
    """All that the client knows of its account."""
    values = (getattr(client, name, None) for name in _CREDENTIALS)
    return [str(value) for value in values if value]


def is_public(method: str, url: str, headers: Mapping[str, Any] | None, body: object, secrets: Iterable[str]) -> bool:
    """It may be answered with what another bot was answered, and be read by whoever runs the gateway."""
    return method.upper() == "GET" and not body and not is_signed(url, headers, body, secrets)


def is_signed(url: str, headers: Mapping[str, Any] | None, body: object, secrets: Iterable[str]) -> bool:
    """It holds a credential, a signature, or a header that nobody knows to be harmless."""
    given = {str(name).lower(): str(value) for name, value in (headers or {}).items()}
    if not given.keys() <= _HARMLESS_HEADERS:
        return True
    if urlsplit(url).username is not None or any(_tells(name) for name in _names(url, body)):
        return True
    text = " ".join((url, unquote(url), *given.values(), _text(body))).casefold()
    return any(form.casefold() in text for secret in secrets for form in (secret, quote(secret), quote_plus(secret)))


def told_url(url: str, secrets: Iterable[str]) -> str:
    """Of a signed request, what may be told: no query, and no path that names the account."""
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    bare = f"{origin}{parts.path}"
    return origin if is_signed(bare, None, None, secrets) else bare


def _names(url: str, body: object) -> Iterable[str]:
    yield from (name for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True))
    if isinstance(body, Mapping):
        yield from map(str, body)
    elif body:
        text = _text(body)
        yield from (name for name, _ in parse_qsl(text, keep_blank_values=True))
        yield from text.split('"')[1::2]  # names and texts of JSON


def _tells(name: str) -> bool:
    return "".join(letter for letter in name.lower() if letter.isalnum()) in _TELLING


def _text(body: object) -> str:
    return body.decode(errors="replace") if isinstance(body, bytes) else str(body or "")
