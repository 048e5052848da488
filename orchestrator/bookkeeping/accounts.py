"""Exchange accounts, each read once for all of its bots and brought together with the ledger.

One round of an account: read balances and open orders; where these are not what the ledger says, or an order did not
fill what its bot believes, ask for the fills that are new; book those of bots' orders; compare again. What still
differs after `patience_seconds`, by every look since, is a finding: until then it may be on its way. Nothing is asked
for that could not differ, since bots share the exchange's patience.

The first reading of an account is where its ledger begins. One that cannot be read, because its key is not taken, say,
is a finding of its own after `unread_seconds`, since nobody knows then what its bots may spend; shorter troubles are
noted alone.
"""

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from loguru import logger
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.bookkeeping import account_rows as rows
from orchestrator.bookkeeping import futures_look, futures_rows, unread
from orchestrator.bookkeeping.account_rows import Account
from orchestrator.bookkeeping.compare import OrderKey, View, compare, drifts
from orchestrator.bookkeeping.exchange import (
    AccountApi,
    AccountFill,
    AccountOrder,
    AccountReading,
    ExchangeTrouble,
    KeyRefused,
)
from orchestrator.bookkeeping.futures_compare import compare_positions, position_drifts
from orchestrator.bookkeeping.futures_look import Asked
from orchestrator.bookkeeping.reader import planned
from orchestrator.bots.announce import announce_alert
from orchestrator.db.engine import Database
from orchestrator.events.bus import Bus
from orchestrator.exchange_keys import service as keys
from orchestrator.exchange_keys.models import KeyState
from orchestrator.findings import service as findings
from orchestrator.findings.kinds import Difference, Kind
from orchestrator.findings.models import FindingModel
from orchestrator.findings.service import Recorded
from orchestrator.kit.clock import utc_now
from orchestrator.kit.money import subtract
from orchestrator.push import outbox
from orchestrator.wallets import books as ledger_books
from orchestrator.wallets import service as wallets
from orchestrator.wallets.service import FUTURES
from pool.contract.books import IntentFact

PATIENCE_SECONDS = 20.0
UNREAD_SECONDS = 300.0
_MOST_PAIRS = 40
_MOST_ASKED = 20
_SAME = 1e-9
_NOT_ADOPTED = "It was not adopted, for the account cannot be read; settle it again once it can"

OpenApi = Callable[[Account], Awaitable[AccountApi]]
"""The account's API with its key; raises ExchangeTrouble where the key cannot be had."""


class AccountKeeper:
    """`intents` are, by bot, the orders that nobody knows the end of. `clock` is monotonic, in seconds."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        open_api: OpenApi,
        intents: Mapping[str, Sequence[IntentFact]],
        patience_seconds: float = PATIENCE_SECONDS,
        unread_seconds: float = UNREAD_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        held: Mapping[str, Mapping[str, Decimal]] | None = None,
    ) -> None:
        self._database = database
        self._bus = bus
        self._open_api = open_api
        self._intents = intents
        self._held = held if held is not None else {}
        self._patience_seconds = patience_seconds
        self._unread_seconds = unread_seconds
        self._clock = clock
        self._since: dict[tuple[str, str, str], float] = {}
        """When a difference (by wallet, kind and subject) was seen first, in every look since."""
        self._unread_since: dict[str, float] = {}
        """When an account (by wallet) could not be read first, in every look since."""
        self._used: dict[str, tuple[str, int]] = {}
        """Which version of which key each account (by wallet) is read with."""
        self._strange: dict[tuple[str, str, str], AccountOrder] = {}
        """Orders that no bot's books have, as they were seen first, by wallet, pair and id."""

    def in_turn(self, accounts: Iterable[Account]) -> list[Account]:
        """Those that could not be read come first, the longest unread before the others: where the exchange's patience
        does not suffice for all, it is not always the same ones that are left out."""
        return sorted(accounts, key=lambda one: self._unread_since.get(one.wallet.id, float("inf")))

    def rest(self) -> None:
        """Another one looks from now on: how long accounts were not read is not known."""
        self._unread_since.clear()

    async def look(self, account: Account) -> None:
        """One round. Raises SQLAlchemyError, OSError or NotLeading."""
        try:
            unread.check_key(account)
            api = await self._open_api(account)
            await self._note_use(account)
            await self._look(account, api)
        except ExchangeTrouble as trouble:
            await self._note_trouble(account, trouble)
        else:
            self._unread_since.pop(account.wallet.id, None)

    async def _note_use(self, account: Account) -> None:
        """In the audit, once for each version of its key."""
        key = account.key
        if self._used.get(account.wallet.id) != (key.id, key.version):
            async with self._database.unit_of_work() as session:
                keys.note_reading(session, key)
            self._used[account.wallet.id] = key.id, key.version

    async def _look(self, account: Account, api: AccountApi) -> None:
        asked_at = utc_now()
        told = await api.read()
        async with self._database.read() as session:
            known = await rows.reading(session, account.wallet.id)
        if known is None or known.opened_at is None:
            await self._open(account, told)
            return
        opened_at = known.opened_at
        view = await self._view(account, opened_at, told)
        asked = await futures_look.ask(self._database, account, api, view)
        fills = await self._new_fills(account, api, view, asked)
        names = await self._owners(account, api, view, fills)
        async with self._database.unit_of_work() as session:
            for key, (bot_id, intent) in names.items():
                wallet = account.wallet
                await session.merge(planned(wallet.id, wallet.owner_id, bot_id, intent, key[1]))
            await rows.add_fills(session, account.wallet, fills)
            await futures_look.note(session, account, view, asked, self._closed(account, view, fills))
            await rows.book(session, account.wallet)
            await futures_look.book(session, account, view)
        view = await self._view(account, opened_at, told)
        view = replace(view, asked=await self._ask(api, view))
        differences = [*compare(view), *compare_positions(view)]
        settled = self._lasting(account.wallet.id, differences)
        async with self._database.unit_of_work() as session:
            drift = {**drifts(view), **position_drifts(view)}
            if not drift and not view.unbooked:
                settled_bots = await rows.settled_bots(session, account.wallet.id, view)
                await ledger_books.book(session, [], dict.fromkeys(settled_bots, asked_at))
            await rows.note_reading(session, account.wallet, told, agrees=not drift)
            marks = {(str(one.kind), one.subject[:200]): one.mark for one in differences}
            for finding in await findings.asked(session, account.wallet.id):
                if marks.get((finding.kind, finding.subject)) != finding.evidence.get("mark"):
                    finding.asked_by = finding.asked_why = None  # it is not what was seen then: it is to be seen again
                    session.add(finding)
                    continue
                await futures_look.adopt(session, account, view, finding)
                await findings.adopted(session, finding)
                settled = [one for one in settled if (one.kind, one.subject) != (finding.kind, finding.subject)]
                self._since.pop((account.wallet.id, finding.kind, finding.subject), None)
            recorded = await self._record(session, account, differences, settled)
        await self._tell(account, recorded)

    async def _open(self, account: Account, told: AccountReading) -> None:
        """What is on the account now is where its ledger begins."""
        async with self._database.unit_of_work() as session:
            ledger = await rows.ledger_of(session, account.wallet.id)
            for currency, balance in sorted(told.balances.items()):
                missing = subtract(balance.total, ledger.get(currency, balance.total * 0))
                if missing:
                    note = "What was on the account when Flotilla read it first."
                    key = f"opening:{currency}"
                    await wallets.adjust(session, account.wallet.id, currency, missing, key=key, note=note)
            await rows.note_reading(session, account.wallet, told, agrees=True)

    async def _view(self, account: Account, opened_at: datetime, told: AccountReading) -> View:
        async with self._database.read() as session:
            view = await rows.view(session, account, opened_at, told)
            if account.wallet.market != FUTURES:
                return view
            return await futures_rows.with_contracts(session, account.wallet.id, view, self._held)

    # ---- what is asked for

    async def _new_fills(self, account: Account, api: AccountApi, view: View, asked: Asked) -> list[AccountFill]:
        """Of the pairs in which something may be missing."""
        wallet_id = account.wallet.id
        async with self._database.read() as session:
            traded = await rows.traded_pairs(session, wallet_id)
        drifted = drifts(view)
        pairs = {pair for pair, _ in _doubtful(view)} | asked.pairs
        known = {*traded, *account.pairs, *(one.pair for one in view.reading.orders)}
        if drifted and view.contracts is None:
            pairs |= {pair for pair in known if set(_currencies(pair)) <= drifted.keys()}
            covered = {currency for pair in pairs for currency in _currencies(pair)}
            for currency in sorted(drifted.keys() - covered):
                pairs |= {pair for pair in known if currency in _currencies(pair)}
            quotes = {_currencies(pair)[1] for pair in known}
            for currency in sorted(drifted.keys() - quotes):
                if not any(currency in _currencies(pair) for pair in known):
                    pairs |= set(await api.pairs_of(currency, sorted(quotes)))
        due = sorted(pairs)[:_MOST_PAIRS]
        async with self._database.read() as session:
            last = await rows.cursors(session, wallet_id, due)
        told = [await api.fills(pair, last.get(pair), view.opened_at) for pair in due]
        async with self._database.read() as session:
            news = [one for fills in told for one in await rows.new_of(session, wallet_id, fills)]
        return [one for one in news if one.at > view.opened_at]

    async def _owners(
        self, account: Account, api: AccountApi, view: View, fills: Sequence[AccountFill]
    ) -> dict[OrderKey, tuple[str, IntentFact]]:
        """Of orders that no bot's books have, those whose name stands in a bot's journal."""
        named = {
            intent.client_order_id: (bot_id, intent)
            for bot_id in account.bots
            for intent in self._intents.get(bot_id, ())
        }
        found: dict[OrderKey, tuple[str, IntentFact]] = {}
        for order in view.reading.orders:
            if (order.pair, order.order_id) not in view.believed and order.client_order_id in named:
                found[order.pair, order.order_id] = named[order.client_order_id]
        unknown = {(one.pair, one.order_id) for one in (*view.unbooked, *fills)} - view.believed.keys() - found.keys()
        for key in sorted(unknown) if named or view.contracts is not None else ():
            known = (account.wallet.id, *key)
            strange = self._strange.get(known) or await api.order(*key)
            if strange is None:
                continue  # fills may be shown before their order is
            self._strange[known] = strange
            if strange.client_order_id in named:
                found[key] = named[strange.client_order_id]
        return found

    def _closed(self, account: Account, view: View, fills: Sequence[AccountFill]) -> list[AccountOrder]:
        """Orders of fills that nobody stands for by which the exchange itself closed a position."""
        unknown = {(one.pair, one.order_id) for one in (*view.unbooked, *fills)} - view.believed.keys()
        orders = [self._strange.get((account.wallet.id, *key)) for key in sorted(unknown)]
        return [one for one in orders if one is not None and futures_rows.is_of_exchange(one.client_order_id)]

    async def _ask(self, api: AccountApi, view: View) -> dict[OrderKey, AccountOrder | None]:
        """What became of orders that are believed to be open and are not."""
        there = {(one.pair, one.order_id) for one in view.reading.orders}
        gone = [
            key
            for key, one in sorted(view.believed.items())
            if one.open and one.trade_id is not None and key not in there and one.bot_id not in view.ended
        ]
        return {key: await api.order(*key) for key in gone[:_MOST_ASKED]}

    # ---- what comes of it

    def _lasting(self, wallet_id: str, differences: Sequence[Difference]) -> list[Difference]:
        """Those that have been there for as long as anything may be on its way."""
        now = self._clock()
        seen = {(wallet_id, str(one.kind), one.subject): one for one in differences}
        for key in [key for key in self._since if key[0] == wallet_id and key not in seen]:
            del self._since[key]
        for key in seen:
            self._since.setdefault(key, now)
        return [one for key, one in seen.items() if now - self._since[key] >= self._patience_seconds]

    async def _record(
        self, session: AsyncSession, account: Account, differences: Sequence[Difference], lasting: Sequence[Difference]
    ) -> Recorded:
        """A finding that is open stays open while its difference is there, however lately this process saw it first."""
        wallet = account.wallet
        standing = {(one.kind, one.subject) for one in await findings.open_of(session, wallet.id)}
        due = {(one.kind, one.subject): one for one in lasting}
        due |= {(one.kind, one.subject): one for one in differences if (str(one.kind), one.subject) in standing}
        return await findings.record(session, wallet.id, wallet.owner_id, list(due.values()), utc_now())

    async def _note_trouble(self, account: Account, trouble: ExchangeTrouble) -> None:
        """Found at last, and then nothing waits any more for being adopted. Other findings stay as they are."""
        wallet, now = account.wallet, self._clock()
        long = now - self._unread_since.setdefault(wallet.id, now) >= self._unread_seconds
        opened: list[FindingModel] = []
        alerts: list[tuple[str, str]] = []
        async with self._database.unit_of_work() as session:
            row, news = await rows.note_trouble(session, wallet, str(trouble))
            standing = await findings.is_open(session, wallet.id, Kind.UNREAD_ACCOUNT)
            if account.live and (long or standing):
                found = unread.difference(account, row.read_at, trouble)
                opened = await findings.note(session, wallet.id, wallet.owner_id, found, utc_now())
            for finding in await findings.asked(session, wallet.id) if long else ():
                finding.asked_by = finding.asked_why = None
                session.add(finding)
                alerts.append(("finding.kept", f"{_NOT_ADOPTED}: {finding.message}"))
            if news and isinstance(trouble, KeyRefused) and account.key.state == KeyState.ACTIVE:
                alerts.insert(0, ("account.unreadable", f"The account of {wallet.name} cannot be read: {trouble}"))
            await outbox.queue(session, [outbox.of_alert(wallet.owner_id, "", "", *alert) for alert in alerts])
        if news:
            logger.warning("account {} cannot be read: {}", wallet.id, trouble)
        for alert in alerts:
            await announce_alert(self._bus, wallet.owner_id, "", "", *alert)
        await self._tell(account, Recorded(opened, []))

    async def _tell(self, account: Account, recorded: Recorded) -> None:
        for finding in recorded.opened:
            logger.warning("account {}: {}", account.wallet.id, finding.message)
            name = account.bots.get(finding.bot_id, "")
            kind = f"finding.{finding.kind}"
            await announce_alert(self._bus, account.wallet.owner_id, finding.bot_id, name, kind, finding.message)
        for finding in recorded.settled:
            logger.info("account {}: settled by itself: {}", account.wallet.id, finding.message)


def _doubtful(view: View) -> list[OrderKey]:
    """Orders whose fills do not come to what their bot believes, or that nobody stands for."""
    return [
        key
        for key, one in view.believed.items()
        if one.trade_id is None or abs(float(subtract(one.filled, view.filled.get(key, one.filled * 0)))) > _SAME
    ]


def _currencies(pair: str) -> tuple[str, str]:
    base, _, quote = pair.partition("/")
    return base, quote.partition(":")[0]
