"""What bots have of wallets: given when a bot is made, more or less later, back when it is gone.

A bot has one wallet for as long as it lives: a dry one of paper, a live one that of an exchange account. Where a dry
bot names none it is its owner's automatic wallet of that currency, which is made when it is needed and topped up by
what lacks, with a deposit that says so; every other wallet must have the money. `bots.capital` decides what a bot can
spare; here only what is in the ledger counts.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit.service import BY_SYSTEM
from orchestrator.errors import Conflict, InsufficientFunds, InvalidSpec, NotAllowed
from orchestrator.kit.clock import utc_now
from orchestrator.kit.money import ZERO, subtract
from orchestrator.wallets import ledger, repository, service
from orchestrator.wallets.ledger import Place, PlaceKind
from orchestrator.wallets.models import WalletBotModel, WalletModel
from orchestrator.wallets.service import EXCHANGE, PAPER, SPOT, check_free

_AUTOMATIC = "Topped up for a bot."
_RELEASED = "The bot was deleted."
_NAME_ATTEMPTS = 50


async def open_(
    session: AsyncSession,
    owner_id: str,
    bot_id: str,
    currency: str,
    amount: Decimal,
    *,
    dry_run: bool,
    exchange: str,
    trading_mode: str = SPOT,
    wallet_id: str | None = None,
) -> WalletModel:
    """Gives a new bot its capital; answers the wallet that it is from. Raises InvalidSpec (field `wallet`),
    InsufficientFunds."""
    if wallet_id is None:
        if not dry_run:
            raise _no_wallet()
        wallet = await _automatic(session, owner_id, currency)
    else:
        wallet = await _named(session, owner_id, wallet_id, dry_run=dry_run, exchange=exchange, market=trading_mode)
    session.add(
        WalletBotModel(
            bot_id=bot_id, wallet_id=wallet.id, owner_id=wallet.owner_id, currency=currency, opened_at=utc_now()
        )
    )
    await session.flush()
    await _give(session, wallet, bot_id, currency, amount, f"allocate:{bot_id}:1")
    return wallet


@dataclass(frozen=True, slots=True)
class Source:
    """Where a new bot's capital would come from."""

    wallet: WalletModel | None
    """None where it is the owner's automatic one, which would be made."""
    free: Decimal
    """Of the currency."""
    tops_up: bool
    """It gets by itself what it lacks."""


async def source(
    session: AsyncSession,
    owner_id: str,
    currency: str,
    *,
    dry_run: bool,
    exchange: str,
    trading_mode: str = SPOT,
    wallet_id: str | None = None,
) -> Source:
    """What `open_` would take from, without a lock. Raises InvalidSpec (field `wallet`)."""
    if wallet_id is None:
        if not dry_run:
            raise _no_wallet()
        wallet = await repository.automatic(session, owner_id, currency)
    else:
        found = await repository.find(session, wallet_id)
        wallet = _fitting(found, owner_id, dry_run=dry_run, exchange=exchange, market=trading_mode)
    free = ZERO
    if wallet is not None:
        free = await repository.balance(session, wallet.id, Place(PlaceKind.FREE, currency))
    return Source(wallet, free, wallet is None or wallet.automatic == currency)


async def more(session: AsyncSession, bot_id: str, amount: Decimal, key: str) -> None:
    """Gives a bot more from its wallet; once under `key`. Raises NotAllowed where the wallet is not the caller's,
    Conflict, also where that was done under this key already, InsufficientFunds."""
    bot, wallet = await _wallet_of(session, bot_id)
    await _give(session, wallet, bot_id, bot.currency, amount, f"allocate:{bot_id}:{key}")


async def less(session: AsyncSession, bot_id: str, amount: Decimal, key: str) -> None:
    """Takes back from a bot what it has of its stake currency; once under `key`. Raises NotAllowed, Conflict, also
    where that was done under this key already, InsufficientFunds where the ledger has less with the bot."""
    bot, wallet = await _wallet_of(session, bot_id)
    entry = ledger.take_back(f"take_back:{bot_id}:{key}", utc_now(), bot_id, {bot.currency: amount})
    await _check_new(session, wallet, entry.key)
    has = await repository.balance(session, wallet.id, Place(PlaceKind.CAPITAL, bot.currency, bot_id))
    if amount > has:
        raise InsufficientFunds(
            f"The bot has {has:f} {bot.currency} that is in no trade, not {amount:f}: take back less.",
            field="amount",
            available=f"{max(has, ZERO):f}",
            currency=bot.currency,
        )
    await repository.post(session, wallet, [entry], automatic=False)


async def capital_of(session: AsyncSession, bot_id: str) -> Mapping[str, Decimal]:
    """What the ledger has with a bot, by currency; coins of spot trades are there, contracts of futures are not."""
    bots = await repository.bots(session, [bot_id])
    if not bots:
        return {}
    accounts = await repository.accounts(session, [bots[0].wallet_id], bot_id)
    return {one.currency: one.balance for one in accounts if one.kind == PlaceKind.CAPITAL and one.balance}


async def release(session: AsyncSession, spare: Mapping[str, Decimal | None]) -> None:
    """These bots are gone: what they had goes back to their wallets, with what they won or lost. Of its stake currency
    at most what `spare` says (None: all), which is what the bot itself told last: where the ledger has more, losses
    that it has not heard of explain it, and they come with the bot's last books, which are booked through to the
    wallet (`wallets.books`). Bots without a wallet, and those that were released before, are passed over."""
    wallet_ids = {bot.wallet_id for bot in await repository.bots(session, spare)}
    wallets = {one.id: one for one in await repository.locked(session, wallet_ids)}
    for bot in await repository.bots(session, spare):  # as they are under the locks
        if bot.released_at is not None:
            continue
        now = utc_now()
        await pass_on(session, wallets[bot.wallet_id], bot, "deleted", now, spare[bot.bot_id])
        bot.released_at = now
        session.add(bot)
    await session.flush()


async def pass_on(
    session: AsyncSession,
    wallet: WalletModel,
    bot: WalletBotModel,
    key: str,
    now: datetime,
    spare: Decimal | None = None,
) -> None:
    """All that the ledger has with a bot that is gone goes to its wallet, whose lock is held; of the stake currency at
    most `spare`."""
    accounts = await repository.accounts(session, [wallet.id], bot.bot_id)
    amounts = {one.currency: one.balance for one in accounts if one.kind == PlaceKind.CAPITAL and one.balance}
    if spare is not None and bot.currency in amounts:
        amounts[bot.currency] = min(amounts[bot.currency], max(spare, ZERO))
    amounts = {currency: amount for currency, amount in amounts.items() if amount}
    if amounts:
        entry = ledger.take_back(f"take_back:{bot.bot_id}:{key}", now, bot.bot_id, amounts, _RELEASED)
        await repository.post(session, wallet, [entry], automatic=True)


async def wallets_of(session: AsyncSession, bot_ids: Collection[str]) -> dict[str, WalletBotModel]:
    """Where these bots have their capital from, by bot."""
    return {bot.bot_id: bot for bot in await repository.bots(session, bot_ids)}


async def _give(
    session: AsyncSession, wallet: WalletModel, bot_id: str, currency: str, amount: Decimal, key: str
) -> None:
    await _check_new(session, wallet, key)
    now = utc_now()
    if wallet.automatic == currency:
        free = await repository.balance(session, wallet.id, Place(PlaceKind.FREE, currency))
        lacking = subtract(amount, max(free, ZERO))
        if lacking > ZERO:
            top_up = ledger.deposit(f"deposit:{key}", now, currency, lacking, _AUTOMATIC)
            await repository.post(session, wallet, [top_up], automatic=True)
    await check_free(session, wallet, currency, amount)
    await repository.post(session, wallet, [ledger.allocate(key, now, bot_id, currency, amount)], automatic=False)


async def _check_new(session: AsyncSession, wallet: WalletModel, key: str) -> None:
    """Whoever changes what a bot was given must not believe that money moved which did not."""
    if await repository.knows(session, wallet.id, [key]):
        raise Conflict("The bot's capital was changed meanwhile; look at it and try again.")


async def _automatic(session: AsyncSession, owner_id: str, currency: str) -> WalletModel:
    """The owner's own, made where there is none. Who makes it holds its name for the owner: two at once make one."""
    found = await repository.automatic(session, owner_id, currency)
    name, attempt = f"Paper {currency}", 1
    while found is None and attempt < _NAME_ATTEMPTS:
        try:
            return await service.create(session, owner_id, PAPER, name, automatic=currency, by=BY_SYSTEM)
        except Conflict:  # somebody made it at the same time, or the name is a wallet's that he made himself
            found = await repository.automatic(session, owner_id, currency)
            attempt += 1
            name = f"Paper {currency} {attempt}"
    if found is None:
        raise Conflict(f"Name a wallet for this bot: there are too many named 'Paper {currency}'.", field="wallet")
    return await service.locked(session, found.id)


async def _named(
    session: AsyncSession, owner_id: str, wallet_id: str, *, dry_run: bool, exchange: str, market: str
) -> WalletModel:
    rows = await repository.locked(session, [wallet_id])
    return _fitting(rows[0] if rows else None, owner_id, dry_run=dry_run, exchange=exchange, market=market)


def _no_wallet() -> InvalidSpec:
    return InvalidSpec(
        "A live bot needs the wallet of an exchange account; name one of yours as wallet.", field="wallet"
    )


def _fitting(wallet: WalletModel | None, owner_id: str, *, dry_run: bool, exchange: str, market: str) -> WalletModel:
    if wallet is None or wallet.owner_id != owner_id:
        raise InvalidSpec("wallet is none of yours; list your wallets to see which there are.", field="wallet")
    if wallet.archived_at is not None:
        raise InvalidSpec(f"The wallet {wallet.name!r} is archived; name another one.", field="wallet")
    if dry_run != (wallet.kind == PAPER):
        wanted = "paper" if dry_run else "an exchange account"
        raise InvalidSpec(f"A {'dry' if dry_run else 'live'} bot needs a wallet of {wanted}.", field="wallet")
    if wallet.kind == EXCHANGE and wallet.exchange != exchange:
        raise InvalidSpec(f"This wallet is of an account at {wallet.exchange}, not at {exchange}.", field="wallet")
    if wallet.kind == EXCHANGE and wallet.market != market:
        raise InvalidSpec(
            f"This wallet has the account's money of {wallet.market}, which the exchange keeps apart from that of "
            f"{market}: name the account's wallet of {market}.",
            field="wallet",
        )
    return wallet


async def _wallet_of(session: AsyncSession, bot_id: str) -> tuple[WalletBotModel, WalletModel]:
    bots = await repository.bots(session, [bot_id])
    if not bots:
        raise NotAllowed("Only its owner gives a bot capital or takes it back.", bot_id=bot_id)
    return bots[0], await service.locked(session, bots[0].wallet_id)
