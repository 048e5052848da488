"""What the gateway is told by the environment, but for candles (`candles.settings`)."""

from pydantic_settings import BaseSettings, SettingsConfigDict

from pool.contract.market import SETTINGS_PREFIX


class GatewaySettings(BaseSettings):
    """`FLOTILLA_GATEWAY_…`."""

    model_config = SettingsConfigDict(env_prefix=SETTINGS_PREFIX, frozen=True)

    websockets: bool = True
    """Prices are told by websocket where an exchange has one; without, all are polled."""
    mapped: bool = True
    """Candles are made once for the bots of a pool to map; without, each asks for them and reads them."""
