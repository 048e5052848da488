"""Accounts of the paper exchange, made through its `/control/`: play money for whoever wants to try live trading."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import httpx

from orchestrator.errors import ExchangeUnreachable
from orchestrator.kit.plain_http import TRUST_NOBODY
from pool.contract.slots import ExchangeCredentials

_SECONDS = 10.0


class PaperAccounts:
    """`url` and `token` answer where the paper exchange is and what opens its control; None for nowhere."""

    def __init__(
        self,
        url: Callable[[], str | None],
        token: Callable[[], str | None],
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._url = url
        self._token = token
        self._transport = transport

    async def open(self, balances: Mapping[str, Decimal], futures: Decimal) -> ExchangeCredentials:
        """A key of a new account with these balances, and with `futures` of USDT as margin. Raises
        ExchangeUnreachable."""
        root, token = self._url(), self._token()
        if root is None or token is None:
            raise ExchangeUnreachable("The paper exchange does not run yet, or is switched off; try again in a moment.")
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(
            base_url=root,
            transport=self._transport,
            trust_env=False,
            verify=TRUST_NOBODY,
            timeout=_SECONDS,
            headers=headers,
        ) as client:
            told = {asset: format(amount, "f") for asset, amount in balances.items()}
            made = await _call(client, "accounts", {"balances": told})
            if futures:
                await _call(client, "futures/deposits", {"key": made["key"], "amount": format(futures, "f")})
        return ExchangeCredentials.model_validate({"key": made["key"], "secret": made["secret"]})


async def _call(client: httpx.AsyncClient, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    try:
        response = await client.post(f"/control/{path}", json=body)
        if response.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise ExchangeUnreachable(
                "The paper exchange was started with another token than this control plane has: remove its container "
                "(its name ends in .paper-exchange), and it comes back by itself with all of its accounts."
            )
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
    except (httpx.HTTPError, OSError, ValueError):
        raise ExchangeUnreachable("The paper exchange made no account; try again in a moment.") from None
    return answer
