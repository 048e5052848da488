"""Bodies of the routes of exchange keys. Secrets only ever come in."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from api.deps import Text
from orchestrator.exchange_keys.desk import Rotation, VaultStatus
from orchestrator.exchange_keys.facts import warnings
from orchestrator.exchange_keys.models import ExchangeKeyModel
from orchestrator.wallets.models import WalletModel
from orchestrator.wallets.service import FUTURES, SPOT

MOST_MONEY = Decimal(10) ** 9
_SHOWN = 12

Secret = Annotated[SecretStr, Field(min_length=1, max_length=4096)]
RotateAfter = Annotated[
    int | None,
    Field(ge=1, le=3650, description="Days after which you are reminded to replace it; null for never.", examples=[90]),
]
Name = Annotated[
    str,
    Field(min_length=1, max_length=64, pattern=Text, description="Unique among your keys.", examples=["binance-main"]),
]
Amount = Annotated[Decimal, Field(gt=0, le=MOST_MONEY)]


class KeySecrets(BaseModel):
    """What an exchange gave out for an API key."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    key: Secret = Field(description="The API key.", examples=["vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zv"])
    secret: Secret = Field(description="Its secret.", examples=["NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP"])
    password: Secret | None = Field(
        default=None, description="Its passphrase, where the exchange has such.", examples=[None]
    )
    rotate_after_days: RotateAfter = None


class KeyCreate(KeySecrets):
    """A new exchange key. It is checked against its exchange before it is taken."""

    name: Name
    exchange: str = Field(
        max_length=40, pattern=Text, description="`paper`, `binance`, `bybit` or `okx`.", examples=["binance"]
    )


class PaperKeyCreate(BaseModel):
    """A key of a new account on the paper exchange, with play money."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    balances: dict[Annotated[str, Field(pattern=r"^[A-Z0-9]{2,16}$")], Amount] = Field(
        default={"USDT": Decimal(10_000)},
        max_length=20,
        description="What the account has of each asset.",
        examples=[{"USDT": "10000"}],
    )
    futures: Decimal = Field(
        default=Decimal(0), ge=0, le=MOST_MONEY, description="USDT as margin for futures.", examples=["0"]
    )


class KeyPatch(BaseModel):
    """What can be changed of a key that stays. What is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = Field(
        default=None, description="Another name, unique among your keys; null: it stays.", examples=["binance-main"]
    )
    rotate_after_days: RotateAfter = None


class KeyResponse(BaseModel):
    """An exchange key, without anything secret of it."""

    id: str = Field(description="Identity of the key; it stays when the key is replaced.", examples=["key-k3v2q7d5mw"])
    name: str = Field(description="Unique among your keys.", examples=["binance-main"])
    exchange: str = Field(description="`paper`, or an id of ccxt.", examples=["binance"])
    version: int = Field(description="Counts replacements.", examples=[1])
    fingerprint: str = Field(description="Tells it from your other keys.", examples=["9f86d081884c"])
    state: str = Field(description="`active`, `refused` or `expired`.", examples=["active"])
    problem: str | None = Field(description="Why it is not active.", examples=[None])
    permissions: list[str] = Field(
        description="`read`, `spot`, `futures`, `transfer`: as its exchange told.", examples=[["read", "spot"]]
    )
    ip_restricted: bool | None = Field(
        description="Whether only some addresses may use it; null where that is not told.", examples=[True]
    )
    warnings: list[str] = Field(description="What you should know of it.", examples=[[]])
    wallet: str | None = Field(
        description="The wallet of its account's money of spot.", examples=["wallet-k3v2q7d5mwxz4tha"]
    )
    futures_wallet: str | None = Field(
        description="That of its money of futures; null where the key may not trade them.", examples=[None]
    )
    bots: list[str] = Field(description="Names of live bots that trade with it.", examples=[["trend-1"]])
    checked_at: datetime = Field(description="When its exchange told of it last.", examples=["2026-11-21T12:00:00Z"])
    expires_at: datetime | None = Field(description="When it ends.", examples=["2027-02-19T12:00:00Z"])
    rotate_after: datetime | None = Field(description="When you are reminded.", examples=["2027-02-19T12:00:00Z"])
    last_used_at: datetime | None = Field(description="When a bot got it last.", examples=["2026-11-21T12:00:00Z"])
    created_at: datetime = Field(description="When it was entered first.", examples=["2026-11-21T12:00:00Z"])
    updated_at: datetime = Field(description="When it was entered or replaced last.", examples=["2026-11-21T12:00:00Z"])


class KeyList(BaseModel):
    """Your exchange keys."""

    items: list[KeyResponse] = Field(description="In the order of their making.")
    next: str | None = Field(description="Always null: all of them are here.", examples=[None])


class VaultResponse(BaseModel):
    """The key-encryption keys, by name."""

    source: str = Field(description="Where they come from.", examples=["the file key-encryption-key"])
    problem: str | None = Field(description="Why some exchange key cannot be opened.", examples=[None])
    at_hand: list[str] = Field(description="Newest first.", examples=[["9f86d081884c"]])
    wrapping: dict[str, int] = Field(
        description="How many exchange keys each one seals.", examples=[{"9f86d081884c": 3}]
    )


class RotateRequest(BaseModel):
    """A new key-encryption key."""

    model_config = ConfigDict(extra="forbid")

    lost: bool = Field(
        default=False,
        description="The present one is lost for good: exchange keys under it have to be replaced one by one.",
        examples=[False],
    )
    reason: str = Field(default="", max_length=500, pattern=Text, description="For the audit.", examples=["yearly"])


class RotateResponse(BaseModel):
    """What the rotation did."""

    new_kek: str | None = Field(
        description="The one that was made; null where you keep them elsewhere yourself.", examples=["9f86d081884c"]
    )
    rewrapped: int = Field(description="Exchange keys that it seals now.", examples=[3])
    damaged: int = Field(description="Exchange keys that are damaged and have to be replaced.", examples=[0])
    locked: int = Field(description="Exchange keys under a key-encryption key that is not there.", examples=[0])


def key_body(key: ExchangeKeyModel, wallets: Mapping[str, WalletModel], bots: Sequence[str]) -> KeyResponse:
    """A key as the API tells it; its account's wallets come by market."""
    return KeyResponse.model_validate(
        {
            **{name: getattr(key, name) for name in KeyResponse.model_fields if hasattr(key, name)},
            "fingerprint": key.fingerprint[:_SHOWN],
            "warnings": warnings(key.permissions, key.ip_restricted),
            "wallet": wallets[SPOT].id if SPOT in wallets else None,
            "futures_wallet": wallets[FUTURES].id if FUTURES in wallets else None,
            "bots": list(bots),
        }
    )


def vault_body(status: VaultStatus) -> VaultResponse:
    return VaultResponse(
        source=status.source, problem=status.problem, at_hand=status.at_hand, wrapping=dict(status.wrapping)
    )


def rotation_body(rotation: Rotation) -> RotateResponse:
    return RotateResponse(
        new_kek=rotation.new_kek, rewrapped=rotation.rewrapped, damaged=rotation.damaged, locked=rotation.locked
    )
