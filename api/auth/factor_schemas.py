"""Bodies of the routes of second factors, passkeys and accounts at providers."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.auth.schemas import CREDENTIAL, Credential
from api.deps import Text

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=Text)]

_CODES = ["mz4t-q7d5-k3v2-xha7", "wq2e-7rty-5uio-pasd"]


class FactorsResponse(BaseModel):
    """What one can prove with who one is."""

    password: bool = Field(description="Whether the account has a password.", examples=[True])
    totp_since: datetime | None = Field(
        description="Since when an authenticator app counts; null without one.", examples=["2026-11-20T12:00:00Z"]
    )
    passkeys: int = Field(description="How many passkeys there are.", examples=[1])
    recovery_codes_left: int = Field(description="How many were not used.", examples=[10])


class TotpResponse(BaseModel):
    """What an authenticator app reads; told once."""

    secret: str = Field(description="In base32, to type it.", examples=["JBSWY3DPEHPK3PXP"])
    uri: str = Field(description="To open it.", examples=["otpauth://totp/Flotilla:ann?secret=JBSWY3DPEHPK3PXP"])
    qr_svg: str = Field(description="To scan it: the URI as a QR code.", examples=["<svg/>"])


class TotpConfirmation(BaseModel):
    """A code, to show that the app has the secret."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    code: str = Field(min_length=6, max_length=16, description="What the app shows.", examples=["492039"])


class NewFactorResponse(BaseModel):
    """A second factor counts from now on."""

    recovery_codes: list[str] | None = Field(
        description="Each good once, told once: for when the factor is lost. Null where there are some already.",
        examples=[_CODES],
    )


class RecoveryCodesResponse(BaseModel):
    """Those before are good no more."""

    recovery_codes: list[str] = Field(description="Each good once, told once.", examples=[_CODES])


class PasskeyRegistration(BaseModel):
    """A new passkey."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    challenge: str = Field(min_length=1, max_length=100, description="From the options.", examples=["Zt2m3yJ0lR2m0m6t"])
    name: Name = Field(description="To tell it from others.", examples=["Laptop"])
    passkey: Credential = Field(description="What the browser answered to the options.", examples=[CREDENTIAL])


class PasskeyChange(BaseModel):
    """Another name."""

    model_config = ConfigDict(extra="forbid")

    name: Name = Field(description="To tell it from others.", examples=["Laptop"])


class PasskeyResponse(BaseModel):
    """A passkey, without what it signs with, which nobody but its device has."""

    id: str = Field(description="Identity of the passkey.", examples=["passkey-k3v2q7d5mwxz4tha"])
    name: str = Field(description="Name.", examples=["Laptop"])
    backed_up: bool = Field(description="Whether a service keeps it, for several devices.", examples=[False])
    created_at: datetime = Field(description="When it was registered.", examples=["2026-11-20T12:00:00Z"])
    last_used_at: datetime | None = Field(description="When it was used last.", examples=["2026-11-20T12:00:00Z"])


class NewPasskeyResponse(NewFactorResponse):
    """A passkey that was just registered."""

    passkey: PasskeyResponse = Field(
        description="The passkey.",
        examples=[
            {
                "id": "passkey-k3v2q7d5mwxz4tha",
                "name": "Laptop",
                "backed_up": False,
                "created_at": "2026-11-20T12:00:00Z",
                "last_used_at": None,
            }
        ],
    )


class PasskeysResponse(BaseModel):
    """All of one's passkeys."""

    items: list[PasskeyResponse] = Field(description="Oldest first.")


class IdentityResponse(BaseModel):
    """An account at a provider that signs one in."""

    id: str = Field(description="Identity of the link.", examples=["identity-k3v2q7d5mwxz4tha"])
    provider: str = Field(description="Whose account it is.", examples=["google"])
    name: str = Field(description="How the provider calls it.", examples=["ann@example.com"])
    created_at: datetime = Field(description="When it was linked.", examples=["2026-11-20T12:00:00Z"])
    last_used_at: datetime | None = Field(description="When it signed in last.", examples=["2026-11-20T12:00:00Z"])


class IdentitiesResponse(BaseModel):
    """All of one's accounts at providers."""

    items: list[IdentityResponse] = Field(description="Oldest first.")


class RedirectResponse(BaseModel):
    """Where to send the browser."""

    url: str = Field(description="The provider's page.", examples=["https://accounts.example.com/authorize?state=x"])


class FactorsReset(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(
        default="", max_length=500, pattern=Text, description="Kept in the audit.", examples=["She lost her telephone."]
    )
