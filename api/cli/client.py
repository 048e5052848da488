"""The API as commands see it: the operations of `flotilla_client`, the generated client, signed in once per command.

An answer has two sides: the body as its class, which commands read, and the JSON as it came, which `--json` prints.
Refusals, problem documents, become one sentence. An operation is its module in `flotilla_client.api`; its own arguments
follow, `client=client.api` among them:

    client.ask(bots.get_bot, bot_id, client=client.api).body.observed_state

By hand is what the generated client cannot do: a log that is followed, which has no end; its operations read an answer
whole.

The token lives in memory as long as the command; nothing is cached on disk. The session is ended on the way out.
"""

import contextlib
import json
import ssl
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any, Generic, ParamSpec, Protocol, Self, TypeVar, cast
from urllib.parse import quote

import httpx
from flotilla_client import AuthenticatedClient, Client
from flotilla_client.api import auth, health, users
from flotilla_client.models import (
    AcceptedResponse,
    ChallengeResponse,
    InvitationAccept,
    LoginRequest,
    MethodsResponse,
    Problem,
    StepUpRequest,
    TokenResponse,
)

from api.cli import proving
from api.cli.credentials import ask_password, find_password, find_token, own_password_file
from api.cli.exits import CliError, ExitCode, Refused, from_problem
from api.cli.settings import CliSettings

P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_TIMEOUT = httpx.Timeout(30, connect=5)
_PAGE = 200


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What the API says: typed, and as it came."""

    body: T
    json: Any


class Response(Protocol[T_co]):
    """`flotilla_client.types.Response`, as far as it is read."""

    @property
    def content(self) -> bytes: ...
    @property
    def parsed(self) -> T_co | None: ...


class Operation(Protocol[P, T_co]):
    """A module of `flotilla_client.api`."""

    def sync_detailed(self, *arguments: P.args, **options: P.kwargs) -> Response[T_co | Problem]: ...


class Page(Protocol[T_co]):
    """A part of a list; more follows where `next` is one."""

    @property
    def items(self) -> Sequence[T_co]: ...
    @property
    def next_(self) -> str | None: ...


class ApiClient:
    """Signed in on first use. `transport` is for tests."""

    def __init__(self, settings: CliSettings, url: str | None, transport: httpx.BaseTransport | None = None) -> None:
        self.url = (url or settings.default_url()).rstrip("/")
        if not self.url.startswith(("http://", "https://")):
            raise CliError(f"{self.url} is no URL; write it as http://host:port.", ExitCode.USAGE)
        self.settings = settings
        self._options: dict[str, Any] = {
            "timeout": _TIMEOUT,
            "verify_ssl": _trusted(settings.ca_file) if self.url.startswith("https://") else True,
            "httpx_args": {"transport": transport, "trust_env": False, "event_hooks": {"response": [_refuse]}},
        }
        self._anonymous = Client(self.url, **self._options)
        self._signed_in: AuthenticatedClient | None = None
        self._has_session = False
        self.password = ""
        """What was signed in with."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._signed_in is not None and self._has_session:
            with contextlib.suppress(httpx.HTTPError, CliError):  # the session then ends by itself
                auth.logout.sync_detailed(client=self.patient(2))
        for client in (self._anonymous, self._signed_in):
            if client is not None:
                client.get_httpx_client().close()

    @property
    def api(self) -> AuthenticatedClient:
        """What operations are asked with. Signs in; raises CliError."""
        return self.sign_in()

    def sign_in(self, password: str | None = None) -> AuthenticatedClient:
        """Once; with that password, or else with what is found or asked for. Raises CliError."""
        if self._signed_in is None:
            self._signed_in = self._sign_in(password)
        return self._signed_in

    def patient(self, seconds: float) -> AuthenticatedClient:
        """The same, which from now on waits so long for an answer."""
        self.api.get_httpx_client().timeout = httpx.Timeout(seconds, connect=5)
        return self.api

    def ask(self, operation: Operation[P, T], *arguments: P.args, **options: P.kwargs) -> Answer[T]:
        """What an operation answers. One that wants a fresh proof of who one is gets that first. Raises CliError."""
        try:
            return self._run(operation, *arguments, **options)
        except Refused as refusal:
            if not (self._has_session and proving.wants_step_up(refusal)):
                raise
        self._step_up()
        return self._run(operation, *arguments, **options)

    def each(self, operation: Operation[P, Page[T]], *arguments: P.args, **options: P.kwargs) -> Iterator[Answer[T]]:
        """Every item of a list, page after page. Raises CliError."""
        paged = cast(Operation[..., Page[T]], operation)
        place: dict[str, Any] = {"limit": _PAGE} if "limit" in signature(operation.sync_detailed).parameters else {}
        while True:
            page = self.ask(paged, *arguments, **{**options, **place})
            yield from map(Answer, page.body.items, page.json["items"])
            if page.body.next_ is None:
                return
            place["after"] = page.body.next_

    def every(self, operation: Operation[P, Page[T]], *arguments: P.args, **options: P.kwargs) -> Answer[list[T]]:
        """The whole list; as JSON, one page that has all of it. Raises CliError."""
        found = list(self.each(operation, *arguments, **options))
        return Answer([one.body for one in found], {"items": [one.json for one in found], "next": None})

    def follow_log(self, bot_id: str, tail: int) -> Iterator[tuple[str, str]]:
        """A bot's log as server-sent events, (event, data), until the server ends the stream. Raises CliError."""
        path = f"/api/v1/bots/{quote(bot_id, safe='')}/logs"
        params: dict[str, Any] = {"tail": tail, "follow": "true"}
        headers = {"Accept": "text/event-stream"}
        timeout = httpx.Timeout(30, connect=5, read=90)
        http = self.api.get_httpx_client()
        try:
            with http.stream("GET", path, params=params, headers=headers, timeout=timeout) as response:
                yield from _parse_events(response.iter_lines())
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error

    def health(self) -> Any:
        """Without signing in. Raises CliError."""
        return self._run(health.get_health, client=self._anonymous).json

    def methods(self) -> MethodsResponse:
        """Ways to sign in, without signing in. Raises CliError."""
        return self._run(auth.list_sign_in_methods, client=self._anonymous).body

    def join(self, body: InvitationAccept) -> AcceptedResponse:
        """An account by an invitation, without signing in. Raises CliError."""
        return self._run(users.accept_invitation, client=self._anonymous, body=body).body

    def readiness(self) -> tuple[bool, dict[str, Any]]:
        """Whether `/readyz` says ready, and what it checked. Raises CliError."""
        try:
            return True, self._run(health.get_readiness, client=self.api).json["checks"]
        except Refused as refusal:
            return False, refusal.params.get("checks", {})

    def _run(self, operation: Operation[P, T], *arguments: P.args, **options: P.kwargs) -> Answer[T]:
        try:
            response = operation.sync_detailed(*arguments, **options)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error
        except (KeyError, TypeError, ValueError) as error:
            raise CliError(f"{self.url} answers otherwise than this version expects: {error!r}.") from error
        if response.parsed is None and response.content:
            raise CliError(f"{self.url} answers otherwise than this version expects.")
        return Answer(cast(T, response.parsed), json.loads(response.content) if response.content else None)

    def _sign_in(self, password: str | None) -> AuthenticatedClient:
        api_token = find_token(self.settings)
        if api_token is not None:
            return AuthenticatedClient(self.url, api_token, **self._options)
        self.health()  # nobody is asked for a password that cannot be used
        answer = self._log_in(password)
        if not isinstance(answer, TokenResponse):
            proof = proving.answer_to(answer, self.settings.user)
            answer = self._run(auth.answer_second_factor, client=self._anonymous, body=proof).body
        self._has_session = True
        return AuthenticatedClient(self.url, answer.access_token, **self._options)

    def _log_in(self, password: str | None) -> TokenResponse | ChallengeResponse:
        """What the sign-in answers. The first admin may have changed his password since its file was made: then he is
        asked, where there is a terminal."""
        self.password = password or find_password(self.settings, self.url)
        try:
            return self._with_password()
        except Refused as refusal:
            from_file = (
                password is None
                and self.settings.password_file is None
                and own_password_file(self.settings, self.url) is not None
            )
            if refusal.status != httpx.codes.UNAUTHORIZED or not from_file or not sys.stdin.isatty():
                raise
        self.password = ask_password(self.settings, self.url)
        return self._with_password()

    def _with_password(self) -> TokenResponse | ChallengeResponse:
        body = LoginRequest(username=self.settings.user, password=self.password)
        answer: Answer[TokenResponse | ChallengeResponse] = self._run(auth.login, client=self._anonymous, body=body)
        return answer.body

    def _step_up(self) -> None:
        proof = StepUpRequest(password=self.password)
        try:
            self._run(auth.step_up, client=self.api, body=proof)
        except Refused as refusal:
            if not proving.wants_code(refusal):
                raise
            proof.code, proof.recovery_code = proving.ask_code(self.settings.user)
            self._run(auth.step_up, client=self.api, body=proof)

    def _unreachable(self, error: httpx.HTTPError) -> CliError:
        if isinstance(error, httpx.ReadTimeout):
            return CliError(f"{self.url} did not answer in time; try again.", ExitCode.UNREACHABLE)
        return CliError(
            f"No control plane answers at {self.url}; start it with `flotilla serve`, or name another with --url.",
            ExitCode.UNREACHABLE,
        )


def _refuse(response: httpx.Response) -> None:
    """Refusals never reach the generated client: what a proxy says is none of its bodies. Raises Refused."""
    if not response.is_success:
        raise from_problem(response.status_code, _json_in(response.read()))


def _trusted(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # which ssl.SSLError is one of
        reason = error.strerror or "it holds no certificate"
        raise CliError(f"FLOTILLA_CA_FILE {ca_file} cannot be used: {reason}.", ExitCode.USAGE) from None


def _json_in(content: bytes) -> Any:
    try:
        return json.loads(content)
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
