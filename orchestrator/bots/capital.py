"""A bot's capital: its `starting_balance` is what its wallet gave it less what was taken back, and FreqTrade adds what
it won or lost (`dry_run_wallet`, `available_capital`). Called by `bots.service` with the bot's row locked.

More can come at any time. Back goes only what the bot cannot spend meanwhile: it is paused or stopped, as wanted and as
seen, and has it free by the ledger (a live one's after its account agreed since) and by its own last word; what is in
trades stays. What it won beyond what it was
given comes back when it is deleted, with all else.
"""

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.bots.models import BotEventModel, BotModel, BotStatusModel
from orchestrator.errors import Conflict, InsufficientFunds
from orchestrator.kit.money import MAGNITUDE_LIMIT, ZERO, money, negate, subtract, tidy
from orchestrator.wallets import capital
from orchestrator.wallets.models import WalletBotModel
from pool.contract.slots import DesiredState, ObservedState
from pool.contract.snapshots import BotSnapshot

_QUIET = (DesiredState.PAUSED, DesiredState.STOPPED)
_BUSY = (ObservedState.RUNNING, ObservedState.STARTING, ObservedState.STOPPING, ObservedState.UNKNOWN)


async def open_(session: AsyncSession, bot: BotModel, wallet_id: str | None) -> None:
    """Gives a new bot its starting balance. Raises InvalidSpec (field `wallet`), InsufficientFunds."""
    wallet = await capital.open_(
        session,
        bot.owner_id,
        bot.id,
        bot.stake_currency,
        money(bot.starting_balance),
        dry_run=bot.dry_run,
        exchange=bot.exchange,
        trading_mode=bot.trading_mode,
        wallet_id=wallet_id,
    )
    bot.wallet_id = wallet.id
    session.add(bot)


async def change(session: AsyncSession, bot: BotModel, status: BotStatusModel, before: Decimal, after: Decimal) -> None:
    """Its starting balance became another; the bot has the new generation already. Raises NotAllowed, Conflict,
    InsufficientFunds."""
    difference = subtract(after, before)
    if difference > ZERO:
        await capital.more(session, bot.id, difference, str(bot.generation))
    elif difference < ZERO:
        back = negate(difference)
        await _check_quiet(session, bot, status)
        spare = _told_free(bot, status)
        if spare is not None and back > spare:
            raise InsufficientFunds(
                f"The bot has {spare:f} {bot.stake_currency} that is in no trade, not {back:f}: take back less, "
                "or close trades first.",
                field="amount",
                available=f"{spare:f}",
                currency=bot.stake_currency,
            )
        await capital.less(session, bot.id, back, str(bot.generation))


async def release(session: AsyncSession, rows: Sequence[tuple[BotModel, BotStatusModel]]) -> None:
    """These bots are gone: what they had goes back. Where a bot told of itself later than its books were read, no more
    than what it told; of a live one that ever ran nothing, until its account was read afterwards and agreed."""
    shares = await capital.wallets_of(session, [bot.id for bot, _ in rows])
    spare = {bot.id: _spare(bot, status, shares[bot.id]) for bot, status in rows if bot.id in shares}
    if spare:
        await capital.release(session, spare)


def _spare(bot: BotModel, status: BotStatusModel, share: WalletBotModel) -> Decimal | None:
    if not bot.dry_run and bot.epoch > 0:
        return ZERO  # until its account agrees with the ledger, nobody knows what it spent
    if share.books_at is not None and status.snapshot_at is not None and share.books_at >= status.snapshot_at:
        return None
    return _told_free(bot, status)


def _told_free(bot: BotModel, status: BotStatusModel) -> Decimal | None:
    """What the bot told last that it has in no trade; None where it never told."""
    if status.snapshot is None:
        return None
    snapshot = BotSnapshot.model_validate(status.snapshot)
    if snapshot.stake_currency != bot.stake_currency or (snapshot.mode == "dry") != bot.dry_run:
        return None
    if snapshot.free.copy_abs() > MAGNITUDE_LIMIT:  # bots may say anything
        return ZERO
    return tidy(max(money(snapshot.free), ZERO))


async def _check_quiet(session: AsyncSession, bot: BotModel, status: BotStatusModel) -> None:
    """What is seen must be of what was wanted last, before this change: not of an earlier pause."""
    seen = bot.pool_id is None or status.observed_generation >= bot.generation - 1
    if bot.desired_state not in _QUIET or status.observed_state in _BUSY or not seen:
        raise Conflict(
            "The bot may enter a trade with that money now: pause or stop it, and take it back once it has.",
            bot_id=bot.id,
        )
    if not bot.dry_run and bot.epoch > 0 and not await _is_account_read(session, bot):
        raise Conflict(
            "The account was not read, or did not agree with the ledger, since the bot is quiet: try again once it "
            "does.",
            bot_id=bot.id,
        )


async def _is_account_read(session: AsyncSession, bot: BotModel) -> bool:
    """Whether its account agreed with the ledger after the last that the bot told."""
    share = (await capital.wallets_of(session, [bot.id])).get(bot.id)
    told = (await session.exec(select(func.max(BotEventModel.at)).where(col(BotEventModel.bot_id) == bot.id))).one()
    return share is not None and share.books_at is not None and (told is None or share.books_at > told)
