"""What administrators look at of many users at once: who was here when, and who has a second factor."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.users.factor_models import PasskeyModel, TotpModel
from orchestrator.users.models import SessionModel
from orchestrator.users.second_factors import PASSKEY, TOTP


@dataclass(frozen=True, slots=True)
class Standing:
    """How a user's account is used."""

    last_seen_at: datetime | None
    """When a session of his was refreshed last, of those that are still remembered, ended ones included."""
    second_factors: list[str]


async def of(session: AsyncSession, user_ids: Collection[str]) -> dict[str, Standing]:
    """Of all of these users, by id."""
    wanted = list(user_ids)
    owner, used = col(SessionModel.user_id), col(SessionModel.last_used_at)
    seen = dict((await session.exec(select(owner, func.max(used)).where(owner.in_(wanted)).group_by(owner))).all())
    apps = select(TotpModel.user_id).where(col(TotpModel.user_id).in_(wanted), col(TotpModel.confirmed_at).is_not(None))
    with_app = set((await session.exec(apps)).all())
    keys = select(PasskeyModel.user_id).where(col(PasskeyModel.user_id).in_(wanted)).distinct()
    with_passkey = set((await session.exec(keys)).all())
    return {
        user_id: Standing(seen.get(user_id), [TOTP] * (user_id in with_app) + [PASSKEY] * (user_id in with_passkey))
        for user_id in wanted
    }
