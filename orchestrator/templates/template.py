"""A template, as it was read."""

from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

OWN_STRATEGY = "own"
"""Name of the template of bots that run a strategy of a user's own (`templates.own`)."""


class TemplateDefaults(BaseModel):
    """What a bot gets that its request leaves out. Money in `stake_currency`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    exchange: str = "paper"
    pairs: tuple[str, ...] = Field(min_length=1)
    timeframe: str
    stake_currency: str
    stake_amount: Decimal = Field(gt=0)
    max_open_trades: int = Field(ge=1)
    starting_balance: Decimal = Field(gt=0)


class Template(BaseModel):
    """A strategy with its base configuration and the schema of its parameters."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """Folder name; what a request calls it."""
    title: str
    description: str
    """One sentence."""
    docs: str
    """Markdown: what it does, when it loses."""
    strategy_class: str
    strategy_source: str
    config: dict[str, Any]
    """Base FreqTrade configuration, without what requests or the pool decide."""
    parameters: dict[str, Any]
    """JSON schema (2020-12) of an object; each property has title, type, default; numbers minimum, maximum."""
    parameters_in_config: dict[str, str]
    """Parameters that are FreqTrade settings: name → dotted key, `take_profit` → `minimal_roi.0`. The others reach the
    strategy as `config["flotilla_parameters"]`."""
    defaults: TemplateDefaults
    source_hash: str
    """SHA-256 over the four files, hexadecimal."""

    @property
    def parameter_defaults(self) -> dict[str, Any]:
        return {name: schema["default"] for name, schema in self.parameters["properties"].items()}
