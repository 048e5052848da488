"""The rules that are shipped for Prometheus name figures and states that there are."""

import re
from pathlib import Path
from typing import Any, get_args

import yaml
from prometheus_client.parser import text_string_to_metric_families

from api.metrics import Metrics
from orchestrator.exchanges.traffic import TrafficLook
from orchestrator.kit.clock import utc_now
from pool.contract.market import BreakerState, ExchangeState, GatewayState

_RULES = Path(__file__).parents[3] / "deploy" / "prometheus" / "rules.yaml"
_NOW = utc_now()


def told() -> set[str]:
    one = ExchangeState(
        exchange="binance", breaker="closed", requests=1, hits=1, joined=1, upstream=1, failures=1, refused_upstream=1
    )
    state = GatewayState(
        incarnation="i", started_at=_NOW, memory_bytes=1, cached_bytes=1, cached_answers=1, exchanges=[one]
    )
    body = Metrics().render(bots={}, pools={}, checks={}, readings={}, traffic=TrafficLook(state, None, _NOW))
    families = text_string_to_metric_families(body.decode())
    return {sample.name for family in families for sample in family.samples}


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(_RULES.read_text())["groups"] for rule in group["rules"]]


def test_every_figure_that_a_rule_asks_for_is_told() -> None:
    asked = {name for rule in rules() for name in re.findall(r"flotilla_\w+", rule["expr"])}
    assert asked
    assert asked <= told()


def test_every_state_that_a_rule_waits_for_can_come() -> None:
    waited = {
        state
        for rule in rules()
        for told in re.findall(r'state=~?"([^"]+)"', rule["expr"])
        for state in told.split("|")
    }
    assert waited == set(get_args(BreakerState)) - {"closed"}


def test_a_ban_is_told_at_once_and_the_rest_after_a_while() -> None:
    waits = {rule["alert"]: rule.get("for") for rule in rules()}
    assert waits.pop("FlotillaExchangeBanned") is None
    assert waits["FlotillaGatewayDown"]
    assert all(waits.values())
    assert all(rule["annotations"]["summary"] and rule["labels"]["severity"] for rule in rules())
