"""Asks exchanges what a key may do: Binance and the paper exchange directly, some others through ccxt.

An exchange that cannot be asked what a key may do is refused with a reason: nobody could rule out there that a key may
withdraw.
"""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import httpx

from orchestrator.errors import ExchangeUnreachable, KeyRejected
from orchestrator.exchange_keys import binance
from orchestrator.exchange_keys.facts import KeyFacts, Permission
from orchestrator.templates.exchange_ids import PAPER
from pool.contract.slots import ExchangeCredentials

ASKED_THROUGH_CCXT = frozenset({"okx", "bybit"})
KNOWN = frozenset({PAPER, "binance"}) | ASKED_THROUGH_CCXT
"""Exchanges whose keys can be taken."""
WITH_PASSPHRASE = frozenset({"okx"})
"""Those of them that give out a passphrase with a key."""
_SECONDS = 40.0
_MODULE = "orchestrator.exchange_keys.ccxt_asking"
_ROOT = Path(__file__).resolve().parents[2]
_PASSED_ON = ("PATH", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR")


class Checks:
    """`exchange_keys.facts.ExchangeChecks`. `paper_url` answers where the paper exchange is, None for nowhere."""

    def __init__(self, paper_url: Callable[[], str | None], transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._paper_url = paper_url
        self._transport = transport

    async def check(self, exchange: str, credentials: ExchangeCredentials) -> KeyFacts:
        """See `ExchangeChecks.check`."""
        if exchange == PAPER:
            url = self._paper_url()
            if url is None:
                raise ExchangeUnreachable("The paper exchange does not run; try again in a moment.")
            return await binance.ask("The paper exchange", url, credentials, self._transport)
        if exchange == "binance":
            return await binance.ask("Binance", binance.BINANCE, credentials, self._transport)
        if exchange in ASKED_THROUGH_CCXT:
            return await _ask_through_ccxt(exchange, credentials)
        raise KeyRejected(
            f"{exchange} does not tell Flotilla what a key may do, so it cannot be ruled out that it may withdraw. "
            f"Keys are taken of {', '.join(sorted(KNOWN))}.",
            field="exchange",
        )


async def _ask_through_ccxt(exchange: str, credentials: ExchangeCredentials) -> KeyFacts:
    """The secrets go through a pipe: no command line, environment or file has them."""
    password = credentials.password
    asked = {
        "exchange": exchange,
        "key": credentials.key.get_secret_value(),
        "secret": credentials.secret.get_secret_value(),
        "password": None if password is None else password.get_secret_value(),
    }
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        _MODULE,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=_ROOT,
        env=environment,
    )
    try:
        async with asyncio.timeout(_SECONDS):
            told, _ = await process.communicate(json.dumps(asked).encode())
    except TimeoutError:
        raise ExchangeUnreachable(f"{exchange} does not answer; try again in a moment.") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    try:
        answer = json.loads(told)
    except ValueError:
        raise ExchangeUnreachable(f"{exchange} could not be asked; try again in a moment.") from None
    return facts_of(exchange, answer)


def facts_of(exchange: str, answer: Mapping[str, object]) -> KeyFacts:
    """What `ccxt_asking` answered. Raises KeyRejected, ExchangeUnreachable."""
    if answer.get("refused"):
        raise KeyRejected(
            f"{exchange} does not take this key: key, secret or passphrase is wrong, it has expired, or it may not be "
            "used from this machine's address. Look at it there, and enter it again.",
            field="key",
        )
    if answer.get("silent"):
        raise ExchangeUnreachable(f"{exchange} does not answer; try again in a moment.")
    permissions, expires_at = answer.get("permissions"), answer.get("expires_at")
    if not isinstance(permissions, list):
        raise KeyRejected(
            f"{exchange} does not tell what this key may do, so it cannot be ruled out that it may withdraw.",
            field="key",
        )
    return KeyFacts(
        permissions=frozenset(Permission(one) for one in permissions),
        account=str(answer["account"]),
        ip_restricted=bool(answer["ip_restricted"]),
        expires_at=None if not expires_at else datetime.fromisoformat(str(expires_at)).astimezone(UTC),
    )
