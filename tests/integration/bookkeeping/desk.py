"""An account on a paper exchange, the ledger of its wallet, and the books of its bots as tests write them."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import SecretStr

from orchestrator.audit.service import By
from orchestrator.bookkeeping import account_rows as rows
from orchestrator.bookkeeping.account_rows import Account
from orchestrator.bookkeeping.accounts import AccountKeeper
from orchestrator.bookkeeping.binance import BinanceSpot
from orchestrator.bookkeeping.exchange import AccountApi, AccountFill
from orchestrator.bookkeeping.models import AccountOrderModel, AccountReadingModel
from orchestrator.bots import capital as bot_capital
from orchestrator.bots.models import BotEventModel, BotModel, BotStatusModel
from orchestrator.db.engine import Database
from orchestrator.events.in_process import InProcessBus
from orchestrator.exchange_keys.models import ExchangeKeyModel
from orchestrator.findings import service as findings
from orchestrator.findings.models import FindingModel
from orchestrator.kit.clock import utc_now
from orchestrator.pools.models import PoolModel
from orchestrator.users.models import UserModel
from orchestrator.wallets import capital, repository
from orchestrator.wallets import service as wallets
from orchestrator.wallets.check import check
from orchestrator.wallets.ledger import Place, PlaceKind
from pool.contract.books import IntentFact
from tests.integration.simulator.conftest import Rig

OWNER, BOT = "user-one", "bot-one"
PATIENCE = 20.0


class Desk:
    """`moment` is the keeper's clock."""

    def __init__(self, database: Database, paper: Rig) -> None:
        self.database = database
        self.paper = paper
        self.moment = 0.0
        self.intents: dict[str, list[IntentFact]] = {}
        self.keeper = AccountKeeper(
            database, InProcessBus(), self._open, self.intents, PATIENCE, clock=lambda: self.moment
        )
        self.late: set[str] = set()
        """Orders of which the exchange does not show fills yet."""
        self.asked: list[tuple[str, int | None]] = []
        """Of which pairs fills were asked for, and after which one."""
        self.opened = 0
        """How often the account's key was opened."""
        self.client: Any = None
        self.key = ""
        self.secret = ""
        self.wallet_id = ""

    async def set_up(self, *, pays_in_bnb: bool = False, **balances: str) -> None:
        """A user, an account with these balances and its wallet, which was read once."""
        made = await self.paper.control("POST", "accounts", balances=balances, pays_in_bnb=pays_in_bnb)
        self.key, self.secret = made["key"], made["secret"]
        self.client = self.paper.client(self.key, self.secret)
        await self.client.load_markets()
        now = utc_now()
        async with self.database.unit_of_work() as session:
            session.add(UserModel(id=OWNER, username=OWNER, password_hash="-", role="trader", created_at=now))
            await session.flush()
            session.add(
                ExchangeKeyModel(
                    id="key-one", owner_id=OWNER, exchange="paper", name="key", version=1, kek_id="k", wrapped_key="-",
                    ciphertext="-", fingerprint="f", permissions=["read", "spot"], state="active", checked_at=now,
                    notices=[], created_at=now, updated_at=now,
                )
            )  # fmt: skip
            wallet = await wallets.create(
                session, OWNER, "exchange", "account", exchange="paper", exchange_key_id="key-one"
            )
        self.wallet_id = wallet.id
        await self.look()

    async def add_bot(self, amount: str, bot_id: str = BOT) -> None:
        """A live bot with so much USDT of the wallet."""
        now = utc_now()
        async with self.database.unit_of_work() as session:
            session.add(
                BotModel(
                    id=bot_id, owner_id=OWNER, name=bot_id, template="t", parameters={}, exchange="paper",
                    trading_mode="spot", dry_run=False, pairs=["BTC/USDT", "ETH/USDT"], timeframe="5m",
                    stake_currency="USDT", stake_amount=Decimal(100), max_open_trades=3,
                    starting_balance=Decimal(amount), wallet_id=self.wallet_id, desired_state="running", generation=1,
                    created_at=now, updated_at=now,
                )
            )  # fmt: skip
            await session.flush()
            await capital.open_(
                session, OWNER, bot_id, "USDT", Decimal(amount), dry_run=False, exchange="paper",
                wallet_id=self.wallet_id,
            )  # fmt: skip

    async def delete(self, bot_id: str = BOT) -> None:
        """The bot ran, told nothing of late, and its deletion was carried out."""
        async with self.database.unit_of_work() as session:
            bot = await session.get_one(BotModel, bot_id)
            status = BotStatusModel(bot_id=bot_id, observed_state="stopped", conditions=[])
            session.add(status)
            bot.desired_state, bot.epoch, bot.deleted_at = "deleted", 1, utc_now()
            await bot_capital.release(session, [(bot, status)])

    async def pause(self, bot_id: str = BOT) -> None:
        """The bot ran, and is seen to be paused now."""
        now = utc_now()
        async with self.database.unit_of_work() as session:
            bot = await session.get_one(BotModel, bot_id)
            session.add(
                PoolModel(
                    id="pool",
                    node="n",
                    driver="fake",
                    slots_total=1,
                    desired_state="running",
                    observed_state="ready",
                    conditions=[],
                    created_at=now,
                )
            )
            await session.flush()
            bot.desired_state, bot.epoch, bot.pool_id = "paused", 1, "pool"
            session.add(BotStatusModel(bot_id=bot_id, observed_state="paused", observed_generation=1, conditions=[]))
            session.add(
                BotEventModel(bot_id=bot_id, run_id="r", origin="agent", seq=1, at=now, type="bot.state", data={})
            )

    async def take_back(self, amount: str, bot_id: str = BOT, generations: int = 1) -> None:
        """After so many changes, this one included, that no pool has told of yet."""
        async with self.database.unit_of_work() as session:
            bot = await session.get_one(BotModel, bot_id)
            status = await session.get_one(BotStatusModel, bot_id)
            bot.generation = status.observed_generation + generations
            before = bot.starting_balance
            bot.starting_balance = before - Decimal(amount)
            await bot_capital.change(session, bot, status, before, bot.starting_balance)

    async def free(self, currency: str = "USDT") -> Decimal:
        return await self.at(Place(PlaceKind.FREE, currency))

    async def at(self, place: Place) -> Decimal:
        """What the ledger has there."""
        async with self.database.read() as session:
            return await repository.balance(session, self.wallet_id, place)

    async def look(self, after_seconds: float = 0.0) -> None:
        self.moment += after_seconds
        async with self.database.read() as session:
            (account,) = await rows.accounts(session, ["paper"])
        await self.keeper.look(account)

    async def trade(self, pair: str, side: str, amount: float, name: str | None = None) -> dict[str, Any]:
        """A market order of the account."""
        params = {} if name is None else {"newClientOrderId": name}
        order: dict[str, Any] = await self.client.create_order(pair, "market", side, amount, params=params)
        return order

    async def believe(
        self, order: dict[str, Any], trade_id: int, purpose: str = "entry", *, bot_id: str = BOT, **changes: Any
    ) -> None:
        """The bot's books have this order."""
        values: dict[str, Any] = {"open": False, "filled": Decimal(str(order["filled"])), **changes}
        async with self.database.unit_of_work() as session:
            await session.merge(
                AccountOrderModel(
                    wallet_id=self.wallet_id, pair=order["symbol"], order_id=str(order["id"]), owner_id=OWNER,
                    bot_id=bot_id, trade_id=trade_id, purpose=purpose, told_at=utc_now(), **values,
                )
            )  # fmt: skip

    def intend(self, name: str, pair: str, bot_id: str = BOT) -> None:
        """The bot's journal has an order of this name that nobody knows the end of."""
        self.intents.setdefault(bot_id, []).append(
            IntentFact(
                client_order_id=name, order_id=None, pair=pair, side="buy", purpose="entry", state="planned",
                booked=False, trade_id=None, at=utc_now(),
            )
        )  # fmt: skip

    async def change_key(self, **values: Any) -> None:
        """Of the account's key."""
        async with self.database.unit_of_work() as session:
            key = await session.get_one(ExchangeKeyModel, "key-one")
            for name, value in values.items():
                setattr(key, name, value)

    async def settle(self, finding: FindingModel, how: Any, why: str = "It was me.") -> None:
        async with self.database.unit_of_work() as session:
            await findings.settle(session, finding.id, how, By(OWNER, why))

    async def open_findings(self) -> list[FindingModel]:
        async with self.database.read() as session:
            return await findings.open_of(session, self.wallet_id)

    async def kinds(self) -> list[tuple[str, str]]:
        return sorted((one.kind, one.subject) for one in await self.open_findings())

    async def blocked(self) -> dict[str, str]:
        async with self.database.read() as session:
            return dict(await findings.blocked_bots(session))

    async def readings(self) -> list[AccountReadingModel]:
        async with self.database.read() as session:
            return await rows.readings(session)

    async def ledger(self) -> dict[str, Decimal]:
        """What the wallet has, by currency."""
        async with self.database.read() as session:
            return {name: amount for name, amount in (await rows.ledger_of(session, self.wallet_id)).items() if amount}

    async def truth(self) -> dict[str, Decimal]:
        """What the exchange's own ledger says."""
        dump = await self.paper.control("GET", f"ledger?key={self.key}")
        totals = {row["asset"]: Decimal(row["free"]) + Decimal(row["locked"]) for row in dump["balances"]}
        return {asset: total for asset, total in totals.items() if total}

    async def flaws(self) -> list[str]:
        async with self.database.read() as session:
            return [str(flaw) for flaw in await check(session, await repository.of_owners(session, None))]

    async def _open(self, _account: Account) -> AccountApi:
        self.opened += 1
        return _Late(self, self.paper.url, self.key, SecretStr(self.secret))


class _Late(BinanceSpot):
    """Shows fills when it comes round to it."""

    def __init__(self, desk: Desk, root: str, key: str, secret: SecretStr) -> None:
        super().__init__(root, key, secret)
        self._desk = desk

    async def fills(self, pair: str, after: int | None, since: datetime) -> list[AccountFill]:
        self._desk.asked.append((pair, after))
        return [one for one in await super().fills(pair, after, since) if one.order_id not in self._desk.late]
