"""Who somebody is here whom an OpenID provider signed in: the user that his account there is linked to, or, where the
settings want it, a new one.

An account there is never taken for a user because of an equal name or e-mail address: whoever gets hold of that name
there would be that user here. Users link their accounts themselves, signed in.
"""

from collections.abc import Mapping
from typing import Any

from loguru import logger
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit.service import By
from orchestrator.errors import Conflict, InvalidSpec, NotAllowed, Unauthenticated
from orchestrator.users import identities, service
from orchestrator.users.models import UserModel
from orchestrator.users.oidc_provider import OidcProvider
from orchestrator.users.service import ROLES

_LONGEST_NAME = 64


async def join(session: AsyncSession, provider: OidcProvider, claims: Mapping[str, Any]) -> UserModel:
    """The user. Raises Unauthenticated, NotAllowed, Conflict (his name is somebody else's here)."""
    check_email(provider, claims)
    user = await identities.user_of(session, provider.issuer, claims["sub"])
    if user is not None:
        if user.deactivated_at is not None:
            raise Unauthenticated("This account is not active any more; ask an administrator.")
        return user
    if not provider.create_users:
        raise Unauthenticated(
            f"Nobody here is linked to this account of {provider.shown}: sign in another way, and link it, or ask an "
            "administrator for an invitation."
        )
    return await _new_user(session, provider, claims)


def check_email(provider: OidcProvider, claims: Mapping[str, Any]) -> None:
    """Raises NotAllowed where only some e-mail domains are let in, and this is none of them, or is not verified."""
    if not provider.email_domains:
        return
    email = claims.get("email")
    domain = email.rpartition("@")[2].lower() if isinstance(email, str) else ""
    if claims.get("email_verified") is not True or domain not in provider.email_domains:
        logger.warning("{}: an account without a verified e-mail address of the allowed domains", provider.id)
        raise NotAllowed(
            f"{provider.shown} must vouch for an e-mail address of {', '.join(provider.email_domains)}; sign in with "
            "such an account, or ask an administrator."
        )


def name_of(provider: OidcProvider, claims: Mapping[str, Any]) -> str:
    """How the provider calls him, for people."""
    told = (claims.get("email"), claims.get(provider.username_claim), claims.get("name"), claims["sub"])
    return next(one for one in told if isinstance(one, str) and one)


async def _new_user(session: AsyncSession, provider: OidcProvider, claims: Mapping[str, Any]) -> UserModel:
    told = claims.get(provider.username_claim)
    username = told.strip().lower() if isinstance(told, str) else ""
    by = By("system", f"signed in by {provider.id}")
    try:
        user = await service.create(session, by, username, _role(provider, claims), "")
    except InvalidSpec:
        raise NotAllowed(
            f"{provider.shown} tells no name that can be a user name here ({provider.username_claim}: "
            f"{username[:_LONGEST_NAME]!r}); ask an administrator for an invitation."
        ) from None
    except Conflict:
        raise Conflict(
            f"There is a user {username!r} here already. If that is you, sign in as you did until now, and link this "
            "account; otherwise ask an administrator for an invitation."
        ) from None
    await identities.link(session, user.id, provider.id, provider.issuer, claims["sub"], name_of(provider, claims))
    return user


def _role(provider: OidcProvider, claims: Mapping[str, Any]) -> str:
    """Of what the claim maps to the role that may most. Raises NotAllowed where he gets none."""
    told = claims.get(provider.role_claim) if provider.role_claim is not None else None
    values = told if isinstance(told, list) else [told]
    mapped = {provider.roles[one] for one in values if isinstance(one, str) and one in provider.roles}
    for role in ROLES:
        if role in mapped:
            return role
    if provider.role is None:
        raise NotAllowed(f"Your account of {provider.shown} has no role here; ask an administrator.")
    return provider.role
