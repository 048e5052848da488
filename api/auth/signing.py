"""What every way of signing in ends with: a session, its access token, and the refresh token as a cookie."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Request, Response
from sqlmodel.ext.asyncio.session import AsyncSession

from api.auth import tokens
from api.auth.access import address_of
from api.auth.schemas import TokenResponse
from api.auth.state import AuthDep, AuthState
from api.auth.tokens import Claims
from api.cookies import set_cookie
from api.deps import Services, ServicesDep, SettingsDep
from api.settings import ApiSettings
from orchestrator.audit import service as audit
from orchestrator.errors import Unauthenticated
from orchestrator.kit.clock import utc_now
from orchestrator.kit.sealing import Keyring
from orchestrator.users import second_factors, service, sessions, totp
from orchestrator.users.models import UserModel
from orchestrator.users.sessions import PASSWORD, Issued, Origin, TokenPolicy

COOKIE = "flotilla_refresh"
_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Desk:
    """A request that signs somebody in, or proves who he is, with all that is needed for it."""

    request: Request
    services: Services
    settings: ApiSettings
    auth: AuthState

    @property
    def address(self) -> str:
        return address_of(self.request)

    @property
    def token_policy(self) -> TokenPolicy:
        return TokenPolicy(
            lifetime=timedelta(days=self.settings.refresh_token_days),
            grace=timedelta(seconds=self.settings.refresh_grace_seconds),
        )

    @property
    def keyring(self) -> Keyring:
        """Seals the secrets of authenticator apps."""
        return totp.keyring_of(self.services.secrets.token_signing_key)

    async def start(self, session: AsyncSession, user: UserModel, method: str, factor: str | None = None) -> Issued:
        """A session for who has proved who he is; in the audit, too. `user` is as he was when that was judged. Raises
        Unauthenticated where it counts no more: a password that was changed meanwhile, or that is not, or no longer,
        all that is asked for."""
        password_hash = user.password_hash
        user = await service.hold(session, user.id)
        if method == PASSWORD:
            wanted = (await second_factors.of(session, user.id)).wanted
            if user.password_hash != password_hash or wanted != (factor is not None):
                raise Unauthenticated("Your password or second factors were changed meanwhile; sign in again.")
        origin = Origin(method, factor, self.address, self.request.headers.get("user-agent", ""))
        issued = await sessions.start(session, user, self.token_policy, origin)
        told = {"method": method, "second_factor": factor, "address": self.address}
        audit.record(session, user.id, "session.start", audit.user(user.id), after=told)
        return issued

    async def note_refusal(self, method: str, username: str, claimed: UserModel | None = None) -> None:
        """A refused sign-in, in the audit: of an account, where there is one, and of no name."""
        count = await self.auth.refusals.count(self.address, username)
        if count is None:
            return
        subject = audit.FLEET if claimed is None else audit.user(claimed.id)
        async with self.services.database.unit_of_work() as session:
            told = {"method": method, "address": self.address, "today": count}
            audit.record(session, audit.SYSTEM, "sign_in.refused", subject, after=told)

    def answer(self, issued: Issued, response: Response) -> TokenResponse:
        """The access token; the cookie is set on the response."""
        self.set_cookie(issued, response)
        lifetime = self.settings.access_token_seconds
        claims = Claims(issued.user.id, issued.session_id)
        token = tokens.issue(claims, self.services.secrets.token_signing_key, lifetime, utc_now())
        return TokenResponse(access_token=token, token_type="bearer", expires_in=lifetime)  # noqa: S106

    def set_cookie(self, issued: Issued, response: Response) -> None:
        """Gives the browser the refresh token."""
        set_cookie(self.request, response, COOKIE, issued.token, self.settings.refresh_token_days * _DAY_SECONDS)


def get_desk(request: Request, services: ServicesDep, settings: SettingsDep, auth: AuthDep) -> Desk:
    return Desk(request, services, settings, auth)


DeskDep = Annotated[Desk, Depends(get_desk)]
