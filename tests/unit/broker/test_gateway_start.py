"""What the container of the market-data gateway is told."""

import pytest
from pydantic import ValidationError

from orchestrator.broker.contract import GatewaySpec
from orchestrator.broker.gateway import gateway_start
from pool.contract.candle_files import SETTINGS_PREFIX
from pool.contract.market import settings_in
from pool.exchange.gateway.candles.settings import CandleSettings
from pool.exchange.gateway.settings import GatewaySettings


def test_every_setting_reaches_its_environment() -> None:
    given = {
        f"{kind.model_config['env_prefix']}{name.upper()}": "1"
        for kind in (CandleSettings, GatewaySettings)
        for name in kind.model_fields
    }
    other = {"FLOTILLA_ORCH_KEK": "secret", "FLOTILLA_GATEWAY_PORT_9100_TCP": "of a service that is linked"}
    spec = GatewaySpec(image="x", paper=False, settings=settings_in({**given, **other}))
    assert dict(gateway_start(GatewaySpec.model_validate_json(spec.to_json())).environment) == given


@pytest.mark.parametrize("name", ["LD_PRELOAD", "FLOTILLA_ORCH_KEK", f"x{SETTINGS_PREFIX}A", f"{SETTINGS_PREFIX}A=B"])
def test_nothing_else_does(name: str) -> None:
    with pytest.raises(ValidationError):
        GatewaySpec(image="x", paper=False, settings={name: "1"})
