"""What a look at an account of futures asks and books beside what one of spot does."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.bookkeeping import account_rows, futures_rows
from orchestrator.bookkeeping.account_rows import Account
from orchestrator.bookkeeping.compare import OrderKey, View, drifts
from orchestrator.bookkeeping.exchange import AccountApi, AccountOrder, Incomes
from orchestrator.bookkeeping.futures_compare import position_drifts
from orchestrator.db.engine import Database
from orchestrator.findings.kinds import Kind
from orchestrator.findings.models import FindingModel
from orchestrator.kit.money import ZERO

_MOST_ASKED = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """What the exchange told where it and the ledger differ."""

    incomes: Incomes = field(default_factory=Incomes)
    became: Mapping[OrderKey, str] = field(default_factory=dict)
    """By pair and id of an order, the id of the conditional one that it was."""
    pairs: frozenset[str] = frozenset()
    """In which something may have been filled that is not known."""


async def ask(database: Database, account: Account, api: AccountApi, view: View) -> Asked:
    """Nothing of spot. Raises ExchangeTrouble."""
    if view.contracts is None:
        return Asked()
    moved = position_drifts(view)
    incomes = Incomes()
    if moved or drifts(view):
        async with database.read() as session:
            since = await futures_rows.asked_from(session, account.wallet.id, view.opened_at)
        incomes = await api.incomes(since)
    became = await _became(api, view)
    hedged = {pair for pair in moved if " " in pair}
    return Asked(incomes, became, frozenset({*incomes.traded, *moved, *(pair for pair, _ in became)} - hedged))


async def note(
    session: AsyncSession, account: Account, view: View, asked: Asked, closed: Collection[AccountOrder]
) -> None:
    """Writes it down, before fills are booked. `closed` are orders of the exchange itself that nobody stands for."""
    if view.contracts is None:
        return
    await futures_rows.rename_fills(session, account.wallet.id, asked.became)
    await futures_rows.take_over(session, account.wallet, closed)
    await futures_rows.add_incomes(session, account.wallet, asked.incomes.items, view.opened_at)


async def book(session: AsyncSession, account: Account, view: View) -> None:
    """After fills are booked."""
    if view.contracts is not None:
        await futures_rows.book_incomes(session, account.wallet)


async def adopt(session: AsyncSession, account: Account, view: View, finding: FindingModel) -> None:
    """As `account_rows.adopt`, of what only accounts of futures have as well."""
    if finding.kind == Kind.UNOWNED_POSITION:
        await futures_rows.forget_gone(session, account.wallet, finding.subject, finding.id)
    elif finding.kind == Kind.DRIFTED_BALANCE and view.contracts is not None:
        await futures_rows.adopt_incomes(session, account.wallet.id, finding.subject, view.reading.at, finding.id)
    await account_rows.adopt(session, account, finding, {**drifts(view), **position_drifts(view)})


async def _became(api: AccountApi, view: View) -> dict[OrderKey, str]:
    """Asks for bots' orders of which the account has no fills although they filled something, or are gone: they may
    have been conditional ones."""
    there = {(one.pair, one.order_id) for one in view.reading.orders}
    due = [
        key
        for key, one in sorted(view.believed.items())
        if not view.filled.get(key, ZERO) and (one.filled > Decimal(0) or (one.open and key not in there))
    ]
    found = {}
    for key in due[:_MOST_ASKED]:
        order = await api.order(*key)
        if order is not None and order.became is not None:
            found[key[0], order.became] = key[1]
    return found
