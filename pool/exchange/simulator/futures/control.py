"""`/control/futures/`: what tests and operators do to accounts on margin. Rules as for `simulator.control`.

POST futures/deposits  {key, amount, asset?}; a negative amount withdraws, the asset is USDT or BNB
POST futures/funding   {symbol, rate, now?}; payments from now on are at this rate, and with `now` one is made at once
GET  futures/ledger    ?key= -> {purses, positions, orders, algos, fills, changes}

Prices, faults and partial fills are those of `/control/`: a perpetual follows the spot symbol of its name.
"""

from collections.abc import Callable
from typing import Any

from pool.exchange.simulator.calls import Call
from pool.exchange.simulator.fields import Fields, wrong
from pool.exchange.simulator.futures.engine import FuturesEngine
from pool.exchange.simulator.futures.ledger import ASSET, FEE_ASSET, FuturesLedger
from pool.exchange.simulator.futures.perpetuals import Perpetuals
from pool.exchange.simulator.ledger import Ledger
from pool.exchange.simulator.problems import invalid_symbol

Answers = dict[tuple[str, str], Callable[[Call], Any]]


class FuturesControl:
    """Answers for the table of `ControlApi`, which guards them."""

    def __init__(self, perpetuals: Perpetuals, accounts: Ledger, ledger: FuturesLedger, engine: FuturesEngine) -> None:
        self._perpetuals = perpetuals
        self._accounts = accounts
        self._ledger = ledger
        self._engine = engine

    def answers(self) -> Answers:
        return {
            ("POST", "futures/deposits"): self._deposit,
            ("POST", "futures/funding"): self._funding,
            ("GET", "futures/ledger"): self._dump,
        }

    def _deposit(self, call: Call) -> dict[str, str]:
        body = Fields(call.body)
        account_id, amount = self._account_id(body.text("key")), body.amount("amount")
        asset = body.text("asset") or ASSET
        body.done()
        if asset not in (ASSET, FEE_ASSET):
            raise wrong("asset", f"{ASSET} or {FEE_ASSET}")
        if not amount:
            raise wrong("amount", "a decimal other than zero")
        if self._ledger.purse(account_id, asset).free + amount < 0:
            raise wrong("amount", "covered by what is free")
        with self._ledger.transaction():
            reason = "deposit" if amount > 0 else "withdrawal"
            self._ledger.change(account_id, "", reason, call.now_ms, free=amount, asset=asset)
        return {"free": str(self._ledger.purse(account_id, asset).free)}

    def _funding(self, call: Call) -> dict[str, str]:
        body = Fields(call.body)
        symbol, rate = body.text("symbol") or "", body.amount("rate")
        now = body.flag("now")
        body.done()
        if symbol not in self._perpetuals.listings:
            raise invalid_symbol()
        if rate is None or not -1 < rate < 1:
            raise wrong("rate", "a ratio between -1 and 1")
        self._engine.advance(call.now_ms)  # what was due at the old rate is paid at it
        with self._ledger.transaction():
            self._ledger.add_funding(symbol, call.second, rate)
        self._perpetuals.script_funding(symbol, call.second, rate)
        if now:
            self._engine.pay_funding(symbol, call.now_ms)
        return {"rate": str(rate)}

    def _dump(self, call: Call) -> dict[str, Any]:
        self._engine.advance(call.now_ms)
        key = call.parameters.text("key")
        return self._ledger.dump(self._account_id(key) if key else None)

    def _account_id(self, key: str | None) -> int:
        account = self._accounts.account(key or "")
        if account is None:
            raise wrong("key", "the key of an account")
        return account.id
