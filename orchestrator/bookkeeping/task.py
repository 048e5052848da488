"""Bookkeeping at work, for as long as its process leads.

Every second it looks which bots traded (`bot_events`) and reads their books and accounts at once; all books and
accounts it reads in rounds, whatever it heard. What fails is tried again with the next round, and touches nothing else.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable

import httpx
from loguru import logger
from sqlalchemy import func
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select

from orchestrator.bookkeeping import account_rows
from orchestrator.bookkeeping.account_rows import Account
from orchestrator.bookkeeping.accounts import PATIENCE_SECONDS, UNREAD_SECONDS, AccountKeeper
from orchestrator.bookkeeping.binance import BinanceSpot
from orchestrator.bookkeeping.binance_client import FUTURES_WEIGHT, SPOT_WEIGHT, Pace
from orchestrator.bookkeeping.binance_futures import FUTURES_ROOT, BinanceFutures
from orchestrator.bookkeeping.exchange import AccountApi, ExchangeTrouble
from orchestrator.bookkeeping.reader import BooksReader
from orchestrator.bots.models import BotEventModel
from orchestrator.db.engine import Database
from orchestrator.errors import KeysLocked
from orchestrator.events.bus import Bus, SubscriberTooSlow
from orchestrator.exchange_keys.binance import BINANCE
from orchestrator.exchange_keys.vault import Vault
from orchestrator.findings.service import TOPIC
from orchestrator.pools.directory import AgentDirectory
from orchestrator.templates.exchange_ids import BOOKED, PAPER
from orchestrator.wallets.service import FUTURES
from pool.contract.events import EventType

BOOKS_SECONDS = 15.0
LIVE_SECONDS = 15.0
"""Between two looks at an account that bots trade on."""
IDLE_SECONDS = 60.0
"""Between two looks at one that none does."""
_HINTS_SECONDS = 1.0
_AT_ONCE = 4
_AGAIN_SECONDS = 3.0
"""After a hint an account is looked at twice: what a bot told is there before the exchange shows all of it."""
_TRADES = [kind.value for kind in EventType if kind.value.startswith("trade.")] + [EventType.EXITED.value]


class Accounts:
    """Opens the API of accounts, one each, with the key in force."""

    def __init__(
        self,
        vault: Vault,
        paper_url: Callable[[], str | None],
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._vault = vault
        self._paper_url = paper_url
        self._transport = transport
        self._paces: dict[str, Pace] = {}
        self._open: dict[str, tuple[tuple[str, int, str], AccountApi]] = {}

    async def open(self, account: Account) -> AccountApi:
        """Raises ExchangeTrouble."""
        key, exchange = account.key, account.wallet.exchange or ""
        futures = account.wallet.market == FUTURES
        root = self._paper_url() if exchange == PAPER else FUTURES_ROOT if futures else BINANCE
        if root is None:
            raise ExchangeTrouble("The paper exchange does not run.")
        version = (key.id, key.version, root)
        known = self._open.get(account.wallet.id)
        if known is not None and known[0] == version:
            return known[1]
        try:
            credentials = await self._vault.open(key.sealed, key.context)
        except KeysLocked as error:
            raise ExchangeTrouble(error.message) from None
        if known is not None:
            await known[1].aclose()
        weight = FUTURES_WEIGHT if root == FUTURES_ROOT else SPOT_WEIGHT
        pace = self._paces.setdefault(root, Pace(weight))  # the paper exchange counts both together
        kind = BinanceFutures if futures else BinanceSpot
        api: AccountApi = kind(root, credentials.key.get_secret_value(), credentials.secret, pace, self._transport)
        self._open[account.wallet.id] = version, api
        return api

    async def aclose(self) -> None:
        for _, api in self._open.values():
            await api.aclose()
        self._open.clear()


class BookkeepingTask:
    """Run `run` as one task; it can run again. The times are seconds between rounds."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        agents: AgentDirectory,
        accounts: Accounts,
        leading: Callable[[], bool] = lambda: True,
        *,
        books_seconds: float = BOOKS_SECONDS,
        live_seconds: float = LIVE_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
        patience_seconds: float = PATIENCE_SECONDS,
        unread_seconds: float = UNREAD_SECONDS,
    ) -> None:
        self._database = database
        self._bus = bus
        self._accounts = accounts
        self._leading = leading
        self._books_seconds = books_seconds
        self._live_seconds = live_seconds
        self._idle_seconds = idle_seconds
        self._reader = BooksReader(database, agents)
        self._keeper = AccountKeeper(
            database, bus, accounts.open, self._reader.intents, patience_seconds, unread_seconds, held=self._reader.held
        )
        self._last_event: int | None = None
        self._books_at = float("-inf")
        self._looked_at: dict[str, float] = {}
        self._hinted: dict[str, float] = {}
        """Accounts that are to be looked at, and when."""
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled."""
        listening = asyncio.create_task(self._listen(), name="bookkeeping-hints")
        try:
            while True:
                if self._leading():
                    try:
                        await self.step()
                    except (SQLAlchemyError, OSError) as error:
                        logger.error("bookkeeping cannot use the database, it will try again: {}", error)
                    except Exception:  # a task's boundary: the next round must come
                        logger.exception("a round of bookkeeping failed")
                else:
                    self._keeper.rest()
                    self._reader.rest()
                self._wake.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_HINTS_SECONDS):
                        await self._wake.wait()
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            await self._accounts.aclose()

    async def step(self) -> None:
        """What is due. Raises SQLAlchemyError, OSError or NotLeading."""
        now = time.monotonic()
        traded = await self._traded()
        if now - self._books_at >= self._books_seconds:
            self._books_at = now
            await self._reader.read()
        elif traded:
            await self._reader.read(traded)
        async with self._database.read() as session:
            accounts = await account_rows.accounts(session, BOOKED)
        due = self._keeper.in_turn(account for account in accounts if self._is_due(account, traded, now))
        gate = asyncio.Semaphore(_AT_ONCE)

        async def look(account: Account) -> None:
            async with gate:
                await self._keeper.look(account)

        outcomes = await asyncio.gather(*(look(account) for account in due), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    def _is_due(self, account: Account, traded: set[str], now: float) -> bool:
        """Then it is looked at, and next after its time."""
        wallet_id = account.wallet.id
        hinted = self._hinted.get(wallet_id, float("inf")) <= now
        if hinted:
            del self._hinted[wallet_id]
        if traded & account.bots.keys():
            hinted, self._hinted[wallet_id] = True, now + _AGAIN_SECONDS
        every = self._live_seconds if account.live else self._idle_seconds
        if not hinted and now - self._looked_at.get(wallet_id, float("-inf")) < every:
            return False
        self._looked_at[wallet_id] = now
        return True

    async def _traded(self) -> set[str]:
        """Bots of which there is news since the last look; none at the first, which reads all."""
        async with self._database.read() as session:
            highest = (await session.exec(select(func.max(BotEventModel.number)))).one() or 0
            before, self._last_event = self._last_event, int(highest)
            if before is None or before >= highest:
                return set()
            query = (
                select(BotEventModel.bot_id)
                .where(col(BotEventModel.number) > before, col(BotEventModel.type).in_(_TRADES))
                .distinct()
            )
            return set((await session.exec(query)).all())

    async def _listen(self) -> None:
        """Looks at once when somebody wants something adopted."""
        while True:
            subscription = self._bus.subscribe(TOPIC)
            try:
                async for _ in subscription:
                    self._looked_at.clear()
                    self._wake.set()
            except SubscriberTooSlow:
                self._looked_at.clear()
                self._wake.set()
            finally:
                await subscription.aclose()
            await asyncio.sleep(_HINTS_SECONDS)
