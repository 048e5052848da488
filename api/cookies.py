"""The cookie of a sign-in: unreadable for scripts, sent to the sign-in alone and from our own pages alone.

Over HTTPS its name begins with `__Secure-`, so that nobody can plant one over plain HTTP
(draft-ietf-httpbis-rfc6265bis, 4.1.3.1; `__Host-` would have it sent to every path).
"""

from fastapi import Request, Response
from starlette.requests import HTTPConnection

from api.origins import is_secure
from api.settings import ApiSettings

COOKIE_PATH = "/api/v1/auth"
_PREFIX = "__Secure-"


def set_cookie(
    request: Request, response: Response, name: str, value: str, max_age_seconds: int, *, lax: bool = False
) -> None:
    """Sets the cookie `name` as far as the connection allows. A `lax` one comes along when a page elsewhere sends the
    browser here, as a provider does that signed somebody in."""
    secure = _secure(request)
    response.set_cookie(
        _named(name, secure),
        value,
        max_age=max_age_seconds,
        path=COOKIE_PATH,
        httponly=True,
        samesite="lax" if lax else "strict",
        secure=secure,
    )


def read_cookie(request: HTTPConnection, name: str) -> str | None:
    """What `set_cookie` set under the name; None where there is none."""
    return request.cookies.get(_named(name, _secure(request)))


def clear_cookie(request: Request, response: Response, name: str) -> None:
    """Has the browser forget it."""
    secure = _secure(request)
    response.delete_cookie(_named(name, secure), path=COOKIE_PATH, httponly=True, samesite="strict", secure=secure)


def _named(name: str, secure: bool) -> str:
    return _PREFIX + name if secure else name


def _secure(connection: HTTPConnection) -> bool:
    settings: ApiSettings = connection.app.state.settings
    return is_secure(connection.scope["scheme"], connection.headers.get("host", ""), settings.public_url)
