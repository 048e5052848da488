"""Every order of a bot, exactly once, with permission, and told.

FreqTrade sends an order and writes it down when the answer is there; what happens in between leaves an order that it
does not know, and it sends another one. Here `execute_entry`, `execute_trade_exit`, `create_stoploss_order`,
`Exchange.create_order`, `Exchange.create_stoploss` and the ccxt client's `create_order` of the built instances are
wrapped: the first three say what an order is for, the others write the intent down and send it (`orders_dispatch`,
`orders_sending`). Before each loop, and each second between loops, open questions are looked at; after each, orders are
followed (`orders_books`).
"""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from freqtrade.freqtradebot import FreqtradeBot
from freqtrade.persistence import Trade

from pool.bot.market.kinds import pricing, sending
from pool.bot.universal.journal import DRY_JOURNAL, LIVE_JOURNAL, Journal, Purpose
from pool.bot.universal.orders_books import Books
from pool.bot.universal.orders_dispatch import Dispatch, Occasion, Overtaken, exited
from pool.bot.universal.orders_entering import entering
from pool.bot.universal.orders_gate import Asks, Gate, Refused
from pool.bot.universal.orders_sending import Sender
from pool.bot.universal.teller import Teller
from pool.bot.universal.why import WhyBook
from pool.contract.snapshots import Entering

logger = logging.getLogger(__name__)

_MODES = {"initial": Purpose.ENTRY, "pos_adjust": Purpose.ADJUST, "replace": Purpose.REPLACE}


class Orders:
    """Lives as long as the process; `attach` whenever FreqTrade was built anew."""

    def __init__(
        self,
        directory: Path,
        permission: Asks,
        why: WhyBook,
        teller: Teller,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._directory = directory
        self._why = why
        self._gate = Gate(permission)
        self._teller = teller
        self._clock = clock
        self._sleep = sleep
        self._journal: Journal | None = None

    def attach(self, freqtrade: FreqtradeBot) -> None:
        """Wrap these instances, which nobody wrapped yet but for a ccxt client that outlived a reload. What a former
        process left is looked after before the first loop, or the first order. Raises JournalFailed."""
        self.close()
        exchange = freqtrade.exchange
        live = not freqtrade.config["dry_run"]
        self._journal = Journal(
            self._directory / (LIVE_JOURNAL if live else DRY_JOURNAL), self._directory.name, durable=live
        )
        self._freqtrade = freqtrade
        sender = Sender(self._journal, exchange._api, clock=self._clock, sleep=self._sleep) if live else None
        self._books = Books(freqtrade, self._journal, sender, self._gate, self._teller)
        self._dispatch = Dispatch(freqtrade, self._journal, sender, self._books, self._gate, self._teller)
        _wrap(freqtrade, "execute_entry", self._execute_entry)
        _wrap(freqtrade, "execute_trade_exit", self._execute_trade_exit)
        _wrap(freqtrade, "create_stoploss_order", self._create_stoploss_order)
        _wrap(freqtrade, "handle_onexchange_order", self._handle_onexchange_order)
        _wrap(freqtrade, "startup", self._startup)
        _wrap(freqtrade, "process", self._process)
        _wrap(freqtrade, "process_stopped", self._process)
        _wrap(exchange, "create_order", self._dispatch.create_order)
        _wrap(exchange, "create_stoploss", self._dispatch.create_stoploss)
        _wrap(exchange, "fetch_order", self._dispatch.fetch_order)
        client = exchange._api
        client.create_order = partial(self._dispatch.transmit, type(client).create_order.__get__(client))

    def close(self) -> None:
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    def unsettled(self) -> bool:
        """It is not known of an order whether it arrived."""
        return self._journal is not None and bool(self._journal.questions())

    def entering(self, trades: list[Trade]) -> list[Entering]:
        """Orders that add risk and have not ended; `trades` are those that are open."""
        return entering(self._freqtrade.exchange, self._journal_open.open(), trades)

    # ---- loops

    def look_again(self) -> bool:
        """Between two loops, for orders of which it is not known whether they arrived: True where it came to be known
        of all, so that what had to wait for that goes on."""
        if not self.unsettled():
            return False
        self._settle()
        return not self.unsettled()

    def _startup(self, startup: Callable[[], None]) -> None:
        self._settle()
        startup()
        self._follow_alone()

    def _process(self, process: Callable[[], None]) -> None:
        self._settle()
        process()
        self._follow_alone()

    def _settle(self) -> None:
        if self._books.fresh or self._journal_open.questions():
            with self._freqtrade._exit_lock:
                self._contained(self._books.look_after)

    def _follow(self) -> None:
        self._contained(self._books.follow)

    def _follow_alone(self) -> None:
        """Outside of orders: not while the REST API's thread has one half written down."""
        with self._freqtrade._exit_lock:
            self._follow()

    def _contained(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Exception as error:  # the boundary of loops: orders are looked at again, trades in any case
            logger.exception("Orders could not be looked after")
            self._teller.alert("orders", f"Orders could not be looked after: {error}")
            Trade.rollback()

    @property
    def _journal_open(self) -> Journal:
        assert self._journal is not None
        return self._journal

    # ---- what an order is for

    def _execute_entry(
        self, execute: Callable[..., bool], pair: str, stake_amount: float, *more: Any, **named: Any
    ) -> bool:
        trade = named.get("trade")
        occasion = Occasion(
            purpose=_MODES[named.get("mode", "initial")],
            tag=named.get("enter_tag"),
            decided_at=datetime.now(UTC),
            trade=trade,
            is_short=named.get("is_short", False),
        )
        try:
            with self._dispatch.occasion(occasion):
                done = execute(pair, stake_amount, *more, **named)
        except Refused as refused:
            logger.info("%s", refused)
            self._teller.refused(refused.refusal)
            return False
        except Overtaken as error:
            logger.warning("%s", error)
            return False
        if done:
            self._follow()
        return done

    def _execute_trade_exit(
        self, execute: Callable[..., bool], trade: Trade, limit: float, exit_check: Any, **named: Any
    ) -> bool:
        reason = named.get("exit_tag") or exit_check.exit_reason
        wanted = named.get("sub_trade_amt")
        why = self._why.of(trade.id, reason)
        occasion = Occasion(
            purpose=Purpose.EXIT,
            tag=reason,
            decided_at=why.decided_at if why else datetime.now(UTC),
            trade=trade,
            is_short=bool(trade.is_short),
            partial=bool(wanted) and wanted < trade.amount,
            why=why,
            exited=exited(trade),
        )
        try:
            with sending("exit"), pricing("urgent"), self._dispatch.occasion(occasion):
                done = execute(trade, limit, exit_check, **named)
        except Overtaken as error:
            logger.warning("%s", error)
            return False
        if done:
            self._follow()
        return done

    def _create_stoploss_order(self, create: Callable[..., bool], trade: Trade, stop_price: float) -> bool:
        occasion = Occasion(
            purpose=Purpose.STOP,
            tag="stop_on_exchange",
            decided_at=datetime.now(UTC),
            trade=trade,
            is_short=bool(trade.is_short),
            exited=exited(trade),
        )
        try:
            with self._dispatch.occasion(occasion):
                return create(trade=trade, stop_price=stop_price)
        except Overtaken as error:
            logger.warning("%s", error)
            return False

    def _handle_onexchange_order(self, handle: Callable[[Trade], bool], trade: Trade) -> bool:
        """FreqTrade would take any order that it finds for a sale by hand, without its reason: ours are asked for
        first, and while one's fate is open nothing is guessed."""
        if any(one.trade_id == trade.id for one in self._journal_open.questions()):
            self._contained(self._books.look_after)
            return False
        return handle(trade)


def _wrap(owner: Any, name: str, wrapper: Callable[..., Any]) -> None:
    setattr(owner, name, partial(wrapper, getattr(owner, name)))
