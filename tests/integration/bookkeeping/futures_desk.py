"""The same of an account of futures, whose bots' books tests write, too."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from pydantic import SecretStr

from orchestrator.bookkeeping.account_rows import Account
from orchestrator.bookkeeping.accounts import AccountKeeper
from orchestrator.bookkeeping.binance_futures import BinanceFutures
from orchestrator.bookkeeping.exchange import AccountApi
from orchestrator.bots.models import BotModel
from orchestrator.db.engine import Database
from orchestrator.events.in_process import InProcessBus
from orchestrator.exchange_keys.models import ExchangeKeyModel
from orchestrator.kit.clock import utc_now
from orchestrator.users.models import UserModel
from orchestrator.wallets import capital
from orchestrator.wallets import service as wallets
from tests.integration.bookkeeping.desk import BOT, OWNER, PATIENCE, Desk
from tests.integration.simulator.conftest import Rig

BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"


class FuturesDesk(Desk):
    """Its wallet is that of futures; ETH costs 2,000 and BTC 50,000, and they stand still."""

    def __init__(self, database: Database, paper: Rig) -> None:
        super().__init__(database, paper)
        self.held: dict[str, dict[str, Decimal]] = defaultdict(dict)
        self.keeper = AccountKeeper(
            database, InProcessBus(), self._open, self.intents, PATIENCE, clock=lambda: self.moment, held=self.held
        )

    async def set_up(self, **balances: str) -> None:
        made = await self.paper.control("POST", "accounts")
        self.key, self.secret = made["key"], made["secret"]
        for asset, amount in balances.items():
            await self.paper.control("POST", "futures/deposits", key=self.key, amount=amount, asset=asset)
        await self.paper.price("ETHUSDT", 2_000)
        await self.paper.price("BTCUSDT", 50_000)
        self.client = self.paper.client(self.key, self.secret)
        self.client.options["defaultType"] = "swap"
        await self.client.load_markets()
        for pair in (BTC, ETH):
            await self.client.set_margin_mode("isolated", pair)
            await self.client.set_leverage(10, pair)
        now = utc_now()
        async with self.database.unit_of_work() as session:
            session.add(UserModel(id=OWNER, username=OWNER, password_hash="-", role="trader", created_at=now))
            await session.flush()
            session.add(
                ExchangeKeyModel(
                    id="key-one", owner_id=OWNER, exchange="paper", name="key", version=1, kek_id="k", wrapped_key="-",
                    ciphertext="-", fingerprint="f", permissions=["read", "futures"], state="active", checked_at=now,
                    notices=[], created_at=now, updated_at=now,
                )
            )  # fmt: skip
            wallet = await wallets.create(
                session, OWNER, "exchange", "account", exchange="paper", exchange_key_id="key-one", market="futures"
            )
        self.wallet_id = wallet.id
        await self.look()

    async def look(self, after_seconds: float = 0.0) -> None:
        # Each in a minute of its own: a day of looks within one is more than half of what Binance lets an address use.
        await self.paper.control("POST", "weight-limit")
        await super().look(after_seconds)

    async def add_bot(self, amount: str, bot_id: str = BOT, *pairs: str) -> None:
        now = utc_now()
        async with self.database.unit_of_work() as session:
            session.add(
                BotModel(
                    id=bot_id, owner_id=OWNER, name=bot_id, template="t", parameters={}, exchange="paper",
                    trading_mode="futures", dry_run=False, pairs=list(pairs or (BTC, ETH)), timeframe="5m",
                    stake_currency="USDT", stake_amount=Decimal(100), max_open_trades=3,
                    starting_balance=Decimal(amount), wallet_id=self.wallet_id, desired_state="running", generation=1,
                    created_at=now, updated_at=now,
                )
            )  # fmt: skip
            await session.flush()
            await capital.open_(
                session, OWNER, bot_id, "USDT", Decimal(amount), dry_run=False, exchange="paper",
                trading_mode="futures", wallet_id=self.wallet_id,
            )  # fmt: skip

    async def do(
        self, pair: str, side: str, amount: float, trade_id: int, purpose: str = "entry", bot_id: str = BOT
    ) -> dict[str, Any]:
        """An order of the bot, which it knows of."""
        reduces = {"reduceOnly": True} if purpose == "exit" else {}
        order: dict[str, Any] = await self.client.create_order(pair, "market", side, amount, params=reduces)
        await self.believe(order, trade_id, purpose, bot_id=bot_id, filled=Decimal(str(amount)))
        self.hold(pair, Decimal(str(amount)) * (1 if side == "buy" else -1), bot_id)
        return order

    def hold(self, pair: str, amount: Decimal, bot_id: str = BOT) -> None:
        """The bot's open trades come to so much more."""
        self.held[bot_id][pair] = self.held[bot_id].get(pair, Decimal(0)) + amount

    async def fund(self, symbol: str, rate: str) -> None:
        await self.paper.control("POST", "futures/funding", symbol=symbol, rate=rate, now=True)

    async def tables(self) -> dict[str, list[dict[str, Any]]]:
        told: dict[str, list[dict[str, Any]]] = await self.paper.control("GET", f"futures/ledger?key={self.key}")
        return told

    async def truth(self) -> dict[str, Decimal]:
        found = {
            row["asset"]: sum((Decimal(row[part]) for part in ("free", "margin", "locked")), Decimal(0))
            for row in (await self.tables())["purses"]
        }
        return {asset: amount for asset, amount in found.items() if amount}

    async def capital(self, bot_id: str = BOT) -> Decimal:
        async with self.database.read() as session:
            return (await capital.capital_of(session, bot_id)).get("USDT", Decimal(0))

    async def contracts(self) -> dict[str, Decimal]:
        """What the ledger has of contracts, and nobody's money in them where all is flat."""
        async with self.database.read() as session:
            told = await wallets.balances(session, self.wallet_id)
        return {one.currency: one.total for one in told if "/" in one.currency}

    async def _open(self, _account: Account) -> AccountApi:
        return BinanceFutures(self.paper.url, self.key, SecretStr(self.secret))
