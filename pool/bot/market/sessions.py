"""The sessions of ccxt's clients, synchronous and asynchronous, with the steps of a `Router` in between.

Below ccxt's `fetch`, where URL and signature are final and ccxt's own handling of answers, with the exchange's URL in
whatever it says, comes after.
"""

import asyncio
import time
import weakref
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

import aiohttp
import requests
import yarl
from urllib3.exceptions import NewConnectionError

from pool.bot.market import kinds
from pool.bot.market.privacy import credentials, is_public, is_signed, told_url
from pool.bot.market.routing import Asked, Call, Outcome, Pause, Router, Step, Straight, Through

_UNSAID_SECONDS = 10.0
_JSON = {"Content-Type": "application/json"}


def asked_of(client: Any, method: str, url: str, named: Mapping[str, Any], timeout: float) -> Asked:
    """`named` as ccxt calls its session."""
    secrets = credentials(client)
    headers, body = named.get("headers"), named.get("data") or named.get("files")
    signed = is_signed(url, headers, body, secrets)
    return Asked(
        method=method.upper(),
        url=url,
        timeout=timeout,
        public=is_public(method, url, headers, body, secrets),
        signed=signed,
        purpose=kinds.purpose(),
        priority=kinds.priority(signed=signed),
        told_url=told_url(url, secrets),
        elsewhere=bool(named.get("proxies") or named.get("proxy")),
    )


class RoutedSession:
    """In place of a `requests.Session`."""

    def __init__(
        self, session: requests.Session, client: Any, router: Router, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._session = session
        self._client = weakref.ref(client)
        self._router = router
        self._sleep = sleep

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def request(self, method: str, url: str, **named: Any) -> requests.Response:
        asked = asked_of(self._client(), method, url, named, float(named.get("timeout") or _UNSAID_SECONDS))
        way = self._router.way(asked)
        step, answer = next(way), None
        while True:
            match step:
                case Straight(timeout):
                    way.close()
                    return self._session.request(
                        method, url, **named | ({} if timeout is None else {"timeout": timeout})
                    )
                case Through():
                    outcome, answer = self._through(method, step, named)
                case _:
                    outcome = self._aside(step)
            try:
                step = way.send(outcome)
            except StopIteration:
                assert answer is not None
                return answer

    def _through(
        self, method: str, step: Through, named: Mapping[str, Any]
    ) -> tuple[Outcome, requests.Response | None]:
        own = {
            "headers": {**(named.get("headers") or {}), **step.headers},
            "timeout": step.timeout,
            "stream": True,
            "allow_redirects": False,
        }
        try:
            answer = self._session.request(method, step.url, **{**named, **own})
            outcome = Outcome(answer.status_code, answer.headers)
            if outcome.is_gateway:
                _ = answer.content  # whatever breaks off in the middle breaks off here
            else:
                answer.close()
            return outcome, answer
        except requests.RequestException as error:
            return _failure(error), None

    def _aside(self, step: Step) -> Outcome:
        """What is no request of ccxt's."""
        if isinstance(step, Pause):
            self._sleep(step.seconds)
        if not isinstance(step, Call):
            return Outcome()
        method = "GET" if step.body is None else "POST"
        try:
            answer = self._session.request(
                method,
                step.url,
                data=step.body,
                headers=_JSON,
                timeout=step.timeout,
                allow_redirects=False,
                stream=True,
            )
            outcome = Outcome(answer.status_code, answer.headers)
            if outcome.is_gateway:
                _ = answer.content  # read, so that the connection serves again
            answer.close()
            return outcome
        except requests.RequestException as error:
            return _failure(error)


class RoutedAsyncSession:
    """In place of an `aiohttp.ClientSession`."""

    def __init__(self, session: aiohttp.ClientSession, client: Any, router: Router) -> None:
        self._session = session
        self._client = weakref.ref(client)
        self._router = router

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def get(self, url: Any, **named: Any) -> "_Asking":
        return self._asking("GET", url, named)

    def post(self, url: Any, **named: Any) -> "_Asking":
        return self._asking("POST", url, named)

    def put(self, url: Any, **named: Any) -> "_Asking":
        return self._asking("PUT", url, named)

    def patch(self, url: Any, **named: Any) -> "_Asking":
        return self._asking("PATCH", url, named)

    def delete(self, url: Any, **named: Any) -> "_Asking":
        return self._asking("DELETE", url, named)

    def _asking(self, method: str, url: Any, named: dict[str, Any]) -> "_Asking":
        said = named.get("timeout")
        seconds = said.total if isinstance(said, aiohttp.ClientTimeout) else said
        asked = asked_of(self._client(), method, str(url), named, float(seconds or _UNSAID_SECONDS))
        return _Asking(self._session, self._router, asked, url, named)


class _Asking:
    """One request, as `async with` begins and ends it."""

    def __init__(
        self, session: aiohttp.ClientSession, router: Router, asked: Asked, url: Any, named: dict[str, Any]
    ) -> None:
        self._session = session
        self._router = router
        self._asked = asked
        self._url = url
        self._named = named
        self._answer: aiohttp.ClientResponse | None = None

    async def __aenter__(self) -> aiohttp.ClientResponse:
        way = self._router.way(self._asked)
        step = next(way)
        while True:
            match step:
                case Straight(timeout):
                    way.close()
                    own = {} if timeout is None else {"timeout": _timeout(timeout)}
                    return await self._begin(self._asked.method, self._url, **self._named | own)
                case Through():
                    outcome = await self._through(step)
                case _:
                    outcome = await self._aside(step)
            try:
                step = way.send(outcome)
            except StopIteration:
                assert self._answer is not None
                return self._answer

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._answer is not None:
            self._answer.release()
            await self._answer.wait_for_close()

    async def _begin(self, method: str, url: Any, **named: Any) -> aiohttp.ClientResponse:
        self._answer = await self._session.request(method, url, **named)
        return self._answer

    async def _through(self, step: Through) -> Outcome:
        own = {
            "headers": {**(self._named.get("headers") or {}), **step.headers},
            "timeout": _timeout(step.timeout),
            "allow_redirects": False,
        }
        return await self._outcome(self._asked.method, step.url, {**self._named, **own})

    async def _aside(self, step: Step) -> Outcome:
        if isinstance(step, Pause):
            await asyncio.sleep(step.seconds)
        if not isinstance(step, Call):
            return Outcome()
        method = "GET" if step.body is None else "POST"
        named = {"data": step.body, "headers": _JSON, "timeout": _timeout(step.timeout), "allow_redirects": False}
        return await self._outcome(method, step.url, named)

    async def _outcome(self, method: str, url: str, named: dict[str, Any]) -> Outcome:
        try:
            answer = await self._begin(method, yarl.URL(url, encoded=True), **named)
            outcome = Outcome(answer.status, answer.headers)
            if outcome.is_gateway:
                await answer.read()  # whatever breaks off in the middle breaks off here
            else:
                answer.close()
            return outcome
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return _failure(error)


def _timeout(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=seconds, sock_connect=seconds, sock_read=seconds)


def _failure(error: Exception) -> Outcome:
    if isinstance(error, aiohttp.ClientConnectorError | requests.ConnectTimeout | aiohttp.ConnectionTimeoutError):
        return Outcome(error=error, failure="unconnected")
    if isinstance(error, requests.Timeout | TimeoutError):
        return Outcome(error=error, failure="timeout")
    cause = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(cause, NewConnectionError):
        return Outcome(error=error, failure="unconnected")
    if isinstance(error, requests.ConnectionError) and "Read timed out" in str(error):  # while the body was read
        return Outcome(error=error, failure="timeout")
    return Outcome(error=error, failure="broken")
