"""A user gives a bot more capital, or takes some back: a change of its `starting_balance`, hence a new generation."""

from decimal import Decimal

from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit.service import By
from orchestrator.bots import service
from orchestrator.bots.repository import BotView
from orchestrator.bots.service import Idempotency
from orchestrator.bots.spec import spec_of
from orchestrator.errors import InsufficientFunds
from orchestrator.kit.money import ZERO, add, negate, tidy
from orchestrator.wallets.service import checked_amount


async def allocate(
    session: AsyncSession,
    bot_id: str,
    amount: Decimal,
    expected_version: int | None = None,
    *,
    idempotency: Idempotency | None = None,
    by: By,
) -> BotView:
    """Gives the bot so much more of its stake currency from its wallet, running or not; once, however often the same
    `idempotency` comes. Raises NotFound, NotAllowed, Conflict, PreconditionFailed, InvalidSpec, InsufficientFunds,
    IdempotencyMismatch."""
    return await _change(session, bot_id, checked_amount(amount), expected_version, idempotency, by)


async def take_back(
    session: AsyncSession,
    bot_id: str,
    amount: Decimal,
    expected_version: int | None = None,
    *,
    idempotency: Idempotency | None = None,
    by: By,
) -> BotView:
    """Takes so much of its stake currency back from a bot that is paused or stopped: what is in no trade, and at most
    what it was given. Raises as `allocate`."""
    return await _change(session, bot_id, negate(checked_amount(amount)), expected_version, idempotency, by)


async def _change(
    session: AsyncSession, bot_id: str, amount: Decimal, version: int | None, idempotency: Idempotency | None, by: By
) -> BotView:
    view = await service.get(session, None, bot_id, lock=True)
    bot = view.bot
    if idempotency is not None:
        if await service.answered(session, bot.owner_id, idempotency) is not None:
            return view
        await service.remember(session, bot.owner_id, idempotency, bot.id)
    balance = add((bot.starting_balance, amount))
    if balance < ZERO:
        raise InsufficientFunds(
            f"The bot was given {tidy(bot.starting_balance):f} {bot.stake_currency}, less than {negate(amount):f}; "
            "what it won comes back when it is deleted.",
            field="amount",
            available=f"{tidy(bot.starting_balance):f}",
            currency=bot.stake_currency,
        )
    spec = spec_of(bot).model_copy(update={"starting_balance": balance})
    return await service.update(session, None, bot_id, spec, version, by)
