"""An API that lives in a dictionary: what the command says to it, and what it does with the answers."""

import json
from collections.abc import Callable
from typing import Any

import httpx

from tests.unit.cli.documented import complete

ADMIN_PASSWORD = "correct horse"


def bot(name: str, number: int = 1, **changes: Any) -> dict[str, Any]:
    """A bot as the API answers it."""
    return {
        "id": f"bot-{number:016d}",
        "name": name,
        "template": "trend",
        "parameters": {"ema_fast": 8},
        "exchange": "paper",
        "trading_mode": "spot",
        "dry_run": True,
        "trading": "dry_run",
        "pairs": ["BTC/USDT", "ETH/USDT"],
        "timeframe": "1m",
        "stake_currency": "USDT",
        "stake_amount": "100",
        "max_open_trades": 3,
        "starting_balance": "1000",
        "desired_state": "running",
        "observed_state": "running",
        "conditions": [],
        "trader_state": "running",
        "pool": "pool-local",
        "generation": 1,
        "observed_generation": 1,
        "restarts": 0,
        "memory": {"pss_bytes": 24_000_000, "uss_bytes": 20_000_000},
        "created_at": "2026-11-20T12:00:00Z",
        **changes,
    }


class FakeApi:
    """Handler for `httpx.MockTransport`."""

    def __init__(self) -> None:
        self.bots: dict[str, dict[str, Any]] = {}
        self.requests: list[httpx.Request] = []
        self.overrides: dict[tuple[str, str], Callable[[httpx.Request], httpx.Response]] = {}
        self.page_size = 2
        self.is_complete = True
        """Whether its answers have all that the API's have, whatever a test gives."""

    def add(self, *bots: dict[str, Any]) -> None:
        self.bots.update({one["id"]: one for one in bots})

    def sent(self, method: str, path: str) -> list[httpx.Request]:
        return [request for request in self.requests if (request.method, request.url.path) == (method, path)]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answer(request)
        return complete(request, answer) if self.is_complete else answer

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        override = self.overrides.get((request.method, path))
        if override is not None:
            return override(request)
        if path == "/healthz":
            return httpx.Response(200, json={"status": "alive"})
        if path == "/api/v1/auth/login":
            if json.loads(request.content)["password"] != ADMIN_PASSWORD:
                return problem(401, "unauthenticated", "User name or password is wrong.")
            return httpx.Response(200, json={"access_token": "t0ken", "token_type": "bearer", "expires_in": 900})
        if request.headers.get("Authorization") != "Bearer t0ken":
            return problem(401, "unauthenticated", "The access token is missing.")
        if path == "/api/v1/auth/logout":
            return httpx.Response(204)
        if path == "/api/v1/bots" and request.method == "GET":
            return self._list(request)
        if path == "/api/v1/bots":
            made = bot(**{**json.loads(request.content), "number": 900 + len(self.bots)})
            self.add(made)
            return httpx.Response(201, json=made)
        return self._one(request, path.removeprefix("/api/v1/bots/").split("/"))

    def _list(self, request: httpx.Request) -> httpx.Response:
        params = request.url.params
        found = [one for one in self.bots.values() if params.get("name", "").lower() in one["name"].lower()]
        start = int(params.get("after", "0"))
        end = start + self.page_size
        return httpx.Response(200, json={"items": found[start:end], "next": str(end) if end < len(found) else None})

    def _one(self, request: httpx.Request, parts: list[str]) -> httpx.Response:
        one = self.bots.get(parts[0])
        if one is None:
            return problem(404, "not_found", "There is no such bot; list the bots to see which there are.")
        if parts[1:]:
            one["desired_state"] = {"stop": "stopped", "pause": "paused"}.get(parts[1], "running")
            return httpx.Response(202, json=one)
        if request.method == "DELETE":
            del self.bots[parts[0]]
            return httpx.Response(202, json=one)
        return httpx.Response(200, json=one)


def problem(status: int, code: str, detail: str, **params: Any) -> httpx.Response:
    body = {
        "type": f"urn:flotilla:error:{code}", "title": code, "status": status, "detail": detail, "code": code,
        "params": params, "instance": "/", "correlation_id": None,
    }  # fmt: skip
    return httpx.Response(status, json=body, headers={"Content-Type": "application/problem+json"})
