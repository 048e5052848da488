"""The base of every wire model."""

from decimal import Decimal
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    PlainSerializer,
    SecretStr,
    SerializationInfo,
    StringConstraints,
)


def _plain_decimal(value: Decimal) -> str:
    """A decimal without an exponent: `1E-8` travels as `0.00000001`."""
    return format(value, "f")


_MOST_PLACES = 400
"""Before or behind the point, beyond any double's: `1E+999999999` would be written out with all of its zeros."""


def _finite(value: Decimal) -> Decimal:
    if not value.is_finite():
        raise ValueError("must be a finite decimal")
    digits, exponent = value.as_tuple()[1:]
    if isinstance(exponent, int) and not -_MOST_PLACES <= exponent <= _MOST_PLACES - len(digits):
        raise ValueError(f"must be a decimal of at most {_MOST_PLACES} places before and behind the point")
    return value


Money = Annotated[Decimal, AfterValidator(_finite), PlainSerializer(_plain_decimal, return_type=str, when_used="json")]
"""An amount of a currency, price or ratio: exact, finite, a JSON string on the wire."""

Instant = AwareDatetime
"""A point in time; naive values are refused."""

BotId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
"""Durable identity of a bot; also its directory name, hence the narrow alphabet."""


REVEAL_SECRETS = "reveal_secrets"


def _secret(value: SecretStr, info: SerializationInfo) -> str:
    revealed = bool(info.context and info.context.get(REVEAL_SECRETS))
    return value.get_secret_value() if revealed else "**********"


Secret = Annotated[SecretStr, PlainSerializer(_secret, return_type=str, when_used="json")]
"""Masked in `repr` and in JSON, unless serialised by `Wire.to_json(reveal_secrets=True)` for a socket."""


class Wire(BaseModel):
    """Base of wire models: unknown fields of a newer peer are ignored, instances are immutable."""

    model_config = ConfigDict(extra="ignore", frozen=True, ser_json_inf_nan="null")

    def to_json(self, *, reveal_secrets: bool = False) -> bytes:
        """The wire form. `reveal_secrets` only for a socket that its peer has been checked on."""
        return self.model_dump_json(context={REVEAL_SECRETS: reveal_secrets}).encode()


__all__ = ["BotId", "Instant", "Money", "Secret", "Wire"]
