"""How much of candles is kept, from the environment."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from pool.contract.candle_files import SETTINGS_PREFIX


class CandleSettings(BaseSettings):
    """`FLOTILLA_GATEWAY_CANDLES_…`."""

    model_config = SettingsConfigDict(env_prefix=SETTINGS_PREFIX, frozen=True)

    disk_bytes: int = Field(default=4 * 2**30, ge=2**20)
    """Of all files; where there are more, those go first that were not used for longest."""
    memory_bytes: int = Field(default=64 * 2**20, ge=2**20)
    """Of series in memory."""
    keep_days: dict[str, int] = Field(default_factory=lambda: {"1s": 7, "1m": 1100, "3m": 1100, "5m": 2200})
    """By timeframe; older candles are dropped. Of timeframes that are not named all are kept."""
    worker_idle_seconds: float = Field(default=300, gt=0)
    """The process that knows the exchanges ends when nobody asked for so long."""
    patience_seconds: float = Field(default=20, gt=0)
    """How long a request waits for the exchange; what came by then is kept, and the next request goes on from there."""
    per_peer: int = Field(default=16, ge=1)
    """Requests of one address that are worked on at a time."""
