"""Bodies of the routes about users."""

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.auth.schemas import Density, Theme
from api.deps import Text
from orchestrator.bots.quotas import Allowance
from orchestrator.portfolio.history import Range
from orchestrator.users.invitations import LIFETIME, LONGEST
from orchestrator.users.models import InvitationModel, UserModel
from orchestrator.users.standing import Standing

Role = Literal["admin", "trader", "viewer"]
_REASON = Field(
    default="", max_length=500, pattern=Text, description="Kept in the audit.", examples=["He joined the desk."]
)
_LIVE = "Whether his bots may trade with real money."
_ROLE = "`admin`; `trader`, who has bots; `viewer`, who only looks."


class QuotasChange(BaseModel):
    """What is left out stays; null: as the settings say."""

    model_config = ConfigDict(extra="forbid")

    max_bots: int | None = Field(default=None, ge=0, le=1_000_000, description="Bots that he may have.", examples=[20])
    max_memory_bytes: int | None = Field(
        default=None, ge=0, le=2**60, description="Memory that his bots and pools may use.", examples=[2_000_000_000]
    )
    reason: str = _REASON


class QuotasResponse(BaseModel):
    """What a user may have, and has."""

    user_id: str = Field(description="Identity of the user.", examples=["user-k3v2q7d5mwxz4tha"])
    username: str = Field(description="User name.", examples=["ann"])
    max_bots: int | None = Field(description="His own quota; null: as the settings say.", examples=[20])
    max_memory_bytes: int | None = Field(
        description="His own quota; null: as the settings say.", examples=[2_000_000_000]
    )
    allowed_bots: int | None = Field(description="How many bots he may have; null: no limit.", examples=[20])
    allowed_memory_bytes: int | None = Field(
        description="What his bots and pools may use; null: no limit.", examples=[2_000_000_000]
    )
    bots: int = Field(description="How many bots he has.", examples=[3])
    memory_bytes: int = Field(description="What his bots use.", examples=[93_000_000])


class UserCreate(BaseModel):
    """A new user, with a first password that Flotilla makes."""

    model_config = ConfigDict(extra="forbid")

    username: str = Field(
        min_length=1, max_length=64, pattern=Text, description="Small letters, digits and . _ @ + -", examples=["ann"]
    )
    role: Role = Field(default="trader", description=_ROLE, examples=["trader"])
    may_trade_live: bool = Field(default=False, description=_LIVE, examples=[False])
    reason: str = _REASON


class UserChange(BaseModel):
    """What is left out stays."""

    model_config = ConfigDict(extra="forbid")

    role: Role | None = Field(default=None, description=_ROLE, examples=["viewer"])
    may_trade_live: bool | None = Field(default=None, description=_LIVE, examples=[True])
    reason: str = _REASON


class UserDeactivate(BaseModel):
    """How somebody is let in no more."""

    model_config = ConfigDict(extra="forbid")

    halt: bool = Field(
        default=False, description="Also has his bots open nothing more; otherwise they go on.", examples=[True]
    )
    reason: str = _REASON


class UserReactivate(BaseModel):
    """Why somebody is let in again."""

    model_config = ConfigDict(extra="forbid")

    reason: str = _REASON


class PasswordReset(BaseModel):
    """Why somebody gets another password."""

    model_config = ConfigDict(extra="forbid")

    reason: str = _REASON


class PasswordResetResponse(BaseModel):
    """Somebody's new password."""

    password: str = Field(
        description="Told this once; he must change it before anything else.", examples=["q7d5mwxz4thak3v2"]
    )
    sessions_ended: int = Field(description="How many sign-ins it ended.", examples=[2])


class UserResponse(BaseModel):
    """A user, as administrators see him."""

    id: str = Field(description="Identity of the user.", examples=["user-k3v2q7d5mwxz4tha"])
    username: str = Field(description="User name.", examples=["ann"])
    role: str = Field(description=_ROLE, examples=["trader"])
    may_trade_live: bool = Field(description=_LIVE, examples=[False])
    reporting_currency: str = Field(description="Currency that his portfolio is told in.", examples=["USDT"])
    max_bots: int | None = Field(description="His own quota; null: as the settings say.", examples=[20])
    max_memory_bytes: int | None = Field(
        description="His own quota; null: as the settings say.", examples=[2_000_000_000]
    )
    created_at: datetime = Field(description="When he was made.", examples=["2026-11-20T12:00:00Z"])
    deactivated_at: datetime | None = Field(description="Since when he may not sign in; null: he may.", examples=[None])


class UserOverview(UserResponse):
    """A user, with how the account is used."""

    last_seen_at: datetime | None = Field(
        description="When a sign-in of his was refreshed last; null: never, or too long ago to be remembered.",
        examples=["2026-11-21T13:00:00Z"],
    )
    second_factors: list[Literal["totp", "passkey"]] = Field(
        description="What is asked for beside his password; empty: nothing.", examples=[["totp"]]
    )
    bots: int = Field(description="How many bots he has.", examples=[3])


class UserPage(BaseModel):
    """Some of all users."""

    items: list[UserOverview] = Field(description="In the order of their names.")
    next: str | None = Field(description="Cursor of the next page; null at the end.", examples=[None])


class UserMadeResponse(BaseModel):
    """A new user."""

    user: UserResponse = Field(description="The user.")
    password: str = Field(
        description="His first password, told this once; he must change it before anything else.",
        examples=["q7d5mwxz4thak3v2"],
    )


class DeactivatedResponse(BaseModel):
    """What a deactivation came to."""

    user: UserResponse = Field(description="The user.")
    sessions_ended: int = Field(description="How many sign-ins it ended.", examples=[2])
    bots_trading: int = Field(description="Bots of his that shall run, and go on.", examples=[3])
    halted: bool = Field(description="Whether they were halted.", examples=[False])


class InvitationCreate(BaseModel):
    """Whom to let in."""

    model_config = ConfigDict(extra="forbid")

    role: Role = Field(default="trader", description=_ROLE, examples=["trader"])
    note: str = Field(
        default="", max_length=200, pattern=Text, description="For whom, in your words.", examples=["Ann"]
    )
    expires_at: AwareDatetime | None = Field(
        default=None,
        description=f"Until when it may be accepted; {LIFETIME.days} days if left out, {LONGEST.days} at most.",
        examples=["2026-11-28T12:00:00Z"],
    )
    reason: str = _REASON


class InvitationResponse(BaseModel):
    """An invitation that is open."""

    id: str = Field(description="Identity of the invitation.", examples=["invitation-k3v2q7d5mwxz4tha"])
    role: str = Field(description=_ROLE, examples=["trader"])
    note: str = Field(description="For whom.", examples=["Ann"])
    created_by: str = Field(description="Id of the administrator who invites.", examples=["user-mwxz4thak3v2q7d5"])
    created_at: datetime = Field(description="When it was made.", examples=["2026-11-21T12:00:00Z"])
    expires_at: datetime = Field(description="Until when it may be accepted.", examples=["2026-11-28T12:00:00Z"])


class InvitationMadeResponse(BaseModel):
    """A new invitation."""

    invitation: InvitationResponse = Field(description="The invitation.")
    token: str = Field(description="What it is accepted with, told this once.", examples=["inv_Zt2m3yJ0lR2m0m6tq1h8"])


class InvitationPage(BaseModel):
    """All invitations that are open."""

    items: list[InvitationResponse] = Field(description="Newest first.")
    next: str | None = Field(description="Always null.", examples=[None])


class InvitationAccept(BaseModel):
    """An account of one's own, by an invitation."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    token: str = Field(
        min_length=1, max_length=200, pattern=Text, description="The invitation.", examples=["inv_Zt2m3yJ0lR2m0m6tq1h8"]
    )
    username: str = Field(
        min_length=1, max_length=64, pattern=Text, description="Small letters, digits and . _ @ + -", examples=["ann"]
    )
    password: str = Field(
        min_length=1, max_length=1024, description="A long one.", examples=["correct horse battery staple"]
    )


class AcceptedResponse(BaseModel):
    """An account that was just made."""

    id: str = Field(description="Identity of the user.", examples=["user-k3v2q7d5mwxz4tha"])
    username: str = Field(description="User name; sign in with it.", examples=["ann"])
    role: str = Field(description=_ROLE, examples=["trader"])


class PreferencesChange(BaseModel):
    """What is left out stays; null: as it is for who never chose."""

    model_config = ConfigDict(extra="forbid")

    theme: Theme | None = Field(default=None, description="`system`: as the device says.", examples=["dark"])
    locale: str | None = Field(
        default=None,
        max_length=35,
        pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$",
        description="Whose numbers and dates are written (BCP 47).",
        examples=["de-DE"],
    )
    density: Density | None = Field(default=None, description="How much fits into a table.", examples=["compact"])
    default_range: Range | None = Field(default=None, description="How far back charts begin.", examples=["7d"])


class ProfileChange(BaseModel):
    """What is left out stays."""

    model_config = ConfigDict(extra="forbid")

    reporting_currency: str | None = Field(
        default=None, max_length=16, pattern=Text, description="Currency that the portfolio is told in.",
        examples=["EUR"],
    )  # fmt: skip
    time_zone: str | None = Field(
        default=None, max_length=64, pattern=Text, description="Of the IANA database.", examples=["Europe/Berlin"]
    )
    preferences: PreferencesChange | None = Field(default=None, description="How the portal looks.")
    set_up: bool | None = Field(
        default=None,
        description="Whether the guided set-up is over, finished or skipped; false offers it again.",
        examples=[True],
    )


def quotas_body(found: Allowance) -> QuotasResponse:
    user = found.user
    return QuotasResponse(
        user_id=user.id,
        username=user.username,
        max_bots=user.max_bots,
        max_memory_bytes=user.max_memory_bytes,
        allowed_bots=found.allowed.max_bots,
        allowed_memory_bytes=found.allowed.max_memory_bytes,
        bots=found.bots,
        memory_bytes=found.memory_bytes,
    )


def user_body(user: UserModel) -> UserResponse:
    return UserResponse.model_validate({name: getattr(user, name) for name in UserResponse.model_fields})


def overview_body(user: UserModel, standing: Standing, bots: int) -> UserOverview:
    return UserOverview(
        **user_body(user).model_dump(),
        last_seen_at=standing.last_seen_at,
        second_factors=standing.second_factors,
        bots=bots,
    )


def invitation_body(row: InvitationModel) -> InvitationResponse:
    return InvitationResponse.model_validate({name: getattr(row, name) for name in InvitationResponse.model_fields})
