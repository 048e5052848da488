"""Two real FreqTrade bots trade live on one account of the paper exchange, through a whole control plane: one is killed
between an order and its commit, a stranger trades by hand, prices rise and fall, and in the end the ledger is the
exchange's own to the last digit."""

import asyncio
import json
import os
import shutil
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import ccxt
import httpx
import pytest
import yaml
from sqlmodel import col, select

from orchestrator.__main__ import ControlPlane
from orchestrator.audit.service import BY_SYSTEM, By
from orchestrator.bookkeeping import account_rows
from orchestrator.bookkeeping.models import AccountFillModel
from orchestrator.bots import service as bots
from orchestrator.errors import InsufficientFunds
from orchestrator.exchange_keys.desk import Offered
from orchestrator.findings import service as findings
from orchestrator.findings.kinds import Kind
from orchestrator.findings.models import FindingModel
from orchestrator.kit.clock import utc_now
from orchestrator.risk import readings
from orchestrator.settings import OrchestratorSettings
from orchestrator.templates.spec import BotRequest, resolve
from orchestrator.users.models import UserModel
from orchestrator.wallets import capital, repository
from orchestrator.wallets import service as wallets
from orchestrator.wallets.check import check
from orchestrator.wallets.service import Market
from pool.contract.slots import ExchangeCredentials
from pool.exchange.urls import paper_urls
from tests.support import eventually

ROOT = Path(__file__).parents[2]
OWNER = "user-one"
MONEY, SHARE = Decimal(2000), Decimal(900)
PAIRS = {
    "first": ["BTC/USDT", "ETH/USDT", "SOL/USDT", "ADA/USDT", "LTC/USDT"],
    "second": ["XRP/USDT", "DOGE/USDT", "LINK/USDT", "AVAX/USDT", "DOT/USDT"],
}
WARM_SECONDS, PATIENT_SECONDS = 900, 400
SALES = 12

pytestmark = [pytest.mark.timeout(2700), pytest.mark.slow]


def pointed_template(directory: Path) -> Path:
    """The template `pointed`: enters whatever it may, leaves at 1 %, and stands still before a commit if told."""
    made = directory / "pointed"
    shutil.copytree(ROOT / "bot_templates" / "breakout", made)
    manifest = yaml.safe_load((made / "template.yaml").read_text()) | {"strategy_class": "Pointed"}
    manifest["parameters"]["properties"] = manifest["parameters_in_config"] = {}
    (made / "template.yaml").write_text(yaml.safe_dump(manifest))
    shutil.copy(ROOT / "tests/process/bot/stateful/pointed_strategy.py", made / "strategy.py")
    config = json.loads((made / "config.json").read_text())
    config = {name: value for name, value in config.items() if not name.startswith("trailing")}
    config |= {"minimal_roi": {"0": 0.01}, "stoploss": -0.3, "process_only_new_candles": False}
    config["order_types"] |= {"entry": "market", "exit": "market"}
    (made / "config.json").write_text(json.dumps(config))
    return directory


class Paper:
    """The exchange's own side of the account."""

    def __init__(self, home: Path, credentials: ExchangeCredentials) -> None:
        directory = home / "paper-exchange"
        self.url: str = json.loads((directory / "endpoint.json").read_text())["url"]
        token = (directory / "control-token").read_text().strip()
        self._http = httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {token}"}, timeout=60)
        self.key = credentials.key.get_secret_value()
        client = ccxt.binance({"apiKey": self.key, "secret": credentials.secret.get_secret_value()})
        client.urls["api"] = paper_urls(self.url, client.urls["api"])
        self.stranger = client
        self.prices: dict[str, float] = {}

    def put(self, pair: str, ratio: float) -> None:
        """Holds the price at this multiple of what it was."""
        symbol = pair.replace("/", "")
        if pair not in self.prices:
            self.prices[pair] = float(self._http.get(f"/api/v3/ticker/price?symbol={symbol}").json()["price"])
        price = f"{self.prices[pair] * ratio:.8f}"
        self._http.post("/control/prices/set", json={"symbol": symbol, "price": price}).raise_for_status()

    def ledger(self) -> dict[str, list[dict[str, Any]]]:
        told: dict[str, list[dict[str, Any]]] = self._http.get(f"/control/ledger?key={self.key}").json()
        return told

    def totals(self) -> dict[str, Decimal]:
        rows = self.ledger()["balances"]
        totals = {row["asset"]: Decimal(row["free"]) + Decimal(row["locked"]) for row in rows}
        return {asset: total for asset, total in totals.items() if total}


@pytest.fixture
async def control(tmp_path: Path) -> AsyncIterator[ControlPlane]:
    settings = OrchestratorSettings(
        home=tmp_path / "home",
        templates_directory=pointed_template(tmp_path / "templates"),
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


class Desk:
    """One user with one account, and what he sees."""

    def __init__(self, control: ControlPlane, market: Market = "spot", pairs: Mapping[str, list[str]] = PAIRS) -> None:
        self.control = control
        self.market: Market = market
        self.pairs = pairs
        self.database = control.database
        self.wallet_id = ""
        self.ids: dict[str, str] = {}

    async def open_account(self, kind: type[Paper] = Paper) -> Paper:
        """Once the paper exchange serves; the wallet has what is on the account."""
        home, paper = self.control.settings.home, self.control.keys.paper

        async def credentials() -> ExchangeCredentials | None:
            serves = (home / "paper-exchange" / "endpoint.json").exists()
            if not serves:
                return None
            spot, futures = ({"USDT": MONEY}, Decimal(0)) if self.market == "spot" else ({}, MONEY)
            return await paper.open(spot, futures)

        made = await patiently(credentials, "the paper exchange")
        offered = Offered("paper", "mine", made, None)
        facts = await self.control.keys.examine(offered)
        async with self.database.unit_of_work() as session:
            now = utc_now()
            session.add(
                UserModel(
                    id=OWNER, username="one", password_hash="-", role="admin", created_at=now, may_trade_live=True
                )
            )
            await session.flush()
            key = await self.control.keys.enter(session, OWNER, offered, facts, BY_SYSTEM)
            wallet = await wallets.create(
                session, OWNER, "exchange", "account", exchange="paper", exchange_key_id=key.id, market=self.market
            )
        self.wallet_id = wallet.id

        async def read() -> bool:
            return (await self.ledger()).get("USDT") == MONEY

        await patiently(read, "the first reading of the account")
        return kind(home, made)

    async def start(self, name: str, *, hold: str | None = None) -> None:
        """A live bot; its first order of the side `hold` stands still between the exchange's answer and the commit."""
        request = BotRequest(
            name=name, template="pointed", dry_run=False, pairs=self.pairs[name], trading_mode=self.market,
            stake_amount=Decimal(180), max_open_trades=5, starting_balance=SHARE,
        )  # fmt: skip
        spec = resolve(self.control.catalogue.get("pointed"), request)
        async with self.database.unit_of_work() as session:
            bot, _ = await bots.create(session, OWNER, spec, wallet_id=self.wallet_id, confirm_live=name)
        self.ids[name] = bot.id
        if hold is not None:
            made = await patiently(lambda: self._directory(name), "its directory")
            (made / "point").write_text(json.dumps({"name": "answered", "side": hold, "action": "stop", "seconds": 0}))

    async def stop(self, name: str) -> None:
        async with self.database.unit_of_work() as session:
            await bots.set_desired(session, OWNER, self.ids[name], "stopped", "flatten")

    async def state(self, name: str) -> str:
        async with self.database.read() as session:
            return (await bots.get(session, OWNER, self.ids[name])).status.observed_state

    async def pid(self, name: str) -> int | None:
        async with self.database.read() as session:
            slot = (await bots.get(session, OWNER, self.ids[name])).status.slot
        return None if slot is None else slot.get("pid")

    async def found(self, kind: Kind, name: str | None = None) -> FindingModel | None:
        """The open finding of this kind, about this bot if one is named."""
        async with self.database.read() as session:
            rows = await findings.open_of(session, self.wallet_id)
        bot_id = None if name is None else self.ids[name]
        return next((row for row in rows if row.kind == kind and bot_id in (None, row.bot_id)), None)

    async def kinds(self) -> list[str]:
        async with self.database.read() as session:
            return [row.kind for row in await findings.open_of(session, self.wallet_id)]

    async def blocked(self) -> set[str]:
        """Bots that GET /risk tells to be blocked."""
        async with self.database.read() as session:
            row = await readings.read(session, OWNER)
        told = {} if row is None else row.body["bots"]
        return {name for name, bot_id in self.ids.items() if told.get(bot_id, {}).get("blocked")}

    async def adopt(self, finding: FindingModel) -> None:
        async with self.database.unit_of_work() as session:
            await findings.settle(session, finding.id, "adopt", By(OWNER, "It was me, by hand."))
        await self.control.bus.publish(findings.TOPIC, "asked", {})

    async def ledger(self) -> dict[str, Decimal]:
        async with self.database.read() as session:
            return {
                name: amount
                for name, amount in (await account_rows.ledger_of(session, self.wallet_id)).items()
                if amount
            }

    async def capital(self, name: str) -> Decimal:
        async with self.database.read() as session:
            return (await capital.capital_of(session, self.ids[name])).get("USDT", Decimal(0))

    async def count_fills(self) -> int:
        async with self.database.read() as session:
            query = select(AccountFillModel).where(col(AccountFillModel.wallet_id) == self.wallet_id)
            return len((await session.exec(query)).all())

    async def flaws(self) -> list[str]:
        async with self.database.read() as session:
            return [str(flaw) for flaw in await check(session, await repository.of_owners(session, OWNER))]

    def _directory(self, name: str) -> Path | None:
        made = list(self.control.settings.home.glob(f"pools/*/bots/{self.ids[name]}/slot.json"))
        return made[0].parent if made else None


async def patiently(check: Callable[[], Any | Awaitable[Any]], what: str) -> Any:
    return await eventually(check, PATIENT_SECONDS, what)


async def test_a_day_on_one_account_is_in_the_ledger_to_the_last_digit(control: ControlPlane) -> None:
    desk = Desk(control)
    paper = await desk.open_account()
    for pair in (*PAIRS["first"], *PAIRS["second"], "TRX/USDT"):
        paper.put(pair, 1)
    await desk.start("first")
    await eventually(lambda: comes_to(lambda: desk.state("first"), "running"), WARM_SECONDS, "the pool is warm")
    with pytest.raises(InsufficientFunds):
        async with desk.database.unit_of_work() as session:
            await capital.more(session, desk.ids["first"], MONEY - SHARE + 1, "too-much")

    # Killed between order and commit: found, blocks both bots, and is the bot's own once it is back.
    await desk.start("second", hold="buy")
    await patiently(lambda: desk.found(Kind.UNADOPTED_ORDER, "second"), "what FreqTrade did not note")
    await patiently(lambda: comes_to(desk.blocked, {"first", "second"}), "both are blocked")
    pid = await desk.pid("second")
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await patiently(lambda: comes_to(desk.kinds, []), "the bot is back and stands for its order")
    await patiently(lambda: comes_to(desk.blocked, set()), "nobody is blocked")

    # A stranger trades by hand: found, blocks, and is adopted.
    await asyncio.to_thread(paper.stranger.create_order, "TRX/USDT", "market", "buy", 137)
    finding = await patiently(lambda: desk.found(Kind.UNKNOWN_ORDER), "the stranger's order")
    await patiently(lambda: comes_to(desk.blocked, {"first", "second"}), "both are blocked")
    await desk.adopt(finding)
    await patiently(lambda: comes_to(desk.blocked, set()), "nobody is blocked")

    dice = Random(7)
    ratios = dict.fromkeys((*PAIRS["first"], *PAIRS["second"]), 1.0)

    async def sold() -> bool:
        pair = dice.choice(sorted(ratios))
        ratios[pair] *= dice.choice([0.985, 1.025, 1.025])
        await asyncio.to_thread(paper.put, pair, ratios[pair])
        await asyncio.sleep(0.5)
        return sum(row["side"] == "SELL" for row in paper.ledger()["fills"]) >= SALES

    await patiently(sold, "a day of trading")
    for name in PAIRS:
        await desk.stop(name)
    for name in PAIRS:
        await patiently(lambda name=name: comes_to(lambda: desk.state(name), "stopped"), f"{name} is flat and stopped")

    async def agrees() -> bool:
        return await desk.ledger() == await asyncio.to_thread(paper.totals)

    await patiently(agrees, "the ledger is the exchange's")
    truth = paper.ledger()
    await patiently(lambda: comes_to(desk.count_fills, len(truth["fills"])), "each fill is noted")
    await patiently(lambda: comes_to(desk.kinds, []), "no finding is open")
    assert await desk.flaws() == []
    for name in PAIRS:
        assert await desk.capital(name) > SHARE / 2, "its share, with what it won and lost"


async def comes_to(look: Callable[[], Awaitable[Any]], wanted: object) -> bool:
    return await look() == wanted
