"""What is said of a bot without a process is what FreqTrade would say of its configuration."""

from pathlib import Path
from typing import Any

import pytest
from freqtrade.enums import RunMode, State
from freqtrade.rpc import RPC
from freqtrade.rpc.api_server.api_schemas import ShowConfig
from freqtrade.rpc.api_server.api_v1 import API_VERSION

from api.proxy import resting
from orchestrator.templates.catalogue import Catalogue
from orchestrator.templates.render import render
from orchestrator.templates.spec import BotRequest, resolve

ROOT = Path(__file__).parents[3]

CATALOGUE = Catalogue.load(ROOT / "bot_templates")


@pytest.mark.parametrize("template", [template.name for template in CATALOGUE.all()])
@pytest.mark.parametrize("change", [{}, {"trading_mode": "futures", "timeframe": "1h", "exchange": "paper"}])
def test_it_is_what_freqtrade_says_of_the_same_configuration(template: str, change: dict[str, Any]) -> None:
    found = CATALOGUE.get(template)
    config = render(found, resolve(found, BotRequest(name="one", template=template, **change))).config
    told = resting.show_config(config, "bot-one")
    theirs = RPC._rpc_show_config(
        {**config, "runmode": RunMode.DRY_RUN, "bot_name": "bot-one", "force_entry_enable": True}, State.STOPPED
    )
    assert told == {**theirs, "api_version": API_VERSION}
    assert ShowConfig.model_validate(told).state == "stopped"
