"""Bodies of the auth routes."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from orchestrator.portfolio.history import Range
from orchestrator.users.models import UserModel
from orchestrator.users.passwords import LONGEST, SHORTEST

Purpose = Literal["portfolio", "freqtrade", "market"]
"""What a ticket opens: the portfolio stream, or a bot's own WebSocket."""


class LoginRequest(BaseModel):
    """User name and password."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    username: str = Field(min_length=1, max_length=64, description="User name.", examples=["admin"])
    password: str = Field(min_length=1, max_length=1024, description="Password.", examples=["correct horse battery"])


class TokenResponse(BaseModel):
    """An access token; the refresh token comes as a cookie that scripts cannot read."""

    access_token: str = Field(
        description="Send it as `Authorization: Bearer …`.", examples=["eyJhbGciOiJIUzI1NiJ9.e30.x"]
    )
    token_type: Literal["bearer"] = Field(description="Always `bearer`.", examples=["bearer"])
    expires_in: int = Field(description="Seconds that it is good for.", examples=[900])


class Way(StrEnum):
    """How somebody can prove who he is, besides his password."""

    TOTP = "totp"
    PASSKEY = "passkey"
    RECOVERY = "recovery"


class Credential(BaseModel):
    """What `PublicKeyCredential.toJSON()` answers in a browser, as WebAuthn has it."""

    model_config = ConfigDict(extra="allow", hide_input_in_errors=True)

    id: str = Field(max_length=1400, description="Identity of the credential.", examples=["oYl3yQ8W9bq1"])
    rawId: str = Field(max_length=1400, description="The same.", examples=["oYl3yQ8W9bq1"])  # noqa: N815 - WebAuthn's
    type: Literal["public-key"] = Field(description="Always `public-key`.", examples=["public-key"])
    response: dict[str, Any] = Field(
        description="What the authenticator answered, in base64url.",
        examples=[{"clientDataJSON": "eyJ0eXBlIjoi", "authenticatorData": "SZYN5YgO", "signature": "MEUCIQ"}],
    )

    @property
    def told(self) -> dict[str, Any]:
        """As the browser sent it."""
        return self.model_dump()


Options = dict[str, Any]
"""For `navigator.credentials`, in the JSON form of WebAuthn, level 3."""

_CHALLENGE = "Zt2m3yJ0lR2m0m6tq1h8Wk3mJv9yq5nS7uF4xE1aB0c"
_OPTIONS: list[Any] = [
    {"challenge": "aGVsbG8", "timeout": 300000, "rpId": "flotilla.example", "userVerification": "required"}
]
CREDENTIAL: dict[str, Any] = {
    "id": "oYl3yQ8W9bq1",
    "rawId": "oYl3yQ8W9bq1",
    "type": "public-key",
    "response": {"clientDataJSON": "eyJ0eXBlIjoi", "authenticatorData": "SZYN5YgO", "signature": "MEUCIQ"},
}


class ChallengeResponse(BaseModel):
    """The password was right; a second factor is wanted, too."""

    challenge: str = Field(description="Send it with the answer.", examples=[_CHALLENGE])
    expires_in: int = Field(description="Seconds that it is good for.", examples=[300])
    ways: list[Way] = Field(description="What it can be answered with.", examples=[["totp", "recovery"]])
    passkey_options: Options | None = Field(
        description="For `navigator.credentials.get`, where a passkey is a way here.", examples=_OPTIONS
    )


class Proof(BaseModel):
    """One answer: a code of the authenticator app, a recovery code, or a passkey's."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    code: str | None = Field(
        default=None, min_length=6, max_length=16, description="What the authenticator app shows.", examples=["492039"]
    )
    recovery_code: str | None = Field(
        default=None, min_length=16, max_length=40, description="One of them.", examples=["mz4t-q7d5-k3v2-xha7"]
    )
    passkey: Credential | None = Field(
        default=None, description="What the browser answered to the options.", examples=[CREDENTIAL]
    )

    @property
    def given(self) -> int:
        """How many answers it has."""
        return sum(one is not None for one in (self.code, self.recovery_code, self.passkey))


class SecondFactorRequest(Proof):
    """The answer to a challenge; exactly one of `code`, `recovery_code` and `passkey`."""

    challenge: str = Field(min_length=1, max_length=100, description="From the sign-in.", examples=[_CHALLENGE])

    @model_validator(mode="after")
    def _one(self) -> "SecondFactorRequest":
        if self.given != 1:
            raise ValueError("send one of code, recovery_code and passkey")
        return self


class PasskeyOptionsResponse(BaseModel):
    """What a browser asks a passkey with."""

    challenge: str = Field(description="Send it with the answer.", examples=[_CHALLENGE])
    expires_in: int = Field(description="Seconds that it is good for.", examples=[300])
    options: Options = Field(description="For `navigator.credentials`.", examples=_OPTIONS)


class PasskeyLoginRequest(BaseModel):
    """A passkey's answer."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    challenge: str = Field(min_length=1, max_length=100, description="From the options.", examples=[_CHALLENGE])
    passkey: Credential = Field(description="What the browser answered to the options.", examples=[CREDENTIAL])


class StepUpRequest(Proof):
    """The password, with a code where the account has a second factor; or a passkey with its challenge. An account
    without a password sends a code alone."""

    password: str | None = Field(
        default=None, min_length=1, max_length=LONGEST, description="Password.", examples=["correct horse battery"]
    )
    challenge: str | None = Field(
        default=None, min_length=1, max_length=100, description="Of the passkey's options.", examples=[_CHALLENGE]
    )

    @model_validator(mode="after")
    def _something(self) -> "StepUpRequest":
        if self.given > 1 or (self.given == 0 and self.password is None):
            raise ValueError("send password, with a code where there is a second factor, or a passkey")
        if (self.passkey is None) != (self.challenge is None):
            raise ValueError("challenge and passkey go together")
        return self


class StepUpResponse(BaseModel):
    """The proof is good for five minutes."""

    proved_at: datetime = Field(description="When it was proved.", examples=["2026-11-20T12:00:00Z"])
    expires_in: int = Field(description="Seconds that it is good for.", examples=[300])


class PasswordChange(BaseModel):
    """A new password of one's own."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    current_password: str | None = Field(
        default=None,
        min_length=1,
        max_length=LONGEST,
        description="The one that counts now; left out by an account that has none.",
        examples=["correct horse battery"],
    )
    new_password: str = Field(
        min_length=1,
        max_length=LONGEST,
        description=f"{SHORTEST} or more characters, not common, not the user name.",
        examples=["seven grey herons wade"],
    )


class ProviderResponse(BaseModel):
    """Somebody else who may say who you are."""

    id: str = Field(description="Identity of the provider.", examples=["google"])
    label: str = Field(description="For a button.", examples=["Google"])


class MethodsResponse(BaseModel):
    """Ways to sign in."""

    password: bool = Field(description="With user name and password.", examples=[True])
    passkey: bool = Field(description="With a passkey, from the address that this was asked at.", examples=[True])
    oidc: list[ProviderResponse] = Field(
        description="With a provider.", examples=[[{"id": "google", "label": "Google"}]]
    )
    first_run: bool = Field(
        description="Whether nobody was set up yet: the password is the one that the first start made and told.",
        examples=[False],
    )


Theme = Literal["light", "dark", "system"]
Density = Literal["comfortable", "compact"]


class Preferences(BaseModel):
    """How the portal looks for a user."""

    theme: Theme = Field(default="system", description="`system`: as the device says.", examples=["dark"])
    locale: str | None = Field(
        default=None,
        description="Numbers and dates are written as there (BCP 47); null: as the browser says.",
        examples=["de-DE"],
    )
    density: Density = Field(default="comfortable", description="How much fits into a table.", examples=["compact"])
    default_range: Range = Field(default="24h", description="How far back charts begin.", examples=["7d"])


class MeResponse(BaseModel):
    """The signed-in user."""

    id: str = Field(description="Identity of the user.", examples=["user-k3v2q7d5mwxz4tha"])
    username: str = Field(description="User name.", examples=["admin"])
    role: str = Field(description="`admin`, `trader` or `viewer`.", examples=["admin"])
    reporting_currency: str = Field(description="Currency that the portfolio is told in.", examples=["USDT"])
    time_zone: str = Field(description="In which times are told, of the IANA database.", examples=["Europe/Berlin"])
    preferences: Preferences = Field(description="How the portal looks.")
    password_generated: bool = Field(
        description="Whether the password still is the one that the first start made.", examples=[False]
    )
    set_up_at: datetime | None = Field(
        description="When the guided set-up was finished or skipped; null: it is still to be offered.",
        examples=["2026-11-20T12:05:00Z"],
    )
    created_at: datetime = Field(description="When the user was created.", examples=["2026-11-20T12:00:00Z"])


class TicketRequest(BaseModel):
    """What the ticket is to open."""

    model_config = ConfigDict(extra="forbid")

    purpose: Purpose = Field(
        description="`portfolio` for the portfolio stream, `market` for that of prices, `freqtrade` for a bot's own "
        "WebSocket.",
        examples=["portfolio"],
    )


class TicketResponse(BaseModel):
    """A ticket for one connection, sent as `?ticket=`."""

    ticket: str = Field(description="Good once.", examples=["Zt2m3yJ0lR2m0m6tq1h8Wk3mJv9yq5nS7uF4xE1aB0c"])
    expires_in: int = Field(description="Seconds that it is good for.", examples=[30])


def me_body(user: UserModel) -> MeResponse:
    return MeResponse(
        id=user.id,
        username=user.username,
        role=user.role,
        reporting_currency=user.reporting_currency,
        time_zone=user.time_zone,
        preferences=Preferences.model_validate(user.preferences),
        password_generated=user.password_generated,
        set_up_at=user.set_up_at,
        created_at=user.created_at,
    )
