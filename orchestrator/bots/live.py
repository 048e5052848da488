"""Live bots: what going live takes, and with which exchange key each one trades.

A bot's key is that of its wallet, which is an exchange account's. A bot is dry or live for good: trades of play money
and of real money never share a database, a wallet or a portfolio.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Table, and_, column, or_, table
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit.service import By
from orchestrator.bots.models import BotModel, BotStatusModel
from orchestrator.errors import Conflict, InvalidSpec, NotAllowed, RequestError
from orchestrator.exchange_keys import service as keys
from orchestrator.exchange_keys.checks import KNOWN
from orchestrator.exchange_keys.facts import allows
from orchestrator.exchange_keys.models import ExchangeKeyModel, KeyState
from orchestrator.kit.clock import utc_now
from orchestrator.kit.money import ZERO
from orchestrator.templates.exchange_ids import BOOKED
from orchestrator.templates.spec import SPOT, BotSpec
from orchestrator.users.models import UserModel
from orchestrator.wallets import service as wallets
from orchestrator.wallets.ledger import EntryKind, PlaceKind
from orchestrator.wallets.models import (
    LedgerAccountModel,
    LedgerPostingModel,
    LedgerTransactionModel,
    WalletBotModel,
    WalletModel,
)
from orchestrator.wallets.service import EXCHANGE
from pool.contract.snapshots import BotSnapshot

_BOTS: Table = BotModel.__table__  # type: ignore[attr-defined]
_STATUSES: Table = BotStatusModel.__table__  # type: ignore[attr-defined]
_PLACES: Table = LedgerAccountModel.__table__  # type: ignore[attr-defined]
_MOVED: Table = LedgerTransactionModel.__table__  # type: ignore[attr-defined]
_POSTINGS: Table = LedgerPostingModel.__table__  # type: ignore[attr-defined]
_WALLETS: Table = WalletModel.__table__  # type: ignore[attr-defined]
_ORDERS = table("account_orders", *map(column, ("wallet_id", "pair", "order_id", "bot_id", "open")))
_FILLS = table("account_fills", *map(column, ("wallet_id", "pair", "order_id", "booked")))
"""Past anybody's reach: bots of an account that he who asks may not see count all the same. The last two are those of
bookkeeping, which is above."""
_NOT_PERMITTED = (
    "Trading with real money is not allowed for this account: an administrator has to allow it first "
    "(flotilla users live NAME --allow)."
)
_FEES_FOR = timedelta(days=30)
"""For so long after its last fee in a coin a bot counts as one that pays with it."""


@dataclass(frozen=True, slots=True)
class KeyOfBot:
    """The exchange key that a live bot trades with; nothing secret."""

    id: str
    version: int
    kek_id: str
    problem: str | None
    """Why it is not in force, in a sentence."""


async def refusals(
    session: AsyncSession,
    owner_id: str,
    spec: BotSpec,
    wallet_id: str | None,
    confirmation: str | None,
    *,
    lock: bool = True,
) -> list[RequestError]:
    """Why a new bot may not go live, in its owner's session: NotAllowed where no administrator lets the owner trade
    live, InvalidSpec (field `confirm_live`, `wallet`, `trading_mode`, `pairs`). Without `lock` others may get the coins
    meanwhile."""
    found: list[RequestError] = []
    if not await may_trade_live(session, owner_id):
        found.append(_not_permitted())
    if confirmation != spec.name:
        told = "This bot would trade with the money of an exchange account: repeat its name as confirm_live to say so."
        found.append(InvalidSpec(told, field="confirm_live"))
    if wallet_id is None:
        needed = "A live bot needs the wallet of an exchange account; name one of yours."
        return [*found, InvalidSpec(needed, field="wallet")]
    query = (
        select(ExchangeKeyModel)
        .join(WalletModel, col(WalletModel.exchange_key_id) == col(ExchangeKeyModel.id))
        .where(col(WalletModel.id) == wallet_id, col(WalletModel.owner_id) == owner_id)
    )
    key = (await session.exec(query)).first()
    if key is None:
        unknown = "wallet is not that of an exchange account of yours; list your wallets."
        return [*found, InvalidSpec(unknown, field="wallet")]
    if key.state != KeyState.ACTIVE:
        why = key.problem or "It was removed."
        found.append(InvalidSpec(f"The exchange key of this wallet is not in force: {why}", field="wallet"))
    elif not allows(key.permissions, spec.trading_mode):
        told = (
            f"The exchange key {key.name!r} may not trade {spec.trading_mode}: allow it at the exchange, then have the "
            f"key checked again (flotilla keys check)."
        )
        found.append(InvalidSpec(told, field="trading_mode"))
    return [*found, *await _taken_coins(session, wallet_id, spec, lock=lock)]


async def check_coins(session: AsyncSession, wallet_id: str, spec: BotSpec, but: str = "") -> None:
    """That no other live bot of this account trades the same coins, or has some of them by the ledger, by its orders or
    its own last word although its pairs are others by now; of futures, the same contracts. `but` is the bot itself.
    FreqTrade takes every coin of an account for its own: it pays fees out of coins that are there, sells what it finds,
    and adopts orders of the pair; so a coin of an account is one bot's. A coin in which others pay their fees is
    nobody's: the exchange takes it from whoever has it. Two at once go one after the other, by the wallet's lock.
    Raises InvalidSpec (field `pairs`)."""
    for taken in await _taken_coins(session, wallet_id, spec, but):
        raise taken


async def _taken_coins(
    session: AsyncSession, wallet_id: str, spec: BotSpec, but: str = "", *, lock: bool = True
) -> list[InvalidSpec]:
    """One for each other bot that is in the way; see `check_coins`."""
    if lock:
        await session.exec(select(_WALLETS.c.id).where(_WALLETS.c.id == wallet_id).with_for_update(key_share=True))
    query = select(_BOTS.c.id, _BOTS.c.name, _BOTS.c.pairs, _BOTS.c.stake_currency).where(
        _BOTS.c.wallet_id == wallet_id,
        _BOTS.c.deleted_at.is_(None),
        _BOTS.c.dry_run.is_(False),
        _BOTS.c.id != but,
        _BOTS.c.trading_mode == spec.trading_mode,
    )
    found: list[InvalidSpec] = []
    mine = _coins(spec.pairs, spec.trading_mode)
    nobodys = mine & await _nobodys(session, wallet_id) if spec.trading_mode != SPOT else set()
    if nobodys:
        told = (
            f"The account has a position of {sorted(nobodys)[0]} that is no bot's, and a contract has one position: "
            "close it at the exchange and adopt that, or leave it out here."
        )
        found.append(InvalidSpec(told, field="pairs"))
    held, told_pairs = await _held(session, wallet_id), await _told(session, wallet_id)
    ordered, paying = await _ordered(session, wallet_id), await _fee_coins(session, wallet_id)
    for bot_id, name, pairs, stake_currency in (await session.exec(query)).all():
        traded = [*pairs, *told_pairs.get(bot_id, ()), *ordered[bot_id]]
        theirs = _coins(traded, spec.trading_mode) | (held[bot_id] - {stake_currency})
        shared = (mine & theirs) | (mine & {stake_currency}) | (theirs & {spec.stake_currency})
        if shared:
            told = (
                f"The bot {name!r} trades {sorted(shared)[0]} on this account already, or has some of it still, and "
                "coins of an account do not say whose they are: leave it out here, or give this bot an account of its "
                "own."
            )
            found.append(InvalidSpec(told, field="pairs"))
        fees = paying[bot_id] & (mine | {spec.stake_currency}) if spec.trading_mode == SPOT else set()
        if fees and not shared:
            coin = sorted(fees)[0]
            told = (
                f"The bot {name!r} pays its fees in {coin} on this account, and the exchange would take them from what "
                f"a bot has of {coin}: leave it out here, or give this bot an account of its own."
            )
            found.append(InvalidSpec(told, field="pairs"))
    return found


def check_change(bot: BotModel, spec: BotSpec) -> None:
    """Raises InvalidSpec (field `dry_run`, `exchange`) for a change after which trades would be in other books."""
    if spec.dry_run != bot.dry_run:
        raise InvalidSpec(
            "A bot stays dry or live for good, with its trades: make another bot instead.", field="dry_run"
        )
    if not bot.dry_run and (spec.exchange, spec.trading_mode) != (bot.exchange, bot.trading_mode):
        raise InvalidSpec("A live bot stays at its exchange and market: make another bot instead.", field="exchange")


async def check_start(session: AsyncSession, bot: BotModel) -> None:
    """That a bot may run again, or anew. Raises NotAllowed where its owner may not trade live any more."""
    if not bot.dry_run and not await may_trade_live(session, bot.owner_id):
        raise _not_permitted()


async def keys_of_bots(session: AsyncSession) -> dict[str, KeyOfBot]:
    """Of each live bot that is not deleted yet, the key that it trades with, by bot; one without a wallet is absent."""
    query = (
        select(BotModel.id, ExchangeKeyModel)
        .join(WalletBotModel, col(WalletBotModel.bot_id) == col(BotModel.id))
        .join(WalletModel, col(WalletModel.id) == col(WalletBotModel.wallet_id))
        .join(ExchangeKeyModel, col(ExchangeKeyModel.id) == col(WalletModel.exchange_key_id))
        .where(col(BotModel.dry_run).is_(False), col(BotModel.deleted_at).is_(None))
    )
    return {
        bot_id: KeyOfBot(key.id, key.version, key.kek_id, _problem(key))
        for bot_id, key in (await session.exec(query)).all()
    }


async def users_of(session: AsyncSession, key_id: str) -> Sequence[str]:
    """Names of the live bots that trade with the key."""
    query = (
        select(BotModel.name)
        .join(WalletBotModel, col(WalletBotModel.bot_id) == col(BotModel.id))
        .join(WalletModel, col(WalletModel.id) == col(WalletBotModel.wallet_id))
        .where(
            col(WalletModel.exchange_key_id) == key_id,
            col(BotModel.dry_run).is_(False),
            col(BotModel.deleted_at).is_(None),
        )
        .order_by(col(BotModel.name))
    )
    return (await session.exec(query)).all()


async def ensure_wallets(
    session: AsyncSession, key: ExchangeKeyModel, by: By, *, entered: bool = False
) -> Mapping[str, WalletModel]:
    """The wallets of the key's account, by market: of spot, and where it may trade futures of those, too. Made with its
    first key, or once it may; in place of one that its owner archived only where he has just `entered` a key of the
    account. Their money is read from the exchange, not entered. Raises Conflict (field `name`) where no name is
    free."""
    found = dict((await wallets_of(session, [key.id])).get(key.id, {}))
    known = set(found) if entered else await _markets_ever(session, key.id)
    if wallets.SPOT not in known:
        found[wallets.SPOT] = await _make_wallet(session, key, wallets.SPOT, key.name, by)
    if wallets.FUTURES not in known and allows(key.permissions, wallets.FUTURES):
        name = f"{key.name[:56]} futures"
        found[wallets.FUTURES] = await _make_wallet(session, key, wallets.FUTURES, name, by)
    return found


async def wallets_of(session: AsyncSession, key_ids: Collection[str]) -> Mapping[str, Mapping[str, WalletModel]]:
    """The wallets of these keys' accounts that are not archived, by key and market."""
    query = select(WalletModel).where(
        col(WalletModel.exchange_key_id).in_(list(key_ids)), col(WalletModel.archived_at).is_(None)
    )
    found: defaultdict[str, dict[str, WalletModel]] = defaultdict(dict)
    for wallet in (await session.exec(query)).all():
        found[wallet.exchange_key_id or ""][wallet.market or wallets.SPOT] = wallet
    return found


async def remove_key(session: AsyncSession, key_id: str, by: By) -> None:
    """Forgets the key's secrets. Raises NotFound, Conflict while a live bot trades with it."""
    await keys.get(session, key_id, lock=True)
    await keys.remove(session, key_id, await users_of(session, key_id), by)


async def may_trade_live(session: AsyncSession, owner_id: str) -> bool:
    """Whether an administrator lets him."""
    user = await session.get(UserModel, owner_id)
    return user is not None and user.may_trade_live


def why_not_at(exchange: str, permitted: bool, keys: Collection[ExchangeKeyModel]) -> list[str]:
    """Why somebody with these keys can have no live bot at an exchange, in sentences that say what to do; empty where
    he can. Pure."""
    if exchange not in KNOWN:
        return [f"Flotilla takes no keys of {exchange}, since it does not tell what a key may do: trade dry there."]
    if exchange not in BOOKED:
        return [
            f"Flotilla does not read accounts of {exchange} yet, so that no bot gets money of one: trade dry there."
        ]
    found = [] if permitted else [_NOT_PERMITTED]
    if not any(key.exchange == exchange and key.state == KeyState.ACTIVE for key in keys):
        found.append(f"You have no key of an account at {exchange} that is in force: enter one.")
    return found


def _not_permitted() -> NotAllowed:
    return NotAllowed(_NOT_PERMITTED, field="dry_run")


async def _markets_ever(session: AsyncSession, key_id: str) -> set[str]:
    """Of which the key's account has a wallet, archived or not."""
    query = select(WalletModel.market).where(col(WalletModel.exchange_key_id) == key_id)
    return {market or wallets.SPOT for market in (await session.exec(query)).all()}


async def _make_wallet(
    session: AsyncSession, key: ExchangeKeyModel, market: wallets.Market, wanted: str, by: By
) -> WalletModel:
    for name in (wanted, f"{wanted[:50]} ({key.exchange[:10]})", f"{wanted[:50]} {key.id[-8:]}"):
        try:
            return await wallets.create(
                session, key.owner_id, EXCHANGE, name, exchange=key.exchange, exchange_key_id=key.id, market=market,
                by=by,
            )  # fmt: skip
        except Conflict as error:
            if error.params.get("field") != "name":
                raise
    raise Conflict("Name this exchange key otherwise: your wallets have all names like it.", field="name")


async def _held(session: AsyncSession, wallet_id: str) -> Mapping[str, set[str]]:
    """Coins, and of futures contracts, that the ledger has with each bot of the wallet, by bot."""
    query = select(_PLACES.c.bot_id, _PLACES.c.currency, _PLACES.c.kind).where(
        _PLACES.c.wallet_id == wallet_id,
        _PLACES.c.kind.in_([PlaceKind.CAPITAL, PlaceKind.POSITION]),
        _PLACES.c.balance != ZERO,
    )
    held: defaultdict[str, set[str]] = defaultdict(set)
    for bot_id, currency, kind in (await session.exec(query)).all():
        if kind == PlaceKind.CAPITAL or "/" in currency:
            held[bot_id].add(currency)
    return held


async def _nobodys(session: AsyncSession, wallet_id: str) -> set[str]:
    """Contracts of which the wallet has a position that was adopted."""
    return (await _held(session, wallet_id)).get("", set())


async def _ordered(session: AsyncSession, wallet_id: str) -> Mapping[str, set[str]]:
    """Pairs of which each bot of the wallet has orders that are open, or that filled what is not in the ledger yet."""
    of_order = and_(*(_FILLS.c[name] == _ORDERS.c[name] for name in ("wallet_id", "pair", "order_id")))
    unbooked = select(_FILLS.c.order_id).where(of_order, _FILLS.c.booked == "").exists()
    query = select(_ORDERS.c.bot_id, _ORDERS.c.pair).where(
        _ORDERS.c.wallet_id == wallet_id, or_(_ORDERS.c.open.is_(True), unbooked)
    )
    ordered: defaultdict[str, set[str]] = defaultdict(set)
    for bot_id, pair in (await session.exec(query)).all():
        ordered[bot_id].add(pair)
    return ordered


async def _fee_coins(session: AsyncSession, wallet_id: str) -> Mapping[str, set[str]]:
    """Coins that are neither base nor quote of what each bot of the wallet traded, in which it paid fees of late: such
    are paid out of what is free."""
    query = (
        select(_MOVED.c.bot_id, _PLACES.c.currency)
        .join(_POSTINGS, _POSTINGS.c.transaction_number == _MOVED.c.number)
        .join(_PLACES, _PLACES.c.number == _POSTINGS.c.account_number)
        .where(
            _MOVED.c.wallet_id == wallet_id,
            _MOVED.c.kind == EntryKind.FEE,
            _MOVED.c.at > utc_now() - _FEES_FOR,
            _PLACES.c.kind == PlaceKind.FREE,
        )
        .distinct()
    )
    paying: defaultdict[str, set[str]] = defaultdict(set)
    for bot_id, currency in (await session.exec(query)).all():
        paying[bot_id].add(currency)
    return paying


async def _told(session: AsyncSession, wallet_id: str) -> Mapping[str, list[str]]:
    """Pairs that each bot of the wallet told last that it has trades of, or enters, by bot."""
    query = select(_STATUSES.c.bot_id, _STATUSES.c.snapshot).where(
        _STATUSES.c.bot_id.in_(select(_BOTS.c.id).where(_BOTS.c.wallet_id == wallet_id, _BOTS.c.deleted_at.is_(None)))
    )
    told = {}
    for bot_id, wire in (await session.exec(query)).all():
        if wire is not None:
            snapshot = BotSnapshot.model_validate(wire)
            told[bot_id] = [one.pair for one in (*snapshot.open_trades, *(snapshot.entering or ()))]
    return told


def _coins(pairs: Sequence[str], trading_mode: str) -> set[str]:
    return {pair.partition("/")[0] if trading_mode == SPOT else pair for pair in pairs}


def _problem(key: ExchangeKeyModel) -> str | None:
    if key.state == KeyState.ACTIVE:
        return None
    why = key.problem or "It was removed."
    return f"Its exchange key is not in force: {why} Replace it with `flotilla keys replace`, or have it checked again."
