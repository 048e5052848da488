"""Who may control the paper exchange: this machine, and for opening accounts whoever is let."""

import json
from pathlib import Path
from unittest.mock import Mock

import pytest
from aiohttp import StreamReader, web
from aiohttp.test_utils import make_mocked_request

from pool.exchange.simulator.control import OPENING
from pool.exchange.simulator.exchange import Exchange

TOKEN = "control-token"


@pytest.fixture
def exchange(tmp_path: Path) -> Exchange:
    return Exchange(tmp_path / "ledger.sqlite", TOKEN, 7, 20)


async def status(exchange: Exchange, call: str, token: str = TOKEN, address: str = "172.18.0.1") -> int:
    transport, body = Mock(), Mock(spec=StreamReader)
    transport.get_extra_info.side_effect = lambda name, default=None: (address, 4711) if name == "peername" else default
    content = json.dumps({"balances": {"USDT": "5"}}).encode()

    async def readany() -> bytes:
        nonlocal content
        told, content = content, b""
        return told

    body.readany = readany
    headers = {"Authorization": f"Bearer {token}"}
    request = make_mocked_request("POST", f"/control/{call}", headers, transport=transport, payload=body)
    answer = await exchange.front.answer(request)
    assert isinstance(answer, web.Response)
    return answer.status


async def test_only_what_opens_accounts_is_let_in_from_afar_and_only_with_the_token(exchange: Exchange) -> None:
    assert await status(exchange, "accounts", address="127.0.0.1") == 200
    assert await status(exchange, "accounts") == 403
    exchange.front.from_afar = OPENING
    assert await status(exchange, "accounts") == 200
    assert await status(exchange, "accounts", token="a guess") == 401
    for other in ("deposits", "faults", "prices/crash"):
        assert await status(exchange, other) == 403
