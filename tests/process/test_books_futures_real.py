"""Two real FreqTrade bots trade futures live on one account of the paper exchange, one long and one short, with
leverage: funding is paid, the short one is killed between an order and its commit, a stranger opens a position by hand,
and in the end the ledger is the exchange's own to the last digit."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestrator.__main__ import ControlPlane
from orchestrator.findings.kinds import Kind
from orchestrator.settings import OrchestratorSettings
from orchestrator.wallets import service as wallets
from orchestrator.wallets.ledger import EntryKind
from pool.contract.slots import ExchangeCredentials
from tests.process.test_books_real import WARM_SECONDS, Desk, Paper, comes_to, patiently, pointed_template
from tests.support import eventually

MONEY, SHARE, LEVERAGE = Decimal(2000), Decimal(900), 5
PAIRS = {"first": ["BTC/USDT:USDT", "ETH/USDT:USDT"], "second": ["SOL/USDT:USDT", "XRP/USDT:USDT"]}
STRANGE = "ADA/USDT:USDT"

pytestmark = [pytest.mark.timeout(2700), pytest.mark.slow]


def leveraged_template(directory: Path) -> Path:
    """The template `pointed`, which sells the second bot's pairs short, with leverage."""
    made = pointed_template(directory)
    file = made / "pointed" / "strategy.py"
    text = file.read_text().replace(
        "    startup_candle_count = 5\n", "    startup_candle_count = 5\n    can_short = True\n"
    )
    way = f'dataframe["enter_short" if metadata["pair"] in {PAIRS["second"]!r} else "enter_long"] = 1'
    text = text.replace('dataframe["enter_long"] = 1', way)
    file.write_text(text + f"\n    def leverage(self, *_, **__):\n        return {LEVERAGE}.0\n")
    return made


class Margin(Paper):
    """The exchange's own side of an account of futures."""

    def __init__(self, home: Path, credentials: ExchangeCredentials) -> None:
        super().__init__(home, credentials)
        self.stranger.options["defaultType"] = "swap"

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        told: dict[str, list[dict[str, Any]]] = self._http.get(f"/control/futures/ledger?key={self.key}").json()
        return told

    def totals(self) -> dict[str, Decimal]:
        rows = self.tables()["purses"]
        return {
            row["asset"]: sum((Decimal(row[part]) for part in ("free", "margin", "locked")), Decimal(0)) for row in rows
        }

    def fund(self, pair: str, rate: str) -> None:
        body = {"symbol": pair.partition(":")[0].replace("/", ""), "rate": rate, "now": True}
        self._http.post("/control/futures/funding", json=body).raise_for_status()

    def held(self) -> dict[str, Decimal]:
        rows = self.tables()["positions"]
        return {row["symbol"]: Decimal(row["amount"]) for row in rows if Decimal(row["amount"])}

    def trade(self, side: str, amount: float, **params: Any) -> None:
        """By hand."""
        self.stranger.set_margin_mode("isolated", STRANGE)
        self.stranger.create_order(STRANGE, "market", side, amount, params=params)


@pytest.fixture
async def control(tmp_path: Path) -> AsyncIterator[ControlPlane]:
    settings = OrchestratorSettings(
        home=tmp_path / "home",
        templates_directory=leveraged_template(tmp_path / "templates"),
        paper_symbols=40,
        pool_slots=3,
        stop_seconds=40,
        finding_patience_seconds=4,
    )
    plane = ControlPlane(settings)
    await plane.start()
    try:
        yield plane
    finally:
        await plane.stop(pools=True)


async def test_long_and_short_on_one_account_are_in_the_ledger_to_the_last_digit(control: ControlPlane) -> None:
    desk = Desk(control, "futures", PAIRS)
    paper = await desk.open_account(Margin)
    assert isinstance(paper, Margin)
    for pair in (*PAIRS["first"], *PAIRS["second"], STRANGE):
        paper.put(pair.partition(":")[0], 1)
    paper.fund(STRANGE, "0")  # whatever the time of day
    await desk.start("first")
    await eventually(lambda: comes_to(lambda: desk.state("first"), "running"), WARM_SECONDS, "the pool is warm")

    # Killed between order and commit: found, blocks both bots, and is the bot's own once it is back.
    await desk.start("second", hold="sell")
    finding = await patiently(lambda: desk.found(Kind.UNADOPTED_ORDER, "second"), "what FreqTrade did not note")
    assert finding.evidence["side"] == "sell"
    await patiently(lambda: comes_to(desk.blocked, {"first", "second"}), "both are blocked")
    pid = await desk.pid("second")
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await patiently(lambda: comes_to(desk.kinds, []), "the bot is back and stands for its order")

    async def all_in() -> bool:
        return len(await asyncio.to_thread(paper.held)) == 4

    await patiently(all_in, "both bots have their positions")
    signs = {symbol: amount > 0 for symbol, amount in paper.held().items()}
    assert signs == {"BTCUSDT": True, "ETHUSDT": True, "SOLUSDT": False, "XRPUSDT": False}
    for pair in (PAIRS["first"][0], PAIRS["second"][0]):
        await asyncio.to_thread(paper.fund, pair, "0.00037")

    # A stranger opens a position: found, blocks, and is adopted; nobody's it goes again.
    await asyncio.to_thread(paper.trade, "buy", 137)
    finding = await patiently(lambda: desk.found(Kind.UNOWNED_POSITION), "the stranger's position")
    assert (finding.subject, finding.evidence["difference"]) == (STRANGE, "137")
    await patiently(lambda: comes_to(desk.blocked, {"first", "second"}), "both are blocked")
    order = await patiently(lambda: desk.found(Kind.UNKNOWN_ORDER), "and the order by which it was opened")
    await desk.adopt(finding)
    await desk.adopt(order)
    await patiently(lambda: comes_to(desk.blocked, set()), "nobody is blocked")

    for name in PAIRS:
        await desk.stop(name)
    for name in PAIRS:
        await patiently(lambda name=name: comes_to(lambda: desk.state(name), "stopped"), f"{name} is flat and stopped")
    assert paper.held().keys() == {"ADAUSDT"}

    async def agrees() -> bool:
        return await desk.ledger() == await asyncio.to_thread(paper.totals)

    await patiently(agrees, "the ledger is the exchange's")
    truth = paper.tables()
    await patiently(lambda: comes_to(desk.count_fills, len(truth["fills"])), "each fill is noted")
    await patiently(lambda: comes_to(desk.kinds, []), "no finding is open")
    assert await desk.flaws() == []
    paid = [Decimal(one["margin"]) for one in truth["changes"] if one["reason"] == "funding"]
    async with desk.database.read() as session:
        told = await wallets.statement(session, desk.wallet_id, limit=100, kinds=[EntryKind.FUNDING])
        held = await wallets.balances(session, desk.wallet_id)
    booked = {amount for _, postings in told.items for place, amount in postings if place.kind == "capital"}
    assert booked == set(paid)
    assert {one.currency: one.total for one in held if "/" in one.currency} == {STRANGE: Decimal(137)}
    for name in PAIRS:
        assert SHARE / 2 < await desk.capital(name) != SHARE, "its share, with what it won and lost"
