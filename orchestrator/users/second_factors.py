"""Which second factors a user has, and what follows from that: once he has one, a password alone opens nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.audit.service import By
from orchestrator.errors import Conflict
from orchestrator.users import identities, passkeys, recovery, service, sessions, totp
from orchestrator.users.factor_models import PasskeyModel
from orchestrator.users.models import UserModel

TOTP = "totp"
PASSKEY = "passkey"
RECOVERY = "recovery"


@dataclass(frozen=True, slots=True)
class Factors:
    """What a user has."""

    totp_since: datetime | None
    passkeys: Sequence[PasskeyModel]
    recovery_codes_left: int

    @property
    def wanted(self) -> bool:
        """Whether a password alone does not do."""
        return self.totp_since is not None or bool(self.passkeys)

    @property
    def ways(self) -> list[str]:
        """With which of them he can prove himself."""
        has = {TOTP: self.totp_since is not None, PASSKEY: bool(self.passkeys), RECOVERY: self.recovery_codes_left > 0}
        return [way for way, there in has.items() if there] if self.wanted else []


async def of(session: AsyncSession, user_id: str) -> Factors:
    app = await totp.find(session, user_id)
    return Factors(
        totp_since=None if app is None else app.confirmed_at,
        passkeys=await passkeys.list_(session, user_id),
        recovery_codes_left=await recovery.left(session, user_id),
    )


async def codes_for_first(session: AsyncSession, user_id: str) -> list[str] | None:
    """Recovery codes for somebody who just got a second factor and has none left; None where he has."""
    return None if await recovery.left(session, user_id) else await recovery.make(session, user_id)


async def drop_idle_codes(session: AsyncSession, user_id: str) -> None:
    """After one was removed: recovery codes go with the last."""
    if not (await of(session, user_id)).wanted:
        await recovery.remove(session, user_id)


async def check_way_in_is_left(session: AsyncSession, user_id: str) -> None:
    """After something that signs in was removed. Raises Conflict where nothing is left: the transaction must then not
    be committed."""
    user = await service.get(session, user_id)
    if user.password_hash or await passkeys.list_(session, user_id) or await identities.list_(session, user_id):
        return
    raise Conflict("This is your only way to sign in; set a password first (PUT /api/v1/auth/password).")


async def reset(session: AsyncSession, by: By, name: str) -> tuple[UserModel, Sequence[str]]:
    """Takes all second factors from a user who lost them, and ends his sessions; the user and their ids. He signs in
    with his password alone then, if he has one. Raises NotFound."""
    user = await service.find(session, name)
    had = await of(session, user.id)
    await totp.remove(session, user.id, by.actor)
    await passkeys.remove_all(session, user.id)
    await recovery.remove(session, user.id)
    ended = await sessions.end_all(session, user.id, "factors reset")
    before = {"totp": had.totp_since is not None, "passkeys": [one.name for one in had.passkeys]}
    audit.record(session, by.actor, "factors.reset", audit.user(user.id), by.why, before=before)
    await session.flush()
    return user, ended
