"""The API as a client sees it: sign in once per command, follow pages, turn problem documents into one sentence.

The token lives in memory as long as the command; nothing is cached on disk. The session is ended on the way out.
"""

import contextlib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import httpx
import typer

from api.cli.exits import CliError, ExitCode, from_problem
from api.cli.settings import ADMIN, CliSettings

_TIMEOUT = httpx.Timeout(30, connect=5)
_PAGE = 200


class ApiClient:
    """Signed in on first use. `transport` is for tests."""

    def __init__(self, settings: CliSettings, url: str | None, transport: httpx.BaseTransport | None = None) -> None:
        self.url = (url or settings.default_url()).rstrip("/")
        if not self.url.startswith(("http://", "https://")):
            raise CliError(f"{self.url} is no URL; write it as http://host:port.", ExitCode.USAGE)
        self._settings = settings
        self._http = httpx.Client(base_url=self.url, timeout=_TIMEOUT, transport=transport, trust_env=False)
        self._signed_in = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._signed_in:
            with contextlib.suppress(httpx.HTTPError):  # the session then ends by itself
                self._http.post("/api/v1/auth/logout", timeout=2)
        self._http.close()

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        return self.call("GET", path, params=params)

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The JSON of the answer, None where it has no body. Raises CliError."""
        self._sign_in()
        response = self._send(method, path, body=body, params=params, headers=headers)
        return response.json() if response.content else None

    def items(self, path: str, params: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """Every item of a list, page after page."""
        after: str | None = None
        while True:
            page = self.get(path, {**(params or {}), "limit": _PAGE, **({"after": after} if after else {})})
            yield from page["items"]
            after = page["next"]
            if after is None:
                return

    def events(self, path: str, params: Mapping[str, Any] | None = None) -> Iterator[tuple[str, str]]:
        """Server-sent events as (event, data), until the server ends the stream."""
        self._sign_in()
        timeout = httpx.Timeout(30, connect=5, read=90)
        try:
            with self._http.stream(
                "GET", path, params=params, headers={"Accept": "text/event-stream"}, timeout=timeout
            ) as response:
                if response.is_error:
                    response.read()
                    raise _error_of(response)
                yield from _parse_events(response.iter_lines())
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error

    def health(self) -> Any:
        """Without signing in."""
        return self._send("GET", "/healthz").json()

    def readiness(self) -> tuple[bool, Any]:
        """Whether `/readyz` says ready, and its body."""
        try:
            response = self._http.get("/readyz")
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error
        return response.is_success, _json_of(response)

    def _sign_in(self) -> None:
        if self._signed_in:
            return
        self.health()  # nobody is asked for a password that cannot be used
        body = {"username": self._settings.user, "password": find_password(self._settings, self.url)}
        token = self._send("POST", "/api/v1/auth/login", body=body).json()["access_token"]
        self._http.headers["Authorization"] = f"Bearer {token}"
        self._signed_in = True

    def _send(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        try:
            response = self._http.request(method, path, json=body, params=params, headers=headers)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error
        if response.is_error:
            raise _error_of(response)
        return response

    def _unreachable(self, error: httpx.HTTPError) -> CliError:
        if isinstance(error, httpx.ReadTimeout):
            return CliError(f"{self.url} did not answer in time; try again.", ExitCode.UNREACHABLE)
        return CliError(
            f"No control plane answers at {self.url}; start it with `flotilla serve`, or name another with --url.",
            ExitCode.UNREACHABLE,
        )


def find_password(settings: CliSettings, url: str) -> str:
    """From FLOTILLA_PASSWORD_FILE, else the first admin's file of this machine, else the prompt. Raises CliError."""
    if settings.password_file is not None:
        return _read_password(settings.password_file, "FLOTILLA_PASSWORD_FILE")
    own = settings.home / "admin-password"
    if settings.user == ADMIN and settings.is_here(url) and own.is_file():
        return _read_password(own, "FLOTILLA_HOME")
    if sys.stdin.isatty():
        password: str = typer.prompt(f"Password of {settings.user} at {url}", hide_input=True, err=True)
        return password
    raise CliError(
        f"No password for {settings.user} at {url}: name a file that holds it in FLOTILLA_PASSWORD_FILE, "
        "or set FLOTILLA_HOME to the control plane's home.",
        ExitCode.UNAUTHENTICATED,
    )


def path_of(*parts: str) -> str:
    """A path below `/api/v1`, each part quoted."""
    return "/api/v1/" + "/".join(quote(part, safe="") for part in parts)


def _read_password(path: Path, variable: str) -> str:
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        raise CliError(
            f"Cannot read the password from {path} ({variable}): {reason}.", ExitCode.UNAUTHENTICATED
        ) from None


def _error_of(response: httpx.Response) -> CliError:
    return from_problem(response.status_code, _json_of(response))


def _json_of(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def _parse_events(lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    """Server-sent events, of which only `event` and `data` matter here. httpx has no parser for them."""
    event = "message"
    data: list[str] = []
    for line in lines:
        if not line:
            if data:
                yield event, "\n".join(data)
            event, data = "message", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            event = value
        elif field == "data":
            data.append(value)
